/// Which two tokens become which third one, and in which order.
struct MergeTable: Sendable {
  /// The tokens of the 256 bytes; -1 where the vocabulary has none: such a byte is left out.
  let byteTokens: [Int32]
  /// By the hash of the pair, open addressing.
  private var slots: [Slot]
  private let shift: UInt64

  struct Slot {
    var pair: UInt64 = .max
    /// The lower is merged first.
    var rank: UInt32 = .max
    var token: Int32 = -1
  }

  init(byteTokens: [Int32], capacity: Int) {
    self.byteTokens = byteTokens
    var bits: UInt64 = 4
    while 1 << bits < capacity * 2 { bits += 1 }
    shift = 64 - bits
    slots = Array(repeating: Slot(), count: 1 << Int(bits))
  }

  /// Of a pair that comes twice the later rank holds, as in the library.
  mutating func insert(_ left: Int32, _ right: Int32, rank: UInt32, token: Int32) {
    let pair = Self.pair(left, right)
    slots[place(of: pair)] = Slot(pair: pair, rank: rank, token: token)
  }

  /// What two tokens become; the rank is that of no merge where they stay two.
  func merge(_ left: Int32, _ right: Int32) -> Slot { slots[place(of: Self.pair(left, right))] }

  private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  private func place(of pair: UInt64) -> Int {
    var place = Int((pair &* 0x9E37_79B9_7F4A_7C15) >> shift)
    while slots[place].pair != pair && slots[place].pair != .max {
      place = (place + 1) & (slots.count - 1)
    }
    return place
  }
}
