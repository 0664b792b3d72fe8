internal import Files
internal import GRDB
internal import Lineage
internal import Samples

/// A row read back from where the ledger says that it stands, or why it was not.
package enum StoredRow: Equatable, Sendable {
  /// The bytes; proved by a hash, or by the id that a table's values give.
  case row([UInt8], isProved: Bool)
  /// Reading up to its place takes longer than a page may.
  case far
  /// It is not there any more, is another one, or too long for a page.
  case failed(String)

  /// Longer ones are not read.
  private static let byteLimit = 16 << 20
  /// Bytes of a packed file that can be unpacked in about a tenth of a second.
  private static let quickOffset = 24 << 20

  /// The row that was read; `isQuick` leaves what takes long.
  init(original trace: Trace, isQuick: Bool, in ledger: Ledger) {
    self = Self.reading {
      let place = trace.place
      try Self.check(place.byteOffset ?? 0, place.byteCount)
      if isQuick, try place.byteOffset == nil || SourceFile(place.path).format != .plain {
        guard let offset = place.byteOffset, offset + place.byteCount <= Self.quickOffset else {
          return .far
        }
      }
      let row = try OriginalRow(of: trace, in: ledger)
      return .row(row.bytes, isProved: row.proof != .none)
    }
  }

  /// The row that a sample became in a branch; nil where it became none, or where the run was one of
  /// a version that did not record its place.
  init?(of sample: Int64, in branch: String, run: Int64, _ ledger: Ledger) throws {
    let found = try ledger.access { database in
      try Row.fetchOne(
        database,
        sql: """
          SELECT output_file.path, output_offset, output_byte_count, output_xxh3 FROM fate
          JOIN branch ON branch.id = fate.branch JOIN output_file ON output_file.id = fate.output
          WHERE fate.sample = ? AND branch.run = ? AND branch.name = ? AND output_offset IS NOT NULL
          """, arguments: [sample, run, branch])
    }
    guard let found else { return nil }
    let hash = hex(UInt64(bitPattern: found[3] as Int64))
    self.init(in: found[0], at: found[1], count: found[2], hash: hash, ledger)
  }

  /// The row that a teacher wrote; nil where it wrote none.
  init?(taught teaching: Trace.Teaching, _ ledger: Ledger) {
    guard let offset = teaching.outputOffset, let count = teaching.outputByteCount,
      let hash = teaching.outputRowXXH3
    else { return nil }
    self.init(in: teaching.outputPath, at: offset, count: count, hash: hash, ledger)
  }

  private init(
    in path: String, at offset: Int, count: Int, hash: String, _ ledger: Ledger
  ) {
    self = Self.reading {
      try Self.check(offset, count)
      let file = try FileStream(ledger.path.parentPath + "/" + path)
      let bytes = try file.bytes(at: offset, count: count)
      guard hex(fastHash(of: bytes.span)) == hash else {
        return .failed(
          "\(path) was built anew, or has changed: the row that stands there is another")
      }
      return .row(bytes, isProved: true)
    }
  }

  private static func reading(_ body: () throws -> StoredRow) -> StoredRow {
    do { return try body() } catch { return .failed("\(error)") }
  }

  /// Whether an offset and a length can be those of a row: they could be anybody's.
  private static func check(_ offset: Int, _ count: Int) throws {
    guard offset >= 0, count >= 0, offset < 1 << 50 else {
      throw LedgerError("the ledger has no such place in a file")
    }
    guard count <= byteLimit else {
      throw LedgerError("the row has \(count) bytes; 'branchmerge why --raw' prints it")
    }
  }
}
