internal import Notation
internal import Samples

/// `is_null: true` — the value is null, or the row does not have the field; `false` — it is there.
struct IsNull: Check {
  static let name = "is_null"
  static let types = Set(FieldType.allCases)
  static let acceptsNull = true
  private let wanted: Bool

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) { wanted = try flag(yaml) }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    value.isNull == wanted
  }
}

/// `is_blank: true` — the text is empty or white space alone; `false` — there is something in it.
struct IsBlank: Check {
  static let name = "is_blank"
  static let types: Set<FieldType> = [.text]
  private let wanted: Bool

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) { wanted = try flag(yaml) }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    value.kind == .string && trimmed(sample.bytes(of: value)).isEmpty == wanted
  }
}

private func flag(_ yaml: YAML) throws(RecipeError) -> Bool {
  guard case .flag(let flag) = yaml.literal else { throw yaml.fail("here true or false is needed") }
  return flag
}
