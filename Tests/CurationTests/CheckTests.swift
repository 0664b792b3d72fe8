import Samples
import Testing

@testable import Curation
@testable import Notation

/// A check of a field `x` with values, as JSON, for which it holds and for which it does not.
struct CheckCase: Sendable, CustomTestStringConvertible {
  var type: FieldType
  var check: String
  var holds: [String]
  var fails: [String]

  init(_ type: FieldType, _ check: String, holds: [String], fails: [String]) {
    self.type = type
    self.check = check
    self.holds = holds
    self.fails = fails
  }

  var testDescription: String { "\(type.rawValue) \(check)" }
}

struct CheckTests {
  static let cases: [CheckCase] = plain + TextChecks.cases

  private static let plain: [CheckCase] = [
    // is
    CheckCase(
      .text, "is: math-word-problem",
      holds: [#""math-word-problem""#, #""math\u002dword-problem""#, #""\u006dath-word-problem""#],
      fails: [#""Math-word-problem""#, #""math-word-problem ""#, #""""#, #""math\\u002d""#]),
    CheckCase(.text, "is: ''", holds: [#""""#], fails: [#"" ""#, #""\n""#]),
    CheckCase(
      .text, #"is: "é\n😀""#, holds: [#""é\n😀""#, #""\u00e9\u000a\ud83d\ude00""#],
      fails: [#""e\u0301\n😀""#, #""é\n""#]),
    CheckCase(
      .number, "is: 2", holds: ["2", "2.0", "0.2e1", "20E-1"], fails: ["3", "-2", "2.01"]),
    CheckCase(.flag, "is: true", holds: ["true"], fails: ["false"]),
    CheckCase(.flag, "is: false", holds: ["false"], fails: ["true"]),
    // in
    CheckCase(
      .text, "in: [a, b c]", holds: [#""a""#, #""b\u0020c""#], fails: [#""b""#, #""a, b c""#]),
    CheckCase(.number, "in: [1, 2.5]", holds: ["1", "2.50"], fails: ["2", "0"]),
    CheckCase(.flag, "in: [true, false]", holds: ["true", "false"], fails: []),
    CheckCase(.flag, "in: [true]", holds: ["true"], fails: ["false"]),
    // at_least, at_most
    CheckCase(
      .number, "at_least: 0.9", holds: ["0.9", "1", "9e-1", "1e300"], fails: ["0.89", "-1"]),
    CheckCase(.number, "at_most: -1", holds: ["-1", "-1.5", "-2e3"], fails: ["-0.5", "0", "1"]),
    // length, in Unicode scalars
    CheckCase(
      .text, "length: {at_least: 2, at_most: 3}",
      holds: [#""ab""#, #""äöü""#, #""👨‍👩""#, #""\ud83d\ude00x""#, #""e\u0301""#, #""\n\t""#],
      fails: [#""""#, #""ä""#, #""\u00e4""#, #""abcd""#, #""👨‍👩‍👧""#]),
    CheckCase(.text, "length: {at_most: 0}", holds: [#""""#], fails: [#"" ""#]),
    CheckCase(.text, "length: {at_least: 1}", holds: [#"" ""#], fails: [#""""#]),
    // contains
    CheckCase(
      .text, #"contains: "\n""#, holds: [#""a\nb""#, #""\u000a""#], fails: [#""ab""#, #""a\\nb""#]),
    CheckCase(
      .text, "contains: </think>",
      holds: [#""x</think>""#, #""\u003c/think\u003E""#, #""<\/think>""#, #""</</think>""#],
      fails: [#""</think""#, #""<think>""#, #""""#]),
    CheckCase(.text, "contains: ''", holds: [#""""#, #""a""#], fails: []),
    CheckCase(
      .texts, "contains: b", holds: [#"["a", "b"]"#, #"["\u0062"]"#, #"[null, "b"]"#],
      fails: ["[]", #"["ab"]"#, "[null]"]),
    CheckCase(.numbers, "contains: 2", holds: ["[1, 2.0]"], fails: ["[1, 3]", "[]", "[null]"]),
    CheckCase(
      .flags, "contains: true", holds: ["[false, true]", "[null, true]"],
      fails: ["[false]", "[]", "[null]"]),
    // starts_with
    CheckCase(
      .text, "starts_with: <think>", holds: [#""<think>""#, #""\u003cthink>\nx""#],
      fails: [#"" <think>""#, #""<thin""#, #""""#]),
    CheckCase(.text, "starts_with: ''", holds: [#""""#, #""a""#], fails: []),
    // count
    CheckCase(
      .texts, "count: {at_least: 2}", holds: [#"["a", "b"]"#, "[null, null]"],
      fails: ["[]", #"["a"]"#]),
    CheckCase(.texts, "count: {at_most: 1}", holds: ["[]", #"["a"]"#], fails: [#"["a", "b"]"#]),
    CheckCase(
      .texts, "count: {at_most: 0, of: length}", holds: ["[]", #"["stop", null]"#],
      fails: [#"["l\u0065ngth"]"#]),
    CheckCase(
      .numbers, "count: {at_least: 1, at_most: 2, of: 0}", holds: ["[0]", "[0, -0, 1]"],
      fails: ["[]", "[1]", "[0, 0, 0.0]"]),
    CheckCase(
      .flags, "count: {at_least: 2, of: true}", holds: ["[true, false, true]"],
      fails: ["[true, false]", "[true, null]"]),
    // is_blank
    CheckCase(
      .text, "is_blank: true",
      holds: [
        #""""#, #"" \t\r\n""#, "\"\u{A0}\u{2003}\u{3000}\u{85}\u{1680}\"",
        #""\u00a0\u2028\u000B\f\u202F""#,
      ],
      fails: [#""x""#, #"" . ""#, #""\u200b""#, "\"\u{FEFF}\"", #""\\n""#]),
    CheckCase(
      .text, "is_blank: false", holds: [#""x""#, #""\u00a0x""#, #""\u200b""#],
      fails: [#""""#, #"" ""#, #""\u2003\n""#]),
  ]

  @Test(arguments: cases)
  func `a check holds for some values and not for others`(test: CheckCase) throws {
    let rule = try RuleInHand("x: {\(test.check)}", ["x": test.type])
    for value in test.holds { #expect(try rule.holds("{\"x\": \(value)}"), "\(value)") }
    for value in test.fails { #expect(try !rule.holds("{\"x\": \(value)}"), "\(value)") }
  }

  @Test(arguments: cases)
  func `null and a missing field fail every check`(test: CheckCase) throws {
    let rule = try RuleInHand("x: {\(test.check)}", ["x": test.type])
    #expect(try !rule.holds(#"{"x": null}"#))
    #expect(try !rule.holds(#"{"y": "x"}"#))
  }

  @Test(arguments: cases.filter { !$0.type.isList })
  func `a check of an element is the same check, and null fails it`(test: CheckCase) throws {
    guard let list = FieldType.allCases.first(where: { $0.element == test.type }) else { return }
    let rule = try RuleInHand("some: {x: {\(test.check)}}", ["x": list])
    for value in test.holds { #expect(try rule.holds("{\"x\": [null, \(value)]}"), "\(value)") }
    for value in test.fails { #expect(try !rule.holds("{\"x\": [null, \(value)]}"), "\(value)") }
  }

  @Test(arguments: FieldType.allCases)
  func `only is_null holds for null and for a missing field`(type: FieldType) throws {
    let present: [FieldType: String] = [
      .text: #""""#, .number: "0", .flag: "false", .texts: "[]", .numbers: "[null]", .flags: "[]",
      .any: "{}",
    ]
    let rows = [#"{"x": null}"#, "{}", "{\"x\": \(present[type]!)}"]
    let isNull = try RuleInHand("x: {is_null: true}", ["x": type])
    #expect(try rows.map(isNull.holds) == [true, true, false])
    let isThere = try RuleInHand("x: {is_null: false}", ["x": type])
    #expect(try rows.map(isThere.holds) == [false, false, true])
  }

  @Test func `is_null looks at the elements of a list as well`() throws {
    let rule = try RuleInHand("every: {x: {is_null: false}}", ["x": .texts])
    #expect(try rule.holds(#"{"x": ["a", "b"]}"#))
    #expect(try !rule.holds(#"{"x": ["a", null]}"#))
  }

  /// The checks that each type of field admits.
  static let fitting: [(type: FieldType, checks: [String])] = [
    (
      .text,
      [
        "is", "in", "length", "contains", "starts_with", "is_null", "is_blank", "length_ratio",
        "says", "reasoning_form", "repetition", "loop", "language", "has_image", "has_link",
        "is_multipart", "code_block", "math_answer",
      ]
    ),
    (.number, ["is", "in", "at_least", "at_most", "is_null"]),
    (.flag, ["is", "in", "is_null"]),
    (.texts, ["contains", "count", "is_null"]),
    (.numbers, ["contains", "count", "is_null"]),
    (.flags, ["contains", "count", "is_null"]),
    (.any, ["is_null"]),
  ]

  static let names = [
    "is", "in", "at_least", "at_most", "length", "contains", "starts_with", "count", "is_null",
    "is_blank", "length_ratio", "says", "reasoning_form", "repetition", "loop", "language",
    "has_image", "has_link", "is_multipart", "code_block", "math_answer",
  ]

  @Test func `the checks are these`() {
    #expect(CheckList.all.map { $0.name } == Self.names)
  }

  @Test(arguments: fitting)
  func `a check that does not fit the field's type is refused with those that do`(
    type: FieldType, checks: [String]
  ) {
    for name in Self.names where !checks.contains(name) {
      #expect(
        message { _ = try RuleInHand("x: {\(name): 1}", ["x": type]) }
          == "f.yaml:1:5: 'x' is \(type.described), which '\(name)' cannot check;"
          + " \(listed(checks)) can")
    }
    for name in checks {
      let found = message { _ = try RuleInHand("x: {\(name): *a}", ["x": type]) }
      #expect(found == "f.yaml:1:\(7 + name.count): is not YAML: found undefined alias")
    }
  }

  static let badlyWritten: [(FieldType, String, String)] = [
    (
      .text, "is: 1",
      "1:9: here a text is needed, and this is the number 1; put it in quotation marks"
    ),
    (.text, "is: true", "1:9: here a text is needed, and this is true; put it in quotation marks"),
    (.text, "is: ~", "1:9: here a text is needed, and this is null; put it in quotation marks"),
    (.text, "is: [a]", "1:9: here a text is needed, and this is a list"),
    (.number, "is: '1'", "1:9: here a number is needed, and this is the text '1'"),
    (.number, "is: Yes", "1:9: here a number is needed, and this is the text 'Yes'"),
    (.flag, "is: yes", "1:9: here true or false is needed, and this is the text 'yes'"),
    (.flag, "is: 1", "1:9: here true or false is needed, and this is the number 1"),
    (.text, "in: a", "1:9: 'in' should be a list, and is 'a'"),
    (.text, "in: []", "1:9: 'in' needs at least one value"),
    (
      .text, "in: [a, 1.5]",
      "1:13: here a text is needed, and this is the number 1.5; put it in quotation marks"
    ),
    (.number, "at_least: x", "1:15: here a number is needed"),
    (.number, "at_most: '1'", "1:14: here a number is needed"),
    (.text, "length: 3", "1:13: 'length' should be a mapping, and is '3'"),
    (.text, "length: {}", "1:13: here 'at_least', 'at_most' or both are needed"),
    (.text, "length: {at_least: 3, at_most: 2}", "1:13: 'at_least' is more than 'at_most'"),
    (
      .text, "length: {at_least: -1}",
      "1:24: 'at_least' should be a whole number, and is '-1'"
    ),
    (
      .text, "length: {atleast: 1}",
      "1:14: 'length' has no 'atleast'; did you mean 'at_least'? It has 'at_least' and 'at_most'"
    ),
    (
      .texts, "contains: 1",
      "1:15: here a text is needed, and this is the number 1; put it in quotation marks"
    ),
    (.flags, "contains: [true]", "1:15: here true or false is needed, and this is a list"),
    (.text, "starts_with: [a]", "1:18: 'starts_with' should be a text, and is a list"),
    (.texts, "count: {of: a}", "1:12: here 'at_least', 'at_most' or both are needed"),
    (
      .flags, "count: {at_least: 1, of: yes}",
      "1:30: here true or false is needed, and this is the text 'yes'"
    ),
    (
      .flags, "count: {exactly: 1}",
      "1:13: 'count' has no 'exactly'; it has 'at_least', 'at_most' and 'of'"
    ),
    (.any, "is_null: no", "1:14: here true or false is needed"),
    (.text, "is_blank: 0", "1:15: here true or false is needed"),
    (
      .text, "is_blnk: true",
      "1:5: no check is called 'is_blnk'; did you mean 'is_blank'? There are 'is', 'in',"
        + " 'at_least', 'at_most', 'length', 'contains', 'starts_with', 'count', 'is_null',"
        + " 'is_blank', 'length_ratio', 'says', 'reasoning_form', 'repetition', 'loop', 'language',"
        + " 'has_image', 'has_link', 'is_multipart', 'code_block' and 'math_answer'"
    ),
  ]

  @Test(arguments: badlyWritten + TextChecks.badlyWritten)
  func `a check that is badly written is refused there`(
    type: FieldType, check: String, expected: String
  ) {
    let found = message { _ = try RuleInHand("x: {\(check)}", ["x": type]) }
    #expect(found == "f.yaml:" + expected)
  }

  @Test(arguments: [#""abc""#, #""äöü""#, #""\u00e4\n😀""#])
  func `the length that was measured is evidence`(value: String) throws {
    let rule = try RuleInHand("x: {length: {at_least: 9}}", ["x": .text])
    let measured = try withSample("{\"x\": \(value)}", rule.projection) { sample in
      let leaf = rule.rule.leaves[0]
      return leaf.check.measured(sample[leaf.slot], in: sample)
    }
    #expect(measured == #"{"length": 3}"#)
  }
}
