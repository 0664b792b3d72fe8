internal import Files
internal import Foundation
internal import Notation

/// All documents of a merge file, one after another; the last is the output.
package struct MergeJob: Sendable {
  private let config: MergeConfig
  private let path: String
  private let planning: MergePlan.Options
  private let options: Merger.Options
  private let version: String
  private let folders: [String: String]

  /// `folders` tells where models are that the merge file does not name by their folders.
  package init(
    _ config: MergeConfig, to path: String, _ planning: MergePlan.Options,
    _ options: Merger.Options, version: String, folders: [String: String] = [:]
  ) {
    self.config = config
    self.folders = folders
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    self.planning = planning
    self.options = options
    self.version = version
  }

  /// The plan of every document; what an earlier document would make is laid out with nothing in it.
  package func plans() throws -> [MergePlan] {
    guard config.documents.count > 1 else { return [try plan(0, in: "")] }
    let folder =
      NSTemporaryDirectory() + "branchmerge-plan-\(ProcessInfo.processInfo.processIdentifier)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try config.documents.indices.map { index in
      let plan = try plan(index, in: folder)
      if let name = config.documents[index].name {
        try plan.layOut(in: folder + "/" + name)
      }
      return plan
    }
  }

  /// Merges document after document; results of named ones lie beside the output until it is done.
  package func run(
    note: ([String]) -> Void, progress: @escaping @Sendable (Merger.Progress) -> Void
  ) throws -> Merge.Outcome {
    let parts = MergeFolders.parts(of: path)
    // What a later document has wrong is told before the first is merged.
    if config.documents.count > 1 { _ = try plans() }
    let plan = try finalPlan(mergingEarlierInto: parts, note: note, progress: progress)
    note(plan.warnings)
    let outcome = try Merge(plan, to: path, version: version).run(options, progress: progress)
    try? FileManager.default.removeItem(atPath: parts)
    return outcome
  }

  /// The plan of the output, after the documents before it have been merged into `parts`, or gone on
  /// with there.
  package func finalPlan(
    mergingEarlierInto parts: String, note: ([String]) -> Void = { _ in },
    progress: @escaping @Sendable (Merger.Progress) -> Void = { _ in }
  ) throws -> MergePlan {
    let last = config.documents.count - 1
    for index in 0..<last {
      guard let name = config.documents[index].name else { continue }
      try Folder.create(parts)
      let plan = try plan(index, in: parts)
      note(plan.warnings)
      _ = try Merge(plan, to: parts + "/" + name, version: version).run(options, progress: progress)
    }
    return try plan(last, in: parts)
  }

  private func plan(_ index: Int, in parts: String) throws -> MergePlan {
    try MergePlan(config, document: index, options: planning) { model in
      config.document(for: model).flatMap { config.documents[$0].name }
        .map { parts + "/" + $0 } ?? folders[model.identity] ?? model.path
    }
  }
}

extension MergePlan {
  /// Writes headers and small files alone: files of the right size that take no room on the disk.
  fileprivate func layOut(in folder: String) throws {
    try Folder.create(folder)
    for shard in layout.shards {
      let path = folder + "/" + shard.fileName
      _ = try SideFiles.write(shard.header, as: shard.fileName, into: folder, isDurable: false)
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try handle.truncate(atOffset: UInt64(shard.byteCount))
      try handle.close()
    }
    if let index = layout.index {
      let bytes = Array(index.formatted().utf8)
      _ = try SideFiles.write(
        bytes, as: "model.safetensors.index.json", into: folder, isDurable: false)
    }
    for file in files.copied { _ = try SideFiles.copy(file, into: folder, isDurable: false) }
    for file in files.written {
      _ = try SideFiles.write(file.bytes, as: file.path, into: folder, isDurable: false)
    }
  }
}
