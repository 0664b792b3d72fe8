package import Files

/// One row for each element of a single JSON array, however it is laid out.
package final class JSONArrayReader: RowReader {
  package let file: FileStream
  private let stream: any ByteStream
  private let limits: ReadLimits
  private var tail: ByteBuffer
  /// Where `tail` begins in the decompressed file.
  private var offset: Int
  private var row = 0
  private var expects = Expectation.open

  private enum Expectation { case open, elementOrEnd, element, commaOrEnd, nothing }

  init(
    _ file: FileStream, _ stream: any ByteStream, head: consuming ByteBuffer, offset: Int,
    limits: ReadLimits
  ) {
    self.file = file
    self.stream = stream
    self.limits = limits
    self.offset = offset
    tail = head
  }

  package func next(_ chunk: Chunk) throws -> Bool {
    chunk.clear()
    tail.moveTail(from: 0, to: &chunk.buffer)
    var walk = Walk()
    var isAtEnd = false
    while chunk.rows.isEmpty && !isAtEnd {
      isAtEnd = try stream.read(into: &chunk.buffer, upTo: Chunk.size) == 0
      try chunk.buffer.withBytes(from: 0) { try scan($0, &walk, &chunk.rows) }
      guard chunk.buffer.count - walk.kept <= limits.rowBytes else {
        throw FileError(
          file.path,
          "row \(row + 1), byte \(offset + walk.kept): an element of the array is longer than"
            + " \(limits.rowBytes) bytes; convert the file to JSON Lines")
      }
    }
    if isAtEnd && expects != .nothing {
      throw FileError(
        file.path,
        "its JSON array is not closed: good up to row \(row), byte \(offset + walk.kept)")
    }
    chunk.buffer.moveTail(from: walk.kept, to: &tail)
    offset += chunk.buffer.count
    chunk.bytesRead = offset
    return !chunk.rows.isEmpty
  }

  /// How far a scan has come, so that more bytes continue it.
  private struct Walk {
    var position = 0
    /// Bytes before this one are done with.
    var kept = 0
    var start: Int?
    var depth = 0
    var isInString = false
    var isScalar = false
  }

  private func scan(
    _ bytes: UnsafeRawBufferPointer, _ walk: inout Walk, _ rows: inout [RowPlace]
  ) throws {
    while walk.position < bytes.count {
      let byte = bytes[walk.position]
      if let start = walk.start {
        var end: Int?
        if walk.isInString {
          if byte == 0x5C {
            // The escaped byte may not have been read yet.
            guard walk.position + 1 < bytes.count else { return }
            walk.position += 1
          } else if byte == 0x22 {
            walk.isInString = false
            if walk.depth == 0 { end = walk.position + 1 }
          }
        } else {
          switch byte {
          case 0x22: walk.isInString = true
          case 0x7B, 0x5B: walk.depth += 1
          case 0x7D where walk.depth > 0, 0x5D where walk.depth > 0:
            walk.depth -= 1
            if walk.depth == 0 { end = walk.position + 1 }
          case 0x2C, 0x5D, 0x20, 0x09, 0x0A, 0x0D:
            if walk.isScalar && walk.depth == 0 {
              end = walk.position
              walk.position -= 1
            }
          default: break
          }
        }
        walk.position += 1
        if let end {
          row += 1
          rows.append(
            RowPlace(
              range: start..<end, number: row, offset: offset + start, byteCount: end - start,
              fault: end - start > limits.rowBytes ? .tooLong(limit: limits.rowBytes) : nil))
          walk.start = nil
          walk.kept = end
          expects = .commaOrEnd
        }
        continue
      }
      if isJSONSpace(byte) {
        walk.position += 1
        walk.kept = walk.position
        continue
      }
      switch (expects, byte) {
      case (.open, 0x5B): expects = .elementOrEnd
      case (.commaOrEnd, 0x2C): expects = .element
      case (.commaOrEnd, 0x5D), (.elementOrEnd, 0x5D): expects = .nothing
      case (.element, _), (.elementOrEnd, _):
        guard byte != 0x2C && byte != 0x5D && byte != 0x7D && byte != 0x3A else { fallthrough }
        walk.start = walk.position
        walk.kept = walk.position
        walk.isInString = byte == 0x22
        walk.depth = byte == 0x7B || byte == 0x5B ? 1 : 0
        walk.isScalar = walk.depth == 0 && !walk.isInString
        walk.position += 1
        continue
      default:
        throw FileError(
          file.path,
          "is a JSON array that breaks at byte \(offset + walk.position), after row \(row)")
      }
      walk.position += 1
      walk.kept = walk.position
    }
  }
}
