internal import Foundation
internal import Lineage
internal import Synchronization

/// Open connections to a ledger: each is lent to one request at a time, and all are opened anew when
/// another file has come in its place, or an old one was brought up to date.
final class LedgerPool: Sendable {
  let path: String
  private let idle = Mutex<(state: String, ledgers: [Ledger])>(("", []))

  init(_ path: String) { self.path = path }

  /// Which state of which file this is; another one after every commit.
  ///
  /// The file is not opened for that: closing it would drop SQLite's locks of it in this process.
  var state: String {
    let attributes = (try? FileManager.default.attributesOfItem(atPath: path)) ?? [:]
    let time = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    return "\(attributes[.systemFileNumber] ?? 0) \(attributes[.size] ?? 0) \(time)"
  }

  func with<Result>(_ body: (Ledger) throws -> Result) throws -> Result {
    let state = state
    let known = idle.withLock { idle -> Ledger? in
      if idle.state != state { idle = (state, []) }
      return idle.ledgers.popLast()
    }
    let ledger = try known ?? Ledger(reading: path)
    defer { idle.withLock { if $0.state == state { $0.ledgers.append(ledger) } } }
    return try body(ledger)
  }
}
