import Testing

@testable import Tokenization

struct SplitPatternTests {
  /// All matches in a text.
  private func matches(_ pattern: String, _ text: String) throws -> [String] {
    let matcher = SplitMatcher(try SplitPattern(pattern))
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBytes { bytes in
      var found: [String] = []
      var from = 0
      while let (start, end) = matcher.match(in: bytes, from: from), end > start {
        found.append(String(decoding: bytes[start..<end], as: UTF8.self))
        from = end
      }
      return found
    }
  }

  private static let qwen =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"#
    + #"|\s*[\r\n]+|\s+(?!\S)|\s+"#

  @Test func `a text is cut as Qwen2 cuts it`() throws {
    let text = "I'LL pay $12.5\u{3000}für  x²+1;\r\n\n  return\t'ſo\n  "
    #expect(
      try matches(Self.qwen, text) == [
        "I", "'LL", " pay", " $", "1", "2", ".", "5", "\u{3000}für", " ", " x", "²", "+", "1",
        ";\r\n\n", " ", " return", "\t", "'ſ", "o", "\n", "  ",
      ])
  }

  @Test(
    arguments: [
      // What is white space: for PCRE2 also U+180E.
      (#"\s+"#, "a\u{85}\u{A0} \u{180E}", ["\u{85}\u{A0} "]),
      (#"\S+"#, "a\u{180E} b", ["a\u{180E}", "b"]),
      (#"[^\S ]+"#, "a \t\n", ["\t\n"]),
      // Letters, numbers and marks of Unicode 15 and 16, which PCRE2 may not know.
      (#"\p{L}+"#, "a\u{1C89}\u{31350}\u{10D4A}1", ["a\u{1C89}\u{31350}\u{10D4A}"]),
      (#"\P{L}+"#, "1\u{1C89}.", ["1", "."]),
      (#"[\P{L}]+"#, "1\u{1C89}.", ["1", "."]),
      (#"[^\p{N}]+"#, "a\u{10D40}b", ["a", "b"]),
      (#"\p{^L}+"#, "a1", ["1"]),
      // Unicode 17 is in neither.
      (#"\p{L}+"#, "\u{88F}", []),
      // In Ruby's syntax a plus behind braces repeats once more.
      (#"a{1,2}+b"#, "aaaab", ["aaaab"]),
      (#"(?:ab){2}+"#, "ababababab", ["abababab"]),
      (#"a{2,3}?"#, "aaaa", ["aa", "aa"]),
      (#"a++ab|a"#, "aab", ["a", "a"]),
      // A dollar is the end of a line, a dot no line feed.
      (#"\s+$"#, "a \nb ", [" ", " "]),
      (#".+"#, "a\rb\nc", ["a\rb", "c"]),
      (#"[!\-\]\\a-c]+"#, "!-]\\abcd", ["!-]\\abc"]),
      (#"\u4e2d[^\x41]?"#, "中A中", []),
      (#"(?i:'re)"#, "'rE", ["'rE"]),
    ] as [(String, String, [String])])
  func `a pattern means what it means in Ruby's syntax`(
    pattern: String, text: String, expected: [String]
  ) throws {
    if pattern.contains(#"\x"#) {
      #expect(throws: PatternFault.self) { try SplitPattern(pattern) }
    } else {
      #expect(try matches(pattern, text) == expected)
    }
  }

  @Test(
    arguments: [
      ("(a", "a group is not closed"),
      ("a)", "a group is closed twice"),
      ("[a", "a class is not closed"),
      ("[[a]]", "a class within a class; write \\[ for the letter"),
      ("[a&&b]", "an intersection of classes"),
      ("[]a]", "a class that begins with ']'"),
      (#"[\d-z]"#, "a range from a set of letters"),
      (#"[a-\d]"#, "a range to a set of letters"),
      (#"\p{Han}"#, "the property 'Han', which is no general category"),
      (#"\pL"#, "a property without braces"),
      (#"\w+"#, #"the escape '\w'"#),
      (#"\b"#, #"the escape '\b'"#),
      (#"\1"#, #"the escape '\1'"#),
      (#"\"#, "it ends with a backslash"),
      (#"\u12"#, #"\u without four hexadecimal digits"#),
      ("(?i)a", "a group of a kind that is not among (?: (?i: (?= (?! (?<= (?<! (?>"),
      ("(?i:straße)", "'st' where case is ignored"),
      (#"(?i:\p{Lu})"#, "the property 'Lu' where case is ignored"),
      ("a**", "a repetition is repeated"),
      ("a{2}?", "a repetition is repeated"),
      ("{2}", #"a brace that repeats nothing; write \{ for the letter"#),
      ("a{,2}", "braces that hold no numbers of repetitions"),
      ("(?<=a*)b", "what PCRE2 takes for an error: lookbehind assertion is not fixed length"),
    ])
  func `what might mean something else is refused`(pattern: String, reason: String) {
    let fault = #expect(throws: PatternFault.self) { try SplitPattern(pattern) }
    #expect(fault?.reason == reason)
  }

  @Test func `a pattern that backtracks far is answered without the compiler's stack`() throws {
    let text = String(repeating: "ab", count: 400_000)
    let isWhole = try matches("(?:(?:a|ab)(?:b|c)?)+", text) == [text]
    #expect(isWhole)
  }
}
