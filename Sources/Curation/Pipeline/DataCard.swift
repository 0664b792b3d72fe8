internal import Files
internal import Foundation
package import Lineage
internal import Notation

/// A branch's `README.md`: what is in it, where it came from, what was left out and why.
///
/// It holds neither dates nor numbers of runs: the same inputs give the same card.
struct DataCard {
  let plan: Plan
  let branch: Int
  let funnel: Funnel.Branch
  let files: [SourceFiles]
  /// For each source of the plan the files that were read.
  let read: [[FileSummary]]
  let outputs: [FileSummary]
  /// For each source of the branch, of the rows that stayed those in which markup became text.
  let hadMarkup: [Int]

  var markdown: String {
    let entry = plan.branches[branch]
    let sources = zip(plan.sources, files).filter { source, _ in
      source.takings.contains { $0.branch == branch }
    }
    let licences = LicenceReview(
      sources.map { source, _ in
        let counts = funnel.sources.first { $0.name == source.card.name }?.counts
        return (source.card.name, source.card.licence, (counts?.kept ?? 0) + (counts?.seeds ?? 0))
      })
    var lines = ["---"] + licences.frontMatter + configs + ["---", "", "# \(entry.name)", ""]
    if !entry.about.isEmpty {
      lines += [entry.about.trimmingCharacters(in: .whitespacesAndNewlines), ""]
    }
    lines += [
      "Built by BranchMerge from the recipe `\(plan.recipe)`. Rows are in the format"
        + " `\(entry.format.name)`; `id` is a sample's for good, and `branchmerge why ID` tells"
        + " where it came from.", "",
    ]

    lines += licences.markdown + [""]
    lines += ["## Files", ""] + CardTables.outputs(outputs)
    lines += ["", "## Funnel", ""] + FunnelTable(funnel).markdown
    if let search = plan.search(of: branch).map({ plan.searches[$0] }) {
      let place = search.isAcross ? ", in all branches of the recipe" : ""
      lines += [
        "",
        "Near duplicates were looked for\(place) by `\(search.near.meaning)`;"
          + " `branchmerge clusters` shows them.",
      ]
    }
    if let baseline = plan.baseline { lines += comparison(with: baseline) }
    lines += ["", "## Sources", ""]
    lines += CardTables.sources(
      sources.map { source, found in
        [
          source.card.name, source.config.name, found.revision, source.card.licence,
          source.card.homepage,
        ]
      })
    let own = zip(plan.sources, read).filter { source, _ in
      source.takings.contains { $0.branch == branch }
    }
    lines += [""]
    lines += CardTables.inputs(
      own.flatMap { $0.1 }.map {
        ($0.path, $0.rowCount, $0.byteCount, $0.digest.description, $0.sha256)
      })
    lines += ["", "## Steps", ""]
    for source in plan.sources {
      for taking in source.takings where taking.branch == branch {
        for step in taking.steps {
          lines += CardTables.step(source.card.name, step.kind.rawValue, step.name, step.text)
        }
      }
    }
    return lines.joined(separator: "\n").trimmingCharacters(in: .newlines) + "\n"
  }

  /// What `datasets.load_dataset` finds in the folder: the rows, and the seeds by a name of their own.
  ///
  /// It cannot load a file without rows, and where there are seeds alone they are what is loaded.
  private var configs: [String] {
    let (rows, seeds) = (outputs.first { !$0.isSeeds }, outputs.first { $0.isSeeds })
    let hasSeeds = (seeds?.rowCount ?? 0) > 0
    var lines = ["configs:"]
    if (rows?.rowCount ?? 0) > 0 || !hasSeeds {
      lines += ["- config_name: default", "  data_files: train.jsonl"]
    }
    guard hasSeeds else { return lines }
    let isAlone = lines.count == 1
    lines += ["- config_name: seeds", "  data_files: seeds.jsonl"]
    return lines + (isAlone ? ["  default: true"] : [])
  }

  /// The registry that LLaMA-Factory reads; it must be called so and lie in its `dataset_dir`.
  static func datasetInfo(_ name: String, _ format: any RowFormat.Type) -> String {
    let entries = [(key: "file_name", json: #""train.jsonl""#)] + format.datasetInfo
    let lines = entries.map { "    \(JSON.quoted($0.key)): \($0.json)" }
    return "{\n  \(JSON.quoted(name)): {\n" + lines.joined(separator: ",\n") + "\n  }\n}\n"
  }
}

/// Tables and lists that the cards of data sets share.
enum CardTables {
  static func outputs(_ files: [FileSummary]) -> [String] {
    ["| file | rows | bytes | XXH3-128 |", "|---|---:|---:|---|"]
      + files.map { file in
        "| \(file.path.fileName) | \(file.rowCount) | \(file.byteCount) | `\(file.digest)` |"
      }
  }

  /// Name, config, revision, licence and homepage of each.
  static func sources(_ rows: [[String]]) -> [String] {
    ["| source | config | revision | licence | homepage |", "|---|---|---|---|---|"]
      + rows.map { "| " + $0.map(cell).joined(separator: " | ") + " |" }
  }

  static func inputs(
    _ files: [(path: String, rowCount: Int, byteCount: Int, xxh3: String, sha256: String?)]
  ) -> [String] {
    ["| file read | rows | bytes | XXH3-128 | SHA-256 |", "|---|---:|---:|---|---|"]
      + files.map { file in
        "| \(cell(file.path.fileName)) | \(file.rowCount) | \(file.byteCount)"
          + " | `\(file.xxh3)` | \(file.sha256.map { "`\($0)`" } ?? "") |"
      }
  }

  static func step(_ source: String, _ kind: String, _ name: String, _ text: String) -> [String] {
    fenced("`\(source)`, \(kind) `\(name)`:", text, "yaml")
  }

  /// A heading, and a text as it is; a template may have a fence of its own.
  static func fenced(_ heading: String, _ text: String, _ language: String = "") -> [String] {
    let text = text.trimmingCharacters(in: .newlines)
    let fence = text.contains("```") ? "~~~~" : "```"
    return [heading, "", fence + language]
      + text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      + [fence, ""]
  }
}

extension FileSummary {
  fileprivate var isSeeds: Bool { path.fileName == "seeds.jsonl" }
}

extension LicenceReview {
  /// A section of a card: rows by licence, and what has to be settled.
  var markdown: [String] {
    var lines = ["## Licences", "", "| licence | rows | share | sources |", "|---|---:|---:|---|"]
    lines += shares.map { share in
      let name = cell(share.licence.text)
      return "| \(share.licence.url.map { "[\(name)](\($0))" } ?? name) | \(grouped(share.rows))"
        + " | \(percentage(share)) | \(share.sources.joined(separator: ", ")) |"
    }
    if !findings.isEmpty { lines += [""] + findings.map { "- \(escaped($0))" } }
    return lines + ["", "Licences are those of the source cards; this is no legal advice."]
  }
}

/// A text in a table: what would end the cell or begin markup is escaped.
func cell(_ text: String) -> String { escaped(text.replacing("\n", with: " ")) }

private func escaped(_ text: String) -> String {
  text.map { "\\|<[`*".contains($0) ? "\\\($0)" : "\($0)" }.joined()
}

/// A funnel as rows and columns: a column for each source, one for their sum.
package struct FunnelTable {
  /// The first is the heading; the first cell of each is a label.
  package let rows: [[String]]

  init(rows: [[String]]) { self.rows = rows }

  package init(_ branch: Funnel.Branch) {
    var rows = [[branch.name] + branch.sources.map(\.name)]
    func add(_ label: String, always: Bool = true, _ value: (Funnel.Source) -> Int?) {
      let values = branch.sources.map(value)
      let sum = values.compactMap { $0 }.reduce(0, +)
      guard always || sum > 0 else { return }
      rows.append([label] + values.map { $0.map(grouped) ?? "" } + [grouped(sum)])
    }
    rows[0].append("total")
    add("read") { $0.counts.read }
    add("− quarantined") { $0.counts.quarantined }
    var names: [String] = []
    for source in branch.sources {
      for step in source.steps where !names.contains(step.name) { names.append(step.name) }
    }
    let isTemplate = ["prompt", "response"]
    for name in names.filter({ !isTemplate.contains($0) }) + isTemplate {
      // A template drops only where a field is null, which is worth a line only if it happened.
      add("− \(name)", always: !isTemplate.contains(name)) { source in
        source.steps.first { $0.name == name }?.dropped
      }
    }
    add("− duplicates") { $0.counts.duplicates - $0.counts.nearDuplicates }
    add("− near duplicates", always: false) { $0.counts.nearDuplicates }
    add("= kept") { $0.counts.kept }
    add("+ seeds", always: false) { $0.counts.seeds }
    self.rows = rows
  }

  var markdown: [String] {
    rows.enumerated().flatMap { index, row in
      let line = "| " + row.joined(separator: " | ") + " |"
      guard index == 0 else { return [line] }
      return [line, "|---|" + String(repeating: "---:|", count: row.count - 1)]
    }
  }
}

/// A number with its thousands set apart by commas.
package func grouped(_ number: Int) -> String {
  var digits = String(number)
  var end = digits.count - 3
  while end > 0 {
    digits.insert(",", at: digits.index(digits.startIndex, offsetBy: end))
    end -= 3
  }
  return digits
}
