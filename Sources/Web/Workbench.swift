internal import Foundation

/// Answers that take longer than a page may: a thread of its own works each out, once, and whoever
/// asks meanwhile is told to come again.
///
/// Sound to share: what is known is touched under the lock alone.
final class Workbench: @unchecked Sendable {
  private let lock = NSCondition()
  private var entries: [String: Entry] = [:]
  private var clock = 0

  /// Values that are kept; the one that nobody asked for longest gives way.
  private static let limit = 24
  /// Works that go on at a time.
  private static let width = 6
  /// Seconds that a request waits, so that what is nearly done needs no second one.
  private static let patience = 0.1

  private struct Entry {
    var value: Result<any Sendable, any Error>?
    var asked = 0
  }

  /// The value of this name, or nil while it is being worked out, for which nobody waits long, and
  /// who is not patient at all; a failure is told once, and then tried again.
  func value<Value: Sendable>(
    _ name: String, isPatient: Bool = true, _ work: @escaping @Sendable () throws -> Value
  ) throws -> Value? {
    lock.lock()
    defer { lock.unlock() }
    clock += 1
    if entries[name] == nil {
      guard entries.values.count(where: { $0.value == nil }) < Self.width else { return nil }
      entries[name] = Entry()
      forgetOldest()
      let thread = Thread { self.finish(name, Result { try work() }) }
      // Deep JSON and deep queries need more than a second thread has.
      thread.stackSize = 8 << 20
      thread.start()
    }
    entries[name]?.asked = clock
    let end = Date(timeIntervalSinceNow: isPatient ? Self.patience : 0)
    while let entry = entries[name] {
      if let value = entry.value {
        if case .failure = value { entries[name] = nil }
        return try value.get() as? Value
      }
      guard lock.wait(until: end) else { return nil }
    }
    return nil
  }

  private func finish(_ name: String, _ value: Result<any Sendable, any Error>) {
    lock.lock()
    entries[name]?.value = value
    lock.broadcast()
    lock.unlock()
  }

  private func forgetOldest() {
    let done = entries.filter { $0.value.value != nil }
    guard done.count > Self.limit, let oldest = done.min(by: { $0.value.asked < $1.value.asked })
    else { return }
    entries[oldest.key] = nil
  }
}
