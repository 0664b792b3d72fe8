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

/// Two marks in a text, as they may stand in a JSON string.
package struct Marks: Hashable, Sendable {
  /// The ways to write each mark: some encoders escape `<` and `>`.
  let opening, closing: [[UInt8]]

  package init(_ opening: String, _ closing: String) {
    self.opening = Self.spellings(opening)
    self.closing = Self.spellings(closing)
  }

  private static func spellings(_ mark: String) -> [[UInt8]] {
    let plain = mark.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    let escaped = [("\\u003c", "\\u003e"), ("\\u003C", "\\u003E")].map { less, greater in
      plain.replacing("<", with: less).replacing(">", with: greater)
    }
    return ([plain] + escaped).map { Array($0.utf8) }
  }

  /// The part between the first opening mark and the closing mark after it.
  func range(in bytes: Span<UInt8>) -> Range<Int>? {
    guard let start = Self.first(opening, in: bytes, from: 0)?.upperBound,
      let end = Self.first(closing, in: bytes, from: start)?.lowerBound
    else { return nil }
    return start..<end
  }

  private static func first(_ spellings: [[UInt8]], in bytes: Span<UInt8>, from start: Int)
    -> Range<Int>?
  {
    for spelling in spellings {
      if let found = bytes.extracting(start...).firstRange(of: spelling) {
        return found.lowerBound + start..<found.upperBound + start
      }
    }
    return nil
  }
}
