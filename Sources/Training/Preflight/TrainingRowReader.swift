internal import Files

/// Cuts a JSON Lines file into pieces of whole lines, in order; lines without anything are no rows.
final class TrainingRowReader {
  let file: FileStream
  /// Bytes of the next piece that were read with this one.
  private var tail = ByteBuffer()
  private var rowCount = 0
  private var isAtEnd = false

  /// Large enough to hide the hand-over, small enough for the cache.
  private static let pieceSize = 1 << 20

  init(_ path: String) throws(FileError) { file = try FileStream(path) }

  /// Fills a piece with the next rows; false when there are none left.
  func fill(_ piece: RowPiece) throws(FileError) -> Bool {
    piece.buffer.removeAll()
    tail.moveTail(from: 0, to: &piece.buffer)
    var searched = 0
    while !isAtEnd {
      isAtEnd = try file.read(into: &piece.buffer, upTo: Self.pieceSize) == 0
      let end = lastLineEnd(of: piece.buffer, from: searched)
      if let end, !isAtEnd {
        piece.buffer.moveTail(from: end + 1, to: &tail)
        break
      }
      searched = piece.buffer.count
    }
    piece.cutLines()
    piece.firstRow = rowCount + 1
    piece.bytesRead = file.position
    rowCount += piece.lines.count
    return !piece.buffer.isEmpty
  }
}

/// Some rows of a file, and what became of them; workers use the same memory again and again.
final class RowPiece {
  var buffer = ByteBuffer(capacity: 2 << 20)
  fileprivate(set) var lines: [Range<Int>] = []
  /// The number of the first row, from 1.
  fileprivate(set) var firstRow = 1
  /// Bytes of the file up to the end of this piece, at least.
  fileprivate(set) var bytesRead = 0
  var outcomes: [RowOutcome] = []

  func bytes(of line: Range<Int>) -> [UInt8] { copied(buffer, line) }

  fileprivate func cutLines() { lines = rows(of: buffer) }
}

private func copied(_ buffer: borrowing ByteBuffer, _ range: Range<Int>) -> [UInt8] {
  let bytes = buffer.bytes
  var copy: [UInt8] = []
  copy.reserveCapacity(range.count)
  for place in range { copy.append(bytes[place]) }
  return copy
}

private func lastLineEnd(of buffer: borrowing ByteBuffer, from start: Int) -> Int? {
  let bytes = buffer.bytes
  var place = bytes.count
  while place > start {
    place -= 1
    if bytes[place] == 0x0A { return place }
  }
  return nil
}

/// The lines that have something in them.
private func rows(of buffer: borrowing ByteBuffer) -> [Range<Int>] {
  let bytes = buffer.bytes
  var rows: [Range<Int>] = []
  var start = 0
  var isBlank = true
  for place in bytes.indices {
    switch bytes[place] {
    case 0x0A:
      if !isBlank { rows.append(start..<place) }
      start = place + 1
      isBlank = true
    case 0x20, 0x09, 0x0D: break
    default: isBlank = false
    }
  }
  if !isBlank { rows.append(start..<bytes.count) }
  return rows
}
