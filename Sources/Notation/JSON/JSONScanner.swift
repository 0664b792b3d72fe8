/// Reads JSON piece by piece, strictly after RFC 8259 and as if it came from an enemy.
///
/// The caller asks for what it expects next: `enterObject`, then `nextKey` and a value until there
/// is no key, at last `finish`. Nothing is allocated but the strings that are asked for, and no
/// input makes it trap: what is not JSON is an error with its place.
package struct JSONScanner {
  private let bytes: [UInt8]
  /// How many bytes have been read.
  package private(set) var offset = 0
  /// Where the last key began.
  package private(set) var keyOffset = 0
  private var depth = 0
  /// Whether nothing has yet been read of the innermost object or array.
  private var isFirst = true

  /// How many objects and arrays may stand in each other.
  package static let depthLimit = 128

  package enum Kind { case object, array, string, number, bool, null }

  /// Looks at all bytes once, for UTF-8.
  package init(_ bytes: [UInt8]) throws(JSONError) {
    self.bytes = bytes
    var broken: Int?
    do {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      broken = error.byteOffsets.lowerBound
    }
    if let broken { throw failure("is not UTF-8", at: broken) }
  }

  package func failure(_ message: String, at offset: Int) -> JSONError {
    JSONError(message, at: offset, of: bytes)
  }

  /// What kind of value comes next, told from its first byte.
  package mutating func kind() throws(JSONError) -> Kind {
    switch peek() {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case let byte? where byte == UInt8(ascii: "-") || isDigit(byte): return .number
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "n"): return .null
    default: throw unexpected("a value")
    }
  }

  package mutating func enterObject() throws(JSONError) { try enter(UInt8(ascii: "{")) }
  package mutating func enterArray() throws(JSONError) { try enter(UInt8(ascii: "[")) }

  private mutating func enter(_ opening: UInt8) throws(JSONError) {
    try take(opening)
    depth += 1
    guard depth <= Self.depthLimit else {
      throw failure("more than \(Self.depthLimit) levels stand in each other", at: offset - 1)
    }
    isFirst = true
  }

  /// The next key of the object that was entered, its value coming up; nil at the object's end.
  package mutating func nextKey() throws(JSONError) -> String? {
    guard try hasMore(before: UInt8(ascii: "}")) else { return nil }
    _ = peek()
    keyOffset = offset
    let key = try string()
    try take(UInt8(ascii: ":"))
    return key
  }

  /// Whether the array that was entered has another element, which then comes up.
  package mutating func nextElement() throws(JSONError) -> Bool {
    try hasMore(before: UInt8(ascii: "]"))
  }

  private mutating func hasMore(before closing: UInt8) throws(JSONError) -> Bool {
    let byte = peek()
    if byte == closing {
      offset += 1
      depth -= 1
      isFirst = false
      return false
    }
    if !isFirst {
      guard byte == UInt8(ascii: ",") else {
        throw unexpected("',' or '\(Character(Unicode.Scalar(closing)))'")
      }
      offset += 1
    }
    isFirst = false
    return true
  }

  package mutating func string() throws(JSONError) -> String {
    try take(UInt8(ascii: "\""))
    let start = offset
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        offset += 1
        return String(decoding: bytes[start..<offset - 1], as: UTF8.self)
      case UInt8(ascii: "\\"):
        return try escapedString(from: start)
      case 0..<0x20:
        throw failure("a control character stands unescaped in a string", at: offset)
      default:
        offset += 1
      }
    }
    throw failure("the text ends inside a string", at: offset)
  }

  /// The rest of a string that has an escape at the present place.
  private mutating func escapedString(from start: Int) throws(JSONError) -> String {
    var text = Array(bytes[start..<offset])
    while offset < bytes.count {
      let byte = bytes[offset]
      offset += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): try unescape(to: &text)
      case 0..<0x20:
        throw failure("a control character stands unescaped in a string", at: offset - 1)
      default: text.append(byte)
      }
    }
    throw failure("the text ends inside a string", at: offset)
  }

  /// Appends what the escape after a backslash stands for.
  private mutating func unescape(to text: inout [UInt8]) throws(JSONError) {
    let start = offset - 1
    guard offset < bytes.count else {
      throw failure("the text ends inside a string", at: offset)
    }
    let letter = bytes[offset]
    offset += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var value = try hexadecimal(from: start)
      if value & 0xFC00 == 0xD800, offset + 1 < bytes.count,
        bytes[offset] == UInt8(ascii: "\\"), bytes[offset + 1] == UInt8(ascii: "u")
      {
        offset += 2
        let low = try hexadecimal(from: start)
        guard low & 0xFC00 == 0xDC00 else {
          throw failure("half of a surrogate pair stands alone", at: start)
        }
        value = 0x10000 + (value & 0x3FF) << 10 + (low & 0x3FF)
      }
      guard let scalar = Unicode.Scalar(value) else {
        throw failure("half of a surrogate pair stands alone", at: start)
      }
      if let encoded = UTF8.encode(scalar) { text.append(contentsOf: encoded) }
    default:
      throw failure("a backslash is followed by what is no escape", at: start)
    }
  }

  private mutating func hexadecimal(from start: Int) throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard offset < bytes.count,
        let digit = Character(Unicode.Scalar(bytes[offset])).hexDigitValue
      else { throw failure("'\\u' needs four hexadecimal digits", at: start) }
      value = value << 4 | UInt32(digit)
      offset += 1
    }
    return value
  }

  /// A number as it is spelt.
  package mutating func number() throws(JSONError) -> String {
    String(decoding: bytes[try numberRange()], as: UTF8.self)
  }

  /// A whole number from 0 on, spelt without sign, point and exponent.
  package mutating func unsigned() throws(JSONError) -> UInt64 {
    let range = try numberRange()
    var value: UInt64 = 0
    for byte in bytes[range] {
      guard case UInt8(ascii: "0")...UInt8(ascii: "9") = byte else {
        throw failure("expected a whole number from 0 on", at: range.lowerBound)
      }
      let (shifted, isTooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, isAbove) = shifted.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
      guard !isTooLarge, !isAbove else {
        throw failure("the number has more than 64 bits", at: range.lowerBound)
      }
      value = sum
    }
    return value
  }

  private mutating func numberRange() throws(JSONError) -> Range<Int> {
    var byte = peek()
    let start = offset
    guard byte == UInt8(ascii: "-") || isDigit(byte) else { throw unexpected("a number") }
    if byte == UInt8(ascii: "-") { offset += 1 }
    if current == UInt8(ascii: "0") {
      offset += 1
      guard !isDigit(current) else { throw failure("a number begins with 0", at: start) }
    } else {
      try takeDigits()
    }
    if current == UInt8(ascii: ".") {
      offset += 1
      try takeDigits()
    }
    byte = current
    if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
      offset += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { offset += 1 }
      try takeDigits()
    }
    return start..<offset
  }

  private mutating func takeDigits() throws(JSONError) {
    guard isDigit(current) else { throw unexpected("a digit") }
    while isDigit(current) { offset += 1 }
  }

  private func isDigit(_ byte: UInt8?) -> Bool {
    byte.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
  }

  package mutating func bool() throws(JSONError) -> Bool {
    let value = peek() == UInt8(ascii: "t")
    try take(word: value ? "true" : "false")
    return value
  }

  package mutating func null() throws(JSONError) {
    _ = peek()
    try take(word: "null")
  }

  private mutating func take(word: String) throws(JSONError) {
    for byte in word.utf8 {
      guard current == byte else { throw unexpected("'\(word)'") }
      offset += 1
    }
  }

  /// Reads over one value of any kind.
  package mutating func skip() throws(JSONError) {
    switch try kind() {
    case .object:
      try enterObject()
      while try nextKey() != nil { try skip() }
    case .array:
      try enterArray()
      while try nextElement() { try skip() }
    case .string: _ = try string()
    case .number: _ = try numberRange()
    case .bool: _ = try bool()
    case .null: try null()
    }
  }

  /// Nothing but white space may follow.
  package mutating func finish() throws(JSONError) {
    if peek() != nil { throw unexpected("the end") }
  }

  private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  /// The next byte that is no white space, not yet read; nil at the end.
  private mutating func peek() -> UInt8? {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x20, 0x09, 0x0A, 0x0D: offset += 1
      case let byte: return byte
      }
    }
    return nil
  }

  private mutating func take(_ byte: UInt8) throws(JSONError) {
    guard peek() == byte else { throw unexpected("'\(Character(Unicode.Scalar(byte)))'") }
    offset += 1
  }

  private func unexpected(_ expected: String) -> JSONError {
    guard let byte = current else {
      return failure("expected \(expected), and the text ends", at: offset)
    }
    let found =
      0x21..<0x7F ~= byte
      ? "'\(Character(Unicode.Scalar(byte)))'" : "the byte 0x" + String(byte, radix: 16)
    return failure("expected \(expected), and found \(found)", at: offset)
  }
}

/// A text that is not JSON, or has a key twice: where and why.
package struct JSONError: Error, Equatable, CustomStringConvertible {
  /// Counted from 0.
  package var offset: Int
  /// Both counted from 1, the column in characters.
  package var line: Int
  package var column: Int
  package var message: String

  package init(_ message: String, at offset: Int, of bytes: [UInt8]) {
    self.message = message
    self.offset = offset
    let before = bytes.prefix(offset)
    line = 1 + before.count { $0 == 0x0A }
    let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    column = 1 + before[start...].count { $0 & 0xC0 != 0x80 }
  }

  package var description: String { "line \(line), column \(column): \(message)" }
}
