internal import Files
internal import Foundation
internal import GRDB

/// The ledger as a file of SQLite: whether its pages, types and references are whole.
struct LedgerFile {
  private let path: String

  init(_ path: String) { self.path = path }

  /// Asks SQLite itself. What is damaged is named, and then nothing in it can be relied on.
  func isWhole(_ proof: Proof) throws -> Bool {
    guard FileManager.default.fileExists(atPath: path) else { return true }
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    do {
      let file = try DatabaseQueue(path: path, configuration: configuration)
      // A large ledger takes some seconds, and a signal is not to wait for them.
      let watch = Thread {
        while !Thread.current.isCancelled {
          if (try? Interruption.check()) == nil { return file.interrupt() }
          usleep(50_000)
        }
      }
      watch.start()
      defer { watch.cancel() }
      return try file.read { database in
        let damage = try String.fetchAll(database, sql: "PRAGMA integrity_check(20)")
          .filter { $0 != "ok" }
        for line in damage {
          proof.fails(.ledger, "the ledger is damaged", at: path, found: line)
        }
        guard damage.isEmpty else { return false }
        proof.holds(.ledger)
        let lost = try Row.fetchAll(database, sql: "PRAGMA foreign_key_check")
        for row in lost.prefix(1000) {
          let (table, number, parent): (String?, Int64?, String?) = (row[0], row[1], row[2])
          proof.fails(
            .ledger, "a row of the ledger refers to one that is not there",
            at: "\(table ?? "")" + (number.map { " \($0)" } ?? ""),
            expected: "a row of \(parent ?? "")")
        }
        if lost.isEmpty { proof.holds(.ledger) }
        return true
      }
    } catch let error as DatabaseError where error.resultCode != .SQLITE_BUSY {
      try Interruption.check()
      proof.fails(
        .ledger, "the ledger is damaged", at: path, expected: "an SQLite file",
        found: error.message ?? "\(error)")
      return false
    }
  }
}
