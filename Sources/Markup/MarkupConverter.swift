package import Files

/// Turns HTML in a text into plain text that reads like Markdown; one is used by one thread at a time.
///
/// Formulas, code and everything between the tags come through byte for byte, and a text without
/// markup does so whole. docs/markup.md says what becomes of which tag.
package final class MarkupConverter {
  private var parser: PageParser?

  package init() {}

  /// Whether a JSON string's bytes can hold markup at all: most texts have neither sign, at a glance.
  package static func mayFind(in bytes: Span<UInt8>) -> Bool {
    var index = 0
    let count = bytes.count
    while index < count {
      let byte = bytes[unchecked: index]
      if byte == UInt8(ascii: "<") || byte == UInt8(ascii: "&") { return true }
      // Both signs can be written as escapes: \u003c and \u0026.
      if byte == UInt8(ascii: "\\") {
        if index + 5 < count, bytes[index + 1] == UInt8(ascii: "u"),
          bytes[index + 2] == UInt8(ascii: "0"), bytes[index + 3] == UInt8(ascii: "0")
        {
          let (high, low) = (bytes[index + 4], bytes[index + 5] | 0x20)
          if high == UInt8(ascii: "3") && low == UInt8(ascii: "c")
            || high == UInt8(ascii: "2") && low == UInt8(ascii: "6")
          {
            return true
          }
        }
        index += 1
      }
      index += 1
    }
    return false
  }

  /// Appends the text without its markup; false, and nothing, where it has none.
  package func convert(_ text: Span<UInt8>, into output: inout ByteBuffer) -> Bool {
    let bytes = text.withUnsafeBufferPointer { Array($0) }
    guard let skeleton = Skeleton(of: bytes) else { return false }
    let writer = PageWriter(bytes, skeleton.pieces)
    if skeleton.hasTags {
      let parser = parser ?? PageParser()
      self.parser = parser
      parser.parse(skeleton.html, writer)
    } else {
      writer.pieces(skeleton.pieces.count)
    }
    output.append(writer.text)
    return true
  }
}
