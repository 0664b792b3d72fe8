internal import Files
internal import Lineage

/// The samples of a run and their fates in some branches, column by column: 24 bytes for a sample, and
/// as many for each of its fates.
final class RunColumns {
  let ledger: Ledger
  let run: RecordedRun
  /// One for each source of the run.
  private(set) var samples: [SampleColumn]
  /// For each branch one for each of its takings.
  private(set) var fates: [[FateColumn]] = []

  /// The samples of a source, in the order of reading.
  struct SampleColumn {
    /// Of a sample's id; nil bits where the row could not be read.
    var keys: [Digest] = []
    /// Of the rows' bytes; 0 where there is none.
    var hashes: [UInt64] = []
  }

  /// What became of the samples of a source in a branch.
  final class FateColumn {
    let source: Int
    private(set) var items: [HeldFate] = []

    init(source: Int, count: Int) {
      self.source = source
      // A broken ledger may promise any number.
      items.reserveCapacity(min(count, 1 << 22))
    }

    fileprivate func append(_ fate: HeldFate) { items.append(fate) }
  }

  static let unreadable = Digest(high: 0, low: 0)

  /// Reads both builds at once, each in a thread of its own.
  static func read(
    _ before: (Ledger, Int64)?, _ after: (Ledger, Int64)?, branches: [String]
  ) throws -> (before: RunColumns?, after: RunColumns?) {
    let columns = try [before, after].map { side in
      try side.map { try RunColumns($0.0, RecordedRun($0.1, branches: Set(branches), in: $0.0)) }
    }
    let jobs = columns.compactMap { $0 }
    var next = 0
    // Two questions to one connection wait for each other.
    let isShared = jobs.count == 2 && jobs[0].ledger === jobs[1].ledger
    try Conveyor(pieces: jobs.map { _ in Slot() }) { slot in
      guard next < jobs.count else { return false }
      slot.columns = jobs[next]
      next += 1
      return true
    }.run(
      workers: isShared ? 1 : jobs.count, makeWork: { { try $0.columns?.load() } },
      collect: { _ in })
    return (columns[0], columns[1])
  }

  private final class Slot {
    var columns: RunColumns?
  }

  /// Reads the fates in these branches, and no samples.
  static func fates(of run: Int64, branches: [String], in ledger: Ledger) throws -> RunColumns {
    let columns = RunColumns(ledger, try RecordedRun(run, branches: Set(branches), in: ledger))
    columns.forgetSamples()
    try columns.load()
    return columns
  }

  private init(_ ledger: Ledger, _ run: RecordedRun) {
    self.ledger = ledger
    self.run = run
    samples = run.sources.map { _ in SampleColumn() }
    fates = run.branches.map { branch in
      branch.takings.map {
        FateColumn(source: $0.source, count: run.sources[$0.source].sampleCount)
      }
    }
  }

  private func load() throws {
    for (index, source) in run.sources.enumerated() {
      if !samples.isEmpty { try loadSamples(of: source, index) }
      try loadFates(of: source, index)
    }
    for column in fates.joined()
    where column.items.count != run.sources[column.source].sampleCount { throw contradiction }
  }

  private var contradiction: LedgerError { RecordedRun.contradiction(ledger.path, run.id) }

  private func loadSamples(of source: RecordedSource, _ index: Int) throws {
    var column = SampleColumn()
    try ledger.scan(
      "SELECT id, row_xxh3, sample_id FROM sample WHERE id >= ? AND id < ? ORDER BY id",
      [source.firstSample, source.firstSample + Int64(source.sampleCount)]
    ) { row in
      guard row.number(0) == source.firstSample + Int64(column.keys.count) else {
        throw contradiction
      }
      column.hashes.append(UInt64(bitPattern: row.number(1) ?? 0))
      column.keys.append(row.digest(2) ?? Self.unreadable)
    }
    guard column.keys.count == source.sampleCount else { throw contradiction }
    samples[index] = column
  }

  private func loadFates(of source: RecordedSource, _ index: Int) throws {
    var columns: [Int64: FateColumn] = [:]
    var positions: [Int64: (branch: Int64, position: UInt16)] = [:]
    for (branch, own) in zip(run.branches, fates) {
      columns[branch.id] = own.first { $0.source == index }
      let steps = branch.takings.first { $0.source == index }?.steps ?? []
      for (position, step) in steps.enumerated() {
        positions[step.id] = (branch.id, UInt16(clamping: position))
      }
    }
    let (firstSample, total) = (run.firstSample, Int64(run.sampleCount))
    try ledger.scan(
      """
      SELECT sample, branch, kind, step, duplicate_of, picked, output_row, output_xxh3,
        \(Fate.isNear)
      FROM fate
      WHERE sample >= ? AND sample < ? ORDER BY sample, branch
      """, [source.firstSample, source.firstSample + Int64(source.sampleCount)]
    ) { row in
      guard let branch = row.number(1), let column = columns[branch] else { return }
      guard row.number(0) == source.firstSample + Int64(column.items.count),
        let kind = row.fate(2)
      else { throw contradiction }
      var fate = HeldFate(kind: kind)
      switch kind {
      case .kept, .seed:
        guard let place = row.number(6), let place = Int32(exactly: place) else {
          throw contradiction
        }
        fate.outputRow = place
        if let hash = row.number(7) { (fate.hash, fate.hasHash) = (UInt64(bitPattern: hash), true) }
      case .dropped:
        guard let step = row.number(3), let place = positions[step], place.branch == branch else {
          throw contradiction
        }
        fate.step = place.position
      case .duplicate:
        guard let winner = row.number(4), winner >= firstSample, winner < firstSample + total else {
          throw contradiction
        }
        fate.winner = Int32(winner - firstSample)
        fate.isNear = row.number(8) == 1
      case .quarantined: break
      }
      if let picked = row.number(5) { fate.picked = Int32(truncatingIfNeeded: picked) }
      column.append(fate)
    }
  }

  /// The ids are wanted no more.
  func forgetSamples() { samples = [] }
}

/// A fate in 24 bytes.
struct HeldFate {
  /// Of the output row's bytes.
  var hash: UInt64 = 0
  var outputRow: Int32 = 0
  /// The sample that stayed, counted from the first of the run.
  var winner: Int32 = -1
  var picked: Int32 = -1
  /// The step that dropped it, by its position.
  var step: UInt16 = 0
  var kind: Fate
  var hasHash = false
  /// Of a duplicate: whether it only resembles the one that stayed.
  var isNear = false

  init(kind: Fate) { self.kind = kind }

  var isRow: Bool { kind == .kept || kind == .seed }
  /// Whether it got through all steps.
  var isPassed: Bool { isRow || kind == .duplicate }
}
