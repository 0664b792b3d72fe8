/// Requests that wait to be sent again, each until its time.
struct RetryQueue {
  /// The next one last.
  private var entries: [(due: Double, undertaking: Undertaking)] = []

  var count: Int { entries.count }
  var isEmpty: Bool { entries.isEmpty }
  /// When the next one is due.
  var nextDue: Double? { entries.last?.due }

  /// Those with the same time come out in the order in which they came in.
  mutating func add(_ undertaking: Undertaking, due: Double) {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].due > due { low = middle + 1 } else { high = middle }
    }
    entries.insert((due, undertaking), at: low)
  }

  mutating func next(at now: Double) -> Undertaking? {
    guard let last = entries.last, last.due <= now else { return nil }
    entries.removeLast()
    return last.undertaking
  }
}

/// An errand while it is under way.
final class Undertaking {
  let errand: Errand
  /// Answers that were turned down, those of earlier askings included.
  var rejected: Int
  /// In this asking.
  var failures = 0
  /// Whether the one retry is used that a connection which was closed while it was idle costs.
  var isReconnected = false
  /// Errands with the same request, which its answer serves as well.
  var twins = 0

  init(_ errand: Errand) {
    self.errand = errand
    rejected = errand.rejected
  }
}

/// Numbers that look random and are the same in each run, after SplitMix64.
struct Jitter {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// From 0 up to 1.
  mutating func next() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    mixed ^= mixed >> 31
    return Double(mixed >> 11) / Double(1 << 53)
  }
}
