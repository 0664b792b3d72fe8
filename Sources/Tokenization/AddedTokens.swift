/// Tokens that are found in the text before it is cut: `<|im_end|>`, `<think>`.
struct AddedTokens: Sendable {
  private(set) var all: [AddedToken] = []
  private var byText: [Spelling: Int32] = [:]
  private var places: [Int32: Int] = [:]
  /// Those that stand in the text as it is given, and those that stand in it once it is composed.
  private(set) var verbatim = AddedTokenFinder([])
  private(set) var composed = AddedTokenFinder([])

  /// The same token said twice counts once; false where it is said in two ways.
  mutating func append(_ token: AddedToken) -> Bool {
    if let id = byText[Spelling(token.text)] {
      return places[id].map { all[$0] == token } ?? false
    }
    byText[Spelling(token.text)] = token.id
    places[token.id] = all.count
    all.append(token)
    return true
  }

  /// Readies the search, after the last of them.
  mutating func finish(composing: Bool) {
    verbatim = AddedTokenFinder(all.filter { !$0.isNormalized }.map { ($0.text, $0) })
    composed = AddedTokenFinder(
      all.filter(\.isNormalized).map { (composing ? Composition.composed($0.text) : $0.text, $0) })
  }

  func id(of text: String) -> Int32? { byText[Spelling(text)] }

  func text(of id: Int32) -> String? { places[id].map { all[$0].text } }
}

/// A token with how it is found; the names are those of the file.
struct AddedToken: Equatable, Sendable {
  var id: Int32
  var text: String
  /// Not beside a letter.
  var isSingleWord = false
  /// With the white space before it, or after it.
  var stripsLeft = false
  var stripsRight = false
  /// Looked for in the composed text.
  var isNormalized = false

  static func == (a: AddedToken, b: AddedToken) -> Bool {
    Spelling(a.text) == Spelling(b.text) && a.isSingleWord == b.isSingleWord
      && a.stripsLeft == b.stripsLeft && a.stripsRight == b.stripsRight
      && a.isNormalized == b.isNormalized
  }
}

/// Finds tokens in a text: the leftmost first, of those that begin at one place the longest.
struct AddedTokenFinder: Sendable {
  /// In the order of their bytes.
  private let tokens: [(bytes: [UInt8], token: AddedToken)]
  /// For each first byte where its tokens are.
  private let ranges: [Range<Int>]
  /// The first byte, if there is but one.
  private let onlyFirst: UInt8?

  init(_ list: [(text: String, token: AddedToken)]) {
    let tokens = list.map { (bytes: Array($0.text.utf8), token: $0.token) }
      .filter { !$0.bytes.isEmpty }
      .sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    var ranges = Array(repeating: 0..<0, count: 256)
    for (place, (bytes, _)) in tokens.enumerated() {
      let first = Int(bytes[0])
      ranges[first] = (ranges[first].isEmpty ? place : ranges[first].lowerBound)..<place + 1
    }
    self.tokens = tokens
    self.ranges = ranges
    let firsts = ranges.indices.filter { !ranges[$0].isEmpty }
    onlyFirst = firsts.count == 1 ? UInt8(firsts[0]) : nil
  }

  struct Part {
    var range: Range<Int>
    /// The token that stands there; nil for what is between.
    var id: Int32?
  }

  /// All of a text, in order.
  func parts(of text: Span<UInt8>) -> [Part] {
    guard !tokens.isEmpty else { return [Part(range: 0..<text.count)] }
    var parts: [Part] = []
    /// Up to here all is in parts.
    var done = 0
    var from = 0
    while let (place, index) = next(in: text, from: from) {
      let token = tokens[index].token
      let end = place + tokens[index].bytes.count
      from = end
      let touchesWord =
        token.isSingleWord
        && (TextEdge.isWord(before: place, in: text) || TextEdge.isWord(at: end, in: text))
      if touchesWord { continue }
      // A space may be taken by the token before it and be one itself: the library says it twice.
      let start =
        token.stripsLeft ? max(done, TextEdge.spaceStart(before: place, in: text)) : place
      if done < start { parts.append(Part(range: done..<start)) }
      let stop = token.stripsRight ? TextEdge.spaceEnd(from: end, in: text) : end
      parts.append(Part(range: min(start, stop)..<stop, id: token.id))
      done = stop
    }
    if done < text.count { parts.append(Part(range: done..<text.count)) }
    return parts
  }

  private func next(in text: Span<UInt8>, from: Int) -> (place: Int, index: Int)? {
    var place = from
    while place < text.count {
      let first = text[place]
      if let onlyFirst, first != onlyFirst {
        place += 1
        continue
      }
      let range = ranges[Int(first)]
      if !range.isEmpty, let index = longest(in: range, at: place, of: text) {
        return (place, index)
      }
      place += 1
    }
    return nil
  }

  /// The longest token at a place, out of a range of those that share their first byte.
  private func longest(in range: Range<Int>, at place: Int, of text: Span<UInt8>) -> Int? {
    var range = range
    var length = 1
    var best: Int?
    while !range.isEmpty {
      // A token that ends here comes before those that go on.
      if tokens[range.lowerBound].bytes.count == length {
        best = range.lowerBound
        range = range.lowerBound + 1..<range.upperBound
      }
      guard !range.isEmpty, place + length < text.count else { break }
      let byte = text[place + length]
      let start = firstPlace(in: range) { $0[length] >= byte }
      range = start..<firstPlace(in: start..<range.upperBound) { $0[length] > byte }
      length += 1
    }
    return best
  }

  private func firstPlace(in range: Range<Int>, where isPast: ([UInt8]) -> Bool) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if isPast(tokens[middle].bytes) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// What stands at a place of a text, in the words of the library's own expressions `\w` and `\s`.
private enum TextEdge {
  static func isWord(before place: Int, in text: Span<UInt8>) -> Bool {
    scalar(before: place, in: text).map { isWord($0.scalar) } ?? false
  }

  static func isWord(at place: Int, in text: Span<UInt8>) -> Bool {
    scalar(at: place, in: text).map { isWord($0.scalar) } ?? false
  }

  static func spaceStart(before place: Int, in text: Span<UInt8>) -> Int {
    var place = place
    while let (scalar, start) = scalar(before: place, in: text), scalar.properties.isWhitespace {
      place = start
    }
    return place
  }

  static func spaceEnd(from place: Int, in text: Span<UInt8>) -> Int {
    var place = place
    while let (scalar, end) = scalar(at: place, in: text), scalar.properties.isWhitespace {
      place = end
    }
    return place
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    if properties.isAlphabetic || properties.isJoinControl { return true }
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
      return true
    default: return false
    }
  }

  private static func scalar(
    at place: Int, in text: Span<UInt8>
  ) -> (scalar: Unicode.Scalar, end: Int)? {
    var end = place + 1
    while end < text.count, text[end] & 0xC0 == 0x80 { end += 1 }
    return decode(text, place, end).map { ($0, end) }
  }

  private static func scalar(
    before place: Int, in text: Span<UInt8>
  ) -> (scalar: Unicode.Scalar, start: Int)? {
    var start = place - 1
    while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
    return decode(text, start, place).map { ($0, start) }
  }

  private static func decode(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Unicode.Scalar? {
    guard start >= 0, start < end, end <= text.count else { return nil }
    var bytes: [UInt8] = []
    for index in start..<end { bytes.append(text[index]) }
    return String(decoding: bytes, as: UTF8.self).unicodeScalars.first
  }
}
