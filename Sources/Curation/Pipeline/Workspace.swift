internal import Files
internal import Foundation
package import Lineage

/// The folder that a recipe's runs share: sources, branches and the ledger.
///
/// A run writes below `.staging/run-N`. When all of it is on disk and the ledger's transaction is
/// committed, the files are renamed to their places. A run that was interrupted before the commit
/// left nothing but its staging folder, which the next run removes; one interrupted after it is
/// brought to its end.
package struct Workspace {
  package let path: String
  private let lock: FileLock
  let isDurable: Bool

  /// Makes the workspace where needed and holds it against other runs.
  package init(_ path: String, isDurable: Bool) throws {
    self.path = path
    self.isDurable = isDurable
    do {
      try Folder.create(path)
    } catch {
      throw FileError(error.path, error.message + "; choose another --workspace")
    }
    lock = try FileLock(path + "/.lock")
  }

  /// The process that is at work in a workspace; nil where none is.
  package static func holder(of workspace: String) -> Int? {
    FileLock.holder(of: workspace + "/.lock")
  }

  package static func ledgerPath(in workspace: String) -> String { workspace + "/lineage.sqlite" }

  private var staging: String { path + "/.staging" }

  func staging(of run: Int64) -> String { "\(staging)/run-\(run)" }

  /// Ends or removes what earlier runs left behind; what was done is returned in words.
  package func recover(_ ledger: Ledger) throws -> [String] {
    var notes: [String] = []
    for run in try ledger.unpublishedRuns() {
      if Folder.isFolder(staging(of: run)) {
        notes.append("run \(run) was stopped while its files got their names; finished that")
      }
      try publish(run, ledger)
    }
    let left = (try? FileManager.default.contentsOfDirectory(atPath: staging)) ?? []
    for name in left.sorted() {
      try? FileManager.default.removeItem(atPath: staging + "/" + name)
      notes.append("removed what an interrupted run had begun (\(name)); starting clean")
    }
    return notes
  }

  /// Gives a committed run's files their names.
  func publish(_ run: Int64, _ ledger: Ledger) throws {
    let folder = staging(of: run)
    for file in Folder.files(below: folder) {
      let target = path + "/" + file
      try Folder.create(target.parentPath)
      try Folder.rename(folder + "/" + file, to: target, isDurable: isDurable)
    }
    // A branch that had seeds once and has none now must not seem to have them.
    let outputs = try ledger.outputs(of: run)
    for rows in outputs where rows.hasSuffix("/train.jsonl") {
      let seeds = rows.parentPath + "/seeds.jsonl"
      if !outputs.contains(seeds) { unlink("\(path)/\(seeds)") }
    }
    try ledger.markPublished(run: run)
    try? FileManager.default.removeItem(atPath: folder)
    try? FileManager.default.removeItem(atPath: staging)
  }

  /// Forgets an unfinished run's files.
  func discard(_ run: Int64) {
    try? FileManager.default.removeItem(atPath: staging(of: run))
    rmdir(staging)
  }
}
