internal import CSimilarity

/// Which items have a hash: a filter of one bit for many, then a table.
struct GramTable: Sendable {
  private let filter: [UInt64]
  private let filterBits: Int
  /// Each slot has the number of a key plus one, 0 where it is free.
  private var slots: [UInt32]
  private let keys: [UInt64]
  /// Where the items of each key begin in `items`; one more than keys.
  private let starts: [UInt32]
  private let items: [UInt32]

  /// One item for each hash and item; in any order.
  init(_ entries: [(hash: UInt64, item: UInt32)]) {
    let entries = entries.sorted { ($0.hash, $0.item) < ($1.hash, $1.item) }
    var keys: [UInt64] = []
    var starts: [UInt32] = []
    for (place, entry) in entries.enumerated() where keys.last != entry.hash || keys.isEmpty {
      keys.append(entry.hash)
      starts.append(UInt32(place))
    }
    starts.append(UInt32(entries.count))
    // 16 to 32 bits for each key, so that few pass that are not in.
    var bits = 10
    while 1 << bits < keys.count * 16 { bits += 1 }
    var filter = [UInt64](repeating: 0, count: 1 << (bits - 6))
    slots = Array(repeating: 0, count: max(2, 1 << (bits - 3)))
    for (number, key) in keys.enumerated() {
      let bit = key >> UInt64(64 - bits)
      filter[Int(bit >> 6)] |= 1 << (bit & 63)
      var slot = Int(truncatingIfNeeded: key) & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = UInt32(number + 1)
    }
    (self.filter, filterBits) = (filter, bits)
    (self.keys, self.starts) = (keys, starts)
    items = entries.map(\.item)
  }

  var isEmpty: Bool { keys.isEmpty }

  /// The items with a hash, ascending.
  func items(with hash: UInt64) -> ArraySlice<UInt32> {
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] != 0 {
      let number = Int(slots[slot]) - 1
      if keys[number] == hash { return items[Int(starts[number])..<Int(starts[number + 1])] }
      slot = (slot + 1) & (slots.count - 1)
    }
    return []
  }

  /// Places of the hashes that are in, perhaps with some that are not.
  func places(of grams: [UInt64], count: Int, into places: inout [UInt32]) -> Int {
    if places.count < count { places = Array(repeating: 0, count: max(count, places.count * 2)) }
    return grams.withUnsafeBufferPointer { grams in
      filter.withUnsafeBufferPointer { filter in
        places.withUnsafeMutableBufferPointer { places in
          bm_filter(
            grams.baseAddress, count, filter.baseAddress, UInt32(filterBits), places.baseAddress)
        }
      }
    }
  }
}
