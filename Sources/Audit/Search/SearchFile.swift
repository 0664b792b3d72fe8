internal import Files
internal import Foundation
internal import GRDB

/// The file of a search index, and how it is brought up to date.
///
/// Each content is one transaction: a process that was killed leaves whole contents behind, and two
/// at once wait for each other and do nothing twice. It is not synced; what a power failure damages
/// is made anew.
struct SearchFile {
  let path: String

  /// The version of the tables below; a file with another one is emptied.
  private static let version = 2

  private static let tables = """
    CREATE TABLE content (
      id INTEGER PRIMARY KEY,
      xxh3 TEXT NOT NULL,
      field TEXT NOT NULL,
      first_document INTEGER NOT NULL,
      row_count INTEGER NOT NULL,
      UNIQUE (xxh3, field)
    ) STRICT;
    CREATE TABLE prompt (
      document INTEGER PRIMARY KEY,
      key INTEGER NOT NULL,
      text TEXT NOT NULL,
      sample_id TEXT
    ) STRICT;
    CREATE INDEX prompt_by_key ON prompt (key);
    CREATE TABLE refused (
      path TEXT NOT NULL,
      xxh3 TEXT NOT NULL,
      stamp TEXT NOT NULL,
      PRIMARY KEY (path, xxh3)
    ) STRICT, WITHOUT ROWID;
    CREATE VIRTUAL TABLE word USING fts5(
      words, content = '', detail = none, columnsize = 0, tokenize = 'ascii');
    INSERT INTO word (word, rank) VALUES ('hashsize', 134217728);
    """

  func remove() {
    for ending in ["", "-journal"] { try? FileManager.default.removeItem(atPath: path + ending) }
  }

  /// Opens the file for a search, all of `stock` in it that can be read.
  func open(
    for stock: SearchStock, _ progress: (SearchIndex.Progress) -> Void
  ) throws -> SearchUpdate.Outcome {
    let manager = FileManager.default
    let isThere = manager.fileExists(atPath: path)
    if manager.isWritableFile(atPath: path.parentPath),
      !isThere || manager.isWritableFile(atPath: path)
    {
      return try update(at: path, stock).run(progress)
    }
    // What another process left half-done can be told by none who may not write.
    if isThere, let outcome = try? update(at: path, stock, isReadOnly: true).withoutWriting() {
      return outcome
    }
    // SQLite removes it with the connection.
    return try update(at: "", stock).run(progress)
  }

  private func update(
    at path: String, _ stock: SearchStock, isReadOnly: Bool = false
  ) throws -> SearchUpdate {
    var configuration = Configuration()
    configuration.readonly = isReadOnly
    // Another process may be indexing, which takes as long as it takes.
    configuration.busyMode = .callback { _ in
      usleep(20_000)
      return (try? Interruption.check()) != nil
    }
    configuration.prepareDatabase { database in
      try database.execute(sql: "PRAGMA synchronous = OFF; PRAGMA cache_size = -65536")
    }
    let database = try DatabaseQueue(path: path, configuration: configuration)
    if !isReadOnly { try Self.makeTables(in: database) }
    return SearchUpdate(database: database, stock: stock)
  }

  private static func makeTables(in database: DatabaseQueue) throws {
    func isCurrent(_ database: Database) throws -> Bool {
      try Int.fetchOne(database, sql: "PRAGMA user_version") == version
    }
    guard try !database.read(isCurrent) else { return }
    try database.inTransaction(.immediate) { database in
      guard try !isCurrent(database) else { return .commit }
      for table in ["content", "prompt", "refused", "word"] {
        try database.execute(sql: "DROP TABLE IF EXISTS \(table)")
      }
      try database.execute(sql: tables + "PRAGMA user_version = \(version);")
      return .commit
    }
  }
}
