internal import Files

/// What kind of value a field holds. Any value, list or element may also be null.
package enum FieldType: String, CaseIterable, Sendable {
  case text, number, flag
  case texts, numbers, flags
  /// Whatever it is; it can be tested for null and shown, nothing else.
  case any

  package var isList: Bool { element != nil }

  /// What a list of this type holds.
  package var element: FieldType? {
    switch self {
    case .texts: .text
    case .numbers: .number
    case .flags: .flag
    case .text, .number, .flag, .any: nil
    }
  }

  /// With its article, for messages.
  package var described: String {
    switch self {
    case .text: "a text"
    case .number: "a number"
    case .flag: "true or false"
    case .texts: "a list of texts"
    case .numbers: "a list of numbers"
    case .flags: "a list of true and false"
    case .any: "any value"
    }
  }

  /// Whether a value that is no list may stand in a field of this type.
  package func admits(_ kind: Value.Kind) -> Bool {
    switch kind {
    case .absent, .null: true
    case .string: self == .text || self == .any
    case .number: self == .number || self == .any
    case .true, .false: self == .flag || self == .any
    case .array: isList || self == .any
    case .object: self == .any
    }
  }
}

/// Where a field lies in a raw row: `key`, `key[0]`, `key[].member` or `key[0].member`.
///
/// An index counts from 0 and takes that element of a list; a value that is no list stands for
/// itself, which is how one card reads revisions that differ only in this.
package struct FieldPath: Hashable, Sendable, CustomStringConvertible {
  package var key: String
  package var index: Int?
  package var member: String

  package init?(_ text: String) {
    guard let open = text.firstIndex(of: "[") else {
      guard !text.isEmpty else { return nil }
      self.init(key: text)
      return
    }
    guard let close = text[open...].firstIndex(of: "]") else { return nil }
    let inside = text[text.index(after: open)..<close]
    let rest = text[text.index(after: close)...]
    guard open > text.startIndex, inside.isEmpty || Int(inside).map({ $0 >= 0 }) == true else {
      return nil
    }
    guard rest.isEmpty || rest.first == "." && rest.count > 1 else { return nil }
    self.init(key: String(text[..<open]), index: Int(inside), member: String(rest.dropFirst()))
  }

  package init(key: String, index: Int? = nil, member: String = "") {
    self.key = key
    self.index = index
    self.member = member
  }

  package var description: String {
    guard index != nil || !member.isEmpty else { return key }
    return key + "[" + (index.map(String.init) ?? "") + "]" + (member.isEmpty ? "" : "." + member)
  }
}

/// A part of a sample by our name, with its place in the raw row and its type.
package struct Field: Hashable, Sendable {
  package var name: String
  package var path: FieldPath
  package var type: FieldType
  /// Only what stands between these two marks of the text is meant.
  package var between: Marks?

  package init(name: String, path: FieldPath, type: FieldType = .text, between: Marks? = nil) {
    self.name = name
    self.path = path
    self.type = type
    self.between = between
  }
}

/// Two marks in a text, found however the characters of a JSON string spell them.
package struct Marks: Hashable, Sendable {
  private let opening, closing: [UInt8]

  package init(_ opening: String, _ closing: String) {
    self.opening = Array(opening.utf8)
    self.closing = Array(closing.utf8)
  }

  /// The part between the first opening mark and the closing mark after it.
  func range(in bytes: Span<UInt8>) -> Range<Int>? {
    guard let start = first(opening, in: bytes, from: 0)?.upperBound,
      let end = first(closing, in: bytes, from: start)?.lowerBound
    else { return nil }
    return start..<end
  }

  private func first(_ mark: [UInt8], in bytes: Span<UInt8>, from start: Int) -> Range<Int>? {
    guard let head = mark.first else { return start..<start }
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      let mayBegin = byte == backslash ? escape(at: index, of: bytes, mayBe: head) : byte == head
      if mayBegin, let end = end(of: mark, in: bytes, at: index) { return index..<end }
      index += byte == backslash ? escapeLength(bytes, at: index) : 1
    }
    return nil
  }

  /// Whether an escape can stand for a text that begins with this byte; most cannot, at a glance.
  private func escape(at index: Int, of bytes: Span<UInt8>, mayBe head: UInt8) -> Bool {
    switch bytes[index + 1] {
    case UInt8(ascii: "u"): head >= 0x80 || bytes[index + 2] == UInt8(ascii: "0")
    case UInt8(ascii: "\""), UInt8(ascii: "/"), backslash: head == bytes[index + 1]
    default: head < 0x20
    }
  }

  /// Where the mark ends that begins at `start`; nil where none does.
  private func end(of mark: [UInt8], in bytes: Span<UInt8>, at start: Int) -> Int? {
    var rest = mark[...]
    var index = start
    while let byte = rest.first {
      guard index < bytes.count else { return nil }
      if bytes[index] != backslash {
        guard bytes[index] == byte else { return nil }
        rest.removeFirst()
        index += 1
      } else {
        let length = escapeLength(bytes, at: index)
        var text = ByteBuffer(capacity: length)
        unescape(bytes.extracting(index..<index + length), into: &text)
        for index in text.bytes.indices {
          guard rest.popFirst() == text.bytes[index] else { return nil }
        }
        index += length
      }
    }
    return index
  }
}

private let backslash = UInt8(ascii: "\\")

/// Bytes of the escape at `index`; both halves of a surrogate pair are one.
private func escapeLength(_ bytes: Span<UInt8>, at index: Int) -> Int {
  guard index + 6 <= bytes.count, bytes[index + 1] == UInt8(ascii: "u") else { return 2 }
  guard index + 12 <= bytes.count, bytes[index + 6] == backslash,
    bytes[index + 7] == UInt8(ascii: "u"), bytes[index + 2] | 0x20 == UInt8(ascii: "d")
  else { return 6 }
  return UInt8(ascii: "8")...UInt8(ascii: "9") ~= bytes[index + 3]
    || UInt8(ascii: "a")...UInt8(ascii: "b") ~= bytes[index + 3] | 0x20 ? 12 : 6
}
