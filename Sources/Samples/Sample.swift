internal import CSimdJSON
package import Files

/// Where one value lies in its row; bytes and meaning come from the sample.
package struct Value: Sendable {
  package enum Kind: UInt8, Sendable {
    case absent, null, `false`, `true`, number, string, array, object
  }

  package var kind: Kind
  /// Of a string the bytes between its quotes.
  package var range: Range<Int>
  /// Elements of a list that was asked for.
  package var count: Int
  /// The bytes of a string hold escapes, so they are not its text.
  package var isEscaped: Bool
  /// The string holds half of a surrogate pair: it is no Unicode text.
  package var isUnpaired: Bool

  package static let absent = Value(
    kind: .absent, range: 0..<0, count: 0, isEscaped: false, isUnpaired: false)

  package var isNull: Bool { kind == .absent || kind == .null }
}

extension Value {
  init(_ raw: bm_value) {
    kind = Kind(rawValue: raw.kind.rawValue)!
    range = Int(raw.begin)..<Int(raw.begin) + Int(raw.length)
    count = Int(raw.count)
    isEscaped = raw.escaped
    isUnpaired = raw.unpaired
  }
}

/// One problem with its response: a way of looking at the bytes of its row, lent for a call.
package struct Sample: ~Escapable {
  /// The row as it stands in the source.
  package let row: Span<UInt8>
  private let values: Span<bm_value>
  private let scanner: OpaquePointer

  @_lifetime(copy row, copy values)
  init(row: Span<UInt8>, values: Span<bm_value>, scanner: OpaquePointer) {
    self.row = row
    self.values = values
    self.scanner = scanner
  }

  /// The value in a slot; absent where the row has none.
  package subscript(slot: Projection.Slot) -> Value {
    var value = Value(values[slot.column])
    if let index = slot.index, value.kind == .array {
      value = index < value.count ? element(index, of: slot) : .absent
    }
    guard let marks = slot.between, value.kind == .string else { return value }
    guard let part = marks.range(in: bytes(of: value)) else { return .absent }
    let start = value.range.lowerBound
    value.range = start + part.lowerBound..<start + part.upperBound
    return value
  }

  /// One element of the list in a slot.
  package func element(_ index: Int, of slot: Projection.Slot) -> Value {
    precondition(index < Int(values[slot.column].count))
    // Sound: the scanner holds `count` elements for the column until its next scan, and the
    // sample does not outlive this one.
    return Value(bm_elements(scanner, slot.column)[index])
  }

  /// The bytes of a value as they stand in the row.
  @_lifetime(copy self)
  package func bytes(of value: Value) -> Span<UInt8> {
    row.extracting(value.range)
  }

  /// The text of a string, unescaped into `scratch` only where it has escapes.
  package func text(of value: Value) -> String {
    guard value.isEscaped else { return String(copying: bytes(of: value)) }
    var scratch = ByteBuffer(capacity: value.range.count)
    unescape(bytes(of: value), into: &scratch)
    return String(copying: scratch.bytes)
  }

  /// Characters of a string, counted as Unicode scalars; nothing is unescaped.
  package func characterCount(of value: Value) -> Int {
    // Sound: the row was scanned, so `ByteBuffer.padding` readable bytes follow it.
    bytes(of: value).withUnsafeBufferPointer { bytes in
      guard let start = bytes.baseAddress else { return 0 }
      return bm_count_characters(start, bytes.count, value.isEscaped)
    }
  }

  /// Whether a string's text equals these UTF-8 bytes.
  package func isText(_ value: Value, equalTo text: [UInt8]) -> Bool {
    guard value.kind == .string else { return false }
    guard value.isEscaped else { return bytes(of: value).elementsEqual(text.span) }
    guard value.range.count > text.count else { return false }
    var scratch = ByteBuffer(capacity: value.range.count)
    unescape(bytes(of: value), into: &scratch)
    return scratch.bytes.elementsEqual(text.span)
  }
}

extension String {
  /// The text of UTF-8 bytes; what is invalid becomes U+FFFD.
  package init(copying bytes: Span<UInt8>) {
    self = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
  }
}

extension Span where Element == UInt8 {
  /// Whether both hold the same bytes.
  package func elementsEqual(_ other: Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    for index in indices where self[unchecked: index] != other[unchecked: index] { return false }
    return true
  }
}

/// Appends the text of a JSON string's bytes as UTF-8.
package func unescape(_ bytes: Span<UInt8>, into buffer: inout ByteBuffer) {
  let count = bytes.count
  bytes.withUnsafeBufferPointer { source in
    _ = buffer.append(upTo: count) { room in
      guard count > 0 else { return 0 }
      return bm_unescape(
        source.baseAddress!, count, room.baseAddress!.assumingMemoryBound(to: UInt8.self))
    }
  }
}

/// Appends UTF-8 as the bytes of a JSON string, with an escape where there has to be one.
package func escape(_ text: Span<UInt8>, into buffer: inout ByteBuffer) {
  var start = 0
  for index in text.indices {
    let byte = text[unchecked: index]
    guard byte < 0x20 || byte == 0x22 || byte == 0x5C else { continue }
    buffer.append(text.extracting(start..<index))
    start = index + 1
    buffer.append(0x5C)
    switch byte {
    case 0x08: buffer.append(UInt8(ascii: "b"))
    case 0x09: buffer.append(UInt8(ascii: "t"))
    case 0x0A: buffer.append(UInt8(ascii: "n"))
    case 0x0C: buffer.append(UInt8(ascii: "f"))
    case 0x0D: buffer.append(UInt8(ascii: "r"))
    case 0..<0x20:
      buffer.append(byte < 0x10 ? "u000" : "u00")
      buffer.append(String(byte, radix: 16))
    default: buffer.append(byte)
    }
  }
  buffer.append(text.extracting(start..<text.count))
}
