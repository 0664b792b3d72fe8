import Samples
import Testing

@testable import Curation

struct RuleTests {
  static let types: [String: FieldType] = [
    "a": .text, "b": .number, "verified": .flags, "complete": .flags, "responses": .texts,
    "judge_score": .number, "other": .any,
  ]

  static let outcomes: [(rule: String, holds: [String], fails: [String])] = [
    ("a: {is: x}", [#"{"a": "x"}"#], [#"{"a": "y"}"#]),
    (
      "{a: {is: x}, b: {at_least: 1}}", [#"{"a": "x", "b": 1}"#],
      [#"{"a": "x", "b": 0}"#, #"{"b": 1}"#]
    ),
    (
      "b: {at_least: 1, at_most: 2}", [#"{"b": 1}"#, #"{"b": 2}"#], [#"{"b": 0}"#, #"{"b": 3}"#]
    ),
    (
      "all: [{a: {is: x}}, {b: {is: 1}}]", [#"{"a": "x", "b": 1}"#],
      [#"{"a": "x"}"#, #"{"b": 1}"#, "{}"]
    ),
    (
      "any: [{a: {is: x}}, {b: {is: 1}}]", [#"{"a": "x"}"#, #"{"b": 1}"#], [#"{"a": "y"}"#, "{}"]
    ),
    (
      "{a: {is: x}, any: [{b: {is: 1}}, {b: {is: 2}}]}", [#"{"a": "x", "b": 2}"#],
      [#"{"a": "x", "b": 3}"#, #"{"a": "y", "b": 1}"#]
    ),
    // A check that fails for null makes `not` hold.
    ("not: {a: {is: x}}", [#"{"a": "y"}"#, #"{"a": null}"#, "{}"], [#"{"a": "x"}"#]),
    ("not: {not: {a: {is: x}}}", [#"{"a": "x"}"#], [#"{"a": "y"}"#, "{}"]),
    (
      "not: {a: {is: x}, b: {is: 1}}", [#"{"a": "x", "b": 2}"#, "{}"], [#"{"a": "x", "b": 1}"#]
    ),
    (
      "some: {verified: {is: true}, complete: {is: true}}",
      [
        #"{"verified": [true], "complete": [true]}"#,
        #"{"verified": [false, true], "complete": [true, true]}"#,
        #"{"verified": [null, true], "complete": [null, true]}"#,
      ],
      [
        #"{"verified": [true, false], "complete": [false, true]}"#,
        #"{"verified": [true, true], "complete": [true]}"#,
        #"{"verified": [true], "complete": null}"#, #"{"verified": [true]}"#,
        #"{"verified": [], "complete": []}"#, #"{"verified": [null], "complete": [true]}"#, "{}",
      ]
    ),
    (
      "every: {verified: {is: true}}", [#"{"verified": [true]}"#, #"{"verified": [true, true]}"#],
      [
        #"{"verified": []}"#, #"{"verified": null}"#, #"{"verified": [true, null]}"#,
        #"{"verified": [true, false]}"#, "{}",
      ]
    ),
    (
      "every: {any: [{verified: {is: true}}, {complete: {is: false}}]}",
      [#"{"verified": [true, false], "complete": [true, false]}"#],
      [
        #"{"verified": [true, false], "complete": [true, true]}"#,
        #"{"verified": [true], "complete": [true, false]}"#,
      ]
    ),
    (
      "some: {not: {responses: {contains: x}}}",
      [#"{"responses": ["x", "y"]}"#, #"{"responses": [null]}"#],
      [#"{"responses": ["x", "ax"]}"#, #"{"responses": []}"#]
    ),
    (
      "not: {some: {verified: {is: true}}}", [#"{"verified": [false]}"#, "{}"],
      [#"{"verified": [true]}"#]
    ),
    ("other: {is_null: false}", [#"{"other": {"k": [1]}}"#, #"{"other": 0}"#], ["{}"]),
  ]

  @Test(arguments: outcomes)
  func `a rule holds for some rows and not for others`(
    rule: String, holds: [String], fails: [String]
  ) throws {
    let rule = try RuleInHand(rule, Self.types)
    for row in holds { #expect(try rule.holds(row), "\(row)") }
    for row in fails { #expect(try !rule.holds(row), "\(row)") }
  }

  static let decisions: [(String, String, [String])] = [
    // The first of several that fails decides, and of alternatives all do.
    ("{a: {is: x}, b: {is: 1}}", #"{"a": "y", "b": 2}"#, ["a"]),
    ("{a: {is: x}, b: {is: 1}}", #"{"a": "x", "b": 2}"#, ["b"]),
    ("{a: {is: x}, b: {is: 1}}", #"{"a": "x", "b": 1}"#, ["a", "b"]),
    ("any: [{a: {is: x}}, {b: {is: 1}}]", #"{"a": "y", "b": 2}"#, ["a", "b"]),
    ("any: [{a: {is: x}}, {b: {is: 1}}]", #"{"a": "y", "b": 1}"#, ["b"]),
    ("any: [{a: {is: x}}, {b: {is: 1}}]", #"{"a": "x", "b": 1}"#, ["a"]),
    ("not: {any: [{a: {is: x}}, {b: {is: 1}}]}", #"{"a": "y", "b": 1}"#, ["b"]),
    ("not: {a: {is: x}, b: {is: 1}}", #"{"a": "x", "b": 1}"#, ["a", "b"]),
    (
      "any: [{verified: {contains: true}}, {judge_score: {at_least: 0.9}}]",
      #"{"verified": [false], "judge_score": 0.2}"#, ["verified", "judge_score"]
    ),
    (
      "any: [{verified: {contains: true}}, {judge_score: {at_least: 0.9}}]",
      #"{"verified": [false, true]}"#, ["verified"]
    ),
    (
      "some: {verified: {is: true}, complete: {is: true}}",
      #"{"verified": [true], "complete": [false]}"#, ["verified", "complete"]
    ),
    (
      "{a: {is: x}, every: {verified: {is: true}}}", #"{"a": "x", "verified": []}"#, ["verified"]
    ),
  ]

  @Test(arguments: decisions)
  func `the fields that decided are named`(rule: String, row: String, fields: [String]) throws {
    #expect(try RuleInHand(rule, Self.types).deciding(row) == fields)
  }

  @Test func `a field is read once, however often the rule names it`() throws {
    let rule = try RuleInHand(
      "any: [{a: {is: x}}, {a: {is: y}}, {b: {is: 1}}, {not: {a: {is: z}}}]", Self.types)
    #expect(rule.projection.keys == ["a", "b"])
    #expect(rule.rule.leaves.map(\.field.name) == ["a", "a", "b", "a"])
  }

  static let refused: [(String, String)] = [
    ("{}", "1:1: a rule needs at least one check"),
    ("[]", "1:1: a rule should be a mapping, and is a list"),
    ("any: {a: {is: x}}", "1:6: 'any' should be a list, and is a mapping"),
    ("all: []", "1:6: 'all' needs at least one rule"),
    ("any: []", "1:6: 'any' needs at least one rule"),
    ("any: [{a: {is: x}}, {}]", "1:21: a rule needs at least one check"),
    ("not: {}", "1:6: a rule needs at least one check"),
    ("not: [{a: {is: x}}]", "1:6: a rule should be a mapping, and is a list"),
    ("a: {}", "1:4: 'a' needs a check"),
    ("a: x", "1:4: 'a' should be a mapping, and is 'x'"),
    ("bogus: {is: x}", "1:1: the scope has no 'bogus'"),
    (
      "some: {every: {verified: {is: true}}}",
      "1:8: 'every' cannot stand inside another list test"
    ),
    (
      "every: {not: {some: {verified: {is: true}}}}",
      "1:15: 'some' cannot stand inside another list test"
    ),
    ("some: {a: {is: x}}", "1:8: 'a' is a text; inside a list test a list is needed"),
    ("every: {b: {is: 1}}", "1:9: 'b' is a number; inside a list test a list is needed"),
    (
      "some: {other: {is_null: true}}",
      "1:8: 'other' is any value; inside a list test a list is needed"
    ),
    (
      "some: {verified: {contains: true}}",
      "1:19: 'verified' is true or false, which 'contains' cannot check; 'is', 'in' and 'is_null'"
        + " can"
    ),
  ]

  @Test(arguments: refused)
  func `a rule with something wrong is refused there`(text: String, expected: String) {
    let found = message { _ = try RuleInHand(text, Self.types) }
    #expect(found == "f.yaml:" + expected)
  }
}
