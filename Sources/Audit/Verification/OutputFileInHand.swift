internal import Files
internal import Lineage
internal import Notation

/// A row of a data set as the ledger has it.
struct RecordedRow {
  let output: Int64
  let number: Int
  let offset: Int?
  let byteCount: Int?
  let hash: Int64?
  let isSeed: Bool
  let id: String
}

/// A data set on the way from its first row to its last.
final class OutputFileInHand {
  let output: BuiltRun.Output
  /// Whether it could not be read on.
  var isLost = false
  private let stream: FileStream
  private let proof: Proof
  private let meter: ReadingMeter
  private var window = ByteBuffer(capacity: 1 << 21)
  private var spare = ByteBuffer(capacity: 1 << 21)
  /// Where the window begins in the file.
  private var windowStart = 0
  /// Where the last row ended.
  private var lastEnd = 0
  private var rowCount = 0
  private var proved = 0

  private static let block = 1 << 20

  init(
    _ output: BuiltRun.Output, at path: String, _ proof: Proof, _ meter: ReadingMeter
  ) throws {
    self.output = output
    self.proof = proof
    self.meter = meter
    stream = try FileStream(path)
  }

  func compare(_ row: RecordedRow) throws {
    rowCount += 1
    let place = "\(output.path) row \(row.number)"
    if row.number != rowCount {
      proof.fails(
        .outputRow, "rows are not numbered in the order of their samples", at: place,
        expected: "row \(rowCount)", found: "row \(row.number)")
    }
    if (row.isSeed ? "seeds.jsonl" : "train.jsonl") != output.path.fileName {
      proof.fails(
        .outputRow, "a row is of the other kind", at: place,
        expected: row.isSeed ? "seeds.jsonl" : "train.jsonl", found: output.path.fileName)
    }
    let start = row.offset ?? lastEnd
    guard start >= windowStart, start <= stream.byteCount else {
      proof.fails(
        .outputRow, "a row is not at its place", at: place,
        expected: "byte \(start) of \(output.path)",
        found: start < windowStart ? "an earlier row" : "the end of the file")
      return
    }
    if start != lastEnd {
      proof.fails(
        .outputRow, "a row does not follow the one before it", at: place,
        expected: "byte \(start)", found: "byte \(lastEnd), where the row before it ends")
    }
    let count: Int
    if let byteCount = row.byteCount {
      guard byteCount > 0, byteCount <= stream.byteCount - start else {
        proof.fails(
          .outputRow, "a row is not at its place", at: place,
          expected: "\(byteCount) bytes from byte \(start) on", found: "the end of the file")
        lastEnd = start
        return
      }
      count = byteCount
    } else {
      count = try lineLength(from: start)
    }
    try reach(start + count)
    lastEnd = start + count
    let look = Look(window, start - windowStart..<lastEnd - windowStart, id: row.id)
    let hash = Int64(bitPattern: look.hash)
    guard row.hash ?? hash == hash, look.isLine else {
      proof.fails(
        .outputRow, "a row has other bytes than were written", at: place,
        expected: row.hash.map { "XXH3 \(hex(UInt64(bitPattern: $0)))" } ?? "a line",
        found: "XXH3 \(hex(UInt64(bitPattern: hash)))")
      return
    }
    guard look.hasID else {
      proof.fails(
        .outputRow, "a row has the id of another sample", at: place, expected: quoted(row.id),
        found: shortened(look.beginning))
      return
    }
    proved += 1
  }

  /// What a row is from outside.
  private struct Look {
    let hash: UInt64
    let isLine: Bool
    let hasID: Bool
    let beginning: String

    init(_ window: borrowing ByteBuffer, _ range: Range<Int>, id: String) {
      // What the file did not have is not in the window either.
      let bytes = window.bytes.extracting(range.clamped(to: 0..<window.count))
      hash = fastHash(of: bytes)
      isLine = bytes.count > 0 && bytes[bytes.count - 1] == 0x0A
      let head = Array("{\"id\": \(JSON.quoted(id)),".utf8)
      hasID = bytes.count > head.count && head.indices.allSatisfy { bytes[$0] == head[$0] }
      beginning =
        hasID
        ? "" : String(decoding: (0..<min(60, bytes.count)).map { bytes[$0] }, as: UTF8.self)
    }
  }

  /// The length of the line that begins here, its line feed included.
  private func lineLength(from start: Int) throws -> Int {
    var end = start
    while true {
      try reach(min(stream.byteCount, end + 1))
      if let feed = Self.lineFeed(window, from: end - windowStart) {
        return windowStart + feed + 1 - start
      }
      end = windowStart + window.count
      if stream.position >= stream.byteCount { return end - start }
    }
  }

  private static func lineFeed(_ window: borrowing ByteBuffer, from start: Int) -> Int? {
    let bytes = window.bytes
    for index in start..<max(start, bytes.count) where bytes[index] == 0x0A { return index }
    return nil
  }

  /// Reads on until the window goes as far as this byte; what lies before the last row is forgotten.
  private func reach(_ end: Int) throws {
    guard end > windowStart + window.count else { return }
    if lastEnd > windowStart {
      spare.removeAll()
      window.moveTail(from: min(lastEnd - windowStart, window.count), to: &spare)
      windowStart += window.count
      swap(&window, &spare)
    }
    while windowStart + window.count < end {
      try Interruption.check()
      let count = try stream.read(into: &window, upTo: Self.block)
      meter.read(count, "reading \(output.path)")
      if count == 0 { return }
    }
  }

  /// Reads what is left, and proves the file as a whole.
  func end() throws {
    let last = lastEnd
    while true {
      lastEnd = windowStart + window.count
      let before = stream.position
      try reach(lastEnd + 1)
      if stream.position == before { break }
    }
    if proved > 0 { proof.holds(.outputRow, proved) }
    proof.expect(
      .output,
      stream.digest.description == output.xxh3 && stream.position == output.byteCount,
      "a data set is not the one that was written", at: output.path,
      expected: "\(output.byteCount) bytes, XXH3 \(output.xxh3)",
      found: "\(stream.position) bytes, XXH3 \(stream.digest)")
    proof.expect(
      .output, rowCount == output.rowCount && last == stream.position,
      "a data set has other rows than the ledger", at: output.path,
      expected: "\(output.rowCount) rows that end at byte \(output.byteCount)",
      found: "\(rowCount) fates, whose rows end at byte \(last) of \(stream.position)")
  }
}
