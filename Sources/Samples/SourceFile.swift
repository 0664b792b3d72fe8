package import Files

/// A file of a source: its format is told from its bytes, its rows come in chunks.
package struct SourceFile: Sendable {
  package let path: String
  package let format: FileFormat

  package init(_ path: String) throws {
    self.path = path
    format = try FileFormat(of: path)
  }

  /// Begins to read; only the columns of the projection are taken out of a table or a dump.
  package func rows(_ projection: Projection, _ limits: ReadLimits = ReadLimits()) throws
    -> any RowReader
  {
    try rows(keys: projection.keys, limits)
  }

  /// Begins to read these top-level fields, or all where `keys` is nil.
  package func rows(keys: [String]?, _ limits: ReadLimits = ReadLimits()) throws -> any RowReader {
    let file = try FileStream(path)
    if format == .parquet { return try TableReader(file, keys: keys, limits) }
    let stream = try format.stream(file)
    var head = ByteBuffer()
    while head.count < 4, try stream.read(into: &head, upTo: 4096) > 0 {}
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let hasMark = head.count >= 3 && mark.indices.allSatisfy { head.bytes[$0] == mark[$0] }
    if head.count >= 2, head.bytes[0] ^ head.bytes[1] == 1, head.bytes[0] | head.bytes[1] == 0xFF {
      throw FileError(path, "is UTF-16; convert it to UTF-8 (iconv -f utf-16 -t utf-8)")
    }
    let start = hasMark ? 3 : 0
    var rest = ByteBuffer(capacity: Chunk.size)
    head.moveTail(from: start, to: &rest)
    var searched = 0
    var first = firstByte(rest, from: searched)
    // White space without end is no array; as lines it is passed over in chunks.
    while first == nil && rest.count < Chunk.size {
      searched = rest.count
      guard try stream.read(into: &rest, upTo: 1 << 16) > 0 else { break }
      first = firstByte(rest, from: searched)
    }
    // No JSON begins like XML.
    if first == UInt8(ascii: "<") {
      return try StackExchangeReader(file, stream, head: rest, keys: keys, limits: limits)
    }
    if first == 0x5B {
      return JSONArrayReader(file, stream, head: rest, offset: start, limits: limits)
    }
    return JSONLinesReader(file, stream, head: rest, offset: start, limits: limits)
  }

  /// The top-level fields of the first rows, in the order of their appearance.
  package func keys(rows limit: Int = 100) throws -> [String] {
    let reader = try rows(keys: nil)
    let chunk = Chunk()
    var scanner = RowScanner(Projection())
    var keys: [String] = []
    guard try reader.next(chunk) else { return [] }
    for place in chunk.rows.prefix(limit) where place.fault == nil {
      chunk.withBytes(of: place) { row in
        guard scanner.scan(row) == nil else { return }
        for key in scanner.keys(of: row) where !keys.contains(key) { keys.append(key) }
      }
    }
    return keys
  }
}

/// The first byte at or after `start` that is no white space.
private func firstByte(_ buffer: borrowing ByteBuffer, from start: Int) -> UInt8? {
  let bytes = buffer.bytes
  for index in start..<bytes.count where !isJSONSpace(bytes[index]) { return bytes[index] }
  return nil
}
