internal import Files
internal import GRDB
internal import Notation

/// A question to a ledger in SQL, which can change nothing.
package struct Query: Sendable {
  package var sql: String
  /// What its parameters stand for, by their names: `id` for `:id`.
  package var values: [String: String]

  package init(_ sql: String, values: [String: String] = [:]) {
    self.sql = sql
    self.values = values
  }

  /// Asks the ledger at `path`, and writes the answer piece by piece while it comes.
  ///
  /// Memory does not grow with the answer. A signal ends it, soon, by throwing `Interrupted`.
  package func answer(
    from path: String, as format: AnswerFormat, write: (String) throws -> Void
  ) throws -> Answer {
    let ledger = try Ledger(reading: path)
    return try ledger.database.inDatabase { database in
      try database.execute(sql: "PRAGMA query_only = ON")
      let watch = QueryWatch(over: database)
      defer { watch.end() }
      do {
        let statement = try compile(in: database)
        let names = watch.parameters(of: statement)
        let rows = try Row.fetchCursor(statement, arguments: arguments(for: names))
        return try format.write(statement.columnNames, rows, write)
      } catch let error as DatabaseError {
        try Interruption.check()
        throw LedgerError(words(for: error, watch, path))
      }
    }
  }

  /// The one statement of the text.
  private func compile(in database: Database) throws -> Statement {
    let statements = try database.allStatements(sql: sql)
    guard let statement = try statements.next() else {
      throw LedgerError("there is no SQL in this text")
    }
    do {
      guard try statements.next() == nil else { throw Self.several }
    } catch is DatabaseError {
      throw Self.several
    }
    guard statement.isReadonly else { throw Self.refusal("change a file") }
    return statement
  }

  private static let several = LedgerError(
    "there are several statements in this text; ask one after the other")

  private static func refusal(_ deed: String) -> LedgerError {
    LedgerError("a query only reads, and this one would \(deed)")
  }

  /// The values in the order of these parameters, each of which needs one, and no other has any.
  private func arguments(for names: [String?]) throws -> StatementArguments {
    var known: [String] = []
    for name in names where !known.contains(name ?? "") {
      guard let name else {
        throw LedgerError("a parameter needs a name, as in :id, so that it can be given a value")
      }
      known.append(name)
    }
    for name in values.keys.sorted() where !known.contains(name) {
      throw LedgerError(
        "the query has no parameter \(quoted(name))"
          + (known.isEmpty ? "; it has none" : choices(for: name, among: known, "it has")))
    }
    let missing = known.filter { values[$0] == nil }
    guard missing.isEmpty else {
      throw LedgerError(
        "the query needs a value for \(missing.map { ":" + $0 }.joined(separator: " and ")); add "
          + missing.map { "--set \($0)=VALUE" }.joined(separator: " "))
    }
    return StatementArguments(names.map { Self.value(values[$0 ?? ""] ?? "") })
  }

  /// A number where the text is just what SQLite would make of that number, else the text.
  private static func value(_ text: String) -> DatabaseValue {
    if let number = Int64(text), String(number) == text { return number.databaseValue }
    if let number = Double(text), number.isFinite, "\(number)" == text {
      return number.databaseValue
    }
    return text.databaseValue
  }

  private func words(for error: DatabaseError, _ watch: QueryWatch, _ path: String) -> String {
    if let deed = watch.refused { return Self.refusal(deed).description }
    switch error.resultCode {
    case .SQLITE_ERROR, .SQLITE_MISMATCH, .SQLITE_TOOBIG, .SQLITE_RANGE, .SQLITE_CONSTRAINT:
      let message = error.message ?? "\(error)"
      return watch.errorOffset.map { message + place(at: $0) } ?? message
    default: return "\(path): \(Ledger.words(error))"
    }
  }

  /// Line and column of a byte of the text, and the line with a mark below it.
  private func place(at offset: Int) -> String {
    let before = String(decoding: sql.utf8.prefix(offset), as: UTF8.self)
    let after = String(decoding: sql.utf8.dropFirst(offset), as: UTF8.self)
    let lines = before.split(separator: "\n", omittingEmptySubsequences: false)
    let start = plain((lines.last ?? "").suffix(60))
    let rest = plain(after.prefix { $0 != "\n" }.prefix(30))
    return """
       (line \(lines.count), column \((lines.last ?? "").count + 1))
        \(start)\(rest)
        \(String(repeating: " ", count: start.count))^
      """
  }

  private func plain(_ text: Substring) -> String {
    String(quoted(String(text.replacing("\t", with: " "))).dropFirst().dropLast())
  }
}
