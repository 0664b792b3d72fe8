/// A JSON value that keeps the order of its keys and the spelling of its numbers.
///
/// Read, changed in one place and written again, everything else is as it was.
package enum JSON: Hashable, Sendable {
  case object([Member])
  case array([JSON])
  case string(String)
  case number(String)
  case bool(Bool)
  case null

  package struct Member: Hashable, Sendable {
    package var key: String
    package var value: JSON

    package init(_ key: String, _ value: JSON) {
      self.key = key
      self.value = value
    }

    /// Letters that Unicode holds for the same are different keys if their bytes differ.
    package static func == (a: Member, b: Member) -> Bool {
      a.key.utf8.elementsEqual(b.key.utf8) && a.value == b.value
    }
  }

  /// Reads a whole text, strictly after RFC 8259; a key that an object has twice is an error.
  package init(parsing bytes: [UInt8]) throws(JSONError) {
    var scanner = try JSONScanner(bytes)
    self = try scanner.value()
    try scanner.finish()
  }

  package static func == (a: JSON, b: JSON) -> Bool {
    switch (a, b) {
    case (.object(let a), .object(let b)): a == b
    case (.array(let a), .array(let b)): a == b
    case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
    case (.number(let a), .number(let b)): a == b
    case (.bool(let a), .bool(let b)): a == b
    case (.null, .null): true
    default: false
    }
  }

  /// The value of a key, found by going through all; nil where there is none, or no object.
  ///
  /// Setting replaces it in its place, or appends it; nil removes it. What is no object stays.
  package subscript(key: String) -> JSON? {
    get { members?.first { $0.key.utf8.elementsEqual(key.utf8) }?.value }
    set {
      guard case .object(var members) = self else { return }
      let place = members.firstIndex { $0.key.utf8.elementsEqual(key.utf8) }
      switch (place, newValue) {
      case (let place?, let value?): members[place].value = value
      case (let place?, nil): members.remove(at: place)
      case (nil, let value?): members.append(Member(key, value))
      case (nil, nil): break
      }
      self = .object(members)
    }
  }

  package var text: String? { if case .string(let text) = self { text } else { nil } }
  package var flag: Bool? { if case .bool(let flag) = self { flag } else { nil } }
  package var items: [JSON]? { if case .array(let items) = self { items } else { nil } }
  package var members: [Member]? { if case .object(let members) = self { members } else { nil } }

  /// A whole number that is spelt as one: not `1.0`, not `1e3`.
  package var int: Int? { if case .number(let number) = self { Int(number) } else { nil } }

  /// A number that a `Double` can come near.
  package var double: Double? {
    guard case .number(let number) = self, let value = Double(number), value.isFinite else {
      return nil
    }
    return value
  }

  /// A line for every member and element, as Python's `json.dump(indent=2, ensure_ascii=False)`.
  package func formatted(indent: Int = 2) -> String {
    var text = ""
    write(to: &text, indent: indent, level: 0)
    return text
  }

  /// All on one line, without white space.
  package var compact: String {
    var text = ""
    write(to: &text, indent: nil, level: 0)
    return text
  }

  /// A text as a JSON string, quotes included: only what must be is escaped.
  package static func quoted(_ text: String) -> String {
    var result = ""
    appendQuoted(text, to: &result)
    return result
  }

  private func write(to text: inout String, indent: Int?, level: Int) {
    func list<Element>(
      _ elements: [Element], _ opening: String, _ closing: String,
      _ write: (Element, inout String) -> Void
    ) {
      text += opening
      for (index, element) in elements.enumerated() {
        if index > 0 { text += "," }
        newLine(level + 1)
        write(element, &text)
      }
      if !elements.isEmpty { newLine(level) }
      text += closing
    }
    func newLine(_ level: Int) {
      guard let indent else { return }
      text += "\n"
      text += String(repeating: " ", count: indent * level)
    }
    switch self {
    case .object(let members):
      list(members, "{", "}") { member, text in
        Self.appendQuoted(member.key, to: &text)
        text += indent == nil ? ":" : ": "
        member.value.write(to: &text, indent: indent, level: level + 1)
      }
    case .array(let items):
      list(items, "[", "]") { $0.write(to: &$1, indent: indent, level: level + 1) }
    case .string(let string): Self.appendQuoted(string, to: &text)
    case .number(let number): text += number
    case .bool(let flag): text += flag ? "true" : "false"
    case .null: text += "null"
    }
  }

  private static func appendQuoted(_ string: String, to text: inout String) {
    text += "\""
    // Stretches without an escape are most of any text, and nearly all strings are one.
    var rest = string.utf8[...]
    while let place = rest.firstIndex(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }) {
      text += Substring(rest[..<place])
      switch rest[place] {
      case UInt8(ascii: "\""): text += "\\\""
      case UInt8(ascii: "\\"): text += "\\\\"
      case 0x08: text += "\\b"
      case 0x0C: text += "\\f"
      case UInt8(ascii: "\n"): text += "\\n"
      case UInt8(ascii: "\r"): text += "\\r"
      case UInt8(ascii: "\t"): text += "\\t"
      case let byte:
        text += byte < 0x10 ? "\\u000" : "\\u00"
        text += String(byte, radix: 16)
      }
      rest = rest[rest.index(after: place)...]
    }
    text += Substring(rest)
    text += "\""
  }
}

extension JSONScanner {
  /// The next value with all that is in it.
  fileprivate mutating func value() throws(JSONError) -> JSON {
    switch try kind() {
    case .object:
      try enterObject()
      var members: [JSON.Member] = []
      var spellings: Set<Spelling> = []
      while let key = try nextKey() {
        guard spellings.insert(Spelling(text: key)).inserted else {
          throw failure("the key \(quoted(key)) stands twice in one object", at: keyOffset)
        }
        members.append(JSON.Member(key, try value()))
      }
      return .object(members)
    case .array:
      try enterArray()
      var items: [JSON] = []
      while try nextElement() { items.append(try value()) }
      return .array(items)
    case .string: return .string(try string())
    case .number: return .number(try number())
    case .bool: return .bool(try bool())
    case .null:
      try null()
      return .null
    }
  }
}

/// A text by its bytes: Swift's own strings are equal where Unicode holds the letters for the same.
private struct Spelling: Hashable {
  let text: String

  static func == (a: Spelling, b: Spelling) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
