internal import Curation
internal import Files
internal import Foundation
internal import GRDB
internal import Lineage
internal import Notation
internal import Workflow

/// Reads the sources of a run once more, sifts every row as the recorded recipe says, and holds what
/// it comes to against the ledger: place, hash and id of the row, and its fate in each branch.
///
/// Rows are compared one by one: one that was changed says nothing of those after it. Memory is that
/// of building the branches: a hash for each identity and each kept prompt.
final class SourceProof {
  private let record: WorkspaceRecord
  private let ledger: Ledger
  private let options: Verification.Options
  private let proof: Proof
  private let meter: ReadingMeter

  init(
    _ record: WorkspaceRecord, _ ledger: Ledger, _ options: Verification.Options, _ proof: Proof,
    _ meter: ReadingMeter
  ) {
    self.record = record
    self.ledger = ledger
    self.options = options
    self.proof = proof
    self.meter = meter
  }

  /// A source with the plan that reads it: that of the run, or where this cannot be had any more,
  /// one of its own that finds the rows and no fates.
  private struct Reading {
    let source: BuiltRun.Source
    let plan: Plan
    let number: Int
    let takings: [PlanProof.Taking]
    var isSifted: Bool
  }

  /// What is known of a branch from the rows before.
  private struct BranchState {
    var seen: [Digest: Int64] = [:]
    /// Whether some row before could not be compared, so that a duplicate of it is none here.
    var isPartial = false
    /// By output: the rows written anew, hashed.
    var rows: [Int64: Rewritten] = [:]
  }

  private final class Rewritten {
    var hash = ContentHash()
    var byteCount = 0
    var rowCount = 0
  }

  func prove(_ run: BuiltRun, adding files: inout FileClaims) throws {
    let plan = PlanProof(record, proof).plan(of: run)
    let readings = readings(of: run, plan)
    let near = try plan.flatMap {
      try NearProof(
        run, $0, record, rowByteLimit: rowByteLimit(of: run), workers: options.workers, proof,
        meter)
    }
    var states: [Int64: BranchState] = [:]
    for branch in run.currentBranches {
      var state = BranchState()
      state.isPartial =
        near == nil && plan?.looksForNearDuplicates(in: branch.name) ?? false
      states[branch.id] = state
    }
    for source in run.currentSources {
      for file in source.files {
        for hash in [file.publishedSHA256, file.sha256].compactMap({ $0 }) {
          files.add(
            FileClaim(
              record.located(file.path), .source, "read by run \(run.id)", sha256: hash))
        }
      }
    }
    // A plan reads its sources in one pass.
    for reading in readings { try prove(reading, of: run, near, &states, adding: &files) }
    for branch in run.currentBranches {
      guard let state = states[branch.id] else { continue }
      let isWhole =
        !state.isPartial
        && run.currentSources.allSatisfy { source in
          !run.steps.contains { $0.branch == branch.id && $0.source == source.id }
            || readings.contains { $0.source.id == source.id && $0.isSifted }
        }
      guard isWhole else { continue }
      for output in run.outputs where output.branch == branch.id {
        let made = state.rows[output.id] ?? Rewritten()
        proof.expect(
          .output,
          made.hash.digest.description == output.xxh3 && made.byteCount == output.byteCount
            && made.rowCount == output.rowCount,
          "the rows that the sources give are not those that were written", at: output.path,
          expected: "\(output.rowCount) rows, \(output.byteCount) bytes, XXH3 \(output.xxh3)",
          found: "\(made.rowCount) rows, \(made.byteCount) bytes, XXH3 \(made.hash.digest)",
          advice: Matter.fate.advice)
      }
    }
  }

  // ---- the sources ----

  private func rowByteLimit(of run: BuiltRun) -> Int {
    let options = try? JSON(parsing: Array(run.options.utf8))
    return max(1, options?["max_row_bytes"]?.int ?? ReadLimit.standard)
  }

  private func readings(of run: BuiltRun, _ plan: Plan?) -> [Reading] {
    run.currentSources.compactMap { source in
      if let plan, let number = plan.sources.firstIndex(where: { $0.card.name == source.name }) {
        let planProof = PlanProof(record, proof)
        planProof.proveCard(plan.sources[number], source)
        return Reading(
          source: source, plan: plan, number: number,
          takings: planProof.takings(of: source, number, plan, run), isSifted: true)
      }
      do {
        let plan = try Plan(reading: source.name, card: source.card)
        return Reading(source: source, plan: plan, number: 0, takings: [], isSifted: false)
      } catch {
        proof.fails(
          .record, "a card cannot be read any more", at: quoted(source.name), found: "\(error)")
        for file in source.files {
          proof.cannotCheck(
            .row, "rows cannot be read without their card", at: quoted(file.path),
            count: max(1, file.rowCount))
        }
        return nil
      }
    }
  }

  // ---- rows ----

  private func prove(
    _ reading: Reading, of run: BuiltRun, _ near: NearProof?,
    _ states: inout [Int64: BranchState], adding claims: inout FileClaims
  ) throws {
    let files = reading.source.files
    let resifter = Resifter(
      reading.plan,
      files.map { Resifter.File(source: reading.number, path: record.located($0.path)) },
      rowByteLimit: rowByteLimit(of: run))
    var occurrences: [Digest: Int] = [:]
    var next = 0
    var bytes = 0
    var proved = (rows: 0, fates: 0)
    try resifter.run(workers: self.options.workers) { chunk in
      let file = files[chunk.file]
      meter.read(chunk.bytesRead - bytes, "reading \(file.path.fileName)")
      bytes = chunk.bytesRead
      if let failure = chunk.failure {
        proof.cannotCheck(
          .source, "a source file cannot be read", at: quoted(file.path), because: "\(failure)")
        proof.cannotCheck(
          .row, "rows are not there to be compared", at: quoted(file.path),
          count: file.rowCount - min(next, file.rowCount))
        for taking in reading.takings { states[taking.branch.id]?.isPartial = true }
        (next, bytes) = (0, 0)
        let place = record.located(file.path)
        if FileManager.default.fileExists(atPath: place) {
          // Its bytes can still be those that were read.
          claims.add(
            FileClaim(
              place, .source, "read by run \(run.id)", byteCount: file.byteCount,
              xxh3: file.xxh3))
        }
        return
      }
      if let ending = chunk.ending {
        proveEnding(ending, rows: next, file)
        if next < file.rowCount {
          for taking in reading.takings { states[taking.branch.id]?.isPartial = true }
        }
        (next, bytes) = (0, 0)
        return
      }
      let known = max(0, min(chunk.rowCount, file.rowCount - next))
      let samples = try RecordedSample.all(
        of: file, from: next, count: known, in: ledger)
      next += chunk.rowCount
      for index in 0..<known {
        guard let sample = samples[index] else { continue }
        let row = chunk.row(index)
        var suffix = ""
        if row.fault == nil {
          let occurrence = occurrences[row.identity, default: 0] + 1
          occurrences[row.identity] = occurrence
          if occurrence > 1 { suffix = "#\(occurrence)" }
        }
        let isSame = isSame(row, suffix, sample, file, isSifted: reading.isSifted)
        guard isSame else {
          for taking in reading.takings { states[taking.branch.id]?.isPartial = true }
          continue
        }
        proved.rows += 1
        for taking in reading.takings {
          let holds = compare(
            chunk, index, row, suffix, sample, taking, run, file, near,
            &states[taking.branch.id, default: BranchState()])
          if holds { proved.fates += 1 }
        }
      }
    }
    if proved.rows > 0 { proof.holds(.row, proved.rows) }
    if proved.fates > 0 { proof.holds(.fate, proved.fates) }
  }

  private func proveEnding(
    _ ending: (byteCount: Int, digest: Digest), rows: Int, _ file: BuiltRun.File
  ) {
    let isSame = ending.digest.description == file.xxh3 && ending.byteCount == file.byteCount
    proof.expect(
      .source, isSame, "a source file is not the one that was read", at: quoted(file.path),
      expected: "\(file.byteCount) bytes, XXH3 \(file.xxh3)",
      found: "\(ending.byteCount) bytes, XXH3 \(ending.digest)")
    let place = record.located(file.path)
    if let look = try? ContentHashes.Look(place), let known = try? ledger.fileState(of: place),
      look.isLook(of: known)
    {
      proof.expect(
        .memory, known.xxh3 == ending.digest.description,
        "the ledger would trust a wrong hash of a file", at: quoted(place),
        expected: ending.digest.description, found: known.xxh3)
    }
    if rows < file.rowCount {
      proof.cannotCheck(
        .row, "rows are not there to be compared", at: quoted(file.path),
        because: "the file has \(rows) of \(file.rowCount) rows", count: file.rowCount - rows)
    }
    // Of another file the rest is told already.
    guard isSame else { return }
    let format = try? FileFormat(of: record.located(file.path)).rawValue
    if format != file.format {
      proof.fails(
        .source, "a source file is packed otherwise", at: quoted(file.path),
        expected: file.format, found: format)
    }
    if rows != file.rowCount {
      proof.fails(
        .source, "a source file has another number of rows", at: quoted(file.path),
        expected: "\(file.rowCount)", found: "\(rows)")
    }
  }

  /// Whether a row is the one that was read: its place, its bytes, its id.
  private func isSame(
    _ row: SiftedChunk.Row, _ suffix: String, _ sample: RecordedSample, _ file: BuiltRun.File,
    isSifted: Bool
  ) -> Bool {
    let place = { "\(quoted(file.path)) row \(sample.row)" }
    // The length of a table's row depends on the columns that are asked for.
    let isPlaced =
      row.number == sample.row && row.byteOffset == sample.byteOffset
      && (row.byteCount == sample.byteCount || row.byteOffset == nil && !isSifted)
    guard isPlaced else {
      func text(_ number: Int, _ offset: Int?, _ count: Int) -> String {
        "row \(number)" + (offset.map { ", byte \($0)" } ?? "") + ", \(count) bytes"
      }
      proof.fails(
        .row, "a row is not at its place", at: place(),
        expected: text(sample.row, sample.byteOffset, sample.byteCount),
        found: text(row.number, row.byteOffset, row.byteCount))
      return false
    }
    let hash = row.hash.map { Int64(bitPattern: $0) }
    guard hash == sample.hash else {
      func text(_ hash: Int64?) -> String {
        hash.map { "XXH3 \(hex(UInt64(bitPattern: $0)))" } ?? "no hash"
      }
      proof.fails(
        .row, "a row has other bytes than were read", at: place(), expected: text(sample.hash),
        found: text(hash))
      return false
    }
    let id = row.fault == nil ? row.id + suffix : nil
    // Which fields can make a row unreadable is known where the whole recipe is.
    guard id == sample.sampleID || !isSifted && (id == nil || sample.sampleID == nil) else {
      proof.fails(
        .row, "a row has another id", at: place(),
        expected: sample.sampleID.map { quoted($0) } ?? "none, as it cannot be read",
        found: id.map { quoted($0) } ?? "none: \(row.fault ?? "")")
      return false
    }
    return true
  }

  // ---- fates ----

  /// Whether a sample's fate in a branch is what the recorded steps make of its row.
  private func compare(
    _ chunk: SiftedChunk, _ index: Int, _ row: SiftedChunk.Row, _ suffix: String,
    _ sample: RecordedSample, _ taking: PlanProof.Taking, _ run: BuiltRun, _ file: BuiltRun.File,
    _ near: NearProof?,
    _ state: inout BranchState
  ) -> Bool {
    guard let has = sample.fates[taking.branch.id] else { return false }
    var says = RecordedFate(
      kind: "quarantined", step: nil, evidence: row.fault, duplicateOf: nil, picked: nil,
      candidates: nil, output: nil, byteCount: nil, hash: nil)
    if row.fault == nil {
      let verdict = chunk.verdict(index, taking.number)
      var kind = Fate.dropped
      var step: Int64?
      var original: Int64?
      var evidence = verdict.evidence
      var written: (byteCount: Int, hash: UInt64)?
      switch verdict.kind {
      case .dropped:
        step = taking.steps.indices.contains(verdict.step) ? taking.steps[verdict.step] : nil
      case .kept, .seed:
        kind = verdict.kind == .kept ? .kept : .seed
        let twin = taking.isDistinct ? state.seen[verdict.promptKey] : nil
        if let fall = near?.fall(
          of: sample.id, twin: twin, in: taking.branch.name, addingTo: evidence)
        {
          (kind, original, evidence) = (.duplicate, fall.stayed, fall.evidence)
          if taking.isDistinct && twin == nil { state.seen[verdict.promptKey] = sample.id }
        } else if let twin {
          (kind, original) = (.duplicate, twin)
        } else if state.isPartial && has.kind == Fate.duplicate.rawValue {
          // It may well be one of a row that cannot be compared.
          return false
        } else {
          if taking.isDistinct { state.seen[verdict.promptKey] = sample.id }
          let rewritten = state.rows[has.output ?? 0, default: Rewritten()]
          state.rows[has.output ?? 0] = rewritten
          let made = chunk.output(
            index, taking.number, suffix: suffix, addingTo: &rewritten.hash)
          rewritten.byteCount += made.byteCount
          rewritten.rowCount += 1
          written = made
        }
      }
      says = RecordedFate(
        kind: kind.rawValue, step: step, evidence: evidence, duplicateOf: original,
        picked: verdict.picked, candidates: verdict.candidates, output: has.output,
        byteCount: has.byteCount == nil ? nil : written?.byteCount,
        hash: has.hash == nil ? nil : written.map { Int64(bitPattern: $0.hash) })
    }
    let place = {
      "\(quoted(taking.branch.name)): \(quoted(sample.sampleID ?? "\(file.path) row \(sample.row)"))"
    }
    let advice =
      run.tool == options.tool
      ? nil
      : "the run was made by \(run.tool), and this is \(options.tool): ask that version, or run"
        + " the recipe again"
    guard has.kind == says.kind, has.step == says.step, has.duplicateOf == says.duplicateOf else {
      proof.fails(
        .fate, "a sample comes to something else", at: place(),
        expected: describe(has, run), found: describe(says, run), advice: advice)
      return false
    }
    guard has.evidence == says.evidence, has.picked == says.picked,
      has.candidates == says.candidates
    else {
      func text(_ fate: RecordedFate) -> String {
        (fate.evidence.map { shortened($0) } ?? "no evidence")
          + (fate.picked.map { ", took \($0) of \(fate.candidates ?? 0)" } ?? "")
      }
      proof.fails(
        .fate, "what decided is something else", at: place(), expected: text(has),
        found: text(says), advice: advice)
      return false
    }
    guard has.byteCount == says.byteCount, has.hash == says.hash else {
      func text(_ fate: RecordedFate) -> String {
        "\(fate.byteCount ?? 0) bytes, XXH3 "
          + (fate.hash.map { hex(UInt64(bitPattern: $0)) } ?? "none")
      }
      proof.fails(
        .fate, "the row made of a sample is another one", at: place(), expected: text(has),
        found: text(says), advice: advice)
      return false
    }
    return true
  }

  private func describe(_ fate: RecordedFate, _ run: BuiltRun) -> String {
    switch Fate(rawValue: fate.kind) {
    case .dropped:
      "dropped by "
        + quoted(run.steps.first { $0.id == fate.step }?.name ?? "step \(fate.step ?? 0)")
    case .duplicate: "duplicate of sample \(fate.duplicateOf ?? 0)"
    default: quoted(fate.kind)
    }
  }
}

/// A text out of a file on one line, of bounded length.
func shortened(_ text: String) -> String { String(quoted(text).dropFirst().dropLast()) }

/// How long a row may be where a run does not say.
private enum ReadLimit {
  static let standard = 64 << 20
}
