package import Curation
internal import Files
internal import Foundation
internal import Fusion
package import Lineage
internal import Teaching
internal import Training

/// What of a recipe is done in a workspace, what is to do, and why.
package struct StagePlan {
  package let items: [Item]

  package struct Item: Sendable {
    package let stage: Stage
    package var state: State
    /// What the stage depends on; nil while that is not known, an earlier stage being to do.
    package var ingredients: [Ingredient]?
    package var reads: [String]
    package var writes: [String]
    /// What keeps the stage from being done, besides the stages before it.
    package var problems: [String] = []
    /// The attempt that is up to date, or that was.
    package var done: StageRecord?
    /// Bytes that the stage needs on the disk at most, as far as can be told; 0 if it is not to do.
    package var byteCount = 0
    /// What is known of it in numbers: rows, tokens, packs, steps.
    package var figures: [String] = []
  }

  package enum State: Equatable, Sendable {
    case upToDate
    /// It was never done; what became of the latest attempt, if there was one.
    case toDo(String?)
    /// It was done, and that is worth nothing now because of these changes.
    case stale([String])
    /// It was done, and is again only if what these make differs from what they made.
    case undecided([Stage])
  }
}

/// Looks at recipe, workspace and ledger, and tells the state of every stage.
package struct StagePlanner {
  package let recipe: ResolvedRecipe
  package let workspace: String
  package let options: Curator.Options
  private let shardByteCount: Int
  private let tool: String
  private let ledger: Ledger?
  private let hashes: ContentHashes?
  private let done: [String: StageRecord]
  private let latest: [String: StageRecord]

  /// `ledger` is nil where the workspace has none yet.
  package init(
    _ recipe: ResolvedRecipe, workspace: String, _ options: Curator.Options, shardByteCount: Int,
    tool: String, _ ledger: Ledger?, _ hashes: ContentHashes?
  ) throws {
    self.shardByteCount = shardByteCount
    self.recipe = recipe
    self.workspace = workspace
    self.options = options
    self.tool = tool
    self.ledger = ledger
    self.hashes = hashes
    done = try ledger?.stages(anyState: false) ?? [:]
    latest = try ledger?.stages(anyState: true) ?? [:]
  }

  /// The state of all stages.
  package func plan() throws -> StagePlan {
    var items: [StagePlan.Item] = []
    for stage in recipe.stages { items.append(try item(stage, after: items)) }
    return StagePlan(items: items)
  }

  /// The state of one stage; of those before it that are known all others count as done.
  func item(_ stage: Stage, after items: [StagePlan.Item]) throws -> StagePlan.Item {
    var item = try judged(stage, after: items)
    if item.state != .upToDate { item.byteCount = byteCount(of: stage) }
    return item
  }

  /// Branches that are compared with each other are built together.
  private func judged(_ stage: Stage, after items: [StagePlan.Item]) throws -> StagePlan.Item {
    var item = try judgedAlone(stage, after: items)
    guard case .branch = stage, recipe.plan.isAcrossBranches, item.state == .upToDate else {
      return item
    }
    let others = recipe.recipe.branches.map(\.name).filter { Stage.branch($0) != stage }
    let changed = try others.filter {
      try judgedAlone(.branch($0), after: []).state != .upToDate
    }
    if !changed.isEmpty {
      item.state = .stale(
        changed.map { "branch \($0), which it is compared with, is not up to date" })
    }
    return item
  }

  private func judgedAlone(_ stage: Stage, after items: [StagePlan.Item]) throws -> StagePlan.Item {
    var item = StagePlan.Item(
      stage: stage, state: .toDo(nil), reads: reads(of: stage), writes: writes(of: stage),
      done: done[stage.description])
    let needs = recipe.needs(of: stage)
    let pending = items.filter { needs.contains($0.stage) && $0.state != .upToDate }.map(\.stage)
    do {
      if pending.isEmpty {
        item.ingredients = try ingredients(of: stage, wasDone: item.done != nil)
      } else if case .train(let name) = stage {
        // What is missing is told before the stages before it have taken their time.
        _ = try outsideIngredients(name, false)
      }
    } catch let missing as MissingSources {
      item.problems = missing.sources
    } catch let missing as Missing {
      item.problems = [missing.description]
    }
    item.figures = figures(of: stage, item.done, isPending: !pending.isEmpty)
    guard let record = item.done else {
      item.state = .toDo(lastAttempt(at: stage))
      return item
    }
    if let ingredients = item.ingredients {
      var reasons = Ingredient.changes(from: record.ingredients, to: ingredients)
      if reasons.isEmpty { reasons = try lostProducts(of: record) }
      item.state = reasons.isEmpty ? .upToDate : .stale(reasons)
    } else {
      item.state = pending.isEmpty ? .stale(item.problems) : .undecided(pending)
    }
    return item
  }

  private func lastAttempt(at stage: Stage) -> String? {
    guard let record = latest[stage.description] else { return nil }
    return switch record.state {
    case .failed: "failed: \(record.message ?? "")"
    case .stopped: "was interrupted"
    case .running: "was begun by process \(record.process) and did not end"
    case .done: nil
    }
  }

  /// What a done stage wrote and is no longer there as it was.
  func lostProducts(of record: StageRecord) throws -> [String] {
    try record.products.compactMap { product in
      let path = product.path.hasPrefix("/") ? product.path : workspace + "/" + product.path
      guard FileManager.default.fileExists(atPath: path) else { return "\(product.path) is gone" }
      let state = try hashes?.state(of: path)
      return state?.xxh3 == product.xxh3 ? nil : "\(product.path) was changed"
    }
  }

  // MARK: - What a stage depends on

  /// Everything that decides what a stage makes. A file that was never read is not read for the
  /// sake of a stage that was never done.
  func ingredients(of stage: Stage, wasDone: Bool) throws -> [Ingredient] {
    switch stage {
    case .branch(let name): try branchIngredients(name, wasDone)
    case .teach(let name): try teachingIngredients(name)
    case .train(let name): try trainingIngredients(name, wasDone)
    case .merge: try mergeIngredients(wasDone)
    case .report: reportIngredients
    }
  }

  private func value(of path: String, _ wasDone: Bool) throws -> String {
    if let known = try hashes?.known(path) { return known.xxh3 }
    return wasDone ? try hashes?.state(of: path).xxh3 ?? "" : Self.unread
  }

  private func branchIngredients(_ name: String, _ wasDone: Bool) throws -> [Ingredient] {
    var result =
      [Ingredient("tool", tool)] + options.ingredients + recipe.plan.ingredients(of: name)
    for (source, found) in zip(recipe.plan.sourceNames(of: name), try files(of: name)) {
      for (path, name) in zip(found.paths, Self.names(of: found.paths)) {
        result.append(Ingredient("input \(source)/\(name)", try value(of: path, wasDone)))
      }
    }
    for (card, path) in try curator.locateBenchmarks(in: workspace, of: name).found {
      result.append(Ingredient("benchmark \(card.name)", try value(of: path, wasDone)))
    }
    return result
  }

  /// As much of the ends of the paths as tells them apart.
  private static func names(of paths: [String]) -> [String] {
    let parts = paths.map { $0.split(separator: "/") }
    let depth = parts.map(\.count).max() ?? 0
    for count in 1..<max(2, depth) {
      let names = parts.map { $0.suffix(count).joined(separator: "/") }
      if Set(names).count == names.count { return names }
    }
    return paths
  }

  private func files(of branch: String) throws -> [SourceFiles] {
    try curator.locate(in: workspace, of: branch)
  }

  private var curator: Curator {
    Curator(recipe.plan, options, tool: tool, note: { _ in }, progress: { _ in })
  }

  /// What decides the taught rows; servers, prices and budgets do not.
  private func teachingIngredients(_ name: String) throws -> [Ingredient] {
    guard let teacher = recipe.teacher else { return [] }
    let rows = workspace + "/branches/\(name)/train.jsonl"
    let seeds = Stage.seedsPath(name, in: workspace)
    // Where there are seeds alone no file tells how rows are written.
    let format = recipe.plan.branches.first { $0.name == name }?.rowFormat ?? ""
    return [Ingredient("tool", tool)] + teacher.ingredients.map { Ingredient($0.name, $0.value) }
      + [
        Ingredient("row", format), Ingredient("seeds", try value(of: seeds, true)),
        Ingredient("rows", try value(of: rows, true)),
      ]
  }

  private func trainingIngredients(_ name: String, _ wasDone: Bool) throws -> [Ingredient] {
    guard let training = recipe.training else { return [] }
    let outside = try outsideIngredients(name, wasDone)
    if training.isGiven { return [Ingredient("trainer", "experts")] + outside }
    let job = try TrainingStage.job(name, recipe, workspace: workspace, rowCount: 0)
    return try job.identity(with: training.trainer).map { Ingredient($0.name, $0.value) }
      + [
        Ingredient("overlong rows", job.settings.overlong.rawValue),
        Ingredient("rows", try value(of: workspace + "/" + recipe.rowsPath(name), true)),
      ] + outside
  }

  /// What a training reads besides the branch's rows.
  private func outsideIngredients(_ name: String, _ wasDone: Bool) throws -> [Ingredient] {
    var result: [Ingredient] = []
    if let given = recipe.training?.given(of: name) {
      guard Folder.isFolder(given) else {
        throw Missing("the expert of \(name), \(given), is no folder here")
      }
      result += try files(of: given, as: "expert \(name)", wasDone)
    } else if let training = recipe.training {
      let job = try TrainingStage.job(name, recipe, workspace: workspace, rowCount: 0)
      for path in training.trainer.inputs(of: job) {
        result.append(Ingredient("file \(path)", try value(of: path, wasDone)))
      }
    }
    if let base = recipe.base {
      guard let path = base.path else { throw Missing(base.advice) }
      result += try files(of: path, as: "base", wasDone)
    }
    return result
  }

  /// All files of a model's folder; what lies in folders below does not belong to it.
  private func files(of folder: String, as role: String, _ wasDone: Bool) throws -> [Ingredient] {
    try ModelFolder.files(of: folder).map { name in
      Ingredient("\(role)/\(name)", try value(of: folder + "/" + name, wasDone))
    }
  }

  /// The files that come from outside, with their hashes: sources, base model, given experts, and
  /// what the trainer's settings name. With `reading` those that were never read are read now; else
  /// they are left out, as are those that are not there.
  package func inputs(reading: Bool) throws -> [Ingredient] {
    var result: [Ingredient] = []
    func add(_ ingredients: () throws -> [Ingredient]) throws {
      do {
        for ingredient in try ingredients()
        where Self.isInput(ingredient) && !result.contains(ingredient) {
          if ingredient.value != Self.unread { result.append(ingredient) }
        }
      } catch is MissingSources {
      } catch is Missing {}
    }
    for branch in recipe.recipe.branches.map(\.name) {
      try add { try branchIngredients(branch, reading) }
      if recipe.training != nil { try add { try outsideIngredients(branch, reading) } }
    }
    for model in recipe.merge?.models ?? []
    where model.identity != "base" && !model.identity.hasPrefix("experts/") {
      try add { try files(of: model.path, as: "model \(model.identity)", reading) }
    }
    return result
  }

  /// Whether it is a file that comes from outside.
  package static func isInput(_ ingredient: Ingredient) -> Bool {
    let roles = ["input ", "benchmark ", "base/", "expert ", "file ", "model "]
    return roles.contains { ingredient.name.hasPrefix($0) }
      && !ingredient.name.hasPrefix("benchmark card ")
  }

  private static let unread = "not read yet"

  private func mergeIngredients(_ wasDone: Bool) throws -> [Ingredient] {
    guard let merge = recipe.merge else { return [] }
    var result = [
      Ingredient("tool", tool), Ingredient("merge", merge.meaning),
      Ingredient("--shard-size", "\(shardByteCount)"),
    ]
    let folders = recipe.modelFolders(in: workspace)
    var seen: Set<String> = []
    for model in merge.models where seen.insert(model.identity).inserted {
      let folder = folders[model.identity] ?? model.path
      guard Folder.isFolder(folder) else {
        throw Missing("the merge names the model \(model.path), and \(folder) is no folder here")
      }
      result += try files(of: folder, as: model.identity, wasDone)
    }
    return result
  }

  /// What all stages before it were made from and what they made: a training has other weights
  /// each time.
  private var reportIngredients: [Ingredient] {
    [Ingredient("tool", tool)]
      + recipe.stages.dropLast().map {
        Ingredient($0.description, done[$0.description].map(Self.result) ?? "")
      }
  }

  /// What a stage came to, as the report depends on it.
  package static func result(of record: StageRecord) -> String {
    Ingredient.identity(
      of: [Ingredient("identity", record.identity), Ingredient("message", record.message ?? "")]
        + record.products.map { Ingredient($0.path, $0.xxh3) })
  }

  // MARK: - What people want to know of it

  private func figures(of stage: Stage, _ record: StageRecord?, isPending: Bool) -> [String] {
    switch stage {
    case .branch, .merge, .report: return record?.message.map { [$0] } ?? []
    case .teach(let name):
      if let record { return record.message.map { [$0] } ?? [] }
      return isPending ? [] : ["\(grouped(seedCount(of: name))) seeds"]
    case .train(let name):
      guard !isPending,
        let job = try? TrainingStage.job(name, recipe, workspace: workspace, rowCount: 0),
        let counts = PreflightNote(job)
      else { return record?.message.map { [$0] } ?? [] }
      return counts.figures
    }
  }

  /// An upper bound where it can be told: rows are no longer than what they are made from, and a
  /// model has the size of the one that it comes from.
  private func byteCount(of stage: Stage) -> Int {
    switch stage {
    case .branch(let name):
      return size(of: ((try? files(of: name)) ?? []).flatMap(\.paths))
    case .teach(let name):
      // Each seed once in the store and once as a row, a token being four bytes.
      let question = recipe.teacher?.question
      return size(of: [workspace + "/branches/\(name)/train.jsonl"])
        + seedCount(of: name) * 4 * (question?.maxTokens ?? 0) * ((question?.answers ?? 0) + 1)
    case .train:
      guard recipe.training?.isGiven == false, let base = recipe.base?.path else { return 0 }
      return modelSize(base)
    case .merge:
      let folders = recipe.modelFolders(in: workspace)
      let models = (recipe.merge?.models ?? []).map { folders[$0.identity] ?? $0.path }
      return (models + (recipe.base?.path.map { [$0] } ?? [])).map(modelSize).max() ?? 0
    case .report: return 0
    }
  }

  private func seedCount(of branch: String) -> Int {
    (try? ledger?.output(at: "branches/\(branch)/seeds.jsonl")?.rowCount) ?? 0
  }

  private func modelSize(_ folder: String) -> Int {
    let files = (try? ModelFolder.files(of: folder)) ?? []
    return size(of: files.map { folder + "/" + $0 })
  }

  private func size(of paths: [String]) -> Int {
    paths.reduce(0) { $0 + ((try? ContentHashes.Look($1).byteCount) ?? 0) }
  }

  private func reads(of stage: Stage) -> [String] {
    switch stage {
    case .branch(let name): recipe.plan.sourceNames(of: name)
    case .teach(let name):
      ["branches/\(name)/seeds.jsonl", recipe.teacher?.question.model ?? ""]
    case .train(let name):
      recipe.training?.given(of: name).map { [$0] }
        ?? [recipe.rowsPath(name)] + (recipe.base.map { [$0.name] } ?? [])
    case .merge: Array(Set((recipe.merge?.models ?? []).map(\.identity))).sorted()
    case .report: ["lineage.sqlite"]
    }
  }

  private func writes(of stage: Stage) -> [String] {
    switch stage {
    case .branch(let name): ["branches/\(name)"]
    case .teach(let name): [Stage.taughtFolder(name), TeacherStore.fileName]
    case .train(let name): recipe.training?.isGiven == true ? [] : ["train/\(name)"]
    case .merge: ["merged"]
    case .report: ["report.md", "report.json"]
    }
  }
}

/// Something that a stage needs and that is not there.
struct Missing: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}

/// The files of a model: those in its folder itself, hidden ones left out.
enum ModelFolder {
  static func files(of folder: String) throws -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { !$0.hasPrefix(".") && !Folder.isFolder(folder + "/" + $0) }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}
