internal import Files
internal import Samples

/// How often each value of a field occurs, for as long as there are few different ones.
///
/// When there are more than `limit`, those that came first go on being counted, and their counts
/// are at least, not exactly, right.
struct Tally: Sendable {
  /// In the order of their first appearance.
  private(set) var entries: [(value: TallyValue, count: Int)] = []
  /// False once a value came for which there was no room.
  private(set) var isComplete = true
  /// Texts too long to be told apart here.
  private(set) var longTexts = 0
  private var places: [UInt64: Int] = [:]
  private let limit: Int

  /// A longer text is no value that a filter would name, in bytes.
  static let longestText = 80

  init(limit: Int) { self.limit = limit }

  /// How many values the entries stand for.
  var count: Int { entries.reduce(0) { $0 + $1.count } }

  mutating func add(text: Span<UInt8>) {
    guard text.count <= Self.longestText else {
      longTexts += 1
      return
    }
    var key = fastHash(of: text)
    while let place = places[key] {
      if entries[place].value.isText(text) {
        entries[place].count += 1
        return
      }
      key &+= 1
    }
    guard entries.count < limit else {
      isComplete = false
      return
    }
    insert(.text(text.indices.map { text[$0] }), key, times: 1)
  }

  mutating func addLongText() { longTexts += 1 }

  mutating func add(_ value: TallyValue, times: Int = 1) {
    var key = value.hash
    while let place = places[key] {
      if entries[place].value == value {
        entries[place].count += times
        return
      }
      key &+= 1
    }
    insert(value, key, times: times)
  }

  private mutating func insert(_ value: TallyValue, _ key: UInt64, times: Int) {
    guard entries.count < limit else {
      isComplete = false
      return
    }
    places[key] = entries.count
    entries.append((value, times))
  }

  /// Adds what was counted further on.
  mutating func merge(_ other: Tally) {
    for (value, count) in other.entries { add(value, times: count) }
    isComplete = isComplete && other.isComplete
    longTexts += other.longTexts
  }

  /// The most frequent first; equally frequent ones in their own order.
  var ranked: [(value: TallyValue, count: Int)] {
    entries.sorted { ($1.count, $0.value) < ($0.count, $1.value) }
  }
}

/// A value as a filter may name it.
package enum TallyValue: Hashable, Comparable, Sendable, Encodable {
  case flag(Bool)
  case number(Double)
  /// UTF-8: values are the same when their bytes are.
  case text([UInt8])

  func isText(_ bytes: Span<UInt8>) -> Bool {
    guard case .text(let own) = self else { return false }
    return own.span.elementsEqual(bytes)
  }

  fileprivate var hash: UInt64 {
    switch self {
    case .flag(let flag): flag ? 1 : 0
    case .number(let number): number.bitPattern &* 0x9E37_79B9_7F4A_7C15
    case .text(let bytes): fastHash(of: bytes.span)
    }
  }

  package static func < (a: TallyValue, b: TallyValue) -> Bool {
    switch (a, b) {
    case (.flag(let a), .flag(let b)): a && !b
    case (.number(let a), .number(let b)): a < b
    case (.text(let a), .text(let b)): a.lexicographicallyPrecedes(b)
    case (.flag, _), (.number, .text): true
    default: false
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .flag(let flag): try container.encode(flag)
    case .number(let number): try container.encode(number)
    case .text(let bytes): try container.encode(String(decoding: bytes, as: UTF8.self))
    }
  }
}
