internal import Foundation

/// Unicode's normal form C: letters and their marks as one where there is such a one.
enum Composition {
  static func composed(_ text: String) -> String { text.precomposedStringWithCanonicalMapping }

  /// Whether a text has nothing that composing might change; a quick look that may say no too often.
  static func isPlain(_ text: Span<UInt8>) -> Bool {
    // Letters below U+0300 stay as they are, and so do the few that follow here.
    for index in text.indices where text[index] >= 0xCC { return false }
    return true
  }
}
