internal import Files
internal import Foundation
internal import Samples

extension Plan {
  /// Whether near duplicates fall in a branch.
  package func looksForNearDuplicates(in branch: String) -> Bool {
    branches.firstIndex { $0.name == branch }.flatMap { search(of: $0) } != nil
  }

  /// Whether the branches are compared with each other, so that all are built together.
  package var isAcrossBranches: Bool { searches.contains(where: \.isAcross) }

  /// Looks for near duplicates in files, a list for each source, as a run does before it writes; nil
  /// where the recipe asks for none. Nothing is written but temporary files, outside the workspace.
  package func nearDuplicates(
    in files: [[String]], rowByteLimit: Int, workers: Int,
    progress: @escaping (_ rows: Int, _ bytes: Int, _ totalBytes: Int) -> Void = { _, _, _ in }
  ) throws -> NearFindings? {
    guard !searches.isEmpty else { return nil }
    var options = Curator.Options()
    options.workers = workers
    options.limits = ReadLimits(rowBytes: rowByteLimit)
    return try NearPass(
      plan: self, files: files.map { SourceFiles(paths: $0, revision: "") }, options: options,
      folder: NSTemporaryDirectory() + "branchmerge-near-" + UUID().uuidString,
      progress: { progress($0.rows, $0.bytes, $0.totalBytes) }
    ).run()
  }
}
