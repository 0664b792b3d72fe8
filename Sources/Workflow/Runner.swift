package import Curation
internal import Files
internal import Foundation
internal import Fusion
internal import Lineage
package import Teaching
internal import Training

/// Does the stages of a recipe that are to do, in order, and records each in the ledger.
///
/// A finished stage is never repeated while all it depends on is as it was. What was interrupted is
/// continued where it can be, and done again where it cannot.
package struct Runner {
  package struct Options: Sendable {
    /// What the branch stages are built with.
    package var curation = Curator.Options()
    /// The first and the last kind of stage that may be done.
    package var from = Stage.Kind.branch
    package var until = Stage.Kind.report
    /// Only the stages of these branches; empty for all stages.
    package var only: [String] = []
    /// Whether every file is read again to be sure of its content.
    package var rehashes = false
    /// Whether anything but what the workspace's lock file names is refused.
    package var isLocked = false
    package var shardByteCount = MergePlan.Options().shardByteCount
    package var teaching = Teaching()

    package init() {}

    /// How the stages `teach` come to their answers.
    package struct Teaching: Sendable {
      /// From the store alone: nobody is asked.
      package var replaysOnly = false
      /// What is out in a batch is asked of the servers all the same.
      package var ignoresBatches = false
      /// A stage that is up to date is done again where requests of it failed.
      package var asksAgain = false

      package init() {}
    }
  }

  /// Tells a person what goes on; called by one thread at a time.
  package struct Listener: Sendable {
    package var note: @Sendable (String) -> Void
    /// How far a stage has come: what is done in words, and bytes or steps done of all.
    package var progress: @Sendable (Stage, StageProgress) -> Void
    package var began: @Sendable (Stage) -> Void
    package var ended: @Sendable (StageSummary) -> Void

    package init(
      note: @escaping @Sendable (String) -> Void,
      progress: @escaping @Sendable (Stage, StageProgress) -> Void,
      began: @escaping @Sendable (Stage) -> Void,
      ended: @escaping @Sendable (StageSummary) -> Void
    ) {
      self.note = note
      self.progress = progress
      self.began = began
      self.ended = ended
    }
  }

  let recipe: ResolvedRecipe
  let workspacePath: String
  let options: Options
  let version: String
  /// The command that asked for the run, as a shell takes it.
  let commandLine: String
  let listener: Listener

  package init(
    _ recipe: ResolvedRecipe, in workspace: String, _ options: Options, version: String,
    commandLine: String, _ listener: Listener
  ) {
    self.commandLine = commandLine
    self.recipe = recipe
    workspacePath =
      workspace.count > 1 && workspace.hasSuffix("/")
      ? String(workspace.dropLast()) : workspace
    self.options = options
    self.version = version
    self.listener = listener
  }

  var tool: String { "branchmerge \(version)" }

  /// Whether the options let a stage be done.
  private func isChosen(_ stage: Stage) -> Bool {
    guard stage.kind >= options.from, stage.kind <= options.until else { return false }
    return options.only.isEmpty || stage.branch.map(options.only.contains) == true
  }

  /// Brings every chosen stage up to date, and says of all stages what was done.
  package func run() throws -> [StageSummary] {
    for name in options.only where !recipe.recipe.branches.contains(where: { $0.name == name }) {
      throw Missing("--only \(name): the recipe has no branch of this name")
    }
    guard recipe.stages.contains(where: isChosen) else {
      throw Missing(
        "nothing is left to do with these choices: --only chooses stages of branches, and of the"
          + " stages from '\(options.from.rawValue)' to '\(options.until.rawValue)' none is one")
    }
    let workspace = try Workspace(workspacePath, isDurable: options.curation.isDurable)
    let ledger = try Ledger(
      writing: Workspace.ledgerPath(in: workspacePath), isDurable: options.curation.isDurable)
    for line in try workspace.recover(ledger) { listener.note(line) }
    let work = StageWork(self, workspace, ledger)
    let lock = RecipeLock(workspacePath)
    if options.isLocked { try lock.check(try work.planner().inputs(reading: true)) }
    let first = try work.planner().plan()
    try checkEarlier(first)
    let problems = first.items.filter { isChosen($0.stage) && $0.state != .upToDate }
      .flatMap(\.problems)
    guard problems.isEmpty else {
      throw Missing(
        problems.enumerated().filter { problems.firstIndex(of: $1) == $0 }.map(\.element)
          .joined(separator: "\n"))
    }

    var items = first.items
    var summaries: [StageSummary] = []
    for index in items.indices where isChosen(items[index].stage) {
      let stage = items[index].stage
      // One that is done together with another need not be looked at again.
      guard !summaries.contains(where: { $0.stage == stage }) else { continue }
      try Interruption.check()
      // What comes before and is not chosen is taken as it is.
      let earlier = items[..<index].filter { isChosen($0.stage) }
      let item = try work.planner().item(stage, after: earlier)
      if item.state == .upToDate, try !work.isToAskAgain(item) {
        items[index].state = .upToDate
        summaries.append(StageSummary(stage, .upToDate, item.done?.message ?? "", seconds: 0))
        listener.ended(summaries[summaries.count - 1])
        continue
      }
      let together =
        stage.kind == .branch
        ? items.filter { $0.stage.kind == .branch && $0.state != .upToDate && isChosen($0.stage) }
        : [item]
      let done = try stage.kind == .branch ? work.doBranches(together) : [work.doOne(item)]
      summaries += done
      for place in items.indices where done.contains(where: { $0.stage == items[place].stage }) {
        items[place].state = .upToDate
      }
      // Once for all stages of a kind.
      let left = items[(index + 1)...].filter { $0.state != .upToDate }
      guard !left.contains(where: { $0.stage.kind == stage.kind }) else { continue }
      try lock.write(
        try work.planner().inputs(reading: false), recipe: recipe.recipe.name, tool: tool)
    }
    if summaries.contains(where: { $0.result != .upToDate }) || !lock.isThere {
      try lock.write(
        try work.planner().inputs(reading: false), recipe: recipe.recipe.name, tool: tool)
    }
    return summaries
  }

  /// With `--from` the stages before it are taken as they are, which takes that they are there.
  private func checkEarlier(_ plan: StagePlan) throws {
    for item in plan.items where item.stage.kind < options.from {
      guard options.only.isEmpty || item.stage.branch.map(options.only.contains) == true else {
        continue
      }
      if item.done == nil {
        guard !options.isTeachingOnly else {
          throw Missing(recipe.buildAdvice(item.stage.branch ?? "", in: workspacePath))
        }
        throw Missing(
          "--from \(options.from.rawValue): the stage '\(item.stage)' before it was never done; run"
            + " without --from")
      }
      if options.isTeachingOnly {
        noteOldSeeds(item)
      } else if item.state != .upToDate {
        listener.note("'\(item.stage)' is not up to date, and is taken as it is (--from)")
      }
    }
  }
}

extension Runner.Options {
  /// Whether it is just teachers that are asked.
  var isTeachingOnly: Bool { from == .teach && until == .teach }
}

extension Runner {
  /// Says where the recipe would choose other seeds by now; where its sources' files are, and how
  /// they were read, may not be known to one who just asks a teacher.
  private func noteOldSeeds(_ item: StagePlan.Item) {
    guard let branch = item.stage.branch, let done = item.done else { return }
    let outside = Set(["tool"] + options.curation.ingredients.map(\.name))
    let changes = Ingredient.changes(
      from: done.ingredients.filter {
        !outside.contains($0.name) && !$0.name.hasPrefix("input ")
      }, to: recipe.plan.ingredients(of: branch))
    guard !changes.isEmpty else { return }
    listener.note(
      "'\(item.stage)' is not up to date, and its seeds are taken as they are:\n  "
        + changes.joined(separator: "\n  "))
  }
}

/// How far a stage has come.
package struct StageProgress: Sendable {
  package var text: String
  /// Bytes, or steps, by `isInBytes`.
  package var done: Int
  package var total: Int
  package var isInBytes = true
  package var secondsLeft: Double?
  /// In numbers of its own, where a teacher is asked.
  package var asking: AskingProgress?
}

/// What became of a stage in a run of the recipe.
package struct StageSummary: Sendable {
  package enum Result: String, Sendable {
    case upToDate = "up to date"
    case done
  }

  package var stage: Stage
  package var result: Result
  /// What came of it, in a few words.
  package var message: String
  package var seconds: Double

  init(_ stage: Stage, _ result: Result, _ message: String, seconds: Double) {
    self.stage = stage
    self.result = result
    self.message = message
    self.seconds = seconds
  }
}
