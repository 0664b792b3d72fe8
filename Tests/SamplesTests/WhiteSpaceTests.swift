import Files
import Testing

@testable import Samples

struct WhiteSpaceTests {
  /// Pieces of a JSON string: what stands in the row and the text that it means.
  private static let pieces: [(raw: String, text: String)] = {
    let scalars: [Unicode.Scalar] =
      [
        " ", "\u{85}", "\u{A0}", "\u{1680}", "\u{2000}", "\u{2003}", "\u{200A}", "\u{2028}",
        "\u{2029}", "\u{202F}", "\u{205F}", "\u{3000}",
      ] + [
        // No white space, though close to it in bytes or in name.
        "a", "n", "u", "0", "é", "\u{A1}", "\u{180E}", "\u{200B}", "\u{2030}", "\u{3001}",
        "\u{FEFF}", "\u{2060}", "Ā", "à", "\u{1020}", "😀", "、",
      ]
    let controls: [Unicode.Scalar] = [
      "\u{09}", "\u{0A}", "\u{0B}", "\u{0C}", "\u{0D}", "\u{1C}", "\u{1F}", "\u{08}", "\u{00}",
    ]
    let escaped = (scalars + controls).filter { $0.value < 0x10000 }.flatMap { scalar in
      let digits = String(scalar.value, radix: 16)
      let four = String(repeating: "0", count: 4 - digits.count) + digits
      return [four, four.uppercased()].map { (raw: "\\u" + $0, text: String(scalar)) }
    }
    return scalars.map { (String($0), String($0)) } + escaped + [
      ("\\n", "\n"), ("\\t", "\t"), ("\\r", "\r"), ("\\f", "\u{0C}"), ("\\b", "\u{08}"),
      ("\\\\", "\\"), ("\\\"", "\""), ("\\/", "/"), ("\\\\n", "\\n"), ("\\\\u0020", "\\u0020"),
      ("\\\\\\n", "\\\n"), ("\\ud83d\\ude00", "😀"), ("\\\\\\\\", "\\\\"),
    ]
  }()

  /// White space among them comes first where it is tested most.
  private static let spaces = pieces.filter { $0.text.unicodeScalars.allSatisfy(isSpace) }

  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isWhitespace }

  private static func string(_ random: inout SplitMix64) -> [(raw: String, text: String)] {
    func run(_ pieces: [(raw: String, text: String)], _ most: Int) -> [(raw: String, text: String)]
    {
      (0..<random.int(0...most)).map { _ in random.pick(pieces) }
    }
    return run(spaces, 3) + run(pieces, 4) + run(spaces, 2) + run(pieces, 2) + run(spaces, 3)
  }

  @Test func `all that the Unicode property names is white space, and nothing else`() {
    for value in 0...0x10FFFF as ClosedRange<UInt32> {
      guard let scalar = Unicode.Scalar(value), value < 0x4000 || Self.isSpace(scalar) else {
        continue
      }
      let text = Array(String(scalar).utf8)
      let trimmed = trimmed(text.span)
      #expect(trimmed.isEmpty == Self.isSpace(scalar), "U+\(String(value, radix: 16))")
    }
  }

  @Test func `trimming takes off white space in every spelling and nothing else`() throws {
    var random = SplitMix64(seed: 9)
    for _ in 0..<6_000 {
      let string = Self.string(&random)
      let raw = Array(string.map(\.raw).joined().utf8)
      let scalars = string.flatMap { Array($0.text.unicodeScalars) }
      let first = scalars.firstIndex { !Self.isSpace($0) } ?? scalars.endIndex
      let last = scalars.lastIndex { !Self.isSpace($0) }.map { $0 + 1 } ?? first
      var expected = String.UnicodeScalarView()
      expected.append(contentsOf: scalars[first..<last])
      let range = trimmed(raw.span)
      var text = ByteBuffer()
      unescape(raw.span.extracting(range), into: &text)
      let found = text.bytes.array
      #expect(found == Array(String(expected).utf8), "\(String(decoding: raw, as: UTF8.self))")
    }
  }

  @Test func `folding leaves one space for each run and none at the ends`() {
    var random = SplitMix64(seed: 10)
    for _ in 0..<6_000 {
      let text = Self.string(&random).map(\.text).joined()
      let words = text.unicodeScalars.split(whereSeparator: Self.isSpace).map { String($0) }
      var output = ByteBuffer()
      output.append("before")
      foldWhiteSpace(Array(text.utf8).span, into: &output)
      let found = String(copying: output.bytes)
      #expect(Array(found.utf8) == Array(("before" + words.joined(separator: " ")).utf8))
    }
  }

  @Test(arguments: [
    ("", 0..<0), (" ", 1..<1), ("a", 0..<1), ("\\n", 2..<2), ("\\\\n", 0..<3), ("\\\\ ", 0..<2),
    (" \\u00a0a\\u3000\\t", 7..<8), ("a\\\\u0020", 0..<8), ("a\\\\\\u0020", 0..<3),
  ])
  func `the trimmed part keeps its place`(raw: String, expected: Range<Int>) {
    let range = trimmed(Array(raw.utf8).span)
    #expect(range == expected)
  }
}
