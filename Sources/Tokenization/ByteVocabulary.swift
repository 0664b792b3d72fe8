/// The tokens of a model by their bytes.
struct ByteVocabulary: Sendable {
  private(set) var count = 0
  /// The tokens' bytes, one after another in the order of insertion.
  private var bytes: [UInt8] = []
  /// For each id where its bytes are; an empty range where there is none.
  private var ranges: [Range<Int>] = []
  /// Ids by the hash of their bytes, open addressing; -1 is free.
  private var slots: [Int32]
  /// Tokens with letters that stand for no byte: no word ever is one of them.
  private var others: [Spelling: Int32] = [:]
  private var otherTexts: [Int32: String] = [:]

  /// Far above any published vocabulary, and low enough that a table by id fits in memory.
  static let idLimit = 1 << 24

  init(capacity: Int) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    slots = Array(repeating: -1, count: size)
  }

  /// False where the id is taken or above the limit.
  mutating func insert(_ token: String, _ id: Int) -> Bool {
    guard id >= 0, id < Self.idLimit, count * 2 < slots.count else { return false }
    let number = Int32(id)
    if id >= ranges.count {
      ranges += repeatElement(0..<0, count: max(id + 1 - ranges.count, ranges.count))
    }
    guard ranges[id].isEmpty, otherTexts[number] == nil else { return false }
    let start = bytes.count
    if !token.isEmpty, ByteAlphabet.decode(token, into: &bytes) {
      let range = start..<bytes.count
      ranges[id] = range
      slots[slot(of: bytes.span.extracting(range))] = number
    } else {
      bytes.removeSubrange(start...)
      others[Spelling(token)] = number
      otherTexts[number] = token
    }
    count += 1
    return true
  }

  /// The id of the token with these bytes.
  func id(of word: Span<UInt8>) -> Int32? {
    let id = slots[slot(of: word)]
    return id < 0 ? nil : id
  }

  func id(of token: String) -> Int32? {
    var bytes: [UInt8] = []
    return ByteAlphabet.decode(token, into: &bytes) && !bytes.isEmpty
      ? id(of: bytes.span) : others[Spelling(token)]
  }

  func text(of id: Int32) -> String? {
    if let text = otherTexts[id] { return text }
    guard id >= 0, id < ranges.count, !ranges[Int(id)].isEmpty else { return nil }
    return ByteAlphabet.encode(bytes[ranges[Int(id)]])
  }

  /// How many bytes the token has; 0 where none has the id.
  func bytes(of id: Int32) -> ArraySlice<UInt8> { bytes[ranges[Int(id)]] }

  private func slot(of word: Span<UInt8>) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for index in word.indices { hash = (hash ^ UInt64(word[index])) &* 0x100_0000_01B3 }
    var slot = Int(truncatingIfNeeded: hash ^ hash >> 29) & (slots.count - 1)
    while true {
      let id = slots[slot]
      if id < 0 { return slot }
      let range = ranges[Int(id)]
      if range.count == word.count, isEqual(range, word) { return slot }
      slot = (slot + 1) & (slots.count - 1)
    }
  }

  private func isEqual(_ range: Range<Int>, _ word: Span<UInt8>) -> Bool {
    for index in word.indices where bytes[range.lowerBound + index] != word[index] { return false }
    return true
  }
}

/// A text told apart by its bytes: Swift's own strings are equal where Unicode holds them so.
struct Spelling: Hashable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (a: Spelling, b: Spelling) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
