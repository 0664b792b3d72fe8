internal import Dispatch
internal import Synchronization

/// What became of something that the loop had set going.
enum AskingEvent: Sendable {
  /// The first text of an answer has come.
  case text(Int64)
  case ended(Int64, Ending)
  /// A group of entries is on disk; reasons against the answers among them, in their order.
  case recorded(Result<[String?], any Error>)
}

/// Where all that happens elsewhere is put down for the one thread that owns the state.
final class Mailbox: Sendable {
  private let events = Mutex<[AskingEvent]>([])
  private let arrival = DispatchSemaphore(value: 0)

  func put(_ event: AskingEvent) {
    let isFirst = events.withLock { events in
      events.append(event)
      return events.count == 1
    }
    if isFirst { arrival.signal() }
  }

  /// All events since the last call, in their order; waits for one for so many seconds.
  func take(within seconds: Double) -> [AskingEvent] {
    _ = arrival.wait(timeout: .now() + seconds)
    return events.withLock { events in
      let taken = events
      events = []
      return taken
    }
  }
}
