internal import Files
internal import Notation
internal import Samples

/// `contains: VALUE` — the text has this in it; the list has it as an element.
struct Contains: PlainCheck {
  static let name = "contains"
  static let types: Set<FieldType> = [.text, .texts, .numbers, .flags]
  static let page = CheckPage(
    "the text has this in it; the list has it as an element",
    ["To the letter: case, white space and escapes of the decoded text count."],
    parameters: [("VALUE", nil, "of the type of the text, or of the list's elements")],
    examples: [
      .init(
        "prompt: { contains: prime }", holds: ["{ prompt: Is 7 prime? }"],
        fails: ["{ prompt: Is 7 Prime? }"]),
      .init(
        "verified: { contains: true }", holds: ["{ verified: [false, true] }"],
        fails: ["{ verified: [false] }", "{ verified: [] }"]),
    ])

  private let wanted: Constant

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) {
    wanted = try Constant(yaml, type: type.element ?? type)
  }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    if value.kind == .array {
      for index in 0..<value.count
      where wanted.equals(sample.element(index, of: slot), in: sample) {
        return true
      }
      return false
    }
    guard case .text(let part) = wanted else { return false }
    return sample.withText(of: value) { $0.firstRange(of: part) != nil }
  }
}

/// `starts_with: TEXT` — the text begins with this.
struct StartsWith: PlainCheck {
  static let name = "starts_with"
  static let types: Set<FieldType> = [.text]
  static let page = CheckPage(
    "the text begins with this",
    parameters: [("TEXT", nil, "what it begins with, to the letter")],
    examples: [
      .init(
        "prompt: { starts_with: Prove }", holds: ["{ prompt: Prove it. }"],
        fails: ["{ prompt: ' Prove it.' }"])
    ])

  private let prefix: [UInt8]

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) {
    prefix = Array(try yaml.text("'starts_with'").utf8)
  }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    sample.withText(of: value) { text in
      text.count >= prefix.count && text.extracting(first: prefix.count).elementsEqual(prefix.span)
    }
  }
}
