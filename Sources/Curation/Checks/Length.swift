internal import Notation
internal import Samples

/// `length: {at_least: N, at_most: N}` — the text has so many characters, counted as Unicode scalars.
struct Length: PlainCheck {
  static let name = "length"
  static let types: Set<FieldType> = [.text]
  static let measures = true
  static let page = CheckPage(
    "the text has so many characters",
    ["Characters are Unicode scalars of the decoded text."],
    parameters: [
      ("at_least", "0", "the fewest that hold"),
      ("at_most", "any", "the most that hold; one of the two is needed"),
    ],
    examples: [
      .init(
        "prompt: { length: { at_least: 3, at_most: 5 } }", holds: ["{ prompt: añb }"],
        fails: ["{ prompt: ab }", "{ prompt: abcdef }"])
    ])

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
