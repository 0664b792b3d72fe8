import ArgumentParser
import Curation
import Foundation
import Lineage

/// `branchmerge status`: what became of a recipe in a workspace.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Tell what is done, running or failed in a workspace, and what to do next.",
    discussion: """
      Example:
        branchmerge status work
      """)

  @Argument(help: "The folder of a run.")
  var workspace: String

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let status = try WorkspaceStatus(workspace)
    show(json ? try branchmerge.json(status) : status.text)
  }
}

/// What `status` prints.
struct WorkspaceStatus: Encodable {
  var workspace: String
  /// The process that works there now.
  var process: Int?
  var stages: [Row]
  var next: String

  struct Row: Encodable {
    var stage: String
    var state: String
    var started: String
    var finished: String?
    var message: String?
  }

  init(_ workspace: String) throws {
    self.workspace = workspace
    process = Workspace.holder(of: workspace)
    let all = try Ledger(reading: Workspace.ledgerPath(in: workspace)).stages(anyState: true)
    let records = all.values.filter { record in
      // What a later whole run did without has left the recipe.
      guard let report = all["report"], report.state == .done, record.id < report.id else {
        return true
      }
      return report.ingredients.contains { $0.name == record.name }
    }.sorted { $0.id < $1.id }
    let isWorking = process != nil
    stages = records.map { record in
      // A process that is no more left it so.
      let isDead = record.state == .running && !isWorking
      return Row(
        stage: record.name, state: isDead ? "killed" : record.state.rawValue,
        started: record.started, finished: record.finished, message: record.message)
    }
    let open = stages.filter { $0.state != "done" }
    let command = records.last?.command
    if let process {
      next = "process \(process) is at work; wait for its end"
    } else if records.isEmpty {
      next = "no recipe was run here yet, only 'branchmerge branch' maybe"
    } else if open.isEmpty {
      next = "all that was begun is done; this brings it up to date again:\n  \(command ?? "")"
    } else {
      next = "go on with\n  \(command ?? "")"
    }
  }

  var text: String {
    var rows = [["stage", "state", "finished", "result"]]
    for stage in stages {
      rows.append([
        stage.stage, stage.state, stage.finished ?? "-",
        (stage.message ?? "").split(separator: "\n").first.map(String.init) ?? "",
      ])
    }
    var text = stages.isEmpty ? "" : table(rows, leftColumns: 4) + "\n\n"
    for stage in stages where stage.state == "failed" {
      text +=
        "\(stage.stage) failed:\n  "
        + (stage.message ?? "").replacingOccurrences(of: "\n", with: "\n  ") + "\n\n"
    }
    return text + next
  }
}
