/// How far an asking is; values, which others draw.
package struct AskingProgress: Equatable, Sendable {
  /// Errands that are over, in whatever way, and those to come.
  package var done = 0
  package var left = 0
  package var inFlight = 0
  /// Answers and their tokens, over the last seconds.
  package var requestsPerSecond = 0.0
  package var tokensPerSecond = 0.0
  /// Requests that were sent again: after a failure, or because a server was full.
  package var retries = 0
  /// How the errands ended that are done.
  package var accepted = 0
  package var rejected = 0
  package var refused = 0
  package var failed = 0
  /// What the answers of this asking cost, and what it will have cost at its end if it goes on like
  /// that; nil where the recipe has no prices.
  package var cost: Double?
  package var expectedCost: Double?
  package var secondsLeft: Double?
  /// Since a word came of what is in flight.
  package var silentSeconds = 0.0

  package init() {}
}

/// Rates over the last seconds.
struct Meter {
  private var buckets: [(second: Int, answers: Int, tokens: Int, done: Int)] = []
  private let start: Double

  private static let window = 20.0

  init(at now: Double) { start = now }

  mutating func count(answers: Int = 0, tokens: Int = 0, done: Int = 0, at now: Double) {
    let second = Int(now)
    if buckets.last?.second != second {
      buckets.append((second, 0, 0, 0))
      forget(at: now)
    }
    buckets[buckets.count - 1].answers += answers
    buckets[buckets.count - 1].done += done
    buckets[buckets.count - 1].tokens += tokens
  }

  mutating func rates(at now: Double) -> (answers: Double, tokens: Double, done: Double) {
    forget(at: now)
    let since = max(start, Double(Int(now)) - Self.window)
    let seconds = max(now - since, 0.1)
    return (
      Double(buckets.reduce(0) { $0 + $1.answers }) / seconds,
      Double(buckets.reduce(0) { $0 + $1.tokens }) / seconds,
      Double(buckets.reduce(0) { $0 + $1.done }) / seconds
    )
  }

  private mutating func forget(at now: Double) {
    let first = Int(now) - Int(Self.window)
    buckets.removeAll { $0.second < first }
  }
}
