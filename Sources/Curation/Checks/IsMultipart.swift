internal import Notation
internal import Samples

/// `is_multipart: true` — the text asks several questions under labels; `false` — it does not.
struct IsMultipart: PlainCheck {
  static let name = "is_multipart"
  static let types: Set<FieldType> = [.text]
  static let measures = true
  static let page = CheckPage(
    "the text asks several questions under labels",
    [
      """
      True where two labels or more follow each other, from the first one on, and ask something. \
      Labels are (a), (i) and (1) after white space; a), a., i), 1) and 1. at the beginning of a \
      line; Part A, Part 1, Part (a), and p1. as s1 looks for it. A part asks where it has a \
      question mark, or where a sentence or clause of it begins with a verb such as find, show or \
      prove, or with what, how or why. So a list of conditions or of choices is no list of parts; \
      (A) and (B) are choices always.
      """,
      "The ledger has the labels. Fenced code is passed over.",
    ],
    parameters: [("true or false", nil, "what has to be so")],
    source: """
      s1's selection leaves out `p1.` and its like (data/filter.ipynb of Muennighoff et al., s1, \
      2025, arXiv:2501.19393); the rest is ours
      """,
    examples: [
      .init(
        "prompt: { is_multipart: true }",
        holds: [
          "{ prompt: \"Let $n$ be odd. (a) Show that $n^2$ is odd. (b) Is $n^3$ odd?\" }",
          "{ prompt: \"1. Find the mass.\\n2. Find the speed.\" }",
        ],
        fails: [
          "{ prompt: \"Which is prime?\\n(a) 4\\n(b) 5\\n(c) 6\" }",
          "{ prompt: \"Find f with (i) f(0)=1 and (ii) f(x+y)=f(x)f(y).\" }",
          "{ prompt: \"What is it? (A) Find out. (B) Show it.\" }",
        ])
    ])

  private let wanted: Bool

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) { wanted = try flag(yaml) }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    value.kind == .string && (sample.withText(of: value) { Parts.labels(in: $0) } != nil) == wanted
  }

  func measured(_ value: Value, in sample: borrowing Sample) -> String? {
    let labels = sample.withText(of: value) { Parts.labels(in: $0) }
    return "{\"is_multipart\": \(labels.map(JSON.quoted) ?? "false")}"
  }
}
