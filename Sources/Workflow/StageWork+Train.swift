internal import Curation
internal import Files
internal import Foundation
internal import Fusion
internal import Lineage
internal import Notation
internal import Training

extension StageWork {
  /// Trains a branch's expert, or takes the one that is given.
  func train(_ branch: String, _ ingredients: [Ingredient]) throws -> StageOutcome {
    guard let training = recipe.training else { return StageOutcome(ingredients, []) }
    if training.isGiven { return try take(branch, training, ingredients) }

    let data = path + "/" + recipe.rowsPath(branch)
    let rows = try ledger.rowCount(ofOutput: recipe.rowsPath(branch))
    guard rows > 0 else {
      throw TrainingError(
        branch, "there are no rows to train on in \(data): its funnel and its seeds tell why")
    }
    var job = try TrainingStage.job(branch, recipe, workspace: path, rowCount: rows)
    let stage = Stage.train(branch)
    let listener = runner.listener
    let counts = try PreflightStage.run(
      job, workers: runner.options.curation.workers, note: listener.note,
      progress: { listener.progress(stage, $0) })
    if let counts, let shorter = try PreflightStage.withoutOverlong(job, counts) {
      (job.dataPath, job.rowCount) = shorter
    }
    let identity = Ingredient.identity(of: ingredients)
    var trainer = TrainingRunner(training.trainer)
    if let done = try ledger.stages(anyState: false)[stage.description], done.identity == identity {
      let present = try planner()
      trainer.lost = { try present.lostProducts(of: done) }
    }
    let outcome = try trainer.run(
      job, identity: identity, note: listener.note,
      progress: { listener.progress(stage, StageProgress($0)) })
    var entry = TrainingEntry(
      branch: branch, checkpoint: try checkpoint(.expert, branch, at: job.outputPath),
      trainer: type(of: training.trainer).name)
    entry.command = outcome.commandLine
    let config = job.folder + "/" + type(of: training.trainer).config
    entry.config = FileManager.default.contents(atPath: config)
      .map { String(decoding: $0, as: UTF8.self) }
    entry.versions =
      JSON.object(
        outcome.versions.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .string($0.value)) }
      ).compact
    entry.log = "train/\(branch)/train.log"
    entry.rowCount = counts?.trainedRows ?? job.rowCount
    entry.tokenCount = counts?.keptTokens
    entry.leftOut = (counts?.listed ?? []).compactMap { row in
      row.reason.map {
        TrainingEntry.LeftOut(row: row.row, tokenCount: row.tokens, reason: $0.text)
      }
    }
    entry.dataXXH3 = try hashes.state(of: data).xxh3
    entry.metrics = outcome.history.compactMap { progress in
      progress.step.map {
        TrainingEntry.Metric(
          step: $0, epoch: progress.epoch, loss: progress.loss,
          learningRate: progress.learningRate)
      }
    }
    var result = StageOutcome(ingredients, try modelProducts("train/\(branch)/output"))
    let loss = outcome.history.last { $0.loss != nil }?.loss
    let leftOut = entry.leftOut.isEmpty ? "" : ", \(grouped(entry.leftOut.count)) left out"
    result.message =
      "\(grouped(entry.rowCount)) rows\(leftOut), \(grouped(entry.metrics.last?.step ?? 0)) steps"
      + (loss.map { ", loss \(String(format: "%.4g", $0))" } ?? "")
      + (outcome.resumedFrom.map { ", from step \($0) on" } ?? "")
    result.training = entry
    return result
  }

  private func take(_ branch: String, _ training: TrainingPlan, _ ingredients: [Ingredient]) throws
    -> StageOutcome
  {
    let given = recipe.expertPath(branch, in: path)
    if let base = recipe.base?.path { _ = try ExpertCheck(given, base: base, branch: branch) }
    let entry = TrainingEntry(
      branch: branch, checkpoint: try checkpoint(.expert, branch, at: given),
      trainer: type(of: training.trainer).name)
    var result = StageOutcome(ingredients, [])
    result.message = "given: \(given)"
    result.training = entry
    return result
  }

  /// The files of a model that a stage made.
  func modelProducts(_ folder: String) throws -> [StageRecord.Product] {
    try ModelFolder.files(of: path + "/" + folder).map { try product("\(folder)/\($0)") }
  }
}

extension StageProgress {
  init(_ training: TrainingProgress) {
    var parts: [String] = []
    if let epoch = training.epoch { parts.append("epoch \(String(format: "%.2f", epoch))") }
    if let loss = training.loss { parts.append("loss \(String(format: "%.4g", loss))") }
    self.init(
      text: parts.joined(separator: "  "), done: training.step ?? 0,
      total: training.totalSteps ?? 0, isInBytes: false, secondsLeft: training.secondsLeft)
  }
}
