internal import CLinux
package import Files

#if canImport(Glibc)
  internal import Glibc
#endif

/// One row a line. A byte-order mark, blank lines, CRLF and a missing last newline are fine.
package final class JSONLinesReader: RowReader {
  package let file: FileStream
  private let stream: any ByteStream
  private let limits: ReadLimits
  private var tail: ByteBuffer
  /// Where `tail` begins in the decompressed file.
  private var offset: Int
  private var line = 0
  private var atEnd = false

  /// `head` holds bytes of the stream that were read before, `offset` where they begin.
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
    while chunk.rows.isEmpty && !(atEnd && tail.isEmpty) { try fill(chunk) }
    chunk.bytesRead = offset
    return !chunk.rows.isEmpty
  }

  /// Reads one chunk's worth, up to the last line end in it.
  private func fill(_ chunk: Chunk) throws {
    chunk.buffer.removeAll()
    tail.moveTail(from: 0, to: &chunk.buffer)
    var searched = 0
    var lastEnd: Int?
    while lastEnd == nil && !atEnd {
      atEnd = try stream.read(into: &chunk.buffer, upTo: Chunk.size) == 0
      lastEnd = lastNewline(chunk.buffer, from: searched)
      searched = chunk.buffer.count
      if lastEnd == nil && !atEnd && searched > limits.rowBytes { return try skipLine(chunk) }
    }
    if let lastEnd, !atEnd {
      chunk.buffer.moveTail(from: lastEnd + 1, to: &tail)
    }
    addRows(chunk)
    offset += chunk.buffer.count
  }

  private func addRows(_ chunk: Chunk) {
    let count = chunk.buffer.count
    let limit = limits.rowBytes
    chunk.buffer.withBytes(from: 0) { bytes in
      var start = 0
      while start < count {
        let rest = bytes.baseAddress! + start
        let newline = memchr(rest, 0x0A, count - start)
        let end = newline.map { start + (UnsafeRawPointer($0) - rest) } ?? count
        line += 1
        var first = start
        while first < end && isJSONSpace(bytes[first]) { first += 1 }
        if first < end {
          var last = end
          while isJSONSpace(bytes[last - 1]) { last -= 1 }
          let size = last - first
          chunk.rows.append(
            RowPlace(
              range: first..<last, number: line, offset: offset + first, byteCount: size,
              fault: size > limit ? .tooLong(limit: limit) : nil))
        }
        start = end + 1
      }
    }
  }

  /// Passes over a line beyond the limit without holding it.
  private func skipLine(_ chunk: Chunk) throws {
    line += 1
    let start = offset
    var length = chunk.buffer.count
    while true {
      chunk.buffer.removeAll()
      if try stream.read(into: &chunk.buffer, upTo: Chunk.size) == 0 {
        atEnd = true
        break
      }
      let newline = chunk.buffer.withBytes(from: 0) { bytes in
        memchr(bytes.baseAddress!, 0x0A, bytes.count).map {
          UnsafeRawPointer($0) - bytes.baseAddress!
        }
      }
      if let newline {
        chunk.buffer.moveTail(from: newline + 1, to: &tail)
        length += newline
        break
      }
      length += chunk.buffer.count
    }
    chunk.buffer.removeAll()
    offset = start + length + (atEnd ? 0 : 1)
    chunk.rows.append(
      RowPlace(
        range: 0..<0, number: line, offset: start, byteCount: length,
        fault: .tooLong(limit: limits.rowBytes)))
  }
}

/// The last line feed at or after `start`.
private func lastNewline(_ buffer: borrowing ByteBuffer, from start: Int) -> Int? {
  buffer.withBytes(from: start) { bytes in
    bm_last_byte(bytes.baseAddress, 0x0A, bytes.count).map {
      start + ($0 - UnsafeRawPointer(bytes.baseAddress!))
    }
  }
}
