internal import Notation
internal import Samples

/// `count: {at_least: N, at_most: N, of: VALUE}` — the list has so many elements, or so many that
/// are this value.
struct Count: PlainCheck {
  static let name = "count"
  static let types: Set<FieldType> = [.texts, .numbers, .flags]
  static let page = CheckPage(
    "the list has so many elements, or so many that are this value",
    parameters: [
      ("at_least", "0", "the fewest that hold"),
      ("at_most", "any", "the most that hold; one of the two is needed"),
      ("of", "all", "the value that is counted"),
    ],
    examples: [
      .init(
        "verified: { count: { at_least: 2, of: true } }",
        holds: ["{ verified: [true, false, true] }"], fails: ["{ verified: [true, false] }"])
    ])

  private let bounds: CountBounds
  private let of: Constant?

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) {
    let keys = try yaml.keyed("'count'", CountBounds.keys + ["of"])
    bounds = try CountBounds(keys, at: yaml)
    if let value = keys["of"] {
      of = try Constant(value, type: type.element ?? type)
    } else {
      of = nil
    }
  }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    guard value.kind == .array else { return false }
    guard let of else { return bounds.contains(value.count) }
    var count = 0
    for index in 0..<value.count where of.equals(sample.element(index, of: slot), in: sample) {
      count += 1
    }
    return bounds.contains(count)
  }
}
