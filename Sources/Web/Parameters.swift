/// What stands behind the question mark of an address, as forms write it.
struct Parameters: Sendable {
  private var values: [String: String] = [:]

  /// Of a name that is there twice the first counts; what is empty is not there.
  init(_ query: String) {
    for pair in query.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[1].isEmpty else { continue }
      let name = Self.decoded(parts[0])
      if values[name] == nil { values[name] = Self.decoded(parts[1]) }
    }
  }

  subscript(name: String) -> String? { values[name] }

  func number(_ name: String) -> Int64? { values[name].flatMap { Int64($0) } }

  /// Bytes that are no UTF-8 become U+FFFD; a percent sign without two digits is itself.
  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(2)
      if byte == UInt8(ascii: "+") {
        bytes.append(UInt8(ascii: " "))
      } else if byte == UInt8(ascii: "%"), digits.count == 2,
        digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
