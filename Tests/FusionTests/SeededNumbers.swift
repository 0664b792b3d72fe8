import Foundation

/// The same numbers for the same seed, on every machine.
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  /// From 0 up to but not including 1.
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// About normal: the sum of twelve.
  mutating func normal(_ deviation: Double = 1) -> Double {
    ((0..<12).reduce(0) { sum, _ in sum + uniform() } - 6) * deviation
  }

  mutating func normals(_ count: Int, _ deviation: Double = 1) -> [Double] {
    (0..<count).map { _ in normal(deviation) }
  }
}
