internal import Notation
internal import Samples

/// `at_least: NUMBER` — the number is this or larger.
struct AtLeast: PlainCheck {
  static let name = "at_least"
  static let types: Set<FieldType> = [.number]
  static let page = CheckPage(
    "the number is this or larger",
    parameters: [("NUMBER", nil, "the least number that holds")],
    examples: [
      .init(
        "correct_count: { at_least: 1 }",
        holds: ["{ correct_count: 1 }", "{ correct_count: 2.5 }"],
        fails: ["{ correct_count: 0 }", "{ correct_count: null }"])
    ])

  private let bound: Double

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) { bound = try number(yaml) }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    sample.number(value).map { $0 >= bound } ?? false
  }
}

/// `at_most: NUMBER` — the number is this or smaller.
struct AtMost: PlainCheck {
  static let name = "at_most"
  static let types: Set<FieldType> = [.number]
  static let page = CheckPage(
    "the number is this or smaller",
    parameters: [("NUMBER", nil, "the largest number that holds")],
    examples: [
      .init(
        "correct_count: { at_most: 1 }", holds: ["{ correct_count: 1 }"],
        fails: ["{ correct_count: 1.5 }", "{ correct_count: null }"])
    ])

  private let bound: Double

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) { bound = try number(yaml) }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    sample.number(value).map { $0 <= bound } ?? false
  }
}

private func number(_ yaml: YAML) throws(RecipeError) -> Double {
  guard case .number(let number) = yaml.literal else { throw yaml.fail("here a number is needed") }
  return number
}

/// `at_least` and `at_most` for something that is counted.
struct CountBounds: Sendable {
  private let range: ClosedRange<Int>

  static let keys = ["at_least", "at_most"]

  init(_ keys: [String: YAML], at yaml: YAML) throws(RecipeError) {
    let low = try keys["at_least"]?.whole("'at_least'") ?? 0
    let high = try keys["at_most"]?.whole("'at_most'") ?? .max
    guard keys["at_least"] != nil || keys["at_most"] != nil else {
      throw yaml.fail("here 'at_least', 'at_most' or both are needed")
    }
    guard low <= high else { throw yaml.fail("'at_least' is more than 'at_most'") }
    range = low...high
  }

  func contains(_ count: Int) -> Bool { range.contains(count) }
}
