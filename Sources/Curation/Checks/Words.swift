internal import Samples

/// The words of a text as hashes, so that stretches of it can be compared without their bytes.
///
/// A word is what stands between white space; each character of Chinese and Japanese is one of its
/// own, as these are written without spaces. Two different words have the same hash with a chance of
/// 2⁻⁶⁴. One pass over the text; 16 bytes for each word.
struct Words {
  private(set) var hashes: [UInt64] = []
  /// Characters of each word, as Unicode scalars.
  private(set) var lengths: [Int] = []
  /// The byte at which each begins.
  private(set) var starts: [Int] = []

  /// `longest` cuts what has no white space in it into words of so many bytes.
  init(_ text: Span<UInt8>, longest: Int = .max) {
    hashes.reserveCapacity(text.count / 5)
    lengths.reserveCapacity(text.count / 5)
    starts.reserveCapacity(text.count / 5)
    var index = 0
    var start = 0
    var hash = Self.seed
    var length = 0
    while index < text.count {
      let byte = text[unchecked: index]
      if byte > 0x20 && byte < 0x80 {
        hash = (hash ^ UInt64(byte)) &* Self.prime
        length += 1
        index += 1
      } else if case let space = whiteSpaceLength(text, at: index), space > 0 {
        close()
        index += space
        start = index
        continue
      } else if case let end = Self.endOfIdeograph(text, at: index), end > index {
        close()
        start = index
        length = 1
        for place in index..<end {
          hash = (hash ^ UInt64(text[place])) &* Self.prime
        }
        index = end
        close()
        start = index
        continue
      } else {
        hash = (hash ^ UInt64(byte)) &* Self.prime
        if byte & 0xC0 != 0x80 { length += 1 }
        index += 1
      }
      if index - start >= longest {
        close()
        start = index
      }
    }
    close()

    func close() {
      guard index > start else { return }
      hashes.append(hash ^ hash >> 29)
      lengths.append(length)
      starts.append(start)
      hash = Self.seed
      length = 0
    }
  }

  var count: Int { hashes.count }

  private static let seed: UInt64 = 0xCBF2_9CE4_8422_2325
  private static let prime: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// Where the Chinese or Japanese character that begins here ends; here where none does.
  private static func endOfIdeograph(_ text: Span<UInt8>, at index: Int) -> Int {
    let byte = text[index]
    guard byte >= 0xE3 && byte <= 0xE9 || byte == 0xF0, index + 2 < text.count else { return index }
    if byte == 0xF0 {
      return text[index + 1] >= 0xA0 && text[index + 1] <= 0xAF && index + 4 <= text.count
        ? index + 4 : index
    }
    // U+3040 and on: kana, then ideographs up to U+9FFF.
    return byte > 0xE3 || text[index + 1] >= 0x81 ? index + 3 : index
  }
}

/// A set of hashes that is made anew for every text: open addressing, no more than half full.
struct HashCounts {
  private var keys: [UInt64]
  private var counts: [UInt32]
  private let mask: Int

  init(for count: Int) {
    var size = 16
    while size < count * 2 { size *= 2 }
    keys = Array(repeating: 0, count: size)
    counts = Array(repeating: 0, count: size)
    mask = size - 1
  }

  /// Counts a hash and returns how often it has been seen, this time included.
  mutating func add(_ hash: UInt64) -> Int {
    var place = Int(truncatingIfNeeded: hash &* 0x9E37_79B9_7F4A_7C15 >> 20) & mask
    while counts[place] != 0 && keys[place] != hash { place = (place + 1) & mask }
    keys[place] = hash
    counts[place] += 1
    return Int(counts[place])
  }

  /// The same with room for so many.
  func copied(for count: Int) -> HashCounts {
    var copy = HashCounts(for: count)
    for place in counts.indices where counts[place] != 0 { _ = copy.add(keys[place]) }
    return copy
  }

  mutating func removeAll() {
    for place in counts.indices { counts[place] = 0 }
  }
}
