internal import Foundation
internal import GRDB
internal import Lineage
internal import Synchronization

/// Open connections to a ledger: each is lent to one request at a time, and all are opened anew when
/// another file has come in its place.
final class LedgerPool: Sendable {
  let path: String
  private let idle = Mutex<(file: String, connections: [Connection])>(("", []))

  /// Seconds that a reader waits for a run that commits.
  private static let patience = 1.0

  private struct Connection {
    var ledger: Ledger
    /// Of a copy that was brought up to date the state that it was made from; nil for the file itself.
    var origin: String?
  }

  init(_ path: String) { self.path = path }

  /// Which state of which file this is; another one after every commit.
  ///
  /// The file is not opened for that: closing it would drop SQLite's locks of it in this process.
  var state: String {
    let attributes = attributes
    let time = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    return "\(attributes[.systemFileNumber] ?? 0) \(attributes[.size] ?? 0) \(time)"
  }

  private var attributes: [FileAttributeKey: Any] {
    (try? FileManager.default.attributesOfItem(atPath: path)) ?? [:]
  }

  func with<Result>(_ body: (Ledger) throws -> Result) throws -> Result {
    let (file, state) = ("\(attributes[.systemFileNumber] ?? 0)", state)
    let known = idle.withLock { idle -> Connection? in
      if idle.file != file { idle = (file, []) }
      idle.connections.removeAll { $0.origin != nil && $0.origin != state }
      return idle.connections.popLast()
    }
    let connection = try known ?? connect(state)
    defer { idle.withLock { if $0.file == file { $0.connections.append(connection) } } }
    return try body(connection.ledger)
  }

  /// As `with`, for work that no visitor waits for: begun again until no run is in its way.
  func patiently<Result>(_ body: (Ledger) throws -> Result) throws -> Result {
    while true {
      do { return try with(body) } catch  where Self.isBusy(error) {
        Thread.sleep(forTimeInterval: 0.2)
      }
    }
  }

  /// A ledger of its own for one who keeps it.
  func open() throws -> Ledger { try connect(state).ledger }

  private func connect(_ state: String) throws -> Connection {
    if !attributes.isEmpty {
      // Opening waits longer than a page may; what else is wrong with the file is told there.
      var configuration = Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(Self.patience)
      do {
        try DatabaseQueue(path: path, configuration: configuration).read {
          try $0.execute(sql: "SELECT 1 FROM sqlite_master")
        }
      } catch let error as DatabaseError where Self.isBusy(error) {
        throw error
      } catch {}
    }
    let ledger = try Ledger(reading: path)
    let isCopy = try ledger.access { database in
      try database.execute(sql: "PRAGMA busy_timeout = \(Int(1000 * Self.patience))")
      return try String.fetchOne(database, sql: "SELECT file FROM pragma_database_list") == ""
    }
    return Connection(ledger: ledger, origin: isCopy ? state : nil)
  }

  /// Whether a run that writes is all that is wrong.
  static func isBusy(_ error: any Error) -> Bool {
    if let error = error as? DatabaseError { return error.resultCode == .SQLITE_BUSY }
    return (error as? LedgerError)?.description.contains("a run is writing to the ledger") == true
  }
}
