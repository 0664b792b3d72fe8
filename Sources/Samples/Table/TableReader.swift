package import Files

/// The rows of a Parquet file, in file order, through DuckDB's command line.
///
/// DuckDB prints each row as one JSON line with just the wanted columns; from there a row is a row
/// of JSON Lines, save that it has no bytes of its own in the file.
package final class TableReader: RowReader {
  package let file: FileStream
  package var hasPlaces: Bool { false }
  private let lines: JSONLinesReader
  private let rowCount: Int
  private var rows = 0

  /// Columns of the file that have one of these names; nil takes all.
  init(_ file: FileStream, keys: [String]?, _ limits: ReadLimits) throws {
    self.file = file
    var buffer = ByteBuffer(capacity: Chunk.size)
    while try file.read(into: &buffer, upTo: Chunk.size) > 0 { buffer.removeAll() }

    let duckDB = try DuckDB(for: file.path)
    let table = DuckDB.table(file.path)
    struct Column: Decodable {
      var name: String
    }
    let present: [Column] = try duckDB.rows(
      "SELECT column_name AS name FROM (DESCRIBE SELECT * FROM \(table))", for: file.path)
    struct Count: Decodable { var n: Int }
    let counts: [Count] = try duckDB.rows("SELECT count(*) AS n FROM \(table)", for: file.path)
    rowCount = counts.first?.n ?? 0

    let names = present.map(\.name).filter { keys?.contains($0) ?? true }
    // A row of no wanted column is still a row.
    let columns = names.isEmpty ? "NULL AS _" : names.map(DuckDB.identifier).joined(separator: ", ")
    // One thread: with more DuckDB holds whole row groups to keep their order, at twice the memory
    // and four times the processor time for the same text.
    let stream = try duckDB.start(
      """
      SET threads = 1; SET preserve_insertion_order = true; \
      COPY (SELECT \(columns) FROM \(table)) TO '/dev/stdout' (FORMAT json)
      """, for: file.path)
    lines = JSONLinesReader(file, stream, head: ByteBuffer(), offset: 0, limits: limits)
  }

  package func next(_ chunk: Chunk) throws -> Bool {
    let more = try lines.next(chunk)
    for index in chunk.rows.indices { chunk.rows[index].offset = nil }
    rows += chunk.rows.count
    if !more && rows != rowCount {
      throw FileError(file.path, "DuckDB gave \(rows) of its \(rowCount) rows")
    }
    return more
  }
}
