package import Files
internal import GRDB
internal import GRDBSQLite

extension Ledger {
  /// Hands every row of an answer to `body`, straight from SQLite: a million fates cost a fraction of
  /// what they do through boxed values. The ledger cannot be asked anything else meanwhile.
  package func scan(_ sql: String, _ arguments: [Int64], _ body: (ScannedRow) throws -> Void) throws
  {
    try access { database in
      let statement = try database.makeStatement(sql: sql)
      try statement.setArguments(StatementArguments(arguments))
      let handle = statement.sqliteStatement
      defer { sqlite3_reset(handle) }
      var count = 0
      while true {
        let status = sqlite3_step(handle)
        guard status == SQLITE_ROW else {
          guard status == SQLITE_DONE else {
            throw DatabaseError(
              resultCode: ResultCode(rawValue: status), message: database.lastErrorMessage)
          }
          return
        }
        try body(ScannedRow(statement: handle))
        count += 1
        if count & 0xFFFF == 0 { try Interruption.check() }
      }
    }
  }
}

/// A row that SQLite is at; it must not outlive the call that lends it.
package struct ScannedRow {
  fileprivate let statement: SQLiteStatement

  /// NULL is nil, and so is what is no number.
  package func number(_ column: Int32) -> Int64? {
    sqlite3_column_type(statement, column) == SQLITE_INTEGER
      ? sqlite3_column_int64(statement, column) : nil
  }

  /// XXH3 with 128 bits of a text; nil of NULL.
  package func digest(_ column: Int32) -> Digest? {
    guard let bytes = sqlite3_column_text(statement, column) else { return nil }
    let count = Int(sqlite3_column_bytes(statement, column))
    return Digest(of: UnsafeBufferPointer(start: bytes, count: count).span)
  }

  /// A fate by its word, which its length and first letter tell from the others.
  package func fate(_ column: Int32) -> Fate? {
    guard let bytes = sqlite3_column_text(statement, column) else { return nil }
    return switch (sqlite3_column_bytes(statement, column), bytes[0]) {
    case (4, UInt8(ascii: "k")): .kept
    case (4, UInt8(ascii: "s")): .seed
    case (7, UInt8(ascii: "d")): .dropped
    case (9, UInt8(ascii: "d")): .duplicate
    case (11, UInt8(ascii: "q")): .quarantined
    default: nil
    }
  }
}
