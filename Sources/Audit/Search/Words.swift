internal import Files
internal import Foundation

/// What a text is found by: its letters and digits in lower case, with one space between words.
///
/// A word is a run of letters, digits and their marks. A character of a script that is written
/// without spaces is a word of its own, and so is a sign outside of ASCII. ASCII's own signs are
/// none, so that nothing in a text can be an operator of the full-text search.
enum Words {
  /// In bytes; a longer run is cut into several words.
  static let longest = 64

  /// Appends the words of UTF-8 text.
  static func append(_ text: Span<UInt8>, to output: inout ByteBuffer) {
    let start = output.count
    var length = 0
    var index = 0
    while index < text.count {
      let byte = text[index]
      if byte < 0x80 {
        index += 1
        let letter = folded[Int(byte)]
        if letter == 0 {
          length = 0
        } else {
          begin(&length, adding: 1, after: start, &output)
          output.append(letter)
        }
        continue
      }
      let scalar = scalar(of: text, at: &index)
      switch Part(of: scalar) {
      case .gap: length = 0
      case .letter:
        let text = plain(scalar)
        begin(&length, adding: text.utf8.count, after: start, &output)
        output.append(text)
      case .mark:
        // Accents: a letter with one is found with it and without, however it is written.
        guard !(0x0300...0x036F).contains(scalar.value), length > 0, length < longest else {
          continue
        }
        let text = String(scalar)
        length += text.utf8.count
        output.append(text)
      case .word:
        length = 0
        begin(&length, adding: 0, after: start, &output)
        output.append(String(scalar))
      }
    }
  }

  /// Appends for each two words that follow each other one that stands for both.
  ///
  /// Where few words make all texts, as in exercises, pairs are what tells them apart. They share
  /// `pairCount` signs, so that those that occur once do not fill the index.
  static func appendPairs(of words: Span<UInt8>, to output: inout ByteBuffer) {
    var first = 0
    var second: Int?
    for index in 0...words.count where index == words.count || words[index] == 0x20 {
      if let second {
        let number = fastHash(of: words.extracting(first..<index)) & (pairCount - 1)
        // SQLite's own hash of short words that differ in a few bits has them all in one place.
        var mixed = number &* 0x9E37_79B9_7F4A_7C15
        output.append(pairMark)
        for _ in 0..<6 {
          output.append(digits[Int(mixed >> 59)])
          mixed <<= 5
        }
        first = second
      }
      second = index + 1
    }
  }

  /// Signs for pairs; a power of two.
  private static let pairCount: UInt64 = 1 << 17

  /// A space, and a point that is in no word.
  private static let pairMark = Array(" ·".utf8)
  private static let digits = Array("0123456789abcdefghijklmnopqrstuv".utf8)

  /// The words of a text in its order, and the signs of its pairs.
  static func list(of text: String) -> (words: [Substring], pairs: [Substring]) {
    var bytes = ByteBuffer(capacity: text.utf8.count)
    bytes.append(text)
    var words = ByteBuffer(capacity: text.utf8.count)
    append(bytes.bytes, to: &words)
    var pairs = ByteBuffer(capacity: 2 * text.utf8.count)
    appendPairs(of: words.bytes, to: &pairs)
    return (split(words), split(pairs))
  }

  private static func split(_ words: borrowing ByteBuffer) -> [Substring] {
    words.withBytes(from: 0) { String(decoding: $0, as: UTF8.self) }.split(separator: " ")
  }

  /// A letter in lower case, without its accents where its script has such.
  private static func plain(_ scalar: Unicode.Scalar) -> String {
    let text = scalar.properties.lowercaseMapping
    guard scalar.value < 0x2000 else { return text }
    var plain = ""
    for part in text.decomposedStringWithCanonicalMapping.unicodeScalars
    where !(0x0300...0x036F).contains(part.value) {
      plain.unicodeScalars.append(part)
    }
    return plain
  }

  private static func begin(
    _ length: inout Int, adding more: Int, after start: Int, _ output: inout ByteBuffer
  ) {
    if length == 0 || length + more > longest {
      if output.count > start { output.append(0x20) }
      length = 0
    }
    length += more
  }

  /// For each byte of ASCII the letter or digit in lower case, 0 for anything else.
  private static let folded: [UInt8] = (0..<128).map { byte in
    switch UInt8(byte) {
    case 0x30...0x39, 0x61...0x7A: UInt8(byte)
    case 0x41...0x5A: UInt8(byte) | 0x20
    default: 0
    }
  }

  private enum Part {
    case gap, letter, mark, word

    init(of scalar: Unicode.Scalar) {
      switch scalar.value {
      // Thai to Burmese, kana, Chinese: written without spaces.
      case 0x0E00...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF, 0x3040...0x30FF, 0x3400...0x4DBF,
        0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFF:
        self = .word
      default:
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
          .decimalNumber, .letterNumber, .otherNumber:
          self = .letter
        case .nonspacingMark, .spacingMark, .enclosingMark: self = .mark
        case .mathSymbol, .otherSymbol, .currencySymbol: self = .word
        default: self = .gap
        }
      }
    }
  }

  /// The character at `index`, which moves behind it; U+FFFD where the bytes are no UTF-8.
  private static func scalar(of text: Span<UInt8>, at index: inout Int) -> Unicode.Scalar {
    let first = text[index]
    let count = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
    guard first >= 0xC2, index + count <= text.count else {
      index += 1
      return "\u{FFFD}"
    }
    var value = UInt32(first & (0xFF >> UInt8(count + 1)))
    for offset in 1..<count { value = value << 6 | UInt32(text[index + offset] & 0x3F) }
    index += count
    return Unicode.Scalar(value) ?? "\u{FFFD}"
  }
}
