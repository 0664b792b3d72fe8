/// `has_link: true` — the text links to something outside; `false` — it does not.
struct HasLink: MarkCheck {
  static let name = "has_link"
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

  let wanted: Bool

  static let marks = PlainMarks([
    .init("http://", begins: true), .init("https://", begins: true),
    .init("ftp://", begins: true), .init("www.", begins: true), .init("<a href", ends: true),
    .init("\\href{"), .init("\\url{"),
  ])
}
