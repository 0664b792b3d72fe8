internal import Foundation

/// How many requests a server gets at once: more while answers come, fewer when it is too much.
///
/// Additive increase and multiplicative decrease, as in TCP: one more for each answer until something
/// was refused, from then on one more for each round of answers (RFC 5681). As a round may take
/// minutes, the limit also comes back in seconds to where it was before it fell, slowly near there
/// and faster beyond (CUBIC, RFC 9438), but never by more than one for an answer. The first text of
/// an answer counts, and its end where there was none; the head alone says nothing of a server's
/// load. All times are in seconds of one clock.
struct Throttle {
  /// Rises to `ceiling` and never falls below 1.
  private(set) var limit: Double
  private let ceiling: Double
  private(set) var inFlight = 0
  /// Until when nothing is sent.
  private(set) var pausedUntil = 0.0
  /// When the limit last fell, and from where.
  private var lastDecrease: Double?
  private var peak = 0.0
  /// Since the last answer: pauses after refusals.
  private var pauses = 0
  /// In a row: connections that did not come about.
  private(set) var misses = 0
  /// Requests sent so far, and the one with which the limit was last reached.
  private var sentCount = 0
  private var lastFull = 0

  private static let start = 16.0
  private static let decrease = 0.7
  /// CUBIC's C, in requests for a second cubed.
  private static let steepness = 0.4
  private static let secondsBetweenDecreases = 1.0
  private static let shortestPause = 0.1
  private static let shortestAbsence = 0.5
  private static let longestPause = 30.0

  init(ceiling: Int) {
    self.ceiling = Double(ceiling)
    limit = min(Self.start, Double(ceiling))
  }

  /// Requests that may be sent now.
  ///
  /// While all is refused that is half as many after each pause, and one at a time for a server
  /// that could not be reached.
  func room(at now: Double) -> Int {
    guard now >= pausedUntil else { return 0 }
    return (misses > 0 ? 1 : max(1, Int(limit) >> min(pauses, 62))) - inFlight
  }

  /// Returns the request's number at this server.
  mutating func sent() -> Int {
    inFlight += 1
    sentCount += 1
    if inFlight >= Int(limit) { lastFull = sentCount }
    return sentCount
  }

  /// A request is over, however; to be followed by what became of it.
  mutating func over() { inFlight -= 1 }

  /// The server said something, be it a refusal.
  mutating func heard() { misses = 0 }

  /// Text of an answer comes, or a whole answer; once for each request.
  mutating func answered(_ number: Int, at now: Double) {
    pauses = 0
    // A limit that was not reached while the request was in flight was not tried.
    guard number <= lastFull else { return }
    limit = min(ceiling, limit + step(at: now))
  }

  private func step(at now: Double) -> Double {
    guard let lastDecrease else { return 1 }
    let secondsBack = cbrt(peak * (1 - Self.decrease) / Self.steepness)
    let target = peak + Self.steepness * pow(now - lastDecrease - secondsBack, 3)
    return max(1 / limit, min(1, target - limit))
  }

  /// Status 429 or 503. `pause` is what the server asks for, `jitter` a number from 0 to 1.
  mutating func refused(at now: Double, pause: Double?, jitter: Double) {
    fall(at: now)
    if let pause, pause > 0 {
      if now >= pausedUntil { pauses += 1 }
      pausedUntil = max(pausedUntil, now + pause)
    } else if room(at: now) > 0 {
      pausedUntil = now + Self.pause(Self.shortestPause, pauses, jitter)
      pauses += 1
    }
  }

  mutating func timedOut(at now: Double) { fall(at: now) }

  /// No connection came about, or one server among several does nothing but fail.
  mutating func missed(at now: Double, jitter: Double, longest: Double? = nil) {
    guard now >= pausedUntil else { return }
    let pause = Self.pause(Self.shortestAbsence, misses, jitter)
    pausedUntil = now + min(longest ?? Self.longestPause, pause)
    misses += 1
  }

  /// Refusals that come together are one.
  private mutating func fall(at now: Double) {
    if let lastDecrease, now - lastDecrease < Self.secondsBetweenDecreases { return }
    lastDecrease = now
    peak = limit
    limit = max(1, limit * Self.decrease)
  }

  /// Doubles with each one; the jitter takes up to half of it away.
  private static func pause(_ shortest: Double, _ count: Int, _ jitter: Double) -> Double {
    min(longestPause, shortest * Double(1 << min(count, 20))) * (1 - jitter / 2)
  }
}
