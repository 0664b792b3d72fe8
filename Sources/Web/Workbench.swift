internal import Foundation

/// Answers that take longer than a page may: a thread of its own works them out, strictly one after
/// the other, and whoever asks meanwhile has the last value, or is told to come again.
///
/// Sound to share: what is known is touched under the lock alone.
final class Workbench: @unchecked Sendable {
  private let lock = NSCondition()
  private var entries: [String: Entry] = [:]
  /// Names that wait for their turn, the first asked for first.
  private var queue: [String] = []
  /// What is being worked out.
  private var current: String?
  /// Values that are kept; the one that nobody asked for longest gives way.
  private let limit: Int

  /// Works that wait at most; more are begun when somebody asks again.
  private static let mostWaiting = 8
  /// Seconds after which a work that nobody asked for again is not begun.
  private static let interest = 30.0
  /// Seconds that a request waits, so that what is nearly done needs no second one.
  private static let patience = 0.1

  private struct Entry {
    /// With the state that it is of.
    var value: (any Sendable, state: String)?
    var failure: (any Error)?
    var asked: TimeInterval = 0
    var work: @Sendable () -> (Result<any Sendable, any Error>, state: String)
  }

  init(limit: Int = 24) { self.limit = limit }

  /// The value of this name, and whether it is of the newest state; nil while the first one is being
  /// worked out.
  ///
  /// Nobody waits long for it, and who is not patient not at all. A work is of the state that there
  /// is when it begins. A failure is told once, and then tried again.
  func value<Value: Sendable>(
    _ name: String, of state: @autoclosure @escaping @Sendable () -> String = "",
    isPatient: Bool = true,
    _ work: @escaping @Sendable () throws -> Value
  ) throws -> (value: Value, isCurrent: Bool)? {
    let newest = state()
    let end = Date(timeIntervalSinceNow: isPatient ? Self.patience : 0)
    lock.lock()
    defer { lock.unlock() }
    var entry =
      entries[name]
      ?? Entry {
        let state = state()
        return (Result { try work() }, state)
      }
    entry.asked = ProcessInfo.processInfo.systemUptime
    entries[name] = entry
    while let entry = entries[name] {
      if let failure = entry.failure {
        entries[name] = nil
        throw failure
      }
      let value = entry.value?.0 as? Value
      if let value, entry.value?.state == newest { return (value, true) }
      enqueue(name)
      guard lock.wait(until: end) else {
        forget(name)
        return value.map { ($0, false) }
      }
    }
    return nil
  }

  /// The value of this name if it is there; nothing is begun for it.
  func known<Value>(_ name: String) -> Value? {
    lock.lock()
    defer { lock.unlock() }
    return entries[name]?.value?.0 as? Value
  }

  private func enqueue(_ name: String) {
    guard current != name, !queue.contains(name), queue.count < Self.mostWaiting else { return }
    queue.append(name)
    guard current == nil, queue.count == 1 else { return }
    let thread = Thread { self.workOff() }
    // Deep JSON and deep queries need more than a second thread has.
    thread.stackSize = 8 << 20
    thread.start()
  }

  private func workOff() {
    lock.lock()
    defer { lock.unlock() }
    while !queue.isEmpty {
      let name = queue.removeFirst()
      guard let entry = entries[name],
        entry.asked > ProcessInfo.processInfo.systemUptime - Self.interest
      else {
        forget(name)
        continue
      }
      current = name
      lock.unlock()
      let (result, state) = entry.work()
      lock.lock()
      current = nil
      switch result {
      case .success(let value): entries[name]?.value = (value, state)
      case .failure(let error): entries[name]?.failure = error
      }
      forgetOldest()
      lock.broadcast()
    }
  }

  /// Forgets a name that found no room to wait, and has no value.
  private func forget(_ name: String) {
    guard entries[name]?.value == nil, entries[name]?.failure == nil, current != name,
      !queue.contains(name)
    else { return }
    entries[name] = nil
  }

  private func forgetOldest() {
    let idle = entries.filter { !queue.contains($0.key) }
    guard idle.count > limit, let oldest = idle.min(by: { $0.value.asked < $1.value.asked })
    else { return }
    entries[oldest.key] = nil
  }
}
