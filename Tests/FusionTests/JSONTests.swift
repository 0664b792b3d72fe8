import Notation
import Testing

@testable import Fusion

struct JSONTests {
  private func parse(_ text: String) throws -> JSON { try JSON(parsing: Array(text.utf8)) }

  /// What is said about a text that is not JSON.
  private func complaint(_ text: [UInt8]) -> String? {
    do throws(JSONError) {
      _ = try JSON(parsing: text)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func `order of keys and spelling of numbers come out as they went in`() throws {
    let text = """
      {
        "z": 1e-05,
        "a": [
          1.0,
          -0,
          12345678901234567890123
        ],
        "empty": {},
        "none": [],
        "text": "Ä \\"\\\\\\n\\u0001\\b/ 😀",
        "flags": [
          true,
          false,
          null
        ]
      }
      """
    #expect(try parse(text).formatted() == text)
    #expect(
      try parse(text).compact
        == #"{"z":1e-05,"a":[1.0,-0,12345678901234567890123],"empty":{},"none":[],"#
        + #""text":"Ä \"\\\n\u0001\b/ 😀","flags":[true,false,null]}"#)
  }

  @Test func `escapes are read, pairs of surrogates included`() throws {
    #expect(
      try parse(#"" \"\\\/\b\f\n\r\t\u00e4\u0000\uD83d\uDe00 ""#)
        == .string(" \"\\/\u{8}\u{C}\n\r\tä\0😀 "))
  }

  @Test func `a value is set in its place, appended or removed`() throws {
    var json = try parse(#"{"a": 1, "b": 2}"#)
    json["a"] = .bool(true)
    json["c"] = .null
    json["b"] = nil
    json["d"] = nil
    #expect(json.compact == #"{"a":true,"c":null}"#)
    var list = try parse("[1]")
    list["a"] = .null
    #expect(list.compact == "[1]")
  }

  @Test func `values are taken as what they are and nothing else`() throws {
    let json = try parse(#"{"n": 7, "x": 7.5, "big": 1e999, "t": "7", "f": false, "l": [1]}"#)
    #expect(json["n"]?.int == 7)
    #expect(json["n"]?.double == 7)
    #expect(json["x"]?.int == nil)
    #expect(json["x"]?.double == 7.5)
    #expect(json["big"]?.double == nil)
    #expect(json["t"]?.int == nil)
    #expect(json["t"]?.text == "7")
    #expect(json["f"]?.flag == false)
    #expect(json["l"]?.items == [.number("1")])
    #expect(json["l"]?["n"] == nil)
    #expect(json.members?.map(\.key) == ["n", "x", "big", "t", "f", "l"])
  }

  @Test(arguments: [
    ("", "line 1, column 1: expected a value, and the text ends"),
    ("{", "line 1, column 2: expected '\"', and the text ends"),
    ("{\"a\": 1,}", "line 1, column 9: expected '\"', and found '}'"),
    ("{\n  \"ä\" 1}", "line 2, column 7: expected ':', and found '1'"),
    ("{\"a\": 1 \"b\": 2}", "line 1, column 9: expected ',' or '}', and found '\"'"),
    ("[1, 2}", "line 1, column 6: expected ',' or ']', and found '}'"),
    ("[1,]", "line 1, column 4: expected a value, and found ']'"),
    ("[,]", "line 1, column 2: expected a value, and found ','"),
    ("01", "line 1, column 1: a number begins with 0"),
    ("1.", "line 1, column 3: expected a digit, and the text ends"),
    ("-", "line 1, column 2: expected a digit, and the text ends"),
    ("1e+", "line 1, column 4: expected a digit, and the text ends"),
    ("+1", "line 1, column 1: expected a value, and found '+'"),
    ("NaN", "line 1, column 1: expected a value, and found 'N'"),
    ("nul", "line 1, column 4: expected 'null', and the text ends"),
    ("True", "line 1, column 1: expected a value, and found 'T'"),
    ("\"a", "line 1, column 3: the text ends inside a string"),
    ("\"\\", "line 1, column 3: the text ends inside a string"),
    ("\"\\x\"", "line 1, column 2: a backslash is followed by what is no escape"),
    ("\"\\u12g4\"", "line 1, column 2: '\\u' needs four hexadecimal digits"),
    ("\"\\ud800\"", "line 1, column 2: half of a surrogate pair stands alone"),
    ("\"\\udc00\"", "line 1, column 2: half of a surrogate pair stands alone"),
    ("\"\\ud800\\u0041\"", "line 1, column 2: half of a surrogate pair stands alone"),
    ("\"\t\"", "line 1, column 2: a control character stands unescaped in a string"),
    ("\"\\n\t\"", "line 1, column 4: a control character stands unescaped in a string"),
    ("{\"a\": 1, \"\\u0061\": 2}", "line 1, column 10: the key 'a' stands twice in one object"),
    ("1 2", "line 1, column 3: expected the end, and found '2'"),
    ("\u{FEFF}{}", "line 1, column 1: expected a value, and found the byte 0xef"),
    ("1 // one", "line 1, column 3: expected the end, and found '/'"),
  ])
  func `what is not JSON is refused with its place`(text: String, message: String) {
    #expect(complaint(Array(text.utf8)) == message)
  }

  @Test(
    arguments: [
      [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
      [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
    ] as [[UInt8]])
  func `bytes that are not UTF-8 are refused`(bytes: [UInt8]) {
    #expect(complaint(bytes) == "line 1, column 2: is not UTF-8")
  }

  @Test func `128 levels are read, and one more is refused`() throws {
    func nested(_ depth: Int) -> [UInt8] {
      Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
    }
    #expect(complaint(nested(128)) == nil)
    #expect(
      complaint(nested(129))
        == "line 1, column 129: more than 128 levels stand in each other")
    #expect(
      complaint(nested(1_000_000))
        == "line 1, column 129: more than 128 levels stand in each other")
  }

  @Test func `keys that only Unicode holds for the same are different`() throws {
    let json = try parse(#"{"\u212b": 1, "\u00c5": 2}"#)
    #expect(json["\u{C5}"] == .number("2"))
    #expect(json != (try parse(#"{"\u00c5": 1, "\u212b": 2}"#)))
  }

  @Test func `many keys cost no more than their number`() throws {
    let text = "{" + (0..<100_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"
    #expect(try parse(text).members?.count == 100_000)
  }

  @Test func `a text cut anywhere is refused`() {
    let text = Array(#"{"a": [1.5e3, "ä\u00e4", true, null, {"b": -0}]}"#.utf8)
    for count in 0..<text.count { #expect(complaint(Array(text.prefix(count))) != nil) }
  }

  @Test func `a name is shown without what would move the cursor`() {
    #expect(quoted("a\u{1B}[2J\nb\u{202E}") == "'a\\u{1b}[2J\\u{a}b\\u{202e}'")
    #expect(quoted(String(repeating: "x", count: 1000)).count == 123)
  }
}
