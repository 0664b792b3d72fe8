internal import Notation
internal import Samples

/// `length_ratio: {to: FIELD, at_least: R, at_most: R}` — the text has so many times the characters
/// of another.
struct LengthRatio: Check {
  static let name = "length_ratio"
  static let types: Set<FieldType> = [.text]
  static let measures = true
  static let page = CheckPage(
    "the text is so many times as long as another",
    [
      """
      Characters of the field over characters of the other one, both counted as Unicode scalars. \
      Fails where the other one is null, missing or empty.
      """
    ],
    parameters: [
      ("to", nil, "the field that is compared with; one text, no list"),
      ("at_least", "0", "the least ratio that holds"),
      ("at_most", "any", "the largest ratio that holds; one of the two is needed"),
    ],
    examples: [
      .init(
        "reasoning: { length_ratio: { to: solution, at_least: 0.5, at_most: 4 } }",
        holds: ["{ reasoning: abcdef, solution: abc }", "{ reasoning: ab, solution: abcd }"],
        fails: ["{ reasoning: a, solution: abcd }", "{ reasoning: a, solution: '' }"])
    ])

  private let range: ClosedRange<Double>
  private let to: Field
  private let slot: Projection.Slot

  init(
    _ yaml: YAML, type: FieldType, in scope: some FieldScope, _ projection: inout Projection
  ) throws(RecipeError) {
    let keys = try yaml.keyed("'length_ratio'", ["to"] + CountBounds.keys)
    guard let name = keys["to"] else { throw yaml.fail("'length_ratio' needs 'to', a field") }
    to = try scope.field(named: try name.text("'to'"), at: name)
    guard to.type == .text else {
      throw name.fail("'\(to.name)' is \(to.type.described); a length is compared with a text's")
    }
    slot = projection.slot(of: to)
    guard keys["at_least"] != nil || keys["at_most"] != nil else {
      throw yaml.fail("here 'at_least', 'at_most' or both are needed")
    }
    let low = try keys["at_least"]?.positive("'at_least'") ?? 0
    let high = try keys["at_most"]?.positive("'at_most'") ?? .infinity
    guard low <= high else { throw yaml.fail("'at_least' is more than 'at_most'") }
    range = low...high
  }

  var others: [(slot: Projection.Slot, field: Field)] { [(slot, to)] }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    ratio(value, in: sample).map(range.contains) ?? false
  }

  func measured(_ value: Value, in sample: borrowing Sample) -> String? {
    "{\"length_ratio\": \(ratio(value, in: sample).map(Share.json) ?? "null")}"
  }

  private func ratio(_ value: Value, in sample: borrowing Sample) -> Double? {
    let other = sample[slot]
    guard value.kind == .string, other.kind == .string else { return nil }
    let length = sample.characterCount(of: other)
    return length > 0 ? Double(sample.characterCount(of: value)) / Double(length) : nil
  }
}

/// Parts of a whole, as filters name them and the ledger has them.
enum Share {
  /// With three digits after the point, which is what is told of a figure.
  static func json(_ share: Double) -> String { "\((share * 1000).rounded() / 1000)" }

  /// A number from 0 to 1.
  static func read(_ yaml: YAML, _ what: String) throws(RecipeError) -> Double {
    let share = try yaml.number(what)
    guard 0...1 ~= share else {
      throw yaml.fail("\(what) should be a share from 0 to 1, and is \(yaml.described)")
    }
    return share
  }
}
