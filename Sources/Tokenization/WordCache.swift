/// The tokens of the words met last, in a fixed amount of memory.
///
/// A word of up to 15 bytes is its own key, padded with zeros, its length in the last byte. Two
/// words share a set; the one that came first gives way. Of more than three tokens a word's are in
/// a common list, and when that is full all is forgotten.
final class WordCache {
  /// 64 bytes, a cache line.
  private struct Entry {
    var low: UInt64 = 0
    var high: UInt64 = 0
    var count: Int32 = 0
    /// The tokens; of more than three, the first is where they are in the list.
    var tokens: (Int32, Int32, Int32) = (0, 0, 0)
  }

  private let entries: UnsafeMutablePointer<Entry>
  private var list: [Int32] = []

  static let longestWord = 15
  private static let setBits: UInt64 = 15
  private static let entryCount = 2 << Int(setBits)
  private static let listLimit = 1 << 19

  init() {
    entries = .allocate(capacity: Self.entryCount)
    entries.initialize(repeating: Entry(), count: Self.entryCount)
  }

  deinit { entries.deallocate() }

  struct Key {
    fileprivate let low: UInt64
    fileprivate let high: UInt64

    /// A word of 1 to 15 bytes; bytes up to `limit` may be read.
    @inline(__always)
    init(_ word: UnsafeRawBufferPointer, limit: UnsafeRawPointer) {
      let start = word.baseAddress.unsafelyUnwrapped
      let count = UInt64(word.count)
      var low: UInt64 = 0
      var high: UInt64 = 0
      if start + 16 <= limit {
        low = start.loadUnaligned(as: UInt64.self)
        high = start.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        if count <= 8 {
          low &= UInt64.max >> (64 &- 8 &* count)
          high = 0
        } else {
          high &= UInt64.max >> (128 &- 8 &* count)
        }
      } else {
        for (index, byte) in word.enumerated() {
          if index < 8 {
            low |= UInt64(byte) << UInt64(8 * index)
          } else {
            high |= UInt64(byte) << UInt64(8 * index - 64)
          }
        }
      }
      self.low = low
      self.high = high | count << 56
    }

    @inline(__always)
    fileprivate var set: Int {
      let product = (low ^ 0x9E37_79B9_7F4A_7C15)
        .multipliedFullWidth(by: high ^ 0xD6E8_FEB8_6659_FD93)
      return Int((product.high ^ product.low) >> (64 &- WordCache.setBits)) &* 2
    }
  }

  /// Appends a word's tokens; false where it is not known.
  @inline(__always)
  func append(_ key: Key, to tokens: inout [Int32]) -> Bool {
    var entry = entries + key.set
    if entry.pointee.high != key.high || entry.pointee.low != key.low {
      entry += 1
      guard entry.pointee.high == key.high, entry.pointee.low == key.low else { return false }
    }
    let count = entry.pointee.count
    let known = entry.pointee.tokens
    if count == 1 {
      tokens.append(known.0)
    } else if count <= 3 {
      if count > 0 { tokens.append(known.0) }
      if count > 1 { tokens.append(known.1) }
      if count > 2 { tokens.append(known.2) }
    } else {
      let start = Int(known.0)
      tokens.append(contentsOf: list[start..<start + Int(count)])
    }
    return true
  }

  func insert(_ key: Key, _ tokens: ArraySlice<Int32>) {
    if list.count + tokens.count > Self.listLimit {
      list.removeAll(keepingCapacity: true)
      entries.update(repeating: Entry(), count: Self.entryCount)
    }
    var entry = Entry(low: key.low, high: key.high, count: Int32(tokens.count))
    if tokens.count <= 3 {
      let three = Array(tokens) + [0, 0, 0]
      entry.tokens = (three[0], three[1], three[2])
    } else {
      entry.tokens.0 = Int32(list.count)
      list += tokens
    }
    let first = entries + key.set
    first[1] = first[0]
    first[0] = entry
  }
}
