internal import Notation
internal import Samples

/// `has_link: true` — the text links to something outside; `false` — it does not.
struct HasLink: PlainCheck {
  static let name = "has_link"
  static let types: Set<FieldType> = [.text]
  static let measures = true
  static let page = CheckPage(
    "the text links to something outside",
    [
      """
      True where one of these stands in the text, letters without case: `http://`, `https://`, \
      `ftp://` and `www.` that begin a word, `<a ` with `href`, `\\href{` and `\\url{`. The ledger \
      has which of them, and at which byte. What stands in brackets before parentheses is no link by \
      itself: mathematics has `[0,1](x)`.
      """
    ],
    parameters: [("true or false", nil, "what has to be so")],
    source: "OpenThoughts leaves out code problems with `http://` (its code/, 2025)",
    examples: [
      .init(
        "prompt: { has_link: true }",
        holds: [
          "{ prompt: \"See https://example.org for the graph.\" }",
          "{ prompt: \"<a href='x'>here</a>\" }",
        ],
        fails: ["{ prompt: \"Let [0,1](x) be its indicator, and www the width.\" }"])
    ])

  private let wanted: Bool

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) { wanted = try flag(yaml) }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    guard value.kind == .string else { return false }
    return (sample.withText(of: value) { Self.marks.first(in: $0) } != nil) == wanted
  }

  func measured(_ value: Value, in sample: borrowing Sample) -> String? {
    sample.withText(of: value) { Self.marks.first(in: $0) }.json("has_link")
  }

  private static let marks = PlainMarks([
    .init("http://", begins: true), .init("https://", begins: true),
    .init("ftp://", begins: true), .init("www.", begins: true), .init("<a href", ends: true),
    .init("\\href{"), .init("\\url{"),
  ])
}
