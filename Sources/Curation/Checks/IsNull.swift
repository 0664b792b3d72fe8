internal import Notation
internal import Samples

/// `is_null: true` — the value is null, or the row does not have the field; `false` — it is there.
struct IsNull: PlainCheck {
  static let name = "is_null"
  static let types = Set(FieldType.allCases)
  static let acceptsNull = true
  static let page = CheckPage(
    "the value is null, or the row does not have the field",
    ["The one check that holds for a value that is null or missing."],
    parameters: [("true or false", nil, "what has to be so; false: it is there")],
    examples: [
      .init(
        "answer: { is_null: false }", holds: ["{ answer: '' }"], fails: ["{ answer: null }", "{}"])
    ])

  private let wanted: Bool

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) { wanted = try flag(yaml) }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    value.isNull == wanted
  }
}

/// `is_blank: true` — the text is empty or white space alone; `false` — there is something in it.
struct IsBlank: PlainCheck {
  static let name = "is_blank"
  static let types: Set<FieldType> = [.text]
  static let page = CheckPage(
    "the text is empty or white space alone",
    ["White space is what has the Unicode property White_Space. Null is not blank."],
    parameters: [("true or false", nil, "what has to be so; false: there is something in it")],
    examples: [
      .init(
        "reasoning: { is_blank: false }", holds: ["{ reasoning: Add. }"],
        fails: ["{ reasoning: \" \\n\" }", "{ reasoning: null }"])
    ])

  private let wanted: Bool

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) { wanted = try flag(yaml) }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    value.kind == .string && trimmed(sample.bytes(of: value)).isEmpty == wanted
  }
}

/// What stands after a check that either holds or does not.
func flag(_ yaml: YAML) throws(RecipeError) -> Bool {
  guard case .flag(let flag) = yaml.literal else { throw yaml.fail("here true or false is needed") }
  return flag
}
