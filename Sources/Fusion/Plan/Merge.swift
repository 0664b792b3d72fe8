internal import Files
internal import Foundation
internal import Notation

/// A merge from its plan to the finished folder.
package struct Merge: Sendable {
  package let plan: MergePlan
  package let path: String
  private let version: String

  package init(_ plan: MergePlan, to path: String, version: String) {
    self.plan = plan
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    self.version = version
  }

  /// What was made.
  package struct Outcome: Sendable {
    package var report: MergeReport
    /// Tensors that an earlier process had finished; all of them where the model was there already.
    package var continued: Int
    package var wasThere = false
  }

  /// What was interrupted, and how much of it is done.
  package struct Stopped: Error {
    package var signal: Int32
    package var finished: Int
    package var total: Int
  }

  /// Merges, or goes on merging, and publishes the folder; does nothing where it is there already.
  ///
  /// The bytes of the folder depend on the inputs, the merge file and the options that `MergePlan`
  /// has, on nothing else.
  package func run(
    _ options: Merger.Options, progress: @escaping @Sendable (Merger.Progress) -> Void = { _ in }
  ) throws -> Outcome {
    let identity = plan.identity(version: version) + (options.withSHA256 ? " sha256" : "")
    if let report = try finishedReport(identity) {
      return Outcome(report: report, continued: plan.tensors.count, wasThere: true)
    }
    try checkApart()
    try checkRoom()
    let staged = try StagedCheckpoint(
      path, layout: plan.layout, identity: identity + "\n" + plan.stamp,
      isDurable: options.isDurable)
    let outcome: Merger.Outcome
    do {
      let merger = Merger(options)
      outcome = try merger.run(
        merger.settled(plan.tensors), into: staged, progress: progress)
    } catch let error as Interrupted {
      throw Stopped(
        signal: error.signal, finished: staged.finished, total: plan.tensors.count)
    } catch let error as MergeError {
      // It lies in the inputs: going on would meet it again.
      staged.discard()
      throw error
    }
    try checkUnchanged()
    let report = MergeReport(
      plan, identity: identity, version: version, records: outcome.records)
    try writeFiles(report, staged.folder, isDurable: options.isDurable)
    try staged.publish()
    return Outcome(report: report, continued: outcome.continued)
  }

  /// The report of this very merge, where its result has the name already and is newer than all
  /// that it was made from.
  private func finishedReport(_ identity: String) throws -> MergeReport? {
    let file = path + "/" + MergeReport.fileName
    guard let data = FileManager.default.contents(atPath: file),
      let report = try? MergeReport(json: JSON(parsing: Array(data))),
      report.identity == identity,
      plan.layout.shards.allSatisfy({ shard in
        (try? SafetensorsFile(path + "/" + shard.fileName))?.byteCount == shard.byteCount
      })
    else { return nil }
    func time(_ path: String) -> Date? {
      (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
    }
    guard let made = time(file) else { return nil }
    let isSame = plan.files.written.allSatisfy { name, bytes in
      FileManager.default.contents(atPath: path + "/" + name).map(Array.init) == bytes
    }
    guard isSame else { return nil }
    let inputs =
      plan.checkpoints.flatMap { $0.files.map(\.path) } + plan.files.copied.map(\.source)
    return inputs.allSatisfy { time($0).map { $0 <= made } ?? false } ? report : nil
  }

  /// Refuses an output in, over or around an input.
  private func checkApart() throws {
    func real(_ path: String) -> String {
      // Of what is not there yet the folders above may be links.
      var (there, rest) = (URL(fileURLWithPath: path), "")
      while there.path != "/", !FileManager.default.fileExists(atPath: there.path) {
        rest = "/" + there.lastPathComponent + rest
        there.deleteLastPathComponent()
      }
      return there.resolvingSymlinksInPath().path + rest
    }
    let output = real(path) + "/"
    for checkpoint in plan.checkpoints {
      let input = real(checkpoint.path) + "/"
      if output.hasPrefix(input) || input.hasPrefix(output) {
        throw FileError(
          path,
          "the output cannot lie in, over or around the input \(checkpoint.path);"
            + " give a folder of its own")
      }
    }
  }

  /// Asks for the room that is still needed before anything is created.
  private func checkRoom() throws {
    let parent = path.parentPath
    let staging = MergeFolders.staging(of: path)
    // Journal and report have some 1,000 bytes a tensor each.
    let copied = plan.files.copied.reduce(0) { sum, file in
      let attributes = try? FileManager.default.attributesOfItem(atPath: file.source)
      return sum + ((attributes?[.size] as? NSNumber)?.intValue ?? 0)
    }
    let needed = plan.byteCount + copied + 2000 * plan.tensors.count
    guard !FileManager.default.fileExists(atPath: staging),
      let free = MergeFolders.freeByteCount(at: parent.isEmpty ? "." : parent),
      free < needed
    else { return }
    throw FileError(
      path,
      "needs \(needed) bytes, and \(free) are free there; free some space, or choose another"
        + " disk, and run the same again")
  }

  /// Inputs that were written to while they were merged make a result of neither state.
  private func checkUnchanged() throws {
    for checkpoint in plan.checkpoints {
      for file in checkpoint.files where try SafetensorsFile(file.path).stamp != file.stamp {
        throw FileError(
          file.path, "changed while it was merged; let nothing change it, and run the same again")
      }
    }
  }

  private func writeFiles(_ report: MergeReport, _ folder: String, isDurable: Bool) throws {
    for file in plan.files.copied {
      _ = try SideFiles.copy(file, into: folder, isDurable: isDurable)
    }
    var files = plan.files.written
    if let index = plan.layout.index {
      files.append(
        ("model.safetensors.index.json", Array((index.formatted() + "\n").utf8)))
    }
    files.append(("merge-config.yml", Array(plan.config.text.utf8)))
    files.append((MergeReport.fileName, Array((report.json.formatted() + "\n").utf8)))
    files.append(("README.md", Array(card(report).text.utf8)))
    for (name, bytes) in files {
      _ = try SideFiles.write(bytes, as: name, into: folder, isDurable: isDurable)
    }
  }

  private func card(_ report: MergeReport) -> ModelCard {
    let total = report.entriesFrom.reduce(0) { $0 + $1.count }
    let inputs = plan.document.inputs.enumerated().map { index, model in
      let share = report.entriesFrom.first { $0.label == plan.labels[index] }
        .map { Double($0.count) / Double(max(1, total)) }
      let card = FileManager.default.contents(
        atPath: plan.checkpoints[index].path + "/README.md")
      return ModelCard.Input(
        reference: model.path, card: card.map { String(decoding: $0, as: UTF8.self) },
        share: share, isBase: index == plan.document.baseIndex)
    }
    return ModelCard(
      name: path.fileName, methodTitle: plan.method.title,
      methodName: plan.method.name, paper: plan.method.address, inputs: inputs,
      configuration: plan.config.text)
  }
}

/// Where a merge keeps what is not finished, and what the disk has.
package enum MergeFolders {
  /// Beside the output, hidden.
  package static func staging(of path: String) -> String { hidden(path, "merging") }

  /// The results of a merge file's named documents.
  package static func parts(of path: String) -> String { hidden(path, "parts") }

  private static func hidden(_ path: String, _ suffix: String) -> String {
    let parent = path.parentPath
    let name = path.fileName
    return (parent.isEmpty ? "" : parent + "/") + ".\(name).\(suffix)"
  }

  package static func freeByteCount(at path: String) -> Int? {
    var path = path
    while !FileManager.default.fileExists(atPath: path) {
      let parent = path.parentPath
      path = parent.isEmpty ? "." : parent
    }
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: path)
    return (attributes?[.systemFreeSize] as? NSNumber)?.intValue
  }
}

extension MethodDescription {
  /// The address of the first paper.
  package var address: String? {
    guard let start = paper.range(of: "arXiv:") else { return nil }
    let number = paper[start.upperBound...].prefix { $0.isNumber || $0 == "." }
    return "https://arxiv.org/abs/" + number
  }
}
