internal import Files
internal import GRDB
internal import GRDBSQLite

/// Stands over a connection while a query is compiled and run: what would do more than read is
/// denied by SQLite itself, and a signal ends what runs.
final class QueryWatch {
  /// What the query would have done, in words, once it was denied.
  private(set) var refused: String?
  private let connection: OpaquePointer

  init(over database: Database) {
    connection = database.sqliteConnection!
    sqlite3_set_authorizer(
      connection,
      { watch, action, first, second, _, _ in
        let watch = Unmanaged<QueryWatch>.fromOpaque(watch!).takeUnretainedValue()
        let (first, second) = (
          first.map { String(cString: $0) }, second.map { String(cString: $0) }
        )
        guard let deed = QueryWatch.deed(action, first ?? "", second) else { return SQLITE_OK }
        watch.refused = watch.refused ?? deed
        return SQLITE_DENY
      }, Unmanaged.passUnretained(self).toOpaque())
    // Asked some thousand times a second.
    sqlite3_progress_handler(
      connection, 20_000,
      { _ in
        do {
          try Interruption.check()
          return 0
        } catch {
          return 1
        }
      }, nil)
  }

  /// Must come before the connection does anything else.
  func end() {
    sqlite3_set_authorizer(connection, nil, nil)
    sqlite3_progress_handler(connection, 0, nil, nil)
  }

  /// Where in the text the last error is, in bytes; nil where SQLite does not say.
  var errorOffset: Int? {
    let offset = sqlite3_error_offset(connection)
    return offset < 0 ? nil : Int(offset)
  }

  /// The names of a statement's parameters without their mark, in their order.
  func parameters(of statement: Statement) -> [String?] {
    (0..<sqlite3_bind_parameter_count(statement.sqliteStatement)).map { index in
      sqlite3_bind_parameter_name(statement.sqliteStatement, index + 1)
        .map { String(String(cString: $0).dropFirst()) }
    }
  }

  /// Pragmas that just tell, whatever stands in their brackets.
  private static let tellingPragmas: Set<String> = [
    "collation_list", "compile_options", "database_list", "foreign_key_check", "foreign_key_list",
    "function_list", "index_info", "index_list", "index_xinfo", "integrity_check", "module_list",
    "pragma_list", "quick_check", "table_info", "table_list", "table_xinfo",
  ]
  /// Pragmas that tell something, and would set it if a value were given.
  private static let settingPragmas: Set<String> = [
    "application_id", "data_version", "encoding", "freelist_count", "page_count", "page_size",
    "query_only", "schema_version", "user_version",
  ]

  /// What an action of SQLite's list would do, in words; nil for those that only read.
  private static func deed(_ action: CInt, _ name: String, _ value: String?) -> String? {
    switch action {
    case SQLITE_SELECT, SQLITE_READ, SQLITE_RECURSIVE: return nil
    case SQLITE_FUNCTION:
      return value == "load_extension" ? "load a program into SQLite" : nil
    case SQLITE_PRAGMA:
      let pragma = name.lowercased()
      if tellingPragmas.contains(pragma) { return nil }
      if settingPragmas.contains(pragma) {
        return value.map { "set PRAGMA \(name) to \($0)" }
      }
      return "use PRAGMA \(name), which is none of those that just tell"
    // To declare the columns of json_each and its kind SQLite compiles such a statement, and never
    // runs it. One that would be run is refused because it is not read-only.
    case SQLITE_UPDATE where name == "sqlite_master": return nil
    case SQLITE_INSERT, SQLITE_UPDATE, SQLITE_DELETE:
      return name.hasPrefix("sqlite_") ? "change which tables there are" : "write to '\(name)'"
    case SQLITE_ATTACH, SQLITE_DETACH: return "open or close another file"
    case SQLITE_TRANSACTION, SQLITE_SAVEPOINT: return "begin or end a transaction"
    default: return "change which tables there are"
    }
  }
}
