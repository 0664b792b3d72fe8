internal import Files
internal import Foundation
package import GRDB

/// Where every sample came from and what became of it: one SQLite file for each workspace.
///
/// All that a run records is one transaction: a run that was interrupted leaves nothing behind.
package final class Ledger: Sendable {
  package let path: String
  /// Whether only questions can be asked.
  package let isReadOnly: Bool
  let database: DatabaseQueue

  /// Opens the ledger, making or migrating it where needed.
  ///
  /// With `isDurable` a commit is on disk when it returns. Others that read or write are waited for,
  /// for up to `patience` seconds: an answer may be on its way when a run is to be committed.
  package init(writing path: String, isDurable: Bool, patience: Double = 120) throws {
    self.path = path
    isReadOnly = false
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    configuration.busyMode = .timeout(patience)
    configuration.prepareDatabase { database in
      try database.execute(
        sql: """
          PRAGMA synchronous = \(isDurable ? "FULL" : "OFF");
          PRAGMA cache_size = -16384;
          """)
    }
    do {
      database = try DatabaseQueue(path: path, configuration: configuration)
      guard try !database.read({ try LedgerSchema.migrator.hasBeenSuperseded($0) }) else {
        throw Self.isLater(path)
      }
      try LedgerSchema.migrator.migrate(database)
      try database.inDatabase { try $0.execute(sql: "PRAGMA foreign_keys = ON") }
    } catch let error as LedgerError {
      throw error
    } catch {
      throw LedgerError("\(path): \(Self.words(error))")
    }
  }

  /// Opens a ledger that must be there already, for questions only; one of an earlier version is
  /// brought up to date in a copy of its own, and stays as it is.
  package init(reading path: String) throws {
    self.path = path
    isReadOnly = true
    guard FileManager.default.fileExists(atPath: path) else {
      throw LedgerError("\(path): there is no ledger here; 'branchmerge run' makes one")
    }
    var configuration = Configuration()
    configuration.readonly = true
    // A run that is at work may hold it for the moment of a commit.
    configuration.busyMode = .timeout(5)
    do {
      let file = try DatabaseQueue(path: path, configuration: configuration)
      let (isLedger, isCurrent, isLater) = try file.read { database in
        (
          try !LedgerSchema.migrator.appliedIdentifiers(database).isEmpty,
          try LedgerSchema.migrator.hasCompletedMigrations(database),
          try LedgerSchema.migrator.hasBeenSuperseded(database)
        )
      }
      guard isLedger else { throw LedgerError("\(path): this is an SQLite file, and no ledger") }
      guard !isLater else { throw Self.isLater(path) }
      database = isCurrent ? file : try Self.migratedCopy(of: file)
    } catch let error as LedgerError {
      throw error
    } catch {
      throw LedgerError("\(path): \(Self.words(error))")
    }
  }

  private static func isLater(_ path: String) -> LedgerError {
    LedgerError("\(path): a later version of branchmerge wrote this ledger; use that one")
  }

  /// A copy in a temporary file, which SQLite removes with the connection.
  private static func migratedCopy(of file: DatabaseQueue) throws -> DatabaseQueue {
    let copy = try DatabaseQueue(path: "")
    try file.backup(to: copy)
    try LedgerSchema.migrator.migrate(copy)
    return copy
  }

  /// Runs `body` on the database; what SQLite complains of is told in our words.
  package func access<Result>(_ body: (Database) throws -> Result) throws -> Result {
    do {
      return try database.inDatabase(body)
    } catch let error as DatabaseError {
      throw LedgerError("\(path): \(Self.words(error))")
    }
  }

  static func words(_ error: any Error) -> String {
    guard let error = error as? DatabaseError else { return "\(error)" }
    return switch error.resultCode {
    case .SQLITE_FULL, .SQLITE_IOERR:
      "could not write to the ledger (\(error.message ?? "disk full")); free some"
        + " space there, or choose another workspace, and run the same again"
    case .SQLITE_NOTADB, .SQLITE_CORRUPT:
      "is damaged, or is not an SQLite file; put back a copy, or move it away and run again: what"
        + " was built is built again, and experts that are whole stay"
    case .SQLITE_BUSY: "a run is writing to the ledger; ask again when it is done"
    default: error.message ?? "\(error)"
    }
  }

  /// Runs whose ledger entries are complete but whose files may not all have their names yet.
  package func unpublishedRuns() throws -> [Int64] {
    try access { try Int64.fetchAll($0, sql: "SELECT id FROM run WHERE published IS NULL") }
  }

  /// Paths of a run's output files, below the workspace.
  package func outputs(of run: Int64) throws -> [String] {
    try access { database in
      try String.fetchAll(
        database,
        sql: """
          SELECT path FROM output_file JOIN branch ON branch.id = output_file.branch WHERE run = ?
          """, arguments: [run])
    }
  }

  package func markPublished(run: Int64) throws {
    try access { database in
      try database.execute(
        sql: "UPDATE run SET published = ? WHERE id = ?", arguments: [timestamp(), run])
    }
  }
}

/// The present moment in UTC, ISO 8601.
package func timestamp() -> String { Date.now.formatted(.iso8601) }
