internal import Foundation
package import Lineage
internal import Notation

/// The `README.md` of a data set that a teacher completed: what is in it, who wrote which rows, and
/// what became of the seeds.
///
/// It holds neither dates nor numbers of runs: the same rows and answers give the same card.
package struct TaughtCard {
  let recipe: String
  let branch: Plan.Branch
  /// As the branch was built.
  let sources: [Ledger.RecordedSource]
  let funnel: Funnel.Branch
  package var files: [FileSummary] = []
  /// For each source how many seeds became what.
  package var seeds: [String: [TeachingEntry.Kind: Int]] = [:]
  package var reasons: [(kind: TeachingEntry.Kind, text: String, count: Int, example: String)] = []
  package var model = ""
  /// Short settings of the teacher by name, and long ones.
  package var settings: [(name: String, value: String)] = []
  package var texts: [(name: String, value: String)] = []
  /// Of the answers that were taken.
  package var promptTokens = 0
  package var completionTokens = 0

  package init(
    of branch: Plan.Branch, recipe: String, sources: [Ledger.RecordedSource],
    funnel: Funnel.Branch
  ) {
    self.branch = branch
    self.recipe = recipe
    self.sources = sources
    self.funnel = funnel
  }

  package var markdown: String {
    let licences = LicenceReview(
      sources.map { ($0.name, $0.licence, kept($0.name) + count($0.name, .taught)) })
    var lines = ["---"] + licences.frontMatter
    lines += ["configs:", "- config_name: default", "  data_files: train.jsonl", "---", ""]
    lines += ["# \(branch.name)", ""]
    if !branch.about.isEmpty {
      lines += [branch.about.trimmingCharacters(in: .whitespacesAndNewlines), ""]
    }
    let taught = total(.taught)
    let keptRows = sources.reduce(0) { $0 + kept($1.name) }
    lines += [
      "Built by BranchMerge from the recipe `\(recipe)`: \(grouped(keptRows)) rows as their sources"
        + " have them, and behind these \(grouped(taught)) whose responses `\(model)` wrote. Rows"
        + " are in the format `\(branch.format.name)`; `id` is a sample's for good, and"
        + " `branchmerge why ID` tells where it came from, and who wrote its response.", "",
    ]
    lines += licences.markdown
    if taught > 0 {
      lines += [
        "",
        "Of the \(grouped(taught)) taught rows that is said of their prompts; for the responses"
          + " see the licence of `\(model)` and the terms of its server.",
      ]
    }
    lines += ["", "## Files", ""] + CardTables.outputs(files)
    lines += ["", "## Funnel", ""] + FunnelTable(rows: funnelRows).markdown
    lines += seedLines + teacherLines
    lines += ["", "## Sources", ""]
    lines += CardTables.sources(
      sources.map { [$0.name, $0.config, $0.revision, $0.licence, $0.homepage] })
    lines += [""]
    lines += CardTables.inputs(
      sources.flatMap(\.files).map {
        ($0.path, $0.rowCount, $0.byteCount, $0.xxh3, $0.sha256)
      })
    lines += ["", "## Steps", ""]
    for source in sources {
      for step in source.steps {
        lines += CardTables.step(source.name, step.kind, step.name, step.text)
      }
    }
    return lines.joined(separator: "\n").trimmingCharacters(in: .newlines) + "\n"
  }

  private func kept(_ source: String) -> Int {
    funnel.sources.first { $0.name == source }?.counts.kept ?? 0
  }

  private func count(_ source: String, _ kind: TeachingEntry.Kind) -> Int {
    seeds[source]?[kind] ?? 0
  }

  private func total(_ kind: TeachingEntry.Kind) -> Int {
    seeds.values.reduce(0) { $0 + ($1[kind] ?? 0) }
  }

  /// The branch's own funnel, and what came of its seeds.
  private var funnelRows: [[String]] {
    var rows = FunnelTable(funnel).rows
    func add(_ label: String, _ value: (String) -> Int) {
      let values = funnel.sources.map { value($0.name) }
      rows.append([label] + values.map(grouped) + [grouped(values.reduce(0, +))])
    }
    for kind in TeachingEntry.Kind.allCases where kind != .taught && total(kind) > 0 {
      add("− \(kind.rawValue)") { count($0, kind) }
    }
    add("= taught") { count($0, .taught) }
    add("rows") { kept($0) + count($0, .taught) }
    return rows
  }

  private var seedLines: [String] {
    guard !reasons.isEmpty else { return [] }
    let lines = reasons.map { reason in
      "| \(reason.kind.rawValue) | \(cell(reason.text)) | \(grouped(reason.count))"
        + " | \(cell(reason.example)) |"
    }
    return [
      "", "## Seeds without a row", "", "| what became of them | reason | seeds | such as |",
      "|---|---|---:|---|",
    ] + lines
  }

  private var teacherLines: [String] {
    var lines = ["", "## Teacher", "", "| | |", "|---|---|", "| model | \(cell(model)) |"]
    lines += settings.map { "| \($0.name) | \(cell($0.value)) |" }
    lines += [
      "| tokens of the prompts | \(grouped(promptTokens)) |",
      "| tokens of the answers taken | \(grouped(completionTokens)) |",
    ]
    for text in texts { lines += [""] + CardTables.fenced("\(text.name):", text.value).dropLast() }
    return lines
  }
}
