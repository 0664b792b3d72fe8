import Notation
import Testing

@testable import Fusion

struct SettingTests {
  /// The settings of one parameter `x`, written as in a file.
  static func setting(_ text: String) throws -> Setting {
    let yaml = try YAML(parsing: "x: \(text)", file: "merge.yml")
    return try #require(try Parameter.list(yaml).first).setting
  }

  static let values: [(String, Setting)] = [
    ("1", .scalar(.number(1))),
    ("-2.5e-3", .scalar(.number(-0.0025))),
    ("1e-4", .scalar(.number(0.0001))),
    ("'0.5'", .scalar(.number(0.5))),
    ("' 5 '", .scalar(.number(5))),
    ("true", .scalar(.flag(true))),
    ("no", .scalar(.flag(false))),
    ("'true'", .scalar(.flag(true))),
    ("row", .scalar(.text("row"))),
    (".nan", .scalar(.text(".nan"))),
    ("1e999", .scalar(.text("1e999"))),
    ("[0, 0.5, 1]", .gradient([0, 0.5, 1])),
    ("[0.5]", .gradient([0.5])),
    ("['0', 1]", .gradient([0, 1])),
    ("[true, 0.5]", .gradient([1, 0.5])),
    ("[true, false]", .choices([.flag(true), .flag(false)])),
    ("[row, tensor]", .choices([.text("row"), .text("tensor")])),
    ("[row, 1]", .choices([.text("row"), .number(1)])),
    ("{value: 1}", .conditions([.init(filter: nil, value: .scalar(.number(1)))])),
    ("{filter: mlp, value: 1}", .conditions([.init(filter: "mlp", value: .scalar(.number(1)))])),
    (
      "[{filter: mlp, value: [0, 1]}, {filter: '*', value: a}]",
      .conditions([
        .init(filter: "mlp", value: .gradient([0, 1])),
        .init(filter: nil, value: .scalar(.text("a"))),
      ])
    ),
  ]

  @Test(arguments: values)
  func `a setting is read as its kind`(text: String, expected: Setting) throws {
    #expect(try Self.setting(text) == expected)
  }

  static let refused: [(String, String)] = [
    ("", "1:3: 'x' should be a number, a text, true or false, and is empty"),
    ("[]", "1:4: 'x' is an empty list; leave the parameter out, or give it a value"),
    ("[[0, 1]]", "1:5: 'x' should be a number, a text, true or false, and is a list"),
    ("[1, {value: 1}]", "1:8: 'x' should be a number, a text, true or false, and is a mapping"),
    ("[{value: 1}, 3]", "1:17: a condition of 'x' should be a mapping, and is '3'"),
    ("{filter: mlp}", "1:4: a condition of 'x' needs 'value'"),
    ("{filter: [mlp], value: 1}", "1:13: 'filter' should be a text, and is a list"),
    (
      "{filter: mlp, values: 1}",
      "1:18: a condition of 'x' has no 'values'; did you mean 'value'? It has 'filter' and 'value'"
    ),
    ("{value: {value: 1}}", "1:12: a value of 'x' cannot have conditions of its own"),
    ("{value: []}", "1:12: 'x' is an empty list; leave the parameter out, or give it a value"),
  ]

  @Test(arguments: refused)
  func `a setting that is none is refused there`(text: String, expected: String) throws {
    let error = #expect(throws: RecipeError.self) { try Self.setting(text) }
    #expect(error?.description == "merge.yml:" + expected)
  }

  // The expected values are those of mergekit 0.1.5 for the same settings.
  static let depths: [(String, [SettingValue])] = [
    ("[0, 1]", [.number(0), .number(0.3), .number(0.5), .number(1)]),
    ("[1, 2, 3]", [.number(1), .number(1.6), .number(2), .number(3)]),
    ("['1', 2]", [.number(1), .number(1.2999999999999998), .number(1.5), .number(2)]),
    ("[0.5]", [.number(0.5), .number(0.5), .number(0.5), .number(0.5)]),
    ("[a, b, c]", [.text("a"), .text("a"), .text("b"), .text("c")]),
    ("[true, false]", [.flag(true), .flag(true), .flag(true), .flag(false)]),
  ]

  @Test(arguments: depths)
  func `a list is evaluated at a depth`(text: String, expected: [SettingValue]) throws {
    let setting = try Self.setting(text)
    #expect([0, 0.3, 0.5, 1].map { setting.value(for: "a", at: $0) } == expected)
    #expect(setting.value(for: "a", at: -1) == expected.first)
    #expect(setting.value(for: "a", at: 2) == expected.last)
    #expect(setting.value(for: "a", at: .nan) == expected.first)
  }

  @Test func `the first condition that a name contains decides`() throws {
    let setting = try Self.setting(
      "[{filter: self_attn, value: [0, 4]}, {filter: attn, value: 2}, {filter: MLP, value: 3}]")
    #expect(setting.value(for: "model.layers.0.self_attn.q_proj.weight", at: 0.25) == .number(1))
    #expect(setting.value(for: "h.0.attn.weight", at: 0.25) == .number(2))
    #expect(setting.value(for: "model.layers.0.mlp.up_proj.weight", at: 0.25) == nil)
    #expect(try Self.setting("{filter: '', value: 7}").value(for: "a", at: 0) == .number(7))
  }

  @Test func `flags and numbers stand in for each other`() {
    #expect(SettingValue("true").number == 1)
    #expect(SettingValue("off").number == 0)
    #expect(SettingValue("1").flag == true)
    #expect(SettingValue("0.0").flag == false)
    #expect(SettingValue("2").flag == nil)
    #expect(SettingValue("row").number == nil)
    #expect(SettingValue("row").text == "row")
    #expect(SettingValue("1").text == nil)
    #expect(
      ["1", "0.5", "on", "row"].map { SettingValue($0).described } == ["1", "0.5", "true", "'row'"])
  }
}
