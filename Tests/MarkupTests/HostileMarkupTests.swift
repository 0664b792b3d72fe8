import Files
import Testing

@testable import Markup

/// Texts that nobody writes, and properties of all.
struct HostileMarkupTests {
  static let soup = [
    "<p>", "</p>", "<b>", "</b>", "<i>", "</i>", "<ul>", "</ul>", "<ol>", "</ol>", "<li>", "</li>",
    "<table>", "</table>", "<tr>", "<td>", "</td>", "<th>", "<pre>", "</pre>", "<code>", "</code>",
    "<sub>", "</sub>", "<sup>", "</sup>", "<a href=x>", "</a>", "<br>", "<hr>", "<img alt=y>",
    "<blockquote>", "</blockquote>", "<h1>", "</h1>", "<div>", "</div>", "&lt;", "&amp;", "&nbsp;",
    "<!--c-->", "$", "$$", "\\(", "\\)", "`", "```\n", "\n", "\n\n", " ", "[asy]", "[/asy]", "<",
    "&", "\\", "<q>", "</q>", "<caption>", "</caption>", "<dl>", "<dt>", "</dl>", "<body>",
  ]

  /// Words of digits and capitals, which no tag and no form of a list is made of.
  private func soup(_ seed: UInt64, pieces: Int) -> (text: String, words: [String]) {
    var random = SplitMix(seed)
    var text = ""
    var words: [String] = []
    for index in 0..<pieces {
      if random.next() % 3 == 0 {
        words.append("W\(index)Q")
        text += words.last!
      } else {
        text += Self.soup[Int(random.next() % UInt64(Self.soup.count))]
      }
    }
    return (text, words)
  }

  @Test func `every word between any tags comes through once and in order`() throws {
    let word = #/W\d+Q/#
    for seed in 1...600 {
      let (text, words) = soup(UInt64(seed), pieces: 60)
      guard let result = converted(text) else { continue }
      // A caption goes before its table, and what stands between cells is not in one.
      let found = result.matches(of: word).map { String($0.output) }
      #expect(found.sorted() == words.sorted(), "\(text)")
      if !text.contains("<table>") { #expect(found == words, "\(text)") }
    }
  }

  @Test func `a page that ends anywhere is read`() {
    let page = """
      <div><p>a <b>b</b> &lt; <a href="x">c</a></p><ul><li>d<sub>1</sub></ul>
      <table><tr><td>e</td><td>$f<g$</td></tr></table><pre>h\ni</pre><!-- j --><img alt="k">
      <script type="math/tex">l</script></div>
      """
    for count in 0...page.count { _ = converted(String(page.prefix(count))) }
    for count in 0...page.count { _ = converted(String(page.suffix(count))) }
  }

  static let repeated = [
    "<b>", "</b>", "<p>", "<div>", "<div></p>", "<ul><li>", "<table><tr><td>", "<td>", "<a href='",
    "<a href='x'>", "<!--", "<!doctype html", "<script>", "$", "\\(", "\\[", "`", "``x`", "[asy]",
    "&lt;", "&#x", "<blockquote>x", "<sub>x</sub>", "<br>", "|<br>", "\\begin{a}", "<wbr>", "<pre>",
    "<b></i>", "<b x=\"\" ", "<code>x", "<h1>", "<font x=y>",
  ]

  @Test(arguments: repeated)
  func `what is repeated without end is read in one go`(piece: String) {
    let count = 200_000 / piece.utf8.count
    let text = String(repeating: piece, count: count)
    let closed =
      text + String(repeating: "</b></div></ul></table></a></code></pre></p>", count: 300)
    for text in [text, closed] {
      let result = converted(text) ?? text
      // Nothing grows without bound: marks of lists and quotes are a few bytes to a line.
      #expect(result.utf8.count < 12 * text.utf8.count)
    }
  }

  @Test func `tags that stand in one another too deep are text`() throws {
    let deep = String(repeating: "<b>", count: 1000) + "x" + String(repeating: "</b>", count: 1000)
    let result = try #require(converted(deep))
    #expect(
      result == String(repeating: "<b>", count: 800) + "x" + String(repeating: "</b>", count: 800))
  }

  @Test func `formulas that open under many names are not looked for without end`() {
    let text = (0..<20_000).map { "\\begin{n\($0)}" }.joined() + "&lt;"
    #expect(converted(text)?.hasSuffix("<") == true)
  }

  @Test func `a text that is converted twice is converted at most once more`() throws {
    // Escaped markup becomes markup: each pass takes one level off, as a browser would.
    #expect(converted("&amp;lt;b&amp;gt;") == "&lt;b&gt;")
    #expect(converted("&lt;b&gt;") == "<b>")
    #expect(converted("<b>") == nil)
  }
}

/// Steele, Lea and Flood 2014, for texts that are the same on every run.
struct SplitMix {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
