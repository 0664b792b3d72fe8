/// SplitMix64 with a fixed seed, so that generated tests are the same everywhere.
struct Chance: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }

  /// So many words of a vocabulary, each of four letters.
  mutating func words(_ count: Int, of vocabulary: Int = 5000) -> [String] {
    (0..<count).map { _ in
      let number = Int.random(in: 0..<vocabulary, using: &self)
      let letters = [0, 1, 2, 3].map { 0x61 + UInt8((number >> ($0 * 4)) & 15) }
      return String(decoding: letters, as: UTF8.self)
    }
  }
}
