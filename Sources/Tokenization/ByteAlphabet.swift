/// The letters that stand for bytes in a byte-level vocabulary, as GPT-2's encoder defined them.
///
/// What is visible in Latin-1 stands for itself; the other bytes, in order, are the letters from
/// U+0100 on. A space is `Ġ`.
enum ByteAlphabet {
  static let letters: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0..<256).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(UInt8(byte))
      default:
        defer { next += 1 }
        return Unicode.Scalar(next) ?? " "
      }
    }
  }()

  private static let bytes: [UInt8?] = {
    var bytes: [UInt8?] = Array(repeating: nil, count: 0x144)
    for (byte, letter) in letters.enumerated() { bytes[Int(letter.value)] = UInt8(byte) }
    return bytes
  }()

  /// Appends the bytes of a token; false, and part of them, where a letter stands for none.
  static func decode(_ token: some StringProtocol, into result: inout [UInt8]) -> Bool {
    for letter in token.unicodeScalars {
      guard letter.value < 0x144, let byte = bytes[Int(letter.value)] else { return false }
      result.append(byte)
    }
    return true
  }

  static func encode(_ bytes: ArraySlice<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(letters[Int(byte)]) }
    return String(text)
  }
}
