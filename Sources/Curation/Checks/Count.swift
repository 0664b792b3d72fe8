internal import Notation
internal import Samples

/// `count: {at_least: N, at_most: N, of: VALUE}` — the list has so many elements, or so many that
/// are this value.
struct Count: Check {
  static let name = "count"
  static let types: Set<FieldType> = [.texts, .numbers, .flags]
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
