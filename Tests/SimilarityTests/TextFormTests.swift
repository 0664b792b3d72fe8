import Testing

@testable import Similarity

struct TextFormTests {
  private func read(_ text: String, _ form: TextForm) -> [UInt64] {
    var list = TokenList()
    list.read(Array(text.utf8).span, as: form)
    return (0..<list.count).map { list.hash(at: $0) }
  }

  /// Tokens as they stand in the text.
  private func parts(_ text: String, _ form: TextForm) -> [String] {
    let bytes = Array(text.utf8)
    var list = TokenList()
    list.read(bytes.span, as: form)
    return (0..<list.count).map {
      String(decoding: bytes[list.bytes(of: $0..<$0 + 1)], as: UTF8.self)
    }
  }

  @Test(arguments: [
    ("Find  $X$.\n", "find $x$."),
    ("a\u{00a0}b\u{2003}c\u{3000}d\u{0085}e\u{001f}f", "a b c d e f"),
    ("ÄÖÜ ΑΒΓ ДЖЯ Ǆ", "äöü αβγ джя ǆ"),
    ("İstanbul", "i\u{0307}stanbul"),
    ("ẞ K Å", "ß k å"),
    ("", " \t\r\n"),
  ])
  func `words are lower case and cut at white space`(_ a: String, _ b: String) {
    #expect(read(a, .words) == read(b, .words))
    #expect(parts(b, .words).count == b.split(whereSeparator: \.isWhitespace).count)
  }

  @Test(arguments: [
    ("a,b", "a b"), ("a\u{200b}b", "a b"), ("$x$", "x"), ("ß", "ss"), ("é", "e"), ("２", "2"),
  ])
  func `words keep all else apart`(_ a: String, _ b: String) {
    #expect(read(a, .words) != read(b, .words))
  }

  @Test(arguments: [
    // LaTeX's spacing, size and font, and delimiters.
    (#"Let $x+1$ be"#, #"Let \( x + 1 \) be"#),
    (#"\left(\frac{1}{2}\right)"#, #"\bigl( \dfrac 1 2 \bigr)"#),
    (#"\frac12"#, #"\tfrac{1}{2}"#),
    (#"2x\,\text{cm}"#, #"2 x~\mathrm{ cm}"#),
    (#"x \leq 3, y \geqslant 4, z \neq 0"#, "x ≤ 3; y >= 4; z != 0"),
    (#"3 \times 4"#, #"3 \cdot 4"#),
    (#"3 * 4"#, "3×4"),
    (#"1, 2, \ldots, n"#, "1, 2, ..., n"),
    (#"\sin 60^\circ"#, "sin 60°"),
    (#"2\pi r"#, "2πr"),
    (#"\Delta ABC"#, "Δ ABC"),
    (#"a\hspace{3cm}b\quad c"#, "a b c"),
    (#"5\%"#, "5%"),
    ("x^2 + y_1", "x² + y₁"),
    ("10^2", "10²"),
    ("½", #"\frac{1}{2}"#),
    ("a - b", "a − b"),
    // Markup and entities.
    ("<p>Find <b>all</b> x<sub>1</sub></p>", "Find all x1"),
    (#"see <img src="a.png" alt="b">it"#, "see it"),
    ("a &lt; b &amp; c&nbsp;d &#x2264; 5 &#8804; 6", "a < b c d ≤ 5 ≤ 6"),
    ("**Note**: `code`\n# Title\n- item\n* item\n> quote", "note code title item item quote"),
    // Punctuation and quotes.
    ("“Don’t”—he said…", "don't he said"),
    ("a well-known fact", "a well known fact"),
    // Full width, mathematical letters, ligatures, accents, invisible characters.
    ("Ｆｉｎｄ　１２＋３", "find 12+3"),
    ("𝑥 + 𝐲 ∈ ℝ", #"x + y \in {R}"#),
    ("eﬃcient naïve café", "efficient naive cafe"),
    ("cafe\u{0301}", "café"),
    ("wo\u{00ad}rd\u{200b}s\u{feff}", "words"),
    ("ПРИВЕТ Ёлка", "привет елка"),
    ("ΛΟΓΟΣ λόγος", "λογος λογοσ"),
  ])
  func `spacing, punctuation and markup change no token`(_ a: String, _ b: String) {
    #expect(read(a, .tokens) == read(b, .tokens), "\(parts(a, .tokens)) \(parts(b, .tokens))")
  }

  @Test(arguments: [
    ("3 + 5", "3 - 5"), ("3 * 5", "3 + 5"), ("a < b", "a > b"), ("5!", "5"), ("n!", "n"),
    ("12", "1 2"), ("3.5", "35"), ("-1", "1"), ("x - 1", "x 1"), ("a/b", "a b"), ("50%", "50"),
    ("x = y", "x y"), ("ab", "a b"), ("α", "β"), (#"\sin"#, #"\cos"#), ("a == b", "a = b"),
    ("if a<b and c>d", "if a d"),
  ])
  func `what makes another problem makes other tokens`(_ a: String, _ b: String) {
    #expect(read(a, .tokens) != read(b, .tokens))
  }

  @Test func `tokens know where they stand`() {
    #expect(
      parts(#"Für $2\pi r² ≤ \frac{1}{2}$ &lt; 質問"#, .tokens)
        == ["Für", "2", #"\pi"#, "r", "²", "≤", #"\frac"#, "1", "2", "&lt;", "質", "問"])
  }

  @Test func `any bytes can be read`() {
    var chance = Chance(1)
    var list = TokenList()
    let pieces: [[UInt8]] = [
      Array("½⅔²".utf8), Array(#"\frac"#.utf8), Array("&#".utf8), Array("<a ".utf8), [0xf0, 0x9f],
      [0x80], [0xff], Array("\\".utf8), Array("-*!=".utf8), Array("π".utf8), [0xed, 0xa0, 0x80],
      [0], Array("{7".utf8), Array("&lt;".utf8), Array("\u{10ffff}".utf8), Array("漢".utf8),
    ]
    for _ in 0..<2000 {
      let text = (0..<Int.random(in: 0..<20, using: &chance))
        .flatMap { _ in pieces.randomElement(using: &chance)! }
      for form in TextForm.allCases {
        list.read(text.span, as: form)
        var end = 0
        for token in 0..<list.count {
          let bytes = list.bytes(of: token..<token + 1)
          // The tokens of one fraction stand in one place.
          #expect(bytes.lowerBound >= 0 && bytes.upperBound <= text.count && !bytes.isEmpty)
          #expect(bytes.upperBound >= end)
          end = bytes.upperBound
        }
      }
    }
  }
}
