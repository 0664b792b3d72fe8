internal import Curation
internal import Files
internal import Foundation
internal import Fusion
internal import Lineage
internal import Notation
internal import Training

/// The work of the stages, in a workspace that is held.
final class StageWork {
  let runner: Runner
  let ledger: Ledger
  let hashes: ContentHashes
  private let workspace: Workspace
  /// The planner, until another stage is done.
  private var present: StagePlanner?

  init(_ runner: Runner, _ workspace: Workspace, _ ledger: Ledger) {
    self.runner = runner
    self.workspace = workspace
    self.ledger = ledger
    hashes = ContentHashes(ledger, trustsNothing: runner.options.rehashes)
  }

  var recipe: ResolvedRecipe { runner.recipe }
  var path: String { runner.workspacePath }

  /// One that knows of all that is done by now.
  func planner() throws -> StagePlanner {
    if let present { return present }
    let planner = try StagePlanner(
      recipe, workspace: path, runner.options.curation,
      shardByteCount: runner.options.shardByteCount, tool: runner.tool, ledger, hashes)
    present = planner
    return planner
  }

  private var command: Ledger.Command {
    Ledger.Command(
      tool: runner.tool,
      recipePath: URL(fileURLWithPath: recipe.recipe.path).standardizedFileURL.path,
      line: runner.commandLine)
  }

  /// Does a stage that is not done together with others.
  func doOne(_ item: StagePlan.Item) throws -> StageSummary {
    guard item.problems.isEmpty else { throw Missing(item.problems.joined(separator: "\n")) }
    let ingredients = try planner().ingredients(of: item.stage, wasDone: true)
    return try recording([item.stage], [ingredients]) {
      switch item.stage {
      case .teach(let branch): [try teach(branch, ingredients)]
      case .train(let branch): [try train(branch, ingredients)]
      case .merge: [try merge(ingredients)]
      case .report: [try report(ingredients)]
      case .branch: []
      }
    }[0]
  }

  /// Builds several branches in one pass over their sources.
  func doBranches(_ items: [StagePlan.Item]) throws -> [StageSummary] {
    let names = items.compactMap(\.stage.branch)
    let plan = try Plan(recipe.recipe, library: recipe.library, only: names)
    let listener = runner.listener
    let curator = Curator(
      plan, runner.options.curation, tool: runner.tool, note: listener.note,
      progress: { state in
        listener.progress(
          items[0].stage,
          StageProgress(
            text: "\(grouped(state.rows)) rows", done: state.bytes, total: state.totalBytes))
      })
    let files = try curator.locate(in: path)
    return try recording(items.map(\.stage), items.map { $0.ingredients ?? [] }) {
      var looks: [(path: String, look: ContentHashes.Look)] = []
      for file in files.flatMap(\.paths) { looks.append((file, try ContentHashes.Look(file))) }
      let outcome = try curator.run(files, in: workspace, ledger)
      let read = try ledger.sourceFiles(of: outcome.run)
      for (file, look) in looks {
        let absolute = URL(fileURLWithPath: file).standardizedFileURL.path
        guard let known = read.first(where: { $0.path == absolute }) else { continue }
        try hashes.learn(file, xxh3: known.xxh3, sha256: known.sha256, before: look)
      }
      let planner = try planner()
      return try names.map { name in
        let counts = outcome.funnel.branches.first { $0.name == name }?.total
        var result = StageOutcome(
          try planner.ingredients(of: .branch(name), wasDone: true),
          try products(below: "branches/" + name), run: outcome.run)
        let seeds = counts.map { $0.seeds > 0 ? ", \(grouped($0.seeds)) seeds" : "" } ?? ""
        result.message = counts.map {
          "\(grouped($0.kept)) rows kept\(seeds) of \(grouped($0.read))"
        }
        return result
      }
    }
  }

  /// Records that stages begin, does them, and records what came of it.
  private func recording(
    _ stages: [Stage], _ ingredients: [[Ingredient]], _ work: () throws -> [StageOutcome]
  ) throws -> [StageSummary] {
    let start = ContinuousClock.now
    var numbers: [Int64] = []
    for (stage, ingredients) in zip(stages, ingredients) {
      numbers.append(try ledger.beginStage(stage.description, ingredients, of: command))
      runner.listener.began(stage)
    }
    do {
      let outcomes = try work()
      var summaries: [StageSummary] = []
      for (index, outcome) in outcomes.enumerated() {
        try ledger.finishStage(numbers[index], outcome)
        present = nil
        let summary = StageSummary(
          stages[index], .done, outcome.message ?? "",
          seconds: (ContinuousClock.now - start) / .seconds(1))
        summaries.append(summary)
        runner.listener.ended(summary)
      }
      return summaries
    } catch {
      let stopped = error as? AskingStopped
      let isStopped = error is Interrupted || error is Merge.Stopped || stopped != nil
      for number in numbers {
        // What went wrong first is what is told, whatever becomes of the note of it.
        try? ledger.endStage(
          number, as: isStopped ? .stopped : .failed,
          message: isStopped ? stopped?.description ?? "interrupted" : "\(error)")
      }
      if let stopped = error as? Merge.Stopped { throw Interrupted(signal: stopped.signal) }
      throw error
    }
  }

  // MARK: - What stages write

  /// The files below a folder of the workspace, with their hashes.
  func products(below folder: String) throws -> [StageRecord.Product] {
    try Folder.files(below: path + "/" + folder).map { try product("\(folder)/\($0)") }
  }

  func product(_ file: String) throws -> StageRecord.Product {
    let state = try hashes.state(of: path + "/" + file)
    return StageRecord.Product(path: file, byteCount: state.byteCount, xxh3: state.xxh3)
  }

  /// A model's folder as the ledger keeps it.
  func checkpoint(_ role: CheckpointEntry.Role, _ name: String, at folder: String) throws
    -> CheckpointEntry
  {
    let model = try Checkpoint(folder, allowingQuantised: true)
    let files = try ModelFolder.files(of: folder).map { name in
      let state = try hashes.state(of: folder + "/" + name, withSHA256: true)
      return CheckpointEntry.File(
        path: name, byteCount: state.byteCount, xxh3: state.xxh3, sha256: state.sha256 ?? "")
    }
    return CheckpointEntry(
      role: role, name: name, path: URL(fileURLWithPath: folder).standardizedFileURL.path,
      parameterCount: model.tensors.reduce(0) { $0 + $1.count }, files: files)
  }
}
