import ArgumentParser
import Audit
import Curation
import Files
import Foundation
import Lineage
import Notation

/// `branchmerge impact`: what would change without something.
struct ImpactCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "impact",
    abstract: "Tell what would change without a source, a licence, a sample or a filter.",
    discussion: """
      Rows are lost, duplicates step in for them, and what a filter alone drops would be rows: exactly \
      what a build without it would give, for the branches as they are. For a filter the source files \
      are read again, held against their hashes, and asked all other steps as they were recorded; for \
      the others the ledger is enough. It does not know which near duplicates resemble each other \
      besides the row that stayed: of those the first that is left is said to step in, where more \
      might. Nothing is written.

      Example:
        branchmerge impact --workspace work --source s1k
        branchmerge impact --workspace work --licence CC-BY-NC-4.0 --json
        branchmerge impact --workspace work --filter contest-source --branch math
      """)

  @Option(
    name: [.short, .long], help: ArgumentHelp("The folder with the ledger.", valueName: "dir"))
  var workspace: String

  @Option(help: ArgumentHelp("Without this source.", valueName: "name"))
  var source: String?

  @Option(
    help: ArgumentHelp(
      "Without all sources under this licence, as cards write it.", valueName: "name"))
  var licence: String?

  @Option(help: ArgumentHelp("Without this sample, by its id or the beginning of it."))
  var id: String?

  @Option(help: ArgumentHelp("Without this filter.", valueName: "name"))
  var filter: String?

  @Option(help: ArgumentHelp("In this branch only.", valueName: "name"))
  var branch: String?

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard [source, licence, id, filter].count(where: { $0 != nil }) == 1 else {
      throw ValidationError("one of --source, --licence, --id and --filter is needed")
    }
  }

  func run() throws {
    Interruption.watch()
    let ledger = try Ledger(reading: Workspace.ledgerPath(in: workspace))
    let impact: Impact
    if let filter {
      let progress = ProgressLine()
      defer { progress.clear() }
      impact = try Impact(withoutFilter: filter, branch: branch, in: ledger) {
        progress.update(rows: $0, bytes: $1, of: $2)
      }
    } else {
      let subject: Impact.Subject =
        source.map { .source($0) } ?? licence.map { .licence($0) } ?? .sample(id ?? "")
      impact = try Impact(without: subject, branch: branch, in: ledger)
    }
    show(json ? try branchmerge.json(impact) : text(of: impact))
  }

  private func text(of impact: Impact) -> String {
    let head = "without the \(shown("\(impact.subject)"))"
    guard !impact.branches.isEmpty else { return "\(head) nothing would change" }
    let isFilter = filter != nil
    var rows = [
      ["branch", "source", isFilter ? "drops" : "samples", "lost", isFilter ? "gained" : "step in"]
        + (isFilter ? ["duplicates", "dropped later"] : [])
    ]
    for branch in impact.branches {
      for source in branch.sources where source.concerned + source.lost + source.gained > 0 {
        let numbers =
          [source.concerned, source.lost, source.gained]
          + (isFilter
            ? [source.duplicates, source.droppedLater.reduce(0) { $0 + $1.samples }] : [])
        rows.append([branch.name, source.name] + numbers.map(grouped))
      }
    }
    var lines = ["\(head):", ""] + (rows.count > 1 ? [table(rows, leftColumns: 2), ""] : [])
    for branch in impact.branches { lines += story(of: branch) }
    return lines.joined(separator: "\n")
  }

  private func story(of branch: Impact.Branch) -> [String] {
    var lines = [
      "\(branch.name): \(grouped(branch.rows)) - \(grouped(branch.lost)) lost"
        + " + \(grouped(branch.gained)) gained = \(counted(branch.rowsAfter, "row"))"
    ]
    for source in branch.sources {
      for step in source.droppedLater {
        lines.append(
          "  \(counted(step.samples, "sample")) of \(source.name) would be dropped by"
            + " \(shown(step.name)) anyway")
      }
      if source.renamed > 0 {
        lines.append(
          "  \(counted(source.renamed, "row")) of \(source.name) would have another number at the"
            + " end of the id")
      }
    }
    if let teaching = branch.teaching, teaching.lost + teaching.newSeeds > 0 {
      let new =
        teaching.newSeeds > 0
        ? "; there would be \(counted(teaching.newSeeds, "new seed")) to ask for" : ""
      lines.append(
        "  teacher \(shown(teaching.model)): \(grouped(teaching.lost)) of the"
          + " \(counted(teaching.rows, "row")) that it wrote would be lost\(new)")
    }
    for expert in branch.experts {
      lines.append("  expert \(shown(Library.shown(expert.path))): \(touch(expert))")
      for merge in expert.merges {
        let share =
          if let entries = merge.entries, let total = merge.totalEntries {
            "; \(percent(entries, of: total)) of its entries are the expert's"
          } else { "" }
        lines.append(
          "  merged model \(shown(Library.shown(merge.path))) by \(merge.method)\(share)")
      }
    }
    return lines
  }

  private func touch(_ expert: Impact.Expert) -> String {
    guard let rows = expert.rows else { return "given, nobody knows which rows it saw" }
    guard let lost = expert.lost else { return "trained on rows that no recorded run wrote" }
    let build = expert.isCurrent == false ? expert.run.map { " of run \($0)" } ?? "" : ""
    return "trained on \(counted(rows, "row"))\(build), \(grouped(lost)) of them would be lost"
  }
}
