internal import Files
internal import Foundation

extension Sample {
  /// The number that a value is; nil where it is none.
  package func number(_ value: Value) -> Double? {
    guard value.kind == .number else { return nil }
    return Double(String(copying: bytes(of: value)))
  }

  /// Lends the text of a string as UTF-8; it is unescaped only where it has escapes.
  package func withText<Result>(of value: Value, _ body: (Span<UInt8>) -> Result) -> Result {
    guard value.isEscaped else { return body(bytes(of: value)) }
    var scratch = ByteBuffer(capacity: value.range.count)
    unescape(bytes(of: value), into: &scratch)
    return body(scratch.bytes)
  }

  /// A value as JSON for people: whole where it is short, else its beginning or its size.
  package func excerpt(of value: Value, limit: Int = 160) -> String {
    switch value.kind {
    case .absent: return "null"
    case .string:
      guard value.range.count > limit else {
        return "\"" + String(copying: bytes(of: value)) + "\""
      }
      return withText(of: value) { text in
        let characters = String(copying: text).unicodeScalars
        guard characters.count > limit else { return json(String(characters)) }
        return json(String(characters.prefix(limit - 40)) + "…")
      }
    case .array where value.range.count > limit: return "\"\(value.count) elements\""
    case .object where value.range.count > limit: return "\"an object\""
    default: return String(copying: bytes(of: value))
    }
  }
}

private func json(_ text: String) -> String {
  (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
}

extension Span where Element == UInt8 {
  /// Where the pattern begins first; a plain scan for its first byte.
  package func firstRange(of pattern: [UInt8]) -> Range<Int>? {
    guard let first = pattern.first else { return 0..<0 }
    guard count >= pattern.count else { return nil }
    for start in 0...(count - pattern.count) where self[unchecked: start] == first {
      let end = start + pattern.count
      if extracting(start..<end).elementsEqual(pattern.span) { return start..<end }
    }
    return nil
  }
}
