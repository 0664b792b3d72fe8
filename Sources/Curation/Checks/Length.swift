internal import Notation
internal import Samples

/// `length: {at_least: N, at_most: N}` — the text has so many characters, counted as Unicode scalars.
struct Length: Check {
  static let name = "length"
  static let types: Set<FieldType> = [.text]
  private let bounds: CountBounds

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) {
    bounds = try CountBounds(try yaml.keyed("'length'", CountBounds.keys), at: yaml)
  }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    bounds.contains(sample.characterCount(of: value))
  }

  func measured(_ value: Value, in sample: borrowing Sample) -> String? {
    "{\"length\": \(sample.characterCount(of: value))}"
  }
}
