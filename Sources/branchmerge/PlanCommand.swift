import ArgumentParser
import Curation
import Files
import Foundation
import Fusion
import Lineage
import Workflow

/// `branchmerge plan`: what of a recipe is done, what is to do, and why.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Tell what a run of a recipe would do in a workspace, and why.",
    discussion: """
      Nothing is changed. A stage is up to date, to do, or stale because of what is named: a file, \
      a filter, a setting. One that waits for others is done again only if these make something \
      else than before.

      Example:
        branchmerge plan datasets/recipes/tinyr1.yaml --workspace work
      """)

  @OptionGroup var options: RecipeOptions

  @OptionGroup var build: BuildOptions

  @Flag(help: "Read every file again instead of trusting size, time and inode.")
  var rehash = false

  @OptionGroup var shards: ShardOptions

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let recipe = try options.resolved()
    let path = Workspace.ledgerPath(in: options.workspace)
    let ledger =
      FileManager.default.fileExists(atPath: path) ? try Ledger(reading: path) : nil
    let hashes = ledger.map { ContentHashes($0, trustsNothing: rehash) }
    let planner = try StagePlanner(
      recipe, workspace: options.workspace, try build.curation(of: recipe.recipe),
      shardByteCount: shards.byteCount, tool: "branchmerge \(BranchMerge.version)", ledger, hashes)
    let report = RecipePlan(
      try planner.plan(), freeByteCount: MergeFolders.freeByteCount(at: options.workspace))
    show(json ? try branchmerge.json(report) : report.text)
  }
}

/// What `plan` prints.
struct RecipePlan: Encodable {
  var stages: [Row]
  /// What the stages that are to do need at most, and what the disk has.
  var neededByteCount: Int
  var freeByteCount: Int?

  struct Row: Encodable {
    var stage: String
    var state: String
    var because: [String]
    var reads: [String]
    var writes: [String]
    var problems: [String]
    var figures: [String]
  }

  init(_ plan: StagePlan, freeByteCount: Int?) {
    self.freeByteCount = freeByteCount
    neededByteCount = plan.items.reduce(0) { $0 + $1.byteCount }
    stages = plan.items.map { item in
      let (state, because) = item.state.told
      return Row(
        stage: item.stage.description, state: state, because: because, reads: item.reads,
        writes: item.writes, problems: item.problems, figures: item.figures)
    }
  }

  var text: String {
    var rows = [["stage", "state", "reads", "writes", "figures"]]
    for stage in stages {
      rows.append([
        stage.stage, stage.state, Self.short(stage.reads), Self.short(stage.writes),
        stage.figures.joined(separator: ", "),
      ])
    }
    var text = table(rows, leftColumns: 5)
    for stage in stages where !stage.because.isEmpty {
      text += "\n\n\(stage.stage) is \(stage.state):"
      for reason in stage.because { text += "\n  " + Self.indented(reason) }
    }
    var missing: [String] = []
    for problem in stages.flatMap(\.problems) where !missing.contains(problem) {
      missing.append(problem)
    }
    if !missing.isEmpty {
      text += "\n\nmissing:\n  " + missing.map(Self.indented).joined(separator: "\n  ")
    }
    if neededByteCount > 0 {
      let free = freeByteCount.map { ", \(size(Double($0))) free" } ?? ""
      text += "\n\ndisk: at most \(size(Double(neededByteCount))) needed\(free)"
    }
    return text
  }

  private static func indented(_ text: String) -> String {
    text.replacingOccurrences(of: "\n", with: "\n  ")
  }

  private static func short(_ names: [String]) -> String {
    let text = names.joined(separator: ", ")
    return text.count <= 50 ? text : "\(names[0]) and \(names.count - 1) more"
  }
}

extension StagePlan.State {
  /// In a word, and why.
  fileprivate var told: (String, [String]) {
    switch self {
    case .upToDate: ("up to date", [])
    case .toDo(let attempt): ("to do", attempt.map { ["the last attempt \($0)"] } ?? [])
    case .stale(let reasons): ("stale", reasons)
    case .undecided(let stages):
      ("undecided", ["after " + stages.map(\.description).joined(separator: ", ")])
    }
  }
}
