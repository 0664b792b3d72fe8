internal import Files
internal import Mathematics
internal import Notation
internal import Samples

/// `math_answer: {is: [VERDICT, …], to: FIELD}` — what the final answer in the text comes to, held
/// against the reference.
struct MathAnswer: Check {
  static let name = "math_answer"
  static let types: Set<FieldType> = [.text]
  static let measures = true
  static let page = CheckPage(
    "the final answer in the text, worked out anew, is the reference",
    [
      """
      `equal`, `different` or `unknown`, as `verify: math` has it: docs/verification.md tells how an \
      answer is found and compared. Under `verify` at a branch the response that was picked is \
      judged; with this check a `pick` passes over those that are wrong, and what a teacher wrote is \
      held against the seed's reference before it is accepted. The ledger has the verdict with both \
      answers.
      """,
      """
      The letter of a choice is held against its text where the field `prompt` gives the options. \
      Without a reference it is unknown.
      """,
    ],
    parameters: [
      ("is", nil, "which of the three it may be, as a list"),
      ("to", "answer", "the field with the reference, a text or a number"),
    ],
    examples: [
      .init(
        "response: { math_answer: { is: [equal, unknown], to: answer } }",
        holds: [
          "{ response: \"So it is $\\\\boxed{\\\\frac12}$.\", answer: \"0.5\" }",
          "{ response: \"It grows.\\nThen it stops.\", answer: \"0.5\" }",
        ],
        fails: ["{ response: \"So it is $\\\\boxed{2}$.\", answer: \"0.5\" }"])
    ])

  private enum Verdict: String, CaseIterable { case equal, different, unknown }

  private let wanted: Set<String>
  private let reference: (slot: Projection.Slot, field: Field)
  private let prompt: Projection.Slot?

  init(
    _ yaml: YAML, type: FieldType, in scope: some FieldScope, _ projection: inout Projection
  ) throws(RecipeError) {
    let keys = try yaml.keyed("'math_answer'", ["is", "to"])
    guard let list = keys["is"] else {
      throw yaml.fail("'math_answer' needs 'is', a list of verdicts")
    }
    var wanted: Set<String> = []
    for item in try list.list("'is'") {
      let verdict: Verdict = try item.named("a verdict")
      wanted.insert(verdict.rawValue)
    }
    guard !wanted.isEmpty else { throw list.fail("'is' needs at least one verdict") }
    self.wanted = wanted
    let place = keys["to"] ?? yaml
    let field = try scope.field(named: keys["to"]?.text("'to'") ?? "answer", at: place)
    guard [.text, .number].contains(field.type) else {
      throw place.fail(
        "'\(field.name)' is \(field.type.described); an answer is a text or a number")
    }
    reference = (projection.slot(of: field), field)
    prompt = (try? scope.field(named: "prompt", at: place)).map { projection.slot(of: $0) }
  }

  var others: [(slot: Projection.Slot, field: Field)] { [reference] }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    value.kind == .string && wanted.contains(verdict(on: value, of: sample).name)
  }

  func measured(_ value: Value, in sample: borrowing Sample) -> String? {
    "{\(verdict(on: value, of: sample).members("math_answer"))}"
  }

  private func verdict(on value: Value, of sample: borrowing Sample) -> AnswerVerdict {
    let (reference, prompt) = (sample[reference.slot], prompt.map { sample[$0] } ?? .absent)
    return sample.withText(of: value) { text in
      AnswerVerdict(on: text, of: sample, reference: reference, prompt: prompt)
    }
  }
}
