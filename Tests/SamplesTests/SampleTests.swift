import Testing

@testable import Samples

struct SampleTests {
  /// The text in a field's slot; nil where it is absent or no text.
  private func text(_ path: String, of row: String, between: Marks? = nil) -> String? {
    scan(row, for: [field(path, between: between)]) { sample, slots in
      let value = sample[slots[0]]
      return value.kind == .string ? sample.text(of: value) : nil
    }.result ?? nil
  }

  @Test(arguments: [
    ("a", #"{"a":"x"}"#, "x"),
    ("a[0]", #"{"a":["x","y"]}"#, "x"),
    ("a[1]", #"{"a":["x","y"]}"#, "y"),
    ("a[2]", #"{"a":["x","y"]}"#, nil),
    ("a[0]", #"{"a":"x"}"#, "x"),
    ("a[0].m", #"{"a":[{"m":"x"}]}"#, "x"),
    ("a[1].m", #"{"a":[{"m":"x"}]}"#, nil),
    ("a[0].m", #"{"a":[{"n":"x"}]}"#, nil),
    ("a[0].m", #"{"a":["x"]}"#, nil),
    ("a[0].m", #"{"a":[{"m":null}]}"#, nil),
    ("a[0].m", #"{"a":[{"k":{"m":"y"},"m":"\u0078"}]}"#, "x"),
    ("a", #"{"b":"x"}"#, nil),
    ("a", #"{"b":{"a":"x"}}"#, nil),
    ("a", #"{"\u0061":"\u00e9\n"}"#, "é\n"),
    ("é", #"{"\u00e9":"x"}"#, "x"),
  ])
  func `a path leads to its text`(path: String, row: String, expected: String?) {
    #expect(text(path, of: row) == expected)
  }

  @Test func `two members of one list are read side by side`() {
    let result = scan(
      #"{"m":[{"r":"user","c":"hi"},{"c":"yo","r":"bot"},{"c":"?"}]}"#,
      for: [field("m[].r", .texts), field("m[].c", .texts), field("m[1].r", .text)]
    ) { sample, slots in
      let lists = slots[..<2].map { slot in
        (0..<sample[slot].count).map { index in
          let element = sample.element(index, of: slot)
          return element.kind == .absent ? "-" : sample.text(of: element)
        }
      }
      return lists + [[sample.text(of: sample[slots[2]])]]
    }
    #expect(result.result == [["user", "bot", "-"], ["hi", "yo", "?"], ["bot"]])
  }

  @Test func `marks cut a text, and a text without them is absent`() {
    let marks = Marks("<think>", "</think>")
    let row = #"{"a":"<think>one \"two\"\n</think>three","b":["<think>x</think>"],"c":"y","d":[]}"#
    #expect(text("a", of: row, between: marks) == "one \"two\"\n")
    #expect(text("b[0]", of: row, between: marks) == "x")
    #expect(text("c", of: row, between: marks) == nil)
    #expect(text("d", of: row, between: marks) == nil)
  }

  @Test(arguments: [
    (#""ab""#, "ab", true), (#""ab""#, "a", false), (#""\u0061b""#, "ab", true),
    (#""\u0061b""#, "aB", false), (#""""#, "", true), (#""\n""#, "\n", true),
    (#""\n""#, "\\n", false), ("1", "1", false), ("null", "", false), (#"["ab"]"#, "ab", false),
  ])
  func `a text is compared by what it means`(json: String, other: String, expected: Bool) {
    let result = scan("{\"a\":\(json)}", for: [field("a")]) { sample, slots in
      sample.isText(sample[slots[0]], equalTo: Array(other.utf8))
    }
    #expect(result.result == expected)
  }

  @Test(arguments: [
    ("", 0), ("abc", 3), ("é😀", 2), (#"\u00e9\ud83d\ude00"#, 2), (#"\\u0041\n"#, 7),
    (#"\ud83d\ude00\ud83d\ude00x"#, 3), (#"e\u0301"#, 2),
  ])
  func `characters are Unicode scalars, however they are escaped`(raw: String, count: Int) {
    let result = scan("{\"a\":\"\(raw)\"}", for: [field("a")]) { $0.characterCount(of: $0[$1[0]]) }
    #expect(result.result == count)
  }

  @Test func `null and absent are both null`() {
    let result = scan(#"{"a":null}"#, for: [field("a"), field("b"), field("a[3]")]) {
      sample, slots in slots.map { sample[$0].kind }
    }
    #expect(result.result == [.null, .absent, .null])
    #expect(Value.absent.isNull)
  }
}

struct TextTests {
  @Test(arguments: [
    ("0", 0.0), ("-0", 0), ("12", 12), ("-2.5e-3", -0.0025), ("1E5", 100_000),
    ("0.1", 0.1), ("9007199254740993", 9_007_199_254_740_992), ("\"1\"", nil), ("true", nil),
    ("null", nil),
  ])
  func `a number is read to the nearest double`(json: String, expected: Double?) {
    let result = scan("{\"a\": \(json) }", for: [field("a")]) { $0.number($0[$1[0]]) }
    #expect(result.result == .some(expected))
  }

  @Test(arguments: [
    (#""short""#, #""short""#), (#""é\n""#, #""é\n""#), ("1.50", "1.50"), ("true", "true"),
    ("null", "null"), ("[1, 2]", "[1, 2]"), (#"{"b":[]}"#, #"{"b":[]}"#),
    ("[" + String(repeating: "10,", count: 60) + "1]", #""61 elements""#),
    ("{\"b\":\"" + String(repeating: "x", count: 200) + "\"}", #""an object""#),
    (
      "\"" + String(repeating: "é", count: 200) + "\"",
      "\"" + String(repeating: "é", count: 120) + "…\""
    ),
    (
      "\"" + String(repeating: "x", count: 200) + "\"",
      "\"" + String(repeating: "x", count: 120) + "…\""
    ),
  ])
  func `an excerpt is JSON and short`(json: String, expected: String) {
    let result = scan("{\"a\":\(json)}", for: [field("a")]) { $0.excerpt(of: $0[$1[0]]) }
    #expect(result.result == expected)
  }

  @Test func `an excerpt of what is absent is null`() {
    let result = scan("{}", for: [field("a")]) { $0.excerpt(of: $0[$1[0]]) }
    #expect(result.result == "null")
  }

  @Test(arguments: [
    ("", "", 0..<0), ("abc", "", 0..<0), ("abc", "c", 2..<3), ("aab", "ab", 1..<3),
    ("abab", "abab", 0..<4), ("aba", "abab", nil), ("abc", "d", nil), ("", "a", nil),
  ])
  func `a pattern is found where it begins first`(text: String, pattern: String, at: Range<Int>?) {
    let bytes = Array(text.utf8)
    let range = bytes.span.firstRange(of: Array(pattern.utf8))
    #expect(range == at)
  }
}
