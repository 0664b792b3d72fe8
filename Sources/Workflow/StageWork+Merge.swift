internal import Curation
internal import Files
internal import Foundation
internal import Fusion
internal import Lineage
internal import Notation

extension StageWork {
  /// Merges the experts into `merged`, in the place of what an earlier run left there.
  func merge(_ ingredients: [Ingredient]) throws -> StageOutcome {
    guard let config = recipe.merge else { return StageOutcome(ingredients, []) }
    let folders = recipe.modelFolders(in: path)
    // Beside the place: until all of the new model is there, the earlier one stays.
    let identity = Ingredient.identity(of: ingredients)
    let shelf = path + "/.merge"
    for name in (try? FileManager.default.contentsOfDirectory(atPath: shelf)) ?? []
    where name != identity {
      try FileManager.default.removeItem(atPath: shelf + "/" + name)
    }
    let made = "\(shelf)/\(identity)/merged"
    try Folder.create(made.parentPath)

    var planning = MergePlan.Options()
    planning.shardByteCount = runner.options.shardByteCount
    var options = Merger.Options()
    options.workers = runner.options.curation.workers
    options.isDurable = runner.options.curation.isDurable
    let listener = runner.listener
    let job = MergeJob(
      config, to: made, planning, options, version: runner.version, folders: folders)
    let outcome = try job.run(
      note: { for warning in $0 { listener.note("warning: \(warning)") } },
      progress: { done in
        listener.progress(
          .merge,
          StageProgress(
            text: "\(done.tensors) of \(done.totalTensors) tensors", done: done.bytes,
            total: done.totalBytes))
      })
    try publish(made, from: shelf)

    let report = outcome.report
    var result = StageOutcome(ingredients, try modelProducts("merged"))
    result.merge = try entry(report, config, folders)
    let total = max(1, report.entriesFrom.reduce(0) { $0 + $1.count })
    let shares = report.entriesFrom.map {
      "\($0.label) \(String(format: "%.2f", 100 * Double($0.count) / Double(total))) %"
    }
    result.message =
      "\(report.method), \(report.records.count) tensors"
      + (shares.isEmpty ? "" : ": " + shares.joined(separator: ", "))
    return result
  }

  /// Puts the new model in its place; a run that is killed between the two renames finds it on the
  /// shelf, whole, and does the rest.
  private func publish(_ made: String, from shelf: String) throws {
    let place = Stage.mergedPath(in: path)
    let isDurable = runner.options.curation.isDurable
    if FileManager.default.fileExists(atPath: place) {
      try Folder.rename(place, to: made.parentPath + "/earlier", isDurable: isDurable)
    }
    try Folder.rename(made, to: place, isDurable: isDurable)
    try FileManager.default.removeItem(atPath: shelf)
  }

  private func entry(_ report: MergeReport, _ config: MergeConfig, _ folders: [String: String])
    throws -> MergeEntry
  {
    let shares = Dictionary(
      report.entriesFrom.map { ($0.label, $0.count) }, uniquingKeysWith: { $1 })
    func input(_ name: String, _ given: String, isBase: Bool) throws -> MergeEntry.Input {
      MergeEntry.Input(
        name: name, path: given, isBase: isBase, entryCount: shares[name],
        checkpoint: try checkpoint(
          given.hasPrefix("experts/") ? .expert : .base, given, at: folders[given] ?? given))
    }
    // What an earlier document of the merge file makes is no model on disk; what it is made of is.
    let made = Set(config.documents.compactMap(\.name))
    var inputs = try (report.json["models"]?.items ?? []).compactMap { model in
      let given = model["path"]?.text ?? ""
      return made.contains(given)
        ? nil
        : try input(model["name"]?.text ?? "", given, isBase: model["base"]?.flag == true)
    }
    for model in config.models where !inputs.contains(where: { $0.path == model.path }) {
      inputs.append(try input(model.path, model.path, isBase: false))
    }
    return MergeEntry(
      checkpoint: try checkpoint(.merged, "merged", at: Stage.mergedPath(in: path)),
      method: report.method, config: config.text, inputs: inputs,
      tensors: report.records.map { ($0["name"]?.text ?? "", $0.compact) })
  }
}
