internal import Curation
internal import Files
internal import Lineage
internal import Notation

/// The near duplicates of a run, looked for again in all rows of its source files.
///
/// Which sample falls depends on all others, so that a file that is not what it was leaves nothing to
/// compare with.
struct NearProof {
  private let findings: NearFindings
  private let plan: Plan
  private let firstSample: Int64

  /// Nil where the run looked for none, or they cannot be looked for; the latter is told.
  init?(
    _ run: BuiltRun, _ plan: Plan, _ record: WorkspaceRecord, rowByteLimit: Int, workers: Int,
    _ proof: Proof, _ meter: ReadingMeter
  ) throws {
    guard !plan.searches.isEmpty else { return nil }
    let files = plan.sources.map { source in
      run.sources.first { $0.name == source.card.name }?.files ?? []
    }
    let place = "run \(run.id)"
    let problem = "near duplicates cannot be looked for again"
    let findings: NearFindings?
    do {
      findings = try plan.nearDuplicates(
        in: files.map { $0.map { record.located($0.path) } }, rowByteLimit: rowByteLimit,
        workers: workers,
        progress: { _, _, _ in meter.read(0, "looking for near duplicates") })
    } catch let error as Interrupted {
      throw error
    } catch {
      proof.cannotCheck(.fate, problem, at: place, because: "\(error)")
      return nil
    }
    let isSame = findings.map { findings in
      zip(findings.digests, files).allSatisfy { digests, files in
        digests.map(\.description) == files.map(\.xxh3)
      }
    }
    guard let findings, isSame == true else {
      proof.cannotCheck(
        .fate, problem, at: place, because: "a source file is not the one that was read")
      return nil
    }
    self.findings = findings
    self.plan = plan
    firstSample = files.joined().filter { $0.rowCount > 0 }.map(\.firstSample).min() ?? 1
  }

  /// What a sample of the run comes to in a branch, as the ledger should have it; nil where it stays.
  /// `twin` is the sample before it with the same prompt.
  func fall(
    of sample: Int64, twin: Int64?, in branch: String, addingTo evidence: String?
  ) -> (stayed: Int64, evidence: String)? {
    guard let number = plan.branches.firstIndex(where: { $0.name == branch }),
      let fall = findings.fall(of: Int((twin ?? sample) - firstSample), in: number)
    else { return nil }
    return (
      firstSample + Int64(fall.keptSample),
      findings.evidence(of: fall, first: firstSample, twin: twin, addingTo: evidence)
    )
  }
}
