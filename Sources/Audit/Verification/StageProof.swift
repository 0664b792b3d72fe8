internal import Files
internal import Foundation
internal import Fusion
internal import GRDB
internal import Lineage
internal import Notation
internal import Training
internal import Workflow

/// The stages that made what is there: their ingredients give their identity and are those of the
/// files that they read, their products and models are on disk, their trainings saw these rows.
struct StageProof {
  private let record: WorkspaceRecord
  private let ledger: Ledger
  private let proof: Proof
  private let teachings: [CurrentTeaching]

  init(
    _ record: WorkspaceRecord, _ ledger: Ledger, _ proof: Proof, _ teachings: [CurrentTeaching] = []
  ) {
    self.record = record
    self.ledger = ledger
    self.proof = proof
    self.teachings = teachings
  }

  func prove(adding files: inout FileClaims) throws {
    let done = record.stages
    let stages = Self.current(done)
    for stage in stages {
      let kind = stage.name.split(separator: " ").first.map(String.init) ?? ""
      if Stage.Kind(rawValue: kind) == nil {
        proof.fails(.stage, "there is no such stage", at: quoted(stage.name))
      }
      proof.expect(
        .stage, Ingredient.identity(of: stage.ingredients) == stage.identity,
        "a stage's ingredients are not those that it was done with", at: quoted(stage.name),
        expected: stage.identity, found: Ingredient.identity(of: stage.ingredients))
      if let tool = stage.ingredients.first(where: { $0.name == "tool" })?.value {
        proof.expect(
          .stage, tool == stage.tool, "a stage was done by another version than it depends on",
          at: quoted(stage.name), expected: shortened(tool), found: shortened(stage.tool))
      }
      guard !isSuperseded(stage) else { continue }
      for product in stage.products {
        let path =
          product.path.hasPrefix("/")
          ? record.located(product.path) : "\(record.workspace)/\(product.path)"
        files.add(
          FileClaim(
            path, .product, "made by \(quoted(stage.name))", byteCount: product.byteCount,
            xxh3: product.xxh3))
      }
      switch Stage.Kind(rawValue: kind) {
      case .branch: proveInputs(of: stage)
      case .train: try proveTraining(stage, adding: &files)
      case .report: proveReport(stage, done)
      case .teach, .merge, nil: break  // Proofs of their own.
      }
    }
    if !stages.isEmpty { try proveLock(stages, adding: &files) }
  }

  /// The latest of each name, but for those that have left the recipe.
  static func current(_ done: [String: StageRecord]) -> [StageRecord] {
    done.values.filter { stage in
      guard let report = done["report"], stage.id < report.id else { return true }
      return report.ingredients.contains { $0.name == stage.name }
    }.sorted { $0.id < $1.id }
  }

  /// Whether `branchmerge branch` has built the branch again since.
  private func isSuperseded(_ stage: StageRecord) -> Bool {
    guard let run = stage.run else { return false }
    return !record.runs.contains { built in
      built.id == run && built.currentBranches.contains { "branch \($0.name)" == stage.name }
    }
  }

  // ---- ingredients ----

  /// A branch's inputs are the files that its run read.
  private func proveInputs(of stage: StageRecord) {
    guard let run = record.runs.first(where: { $0.id == stage.run }) else { return }
    proof.expect(
      .stage, run.tool == stage.tool, "a stage's run was made by another version",
      at: quoted(stage.name), expected: shortened(stage.tool), found: shortened(run.tool))
    for ingredient in stage.ingredients where ingredient.name.hasPrefix("input ") {
      let name = ingredient.name.dropFirst("input ".count).prefix { $0 != "/" }
      let read = run.sources.filter { $0.name == name }.flatMap(\.files)
      proof.expect(
        .stage, read.contains { $0.xxh3 == ingredient.value },
        "a stage depends on a file that its run did not read",
        at: "\(quoted(stage.name)), \(quoted(ingredient.name))",
        expected: read.map(\.xxh3).joined(separator: ", "), found: shortened(ingredient.value))
    }
  }

  /// The report was made of the results that the stages before it had.
  private func proveReport(_ report: StageRecord, _ done: [String: StageRecord]) {
    for ingredient in report.ingredients where ingredient.name != "tool" {
      guard let stage = done[ingredient.name] else {
        proof.fails(
          .stage, "the report was made of a stage that was never done",
          at: quoted(ingredient.name))
        continue
      }
      guard stage.id < report.id else { continue }
      proof.expect(
        .stage, StagePlanner.result(of: stage) == ingredient.value,
        "a stage has another result than when the report was made", at: quoted(stage.name),
        expected: ingredient.value, found: StagePlanner.result(of: stage))
    }
  }

  /// What the lock file names is what the stages depend on.
  private func proveLock(_ stages: [StageRecord], adding files: inout FileClaims) throws {
    let lock: LockedInputs
    let text: String
    guard RecipeLock(record.workspace).isThere else {
      proof.cannotCheck(
        .lock, "the lock file is not there", at: "\(record.workspace)/\(RecipeLock.fileName)")
      return
    }
    do {
      (lock, text) = try RecipeLock(record.workspace).read()
    } catch {
      proof.cannotCheck(
        .lock, "the lock file cannot be read", at: RecipeLock.fileName, because: "\(error)")
      return
    }
    proof.expect(
      .lock, lock.text == text, "the lock file is not as it was written",
      at: RecipeLock.fileName, expected: firstDifference(lock.text, text).0,
      found: firstDifference(lock.text, text).1)
    let tools = Set(stages.map(\.tool))
    proof.expect(
      .lock, tools.contains(lock.tool), "the lock file was written by another version",
      at: RecipeLock.fileName, expected: tools.sorted().joined(separator: ", "),
      found: quoted(lock.tool))
    let recipes = Set(stages.map { $0.recipePath.fileName.withoutExtension })
    proof.expect(
      .lock, recipes.contains(lock.recipe), "the lock file is of another recipe",
      at: RecipeLock.fileName, expected: recipes.sorted().joined(separator: ", "),
      found: quoted(lock.recipe))
    let locked = Dictionary(
      lock.inputs.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    var known: Set<String> = []
    for stage in stages where !isSuperseded(stage) {
      for ingredient in stage.ingredients {
        let isMerge = stage.name == "merge"
        let name = isMerge ? "model \(ingredient.name)" : ingredient.name
        guard isMerge ? locked[name] != nil : StagePlanner.isInput(ingredient) else { continue }
        known.insert(name)
        proof.expect(
          .lock, locked[name] == ingredient.value,
          "the lock file does not have an input that a stage depends on",
          at: "\(RecipeLock.fileName), \(quoted(name)) of \(quoted(stage.name))",
          expected: ingredient.value,
          found: locked[name].map(shortened) ?? "nothing")
      }
    }
    for input in lock.inputs {
      let path = input.name.hasPrefix("file ") ? String(input.name.dropFirst("file ".count)) : ""
      if path.hasPrefix("/") {
        files.add(FileClaim(path, .lock, "named by \(RecipeLock.fileName)", xxh3: input.value))
      } else if !path.isEmpty {
        proof.isNotRecorded("from which folder the trainer's settings named \(quoted(path))")
      } else if !known.contains(input.name) {
        proof.isNotRecorded("which stage read \(quoted(input.name)) of \(RecipeLock.fileName)")
      }
    }
  }

  /// The first lines in which two texts differ.
  private func firstDifference(_ a: String, _ b: String) -> (String, String) {
    let (a, b) = (a.split(separator: "\n"), b.split(separator: "\n"))
    let index = zip(a, b).prefix { $0 == $1 }.count
    func line(_ lines: [Substring]) -> String {
      index < lines.count ? shortened(String(lines[index])) : "the end"
    }
    return (line(a), line(b))
  }

  // ---- trainings ----

  private func proveTraining(_ stage: StageRecord, adding files: inout FileClaims) throws {
    let row = try ledger.access { database in
      try Row.fetchOne(
        database,
        sql: """
          SELECT training.id, training.branch, training.checkpoint, trainer, training.row_count, data_xxh3,
            output_file.xxh3, output_file.row_count,
            (SELECT count(*) FROM left_out WHERE training = training.id),
            (SELECT min(output_row) FROM left_out WHERE training = training.id),
            (SELECT max(output_row) FROM left_out WHERE training = training.id),
            config, output_file.branch
          FROM training LEFT JOIN output_file ON output_file.id = training.output
          WHERE stage = ? ORDER BY training.id DESC LIMIT 1
          """, arguments: [stage.id])
    }
    guard let row else {
      proof.fails(.training, "a training left no record", at: quoted(stage.name))
      return
    }
    let branch: String = row[1]
    let place = quoted(branch)
    proof.expect(
      .training, "train \(branch)" == stage.name, "a training is recorded of another branch",
      at: quoted(stage.name), expected: stage.name, found: place)
    let (trainer, count): (String, Int) = (row[3], row[4])
    let says = stage.ingredients.first { $0.name == "trainer" }?.value
    proof.expect(
      .training, says == trainer,
      "a training was done by another trainer than its stage depends on",
      at: place, expected: says.map(shortened), found: shortened(trainer))
    try proveModel(
      row[2], .init(role: "expert", name: branch, stage: stage.id),
      .init(stage: stage, prefix: "expert \(branch)/"), adding: &files)
    try proveBase(of: stage, adding: &files)
    if let hash = row[5] as String? {
      try proveRows(row, hash, stage, branch)
      try proveMetrics(row[0], stage, branch)
      try proveConfig(row[11], trainer, stage, branch)
    } else {
      proof.expect(
        .training, count == 0, "rows are recorded of an expert that was given", at: place,
        expected: "0", found: "\(count)")
    }
  }

  private func proveRows(_ row: Row, _ hash: String, _ stage: StageRecord, _ branch: String) throws
  {
    let place = quoted(branch)
    let rows = stage.ingredients.first { $0.name == "rows" }?.value
    proof.expect(
      .training, rows == hash, "a training saw other rows than its stage depends on", at: place,
      expected: rows, found: hash)
    let taught = try ledger.access { database in
      try Row.fetchOne(
        database,
        sql: """
          SELECT xxh3, row_count FROM teaching WHERE branch = ? AND xxh3 = ?
          ORDER BY id DESC LIMIT 1
          """, arguments: [row[12] as Int64?, hash])
    }
    let recorded: String? = taught?[0] ?? row[6]
    let count: Int? = taught?[1] ?? row[7]
    let (leftOut, first, last): (Int, Int?, Int?) = (row[8], row[9], row[10])
    proof.expect(
      .training, recorded == hash, "a training saw rows that no run wrote", at: place,
      expected: recorded, found: hash)
    let path = "branches/\(branch)/train.jsonl"
    let now =
      teachings.first { $0.name == branch }?.record.xxh3
      ?? record.runs.flatMap(\.currentOutputs).first { $0.path == path }?.xxh3
    if let now, now != hash {
      proof.fails(
        .training, "the expert was trained on other rows than the branch has now", at: place,
        expected: now, found: hash)
    } else if now != nil {
      proof.holds(.training)
    }
    if let count {
      proof.expect(
        .training, first ?? 1 >= 1 && last ?? 0 <= count,
        "a row that was left out of a training is none of the branch", at: place,
        expected: "rows 1 to \(count)", found: "rows \(first ?? 0) to \(last ?? 0)")
      let trained: Int = row[4]
      proof.expect(
        .training, trained == count &- leftOut,
        "a training's rows are not those of the branch without those left out", at: place,
        expected: "\(count) - \(leftOut)", found: "\(trained)")
    }
  }

  /// The steps are those of the trainer's own file of metrics, where it wrote one.
  private func proveMetrics(_ training: Int64, _ stage: StageRecord, _ branch: String) throws {
    let file = "train/\(branch)/output/trainer_log.jsonl"
    guard stage.products.contains(where: { $0.path == file }) else {
      return proof.isNotRecorded("a file of metrics of the training of \(quoted(branch))")
    }
    let path = "\(record.workspace)/\(file)"
    let reader = ProgressReader(metrics: path, log: path)
    reader.finish()
    let there = reader.history.steps.map {
      [Double($0.step ?? -1), $0.epoch, $0.loss, $0.learningRate]
    }
    let recorded = try ledger.access { database in
      try Row.fetchAll(
        database,
        sql: "SELECT step, epoch, loss, learning_rate FROM metric WHERE training = ? ORDER BY step",
        arguments: [training]
      ).map { [Double($0[0] as Int), $0[1], $0[2], $0[3]] as [Double?] }
    }
    let first = zip(there, recorded).prefix { $0 == $1 }.count
    func text(_ steps: [[Double?]]) -> String {
      first < steps.count ? "\(steps[first].map { $0.map { "\($0)" } ?? "none" })" : "the end"
    }
    proof.expect(
      .training, there == recorded, "a training's steps are not those of its file of metrics",
      at: "\(quoted(branch)), step \(first + 1) of \(recorded.count)", expected: text(recorded),
      found: text(there))
  }

  /// The trainer's main file is that which is recorded, unless a later attempt has written it anew.
  private func proveConfig(
    _ config: String?, _ trainer: String, _ stage: StageRecord, _ branch: String
  ) throws {
    let latest = try ledger.stages(anyState: true)[stage.name]
    guard let config, latest?.id == stage.id,
      let name = Trainers.all.first(where: { $0.name == trainer })?.config
    else { return }
    let path = "train/\(branch)/\(name)"
    let text = FileManager.default.contents(atPath: "\(record.workspace)/\(path)")
    proof.expect(
      .training, text.map { config.utf8.elementsEqual($0) } ?? false,
      "the trainer's settings are not those of the ledger", at: path)
  }

  /// The base model is a recorded one where a merge has it among its inputs.
  private func proveBase(of stage: StageRecord, adding files: inout FileClaims) throws {
    guard stage.ingredients.contains(where: { $0.name.hasPrefix("base/") }) else { return }
    let base = try ledger.access { database in
      try Int64.fetchOne(
        database, sql: "SELECT max(id) FROM checkpoint WHERE role = 'base' AND name = 'base'")
    }
    guard let base else {
      return proof.isNotRecorded("where the base model of the trainings lies")
    }
    try proveModel(base, nil, .init(stage: stage, prefix: "base/"), adding: &files)
  }

  // ---- models ----

  /// Which ingredients of a stage are a model's files.
  struct ModelIngredients {
    var stage: StageRecord
    var prefix: String
  }

  /// What the stage that made a model, or was the first to read it, says of it.
  struct ModelOrigin: Equatable {
    var role: String
    var name: String
    var stage: Int64
  }

  /// A model's files are on disk, and are those that the stage depends on.
  func proveModel(
    _ checkpoint: Int64, _ origin: ModelOrigin?, _ ingredients: ModelIngredients?,
    at place: String? = nil, adding files: inout FileClaims
  ) throws {
    let (model, rows) = try ledger.access { database in
      (
        try Row.fetchOne(
          database,
          sql: "SELECT role, name, path, stage, parameter_count FROM checkpoint WHERE id = ?",
          arguments: [checkpoint]),
        try Row.fetchAll(
          database,
          sql: """
            SELECT path, byte_count, xxh3, sha256 FROM checkpoint_file WHERE checkpoint = ?
            ORDER BY path
            """, arguments: [checkpoint])
      )
    }
    guard let model else { return }
    let (role, name, path): (String, String, String) = (model[0], model[1], model[2])
    let folder = place ?? record.located(path)
    let found = ModelOrigin(role: role, name: name, stage: model[3])
    if let origin {
      proof.expect(
        .model, found == origin, "a model is recorded as another one", at: quoted(path),
        expected: "\(origin.role) \(quoted(origin.name)) of stage \(origin.stage)",
        found: "\(found.role) \(quoted(found.name)) of stage \(found.stage)")
    }
    if let opened = try? Checkpoint(folder, allowingQuantised: true) {
      let (count, has): (Int, Int) = (model[4], opened.tensors.reduce(0) { $0 + $1.count })
      proof.expect(
        .model, count == has, "a model has another number of parameters", at: quoted(folder),
        expected: "\(count)", found: "\(has)")
    }
    for row in rows {
      let (file, xxh3): (String, String) = (row[0], row[2])
      files.add(
        FileClaim(
          "\(folder)/\(file)", .model, "\(role) \(quoted(name))", byteCount: row[1], xxh3: xxh3,
          sha256: row[3]))
      guard let ingredients else { continue }
      // An expert that was trained here is what its stage made; then there is nothing of that name.
      guard
        let value = ingredients.stage.ingredients.first(where: {
          $0.name == ingredients.prefix + file
        })?.value
      else { continue }
      proof.expect(
        .stage, value == xxh3, "a stage depends on a file that its model does not have",
        at: "\(quoted(ingredients.stage.name)), \(quoted(ingredients.prefix + file))",
        expected: xxh3, found: shortened(value))
    }
  }
}
