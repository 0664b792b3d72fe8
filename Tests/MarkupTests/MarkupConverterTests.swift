import Files
import Testing

@testable import Markup

/// The text without its markup; nil where it has none.
func converted(_ text: String) -> String? {
  var input = ByteBuffer()
  var output = ByteBuffer()
  input.append(text)
  guard MarkupConverter().convert(input.bytes, into: &output) else {
    let isUntouched = output.isEmpty
    #expect(isUntouched)
    return nil
  }
  return output.bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
}

struct MarkupConverterTests {
  static let inline: [(String, String)] = [
    ("x<sub>1</sub>", "x_{1}"),
    ("x<SUB CLASS=a>1</Sub >y", "x_{1}y"),
    ("10<sup>9</sup> + 7", "10^{9} + 7"),
    ("$x$<sup>$n$</sup>", "$x$^{$n$}"),
    ("x<sub>a<sup>2</sup></sub><sub></sub>", "x_{a^{2}}"),
    (
      "<sup>A whole sentence that was only meant to be small, as a footnote is.</sup>",
      "A whole sentence that was only meant to be small, as a footnote is."
    ),
    ("<b>a</b> <i class='x y'>b</i> <font color=red>c</font>", "a b c"),
    ("a<br>b<br/>\nc<br><br>d<br><br><br>e", "a\nb\nc\n\nd\n\ne"),
    ("<code>a &lt; b</code> <code>`</code> <code></code>.", "`a < b` `` ` `` ."),
    ("<code>10<sup>5</sup></code>", "`10^{5}`"),
    ("see <a href=\"http://a.b/?c&amp;d\">this</a>", "see [this](http://a.b/?c&d)"),
    ("<a href='https://a.b'>a.b</a> <a href='#1'>one</a> <a>two</a>", "https://a.b one two"),
    ("<p>a<a href=u> b </a>c</p>", "a [b](u) c"),
    ("<a href=u><img src=i.png alt='the\n sea'></a>", "![the sea](i.png)"),
    ("<img src='data:image/png;base64,AAAA' alt=x> <img>", "![x](data:) "),
    // The picture of a formula is the formula, as on the AoPS wiki.
    ("<img class=latex alt=\"$x &lt; 1$\" src=//l/1.png>", "$x < 1$"),
    ("<q>a</q> <span class=\"math-container\">$a_1$</span>", "\"a\" $a_1$"),
    ("a<!-- <b>no</b> -->b", "ab"),
    ("<script type='math/tex'>x<y</script> <script>if (a<b) {}</script>.", "$x<y$ ."),
    ("<script type=\"math/tex; mode=display\">x</script>", "$$x$$"),
  ]

  static let entities: [(String, String)] = [
    ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
    ("&amp;lt; is &lt;", "&lt; is <"),
    ("&alpha;&mdash;&nbsp;&#960;&#x3C0;&#X3c0;", "α— πππ"),
    // As Windows-1252 has them, and as every browser reads them.
    ("&#147;a&#148; &#150;", "“a” –"),
    (
      "a&amp;b&bogus;&#0;&#xD800;&#x110000;&#31;&#;&#x;&#+1;&lt",
      "a&b&bogus;&#0;&#xD800;&#x110000;&#31;&#;&#x;&#+1;&lt"
    ),
    ("$1 \\le i &lt; n$", "$1 \\le i < n$"),
  ]

  static let blocks: [(String, String)] = [
    ("<p>one\n two</p>\n\n<p>three</p>\n", "one two\n\nthree"),
    ("<p>one<p>two", "one\n\ntwo"),
    ("<div>a<div>b</div>c</div>d", "a\nb\nc\nd"),
    ("<h2>Head <i>it</i></h2>text", "## Head it\n\ntext"),
    ("<ul><li>a<li>b</ul>", "- a\n- b"),
    ("<ol start=3><li>a<li value=7>b<li>c</ol>", "3. a\n7. b\n8. c"),
    (
      "<ul>\n<li>a\n<ol>\n<li>b</li>\n</ol></li>\n<li><p>c</p><p>d</p></li></ul>",
      "- a\n  1. b\n- c\n\n  d"
    ),
    ("<blockquote>\n<p>a</p>\n<p>b</p></blockquote><p>c</p>", "> a\n\n> b\n\nc"),
    ("<ul><li><blockquote>a</blockquote></li></ul>", "- > a"),
    ("a<hr>b", "a\n\n---\n\nb"),
    (
      "<pre><code>if (a &lt; b) {\n    return  1;\n}\n</code></pre>",
      "```\nif (a < b) {\n    return  1;\n}\n```"
    ),
    ("<pre class=\"lang-cpp prettyprint\"><code>a;</code></pre>", "```cpp\na;\n```"),
    ("<pre>\n```\nx\n```</pre>", "````\n```\nx\n```\n````"),
    ("<pre><strong>Input:</strong> n = 1<br>m</pre>", "```\nInput: n = 1\nm\n```"),
    ("<ul><li>a<pre>b\n c</pre></li></ul>", "- a\n\n  ```\n  b\n   c\n  ```"),
    ("<dl><dt>a<dd>b</dl>", "a\nb"),
    ("<html><head></head><body><p>a</p></body></html>", "a"),
  ]

  static let tables: [(String, String)] = [
    ("<table><tr><th>a<th>b<tr><td>1<td>2</table>", "| a | b |\n|---|---|\n| 1 | 2 |"),
    ("<table>\n<tbody>\n<tr>\n<td>a</td>\n<td>b<br>c</td>\n</tr>\n</tbody></table>", "| a | b c |"),
    // A bar of its own would be a cell more, and an escaped one another formula.
    ("<table><tr><td>$|x|$</td><td>2</td></tr></table>", "$|x|$\t2"),
    ("<table><tr><td><p>a</p><p>b</p></td></tr></table>c", "a\n\nb\n\nc"),
    ("<td>a</td><td>b</td>", "a\nb"),
    (
      "<table><tr><td>a<table><tr><td>b<td>c</table></td><td>d</td></tr></table>",
      "a | b | c |\td"
    ),
    // A row of Markdown's stays a row.
    ("| $a$ <br> $b$ | c<br>d |", "| $a$  $b$ | c d |"),
  ]

  @Test(arguments: inline + entities + blocks + tables)
  func `markup becomes text`(html: String, expected: String) {
    #expect(converted(html) == expected)
  }

  static let mixed: [(String, String)] = [
    // Outside of blocks white space is the text's own.
    ("Let  x<sub>1</sub>\n\n\n  be ", "Let  x_{1}\n\n\n  be "),
    ("a  \n\n\n<table><tr><td>b<td>c</table>\n\nd\n", "a\n\n| b | c |\n\nd\n"),
    (
      "<p>a $x\n  y$  \\begin{align}\n a &amp; b \\\\\n\\end{align} \\(\n\\)</p>",
      "a $x\n  y$ \\begin{align}\n a & b \\\\\n\\end{align} \\(\n\\)"
    ),
    // A comparison in a formula is no tag, and one that closes there is.
    ("$a<b>c$ <b>d</b> $<i>x</i>$", "$a<b>c$ d $x$"),
    ("```html\n<p>&lt;</p>\n```\n<i>x</i>", "```html\n<p>&lt;</p>\n```\nx"),
    (
      "`<b>x</b> &lt;` and <b>y</b>\n<ul><li>`<b>z</b>`</ul>",
      "`<b>x</b> &lt;` and y\n\n- `z`"
    ),
    ("[asy]\nif (a<b && b>c) <b>x</b>;\n[/asy] &lt;", "[asy]\nif (a<b && b>c) <b>x</b>;\n[/asy] <"),
    ("costs $5<p>and <b>more</b> $6</p>", "costs $5\n\nand more $6"),
  ]

  @Test(arguments: mixed)
  func `what is no markup stays as it is beside what is`(html: String, expected: String) {
    #expect(converted(html) == expected)
  }

  static let plain = [
    "", "a", "a < b, x<y, x <y> z, A & B, AT&T; \\& \\&lt &", "if a <b and c> d",
    "\\begin{tabular}{c} a & b \\\\ \\end{tabular}", "#include <map> vector<int> List<String> <b>",
    "$a<b>c$", "index of <p> in $S_5$", "$0<p>1$", "`&lt;` and `<b>x</b>`", "```\n<p>a</p>\n```",
    "<think>a</think> <answer>b</answer> <input> <output> <summary>x</summary>", "<i", "</", "<!--",
    "<br", "<br and more>", "<img src=\"a>", "<a href='x'>no end", "&#", "&;", "<>", "< b>x</b>",
    "\u{0}\u{1}\u{FFFE}<\u{0}b>", "[asy] a<b>c</b> [/asy]",
  ]

  @Test(arguments: plain)
  func `a text without markup has none`(text: String) { #expect(converted(text) == nil) }

  @Test func `a JSON string without the two signs is not looked at`() {
    for (text, expected) in [
      ("", false), ("plain \\n \\\\ \\\"", false), ("a < b", true), ("A & B", true),
      (#"\u003c"#, true), (#"\u003C"#, true), (#"\u0026"#, true), (#"\\u003c"#, false),
      (#"\u003d \u00"#, false),
    ] {
      var bytes = ByteBuffer()
      bytes.append(text)
      #expect(MarkupConverter.mayFind(in: bytes.bytes) == expected, "\(text)")
    }
  }

  @Test func `one converter does for many texts`() {
    let converter = MarkupConverter()
    var output = ByteBuffer()
    for text in ["<p>a", "plain", "<b>", "<ul><li>b</ul>", "&lt;"] {
      var input = ByteBuffer()
      input.append(text)
      _ = converter.convert(input.bytes, into: &output)
      output.append(";")
    }
    let text = output.bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    #expect(text == "a;;;- b;<;")
  }
}
