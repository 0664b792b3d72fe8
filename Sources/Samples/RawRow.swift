internal import Files

extension SourceFile {
  /// A row read again from its place, as it stands in the file.
  ///
  /// `offset` and `byteCount` are those of the decompressed file. A row of a table or a dump has no
  /// place of its own: it is asked for by number and comes as JSON, with all columns. Of a dump all is
  /// read for it.
  package func row(_ number: Int, offset: Int?, byteCount: Int) throws -> [UInt8] {
    guard let offset else {
      return try format == .parquet ? tableRow(number) : joinedRow(number)
    }
    let file = try FileStream(path)
    if format == .plain { return try file.bytes(at: offset, count: byteCount) }
    let stream = try format.stream(file)
    var buffer = ByteBuffer(capacity: Chunk.size)
    var start = 0
    while start + buffer.count < offset + byteCount {
      // Whole blocks before the row are passed over.
      if start + buffer.count <= offset {
        start += buffer.count
        buffer.removeAll()
      }
      guard try stream.read(into: &buffer, upTo: Chunk.size) > 0 else {
        throw FileError(path, "ends before row \(number); it is not the file that was read")
      }
    }
    let bytes = buffer.bytes.extracting(offset - start..<offset - start + byteCount)
    return bytes.withUnsafeBufferPointer { Array($0) }
  }

  private func joinedRow(_ number: Int) throws -> [UInt8] {
    let reader = try rows(keys: nil)
    let chunk = Chunk()
    while try reader.next(chunk) {
      if let place = chunk.rows.first(where: { $0.number == number }) {
        return chunk.withBytes(of: place) { row in row.withUnsafeBufferPointer { Array($0) } }
      }
    }
    throw FileError(path, "has no row \(number)")
  }

  private func tableRow(_ number: Int) throws -> [UInt8] {
    let stream = try DuckDB(for: path).start(
      """
      COPY (SELECT * FROM \(DuckDB.table(path)) LIMIT 1 OFFSET \(number - 1)) \
      TO '/dev/stdout' (FORMAT json)
      """, for: path)
    var buffer = ByteBuffer()
    while try stream.read(into: &buffer, upTo: Chunk.size) > 0 {}
    guard buffer.count > 1 else { throw FileError(path, "has no row \(number)") }
    return buffer.bytes.extracting(droppingLast: 1).withUnsafeBufferPointer { Array($0) }
  }
}
