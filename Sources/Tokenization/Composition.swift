internal import Foundation

/// Unicode's normal form C: a letter and its marks as one scalar where there is such a one.
///
/// The reference library composes by the tables of Unicode 9; what is younger it leaves as it is,
/// and so is it done here. By Unicode's promise nothing older has changed since.
enum Composition {
  /// All scalars below this one begin a letter, and none of them alone is changed.
  private static let firstMark: UInt32 = 0x300
  private static let firstMarkByte: UInt8 = 0xCC

  /// Whether composing changes nothing; now and then false for what would not be changed.
  static func isComposed(_ text: Span<UInt8>) -> Bool {
    var index = 0
    while index < text.count, text[index] < firstMarkByte { index += 1 }
    if index == text.count { return true }
    guard var span = try? UTF8Span(validating: text.extracting(index...)) else { return true }
    return span.checkForNFC(quickCheck: true)
  }

  static func composed(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    /// One letter with what follows it: Foundation takes the square of the time for a whole text.
    var letter = String.UnicodeScalarView()
    func finish() {
      if letter.contains(where: { $0.value >= firstMark }) {
        // First taken apart, or Foundation forgets the last third of a Hangul syllable.
        let parts = String(letter).decomposedStringWithCanonicalMapping
        result += parts.precomposedStringWithCanonicalMapping.unicodeScalars
      } else {
        result += letter
      }
      letter.removeAll()
    }
    for scalar in text.unicodeScalars {
      if scalar.value < firstMark {
        finish()
        letter.append(scalar)
      } else if isLeft(scalar) {
        finish()
        result.append(scalar)
      } else {
        letter.append(scalar)
      }
    }
    finish()
    return String(result)
  }

  /// Whether a scalar is younger than the library's tables, or just beside the letters of Hangul
  /// that compose: Foundation counts it in.
  private static func isLeft(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x1113, 0x1176, 0x11A7, 0x11C3: true
    default: scalar.properties.age.map { $0.major > 9 } ?? false
    }
  }
}
