internal import Mathematics
internal import Notation
internal import Samples

/// `code_block: [sound, unknown]` — what the code is like that the text ends in.
struct CodeBlock: PlainCheck {
  static let name = "code_block"
  static let types: Set<FieldType> = [.text]
  static let measures = true
  static let page = CheckPage(
    "the last fenced block of code is one of these",
    [
      """
      `none`, `broken`, `sound` or `unknown`. Looked at is the last block between fences of three \
      or more backquotes or tildes that stands behind the reasoning. Broken is a block that is empty \
      or has no closing fence, and in Python, C, C++ and Java one with a bracket, a string or a \
      comment without its counterpart; other languages are unknown. The ledger has which it is, \
      what is broken, and the language.
      """,
      """
      It is a look, no proof: nothing is compiled and nothing is run. Tests belong in a sandbox \
      outside, whose verdicts can be a field of the source.
      """,
    ],
    parameters: [("[WHAT, …]", nil, "which of the four it may be")],
    examples: [
      .init(
        "solution: { code_block: [sound, unknown] }",
        holds: [
          "{ solution: \"Sort.\\n```python\\nprint(sorted(a))\\n```\" }",
          "{ solution: \"```apl\\n+/⍳9\\n```\" }",
        ],
        fails: [
          "{ solution: \"```python\\nprint(sorted(a)\\n```\" }",
          "{ solution: \"```python\\nprint(1)\" }", "{ solution: \"Sort it.\" }",
        ])
    ])

  private enum Finding: String, CaseIterable { case sound, broken, unknown, none }

  private let wanted: Set<Finding>

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) {
    var wanted: Set<Finding> = []
    for item in try yaml.list("'code_block'") {
      wanted.insert(try item.named("a finding"))
    }
    guard !wanted.isEmpty else { throw yaml.fail("'code_block' needs at least one finding") }
    self.wanted = wanted
  }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    value.kind == .string && wanted.contains(sample.withText(of: value) { Self.look(at: $0).0 })
  }

  func measured(_ value: Value, in sample: borrowing Sample) -> String? {
    let (finding, flaw, language) = sample.withText(of: value) { Self.look(at: $0) }
    var text = "{\"code_block\": \"\(finding.rawValue)\""
    if let flaw { text += ", \"because\": \(JSON.quoted(flaw.rawValue))" }
    if let language, !language.isEmpty { text += ", \"language\": \(JSON.quoted(language))" }
    return text + "}"
  }

  private static func look(at text: Span<UInt8>) -> (Finding, CodeSanity.Flaw?, String?) {
    guard let code = CodeAnswer(in: text) else { return (.none, nil, nil) }
    return switch CodeSanity.of(code, in: text) {
    case .sound: (.sound, nil, code.language)
    case .broken(let flaw): (.broken, flaw, code.language)
    case .unknown: (.unknown, nil, code.language)
    }
  }
}
