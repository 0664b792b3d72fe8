internal import Curation
internal import Files
internal import Foundation
internal import Lineage
internal import Synchronization

/// A workspace held against its ledger: everything is read again from its bytes, and no remembered
/// hash is trusted.
///
/// Only what is there now is asked: the latest build of each branch, the latest training and merge.
package struct Verification: Encodable, Sendable {
  package let workspace: String
  /// How many of what are as the ledger says.
  package let proved: [Count]
  package let failures: [Failure]
  /// What the ledger does not say, so that it cannot be held against it.
  package let unrecorded: [String]
  package let bytesRead: Int

  package struct Count: Encodable, Equatable, Sendable {
    package let matter: Matter
    package let count: Int
  }

  /// Something that does not hold, wherever it does not.
  package struct Failure: Encodable, Equatable, Sendable {
    package let matter: Matter
    /// What is wrong, without the place.
    package let problem: String
    /// Whether nobody can say, because something is not there.
    package let isUnchecked: Bool
    package let advice: String
    package var count = 0
    /// The first of them.
    package var places: [Place] = []

    package struct Place: Encodable, Equatable, Sendable {
      package let place: String
      package let expected: String?
      package let found: String?
    }

    init(matter: Matter, problem: String, isUnchecked: Bool, advice: String) {
      self.matter = matter
      self.problem = problem
      self.isUnchecked = isUnchecked
      self.advice = advice
    }
  }

  /// Whether all that the ledger says was proved.
  package var holds: Bool { failures.isEmpty }

  package struct Options: Sendable {
    package var workers = ProcessInfo.processInfo.activeProcessorCount
    /// Whether every tensor is merged again, instead of some.
    package var isFull = false
    /// Program and version, for runs of another one.
    package var tool = ""
    package init() {}
  }

  /// How far the work is.
  package struct Progress: Sendable {
    package var doing: String
    package var bytes: Int
    package var totalBytes: Int
  }

  /// Proves a workspace. Nothing is written to it.
  ///
  /// Throws where there is no ledger to start from, where a run is at work, and on a signal.
  package init(
    _ workspace: String, _ options: Options = Options(),
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) throws {
    self.workspace = workspace
    let path = Workspace.ledgerPath(in: workspace)
    if let process = Workspace.holder(of: workspace) {
      throw FileError(
        workspace, "process \(process) is at work in this workspace; verify when it is done")
    }
    let proof = Proof()
    let meter = ReadingMeter(progress)
    if try LedgerFile(path).isWhole(proof) {
      let ledger = try Ledger(reading: path)
      let start = try WorkspaceRecord.mark(of: ledger)
      let record = try WorkspaceRecord(ledger, workspace: workspace, proof)
      try Self.prove(record, ledger, options, proof, meter)
      guard try WorkspaceRecord.mark(of: Ledger(reading: path)) == start else {
        throw FileError(workspace, "a run changed the workspace meanwhile; verify again")
      }
    }
    let result = proof.result
    proved = Matter.allCases.compactMap { matter in
      result.proved[matter].map { Count(matter: matter, count: $0) }
    }
    failures = result.failures
    unrecorded = result.unrecorded
    bytesRead = meter.bytes
  }

  private static func prove(
    _ record: WorkspaceRecord, _ ledger: Ledger, _ options: Options, _ proof: Proof,
    _ meter: ReadingMeter
  ) throws {
    var files = FileClaims()
    if record.runs.isEmpty {
      proof.fails(
        .ledger, "nothing was built here", at: record.workspace, expected: "a branch",
        advice: "'branchmerge run' builds it")
    }
    let teachings = try TeachingProof(record, ledger, proof)
    try teachings.prove()
    let stages = StageProof(record, ledger, proof, teachings.current)
    try stages.prove(adding: &files)
    let merge = try MergedModelProof(record, ledger, proof)
    try merge?.prove(adding: &files)
    meter.expect(files.byteCount)
    for run in record.runs {
      meter.expect(run.readByteCount)
    }
    for teaching in teachings.current { meter.expect(teaching.record.byteCount) }
    let sources = SourceProof(record, ledger, options, proof, meter)
    let outputs = OutputProof(record, ledger, proof, meter, teachings.current)
    for run in record.runs {
      try LedgerLaws(run, ledger, proof).prove()
      try sources.prove(run, adding: &files)
      try outputs.prove(run)
    }
    for teaching in teachings.current {
      try AnswerProof(teaching, workspace: record.workspace, ledger, proof)?.prove()
    }
    try QuarantineProof(record, ledger, proof).prove()
    try files.prove(ledger, workers: options.workers, proof, meter)
    try merge?.mergeAgain(options, meter)
  }
}

/// Adds up what was read and tells it now and then, one thread at a time.
final class ReadingMeter: Sendable {
  private let state: Mutex<Verification.Progress>
  private let progress: @Sendable (Verification.Progress) -> Void

  init(_ progress: @escaping @Sendable (Verification.Progress) -> Void) {
    state = Mutex(Verification.Progress(doing: "", bytes: 0, totalBytes: 0))
    self.progress = progress
  }

  var bytes: Int { state.withLock { $0.bytes } }

  /// So many bytes more are to be read.
  func expect(_ bytes: Int) { state.withLock { $0.totalBytes &+= max(0, bytes) } }

  func read(_ bytes: Int, _ doing: String) {
    state.withLock {
      $0.doing = doing
      $0.bytes += bytes
      progress($0)
    }
  }
}
