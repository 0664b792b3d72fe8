package import Files
internal import Samples

/// Sifts source files again as a plan says, and lends what every row comes to; nothing is written.
///
/// A row's outcome depends on the row and the plan alone. What depends on the rows before it (which
/// number its id gets, of which sample it is a duplicate) is left to the one who collects.
package struct Resifter {
  private let plan: Plan
  private let files: [File]
  private let limits: Int

  /// A file of one of the plan's sources.
  package struct File {
    package var source: Int
    package var path: String

    package init(source: Int, path: String) {
      self.source = source
      self.path = path
    }
  }

  /// `rowByteLimit` is that of the run: a longer row is quarantined.
  package init(_ plan: Plan, _ files: [File], rowByteLimit: Int) {
    self.plan = plan
    self.files = files
    limits = rowByteLimit
  }

  /// Lends chunk after chunk of all files in their order; of a file that cannot be read to its end
  /// the last one says why.
  package func run(workers: Int, _ collect: (SiftedChunk) throws -> Void) throws {
    let feeder = Feeder(plan, files, ReadLimits(rowBytes: limits))
    let branches = plan.sources.map(\.takings.count).max() ?? 0
    let conveyor = Conveyor(
      pieces: (0..<workers + 2).map { _ in Piece(Harvest(branches: branches)) }, fill: feeder.fill)
    let plan = plan
    try conveyor.run(
      workers: workers,
      makeWork: {
        let sifter = Sifter(plan)
        return { piece in if piece.failure == nil { sifter.sift(piece.harvest) } }
      },
      collect: { piece in
        try Interruption.check()
        try collect(SiftedChunk(plan: plan, harvest: piece.harvest, failure: piece.failure))
      })
  }

  private final class Piece {
    let harvest: Harvest
    var failure: (any Error)?

    init(_ harvest: Harvest) { self.harvest = harvest }
  }

  /// Hands out the chunks of all files; called by one thread at a time.
  private final class Feeder {
    private let plan: Plan
    private let files: [File]
    private let limits: ReadLimits
    private var file = 0
    private var reader: (any RowReader)?

    init(_ plan: Plan, _ files: [File], _ limits: ReadLimits) {
      self.plan = plan
      self.files = files
      self.limits = limits
    }

    func fill(_ piece: Piece) throws -> Bool {
      try Interruption.check()
      guard file < files.count else { return false }
      let harvest = piece.harvest
      harvest.clear()
      piece.failure = nil
      harvest.source = files[file].source
      harvest.file = file
      do {
        let projection = plan.sources[harvest.source].projection
        let reader = try reader ?? SourceFile(files[file].path).rows(projection, limits)
        self.reader = reader
        if try reader.next(harvest.chunk) {
          harvest.bytesRead = reader.file.position
          return true
        }
        harvest.bytesRead = reader.file.position
        harvest.ending = FileEnding(byteCount: reader.file.position, digest: reader.file.digest)
      } catch let error as Interrupted {
        throw error
      } catch {
        piece.failure = error
        harvest.chunk.rows = []
      }
      reader = nil
      file += 1
      return true
    }
  }
}

/// Rows that follow each other in a file, with what each branch makes of them; lent for a call.
package struct SiftedChunk {
  let plan: Plan
  let harvest: Harvest
  /// Why the rest of the file cannot be read.
  package let failure: (any Error)?

  /// Which of the files it is of.
  package var file: Int { harvest.file }
  package var rowCount: Int { harvest.rows.count }
  /// Bytes of the file up to here, as they lie on disk.
  package var bytesRead: Int { harvest.bytesRead }

  /// Set behind the last rows of a file: what all of it was.
  package var ending: (byteCount: Int, digest: Digest)? {
    harvest.ending.map { ($0.byteCount, $0.digest) }
  }

  /// A row as it was found.
  package struct Row {
    /// Counted from 1.
    package let number: Int
    package let byteOffset: Int?
    package let byteCount: Int
    package let hash: UInt64?
    package let identity: Digest
    /// Without the number of its occurrence.
    package let id: String
    /// Why it cannot be read as a sample, as JSON.
    package let fault: String?
  }

  package func row(_ index: Int) -> Row {
    let (entry, place) = (harvest.rows[index], harvest.chunk.rows[index])
    return Row(
      number: place.number, byteOffset: place.offset, byteCount: place.byteCount, hash: entry.hash,
      identity: entry.identity, id: entry.id, fault: entry.faultEvidence(at: place))
  }

  /// What a branch makes of a row that can be read, before duplicates are known.
  package struct Verdict {
    package enum Kind { case kept, seed, dropped }
    package let kind: Kind
    /// Which of the steps dropped it.
    package let step: Int
    package let evidence: String?
    package let picked: Int?
    package let candidates: Int?
    /// Of the prompt with white space folded.
    package let promptKey: Digest
  }

  /// `taking` counts those of the plan's `takings(of:)`.
  package func verdict(_ index: Int, _ taking: Int) -> Verdict {
    let outcome = outcome(index, taking)
    let isPicked = outcome.picked >= 0
    let kind: Verdict.Kind
    switch outcome.verdict {
    case .kept: kind = .kept
    case .seed: kind = .seed
    case .dropped: kind = .dropped
    }
    return Verdict(
      kind: kind, step: outcome.step,
      evidence: outcome.evidence >= 0 ? harvest.evidence[outcome.evidence] : nil,
      picked: isPicked ? outcome.picked : nil, candidates: isPicked ? outcome.candidates : nil,
      promptKey: outcome.promptKey)
  }

  private func outcome(_ index: Int, _ taking: Int) -> Outcome {
    harvest.outcomes[index * plan.sources[harvest.source].takings.count + taking]
  }

  /// The row that the branch writes for a sample it keeps, with its length and its hash, and added
  /// to a hash of all such rows; `suffix` is put behind the id.
  package func output(
    _ index: Int, _ taking: Int, suffix: String, addingTo all: inout ContentHash
  ) -> (byteCount: Int, hash: UInt64) {
    let outcome = outcome(index, taking)
    let source = plan.sources[harvest.source]
    let frame =
      source.takings[taking].response == nil
      ? Seed.frame : plan.branches[source.takings[taking].branch].format.frame
    let place =
      outcome.row.lowerBound + frame.start.count + harvest.rows[index].id.utf8.count
    return Self.output(
      outcome, harvest.output[taking].bytes, suffix: suffix, at: place, addingTo: &all)
  }

  private static func output(
    _ outcome: Outcome, _ bytes: borrowing ByteBuffer, suffix: String, at place: Int,
    addingTo all: inout ContentHash
  ) -> (byteCount: Int, hash: UInt64) {
    let row = outcome.row
    guard !suffix.isEmpty else {
      all.update(bytes.bytes.extracting(row))
      return (row.count, outcome.rowHash)
    }
    var whole = ByteBuffer(capacity: row.count + suffix.utf8.count)
    whole.append(bytes.bytes.extracting(row.lowerBound..<place))
    whole.append(suffix)
    whole.append(bytes.bytes.extracting(place..<row.upperBound))
    all.update(whole.bytes)
    return (whole.count, fastHash(of: whole.bytes))
  }
}
