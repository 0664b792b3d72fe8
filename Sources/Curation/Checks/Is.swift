internal import Notation
internal import Samples

/// `is: VALUE` — the text, number, or true or false is this one, to the letter.
struct Is: PlainCheck {
  static let name = "is"
  static let types: Set<FieldType> = [.text, .number, .flag]
  static let page = CheckPage(
    "the text, number, or true or false is this one",
    ["Texts to the letter, numbers by their value: 2 is 2.0."],
    parameters: [("VALUE", nil, "of the field's type")],
    examples: [
      .init(
        "domain: { is: code }", holds: ["{ domain: code }"],
        fails: ["{ domain: Code }", "{ domain: null }"])
    ])

  private let wanted: Constant

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) {
    wanted = try Constant(yaml, type: type)
  }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    wanted.equals(value, in: sample)
  }
}

/// `in: [VALUE, …]` — it is one of these.
struct In: PlainCheck {
  static let name = "in"
  static let types: Set<FieldType> = [.text, .number, .flag]
  static let page = CheckPage(
    "it is one of these",
    parameters: [("[VALUE, …]", nil, "at least one, of the field's type")],
    examples: [
      .init(
        "domain: { in: [biology, physics] }", holds: ["{ domain: physics }"],
        fails: ["{ domain: code }"])
    ])

  private let wanted: [Constant]

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) {
    var wanted: [Constant] = []
    for item in try yaml.list("'in'") { wanted.append(try Constant(item, type: type)) }
    guard !wanted.isEmpty else { throw yaml.fail("'in' needs at least one value") }
    self.wanted = wanted
  }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    for constant in wanted where constant.equals(value, in: sample) { return true }
    return false
  }
}

/// A value that a filter names, in the form in which rows hold it.
enum Constant: Sendable {
  case text([UInt8])
  case number(Double)
  case flag(Bool)

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) {
    switch (type, yaml.literal) {
    case (.text, .text(let text)): self = .text(Array(text.utf8))
    case (.number, .number(let number)): self = .number(number)
    case (.flag, .flag(let flag)): self = .flag(flag)
    case (_, let literal):
      let hint = type == .text && literal != nil ? "; put it in quotation marks" : ""
      throw yaml.fail(
        "here \(type.described) is needed, and this is"
          + " \(literal?.described ?? yaml.described)\(hint)")
    }
  }

  func equals(_ value: Value, in sample: borrowing Sample) -> Bool {
    switch self {
    case .text(let text): sample.isText(value, equalTo: text)
    case .number(let number): sample.number(value) == number
    case .flag(let flag): value.kind == (flag ? .true : .false)
    }
  }
}
