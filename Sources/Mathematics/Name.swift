/// Up to fifteen bytes in one word: the name of a symbol, a command or a unit.
struct Name: Hashable, Comparable, Sendable {
  /// The bytes from the lowest up, their number in the highest.
  private let packed: UInt128

  /// Longer names are cut, and keep their true length modulo 256.
  init(_ bytes: some Sequence<UInt8>) {
    var packed: UInt128 = 0
    var count = 0
    for byte in bytes {
      if count < 15 { packed |= UInt128(byte) << UInt128(8 * count) }
      count += 1
    }
    self.packed = packed | UInt128(count & 0xff) << 120
  }

  init(_ bytes: [UInt8], _ range: Range<Int>) { self.init(bytes[range]) }

  init(_ text: String) { self.init(text.utf8) }

  var count: Int { Int(packed >> 120) }

  /// The name with ASCII letters in lower case.
  var lowered: Name {
    Name(
      (0..<min(count, 15)).lazy.map { place in
        let byte = UInt8(truncatingIfNeeded: packed >> UInt128(8 * place))
        return byte.isUpper ? byte | 0x20 : byte
      })
  }

  static func < (a: Name, b: Name) -> Bool { a.packed < b.packed }
}

extension Name: ExpressibleByStringLiteral {
  init(stringLiteral value: String) { self.init(value.utf8) }
}

extension UInt8 {
  var isDigit: Bool { self &- 48 < 10 }
  var isUpper: Bool { self &- 65 < 26 }
  var isLetter: Bool { (self | 0x20) &- 97 < 26 }
  var isSpace: Bool { self == 32 || self &- 9 < 5 }
}
