import Testing

@testable import Curation
@testable import Notation

struct YAMLTests {
  static let unknown: [(String, String)] = [
    ("about: x\nkep: y\n", "2:1: it has no 'kep'; did you mean 'keep'? It has 'about' and 'keep'"),
    ("{about: x, zzzzzzz: y}", "1:12: it has no 'zzzzzzz'; it has 'about' and 'keep'"),
    ("\"über\": {} # ü\nabout: x", "1:1: it has no 'über'; it has 'about' and 'keep'"),
    ("- about", "1:1: it should be a mapping, and is a list"),
    ("about", "1:1: it should be a mapping, and is 'about'"),
    ("? [a, b]\n: x", "1:3: a key should be a text, and is a list"),
    ("~: x", "1:1: a key should be a text, and is empty"),
  ]

  @Test(arguments: unknown)
  func `a mapping with anything unknown in it is refused there`(text: String, place: String) {
    let found = message {
      _ = try YAML(parsing: text, file: "f.yaml").keyed("it", ["about", "keep"])
    }
    #expect(found == "f.yaml:" + place)
  }

  static let broken: [(String, String)] = [
    ("a: 1\nb: 2\na: 3\n", "f.yaml:1:1: the key 'a' stands twice in one mapping"),
    ("x:\n  - {k: 1, l: 2, k: 3}", "f.yaml:2:6: the key 'k' stands twice in one mapping"),
    ("a: [1, 2", "f.yaml:2:1: is not YAML: did not find expected ',' or ']'"),
    ("a: 'x", "f.yaml:1:6: is not YAML: found unexpected end of stream"),
    ("a: b: c", "f.yaml:1:5: is not YAML: mapping values are not allowed in this context"),
    ("a:\n\tb: c", "f.yaml:2:1: is not YAML: found character that cannot start any token"),
    ("a: *b", "f.yaml:1:4: is not YAML: found undefined alias"),
    ("a: 1\n---\nb: 2", "f.yaml:2:1: is not YAML: but found another document"),
    ("", "f.yaml: is empty"),
    ("# a comment alone\n", "f.yaml: is empty"),
    ("über: x\nb: \u{1}", "f.yaml:2:4: is not YAML: control characters are not allowed"),
    ("a: \u{1}", "f.yaml:1:4: is not YAML: control characters are not allowed"),
  ]

  @Test(arguments: broken)
  func `text that is no YAML is refused with its place`(text: String, expected: String) {
    #expect(message { _ = try YAML(parsing: text, file: "f.yaml") } == expected)
  }

  static let wrongKinds: [(String, String, String)] = [
    ("list", "v: {a: 1}", "1:4: 'v' should be a list, and is a mapping"),
    ("list", "v: a", "1:4: 'v' should be a list, and is 'a'"),
    ("text", "v: [a]", "1:4: 'v' should be a text, and is a list"),
    ("text", "v:\n  a: b", "2:3: 'v' should be a text, and is a mapping"),
    ("text", "v: ~", "1:4: 'v' should be a text, and is empty"),
    ("text", "v: null", "1:4: 'v' should be a text, and is empty"),
    ("whole", "v: -1", "1:4: 'v' should be a whole number, and is '-1'"),
    ("whole", "v: 1.5", "1:4: 'v' should be a whole number, and is '1.5'"),
    ("whole", "v: ten", "1:4: 'v' should be a whole number, and is 'ten'"),
    ("whole", "v: '10'", "1:4: 'v' should be a whole number, and is '10'"),
    ("whole", "v: []", "1:4: 'v' should be a whole number, and is a list"),
    ("whole", "v: 1e400", "1:4: 'v' should be a whole number, and is '1e400'"),
  ]

  @Test(arguments: wrongKinds)
  func `a value of the wrong kind is refused at its place`(
    kind: String, text: String, expected: String
  ) throws {
    let value = try value(text)
    let found = message {
      switch kind {
      case "list": _ = try value.list("'v'")
      case "text": _ = try value.text("'v'")
      default: _ = try value.whole("'v'")
      }
    }
    #expect(found == "f.yaml:" + expected)
  }

  @Test func `an empty value is refused with its key's line`() throws {
    let found = message { _ = try value("v:\nw: 1").text("'v'") }
    #expect(found == "f.yaml:1:3: 'v' should be a text, and is empty")
  }

  static let scalars: [(String, Literal)] = [
    ("Yes", .text("Yes")), ("no", .text("no")), ("on", .text("on")), ("'true'", .text("true")),
    ("\"1\"", .text("1")), ("2024-01-31", .text("2024-01-31")), ("1_000", .text("1_000")),
    ("infinity", .text("infinity")), ("nan", .text("nan")), ("-inf", .text("-inf")),
    ("0x1F", .text("0x1F")), ("true", .flag(true)), ("False", .flag(false)), ("null", .null),
    ("~", .null), ("12", .number(12)), ("-0.5", .number(-0.5)), ("1e3", .number(1000)),
    (".5", .number(0.5)), ("+3", .number(3)), ("5.", .number(5)),
  ]

  @Test(arguments: scalars)
  func `a scalar is what YAML's core schema says`(text: String, literal: Literal) throws {
    #expect(try value("v: " + text).literal == literal)
  }

  static let nodes: [(String, String)] = [
    ("a: [1, 2.5, true, ~, x]", #"{"a": [1, 2.5, true, null, "x"]}"#),
    (#"a: "q\"\\\t\u0001ü""#, #"{"a": "q\"\\\t\u0001ü"}"#),
    ("a: |\n  two\n  lines", #"{"a": "two\nlines"}"#),
    ("{b: {}, a: []}", #"{"b": {}, "a": []}"#),
    ("[.5, +3, 5., 007, 1e3, -0]", "[0.5, 3, 5, 7, 1000, 0]"),
    ("x: &here [1]\ny: *here", #"{"x": [1], "y": [1]}"#),
  ]

  @Test(arguments: nodes)
  func `a node is written as JSON in the order of the file`(text: String, json: String) throws {
    #expect(try YAML(parsing: text, file: "f.yaml").json() == json)
  }

  private func value(_ text: String) throws -> YAML {
    try YAML(parsing: text, file: "f.yaml").entries("it").first!.value
  }
}
