internal import Files
internal import Mathematics
internal import Notation
internal import Samples

/// Whether the answer in a response is the reference answer, worked out anew: `verify: math`, or
/// `verify: {math: {answer: FIELD, unknown: drop}}`.
///
/// The final answer is looked for behind the reasoning. `different` drops the row, `equal` keeps it,
/// and what cannot be told keeps it unless `unknown` says `drop`. Nothing of a row is evaluated.
struct AnswerVerification: Sendable {
  /// What is done with a row of which nothing can be told.
  private enum Doubt: String, CaseIterable { case keep, drop }

  /// The reference answer.
  let answer: Field
  /// What the source itself says of its response, where its card has a field for that.
  let flag: Field?
  /// In one form, whatever the recipe's spelling.
  let text: String
  private let answerSlot: Projection.Slot
  private let flagSlot: Projection.Slot?
  private let promptSlot: Projection.Slot?
  private let doubt: Doubt

  init(_ yaml: YAML, in scope: some FieldScope, _ projection: inout Projection)
    throws(RecipeError)
  {
    var place = yaml
    var name = "answer"
    var doubt = Doubt.keep
    if yaml.isMapping {
      let kinds = try yaml.keyed("'verify'", ["math"])
      guard let math = kinds["math"] else { throw yaml.fail("'verify' needs 'math'") }
      let keys = try math.keyed("'math'", ["answer", "unknown"])
      if let answer = keys["answer"] { (place, name) = (answer, try answer.text("a field")) }
      if let unknown = keys["unknown"] { doubt = try unknown.named("'unknown'") }
    } else {
      guard try yaml.text("'verify'") == "math" else {
        throw yaml.fail("'verify' can be 'math', or {math: {answer: FIELD, unknown: drop}}")
      }
    }
    answer = try scope.field(named: name, at: place)
    guard [.text, .number].contains(answer.type) else {
      throw place.fail("'\(name)' is \(answer.type.described); an answer is a text or a number")
    }
    answerSlot = projection.slot(of: answer)
    flag = try? scope.field(named: "verified", at: place)
    flagSlot = flag.map { projection.slot(of: $0) }
    promptSlot = (try? scope.field(named: "prompt", at: place)).map { projection.slot(of: $0) }
    self.doubt = doubt
    text = "{math: {answer: \(name), unknown: \(doubt.rawValue)}}"
  }

  /// Fields that the step looks at besides the response.
  var fields: [Field] { [answer] + (flag.map { [$0] } ?? []) }

  /// Holds the answer in a response, which is given as text, against the sample's reference.
  func verdict(on response: Span<UInt8>, of sample: borrowing Sample) -> AnswerVerdict {
    AnswerVerdict(
      on: response, of: sample, reference: sample[answerSlot],
      prompt: promptSlot.map { sample[$0] } ?? .absent)
  }

  func drops(_ verdict: AnswerVerdict) -> Bool {
    switch verdict.agreement {
    case .equal: false
    case .different: true
    case .unknown, nil: doubt == .drop
    }
  }

  /// The verdict with both answers and the source's own flag, as a JSON object; what was known of
  /// the sample before, an object too, stands first.
  func evidence(
    _ verdict: AnswerVerdict, of sample: borrowing Sample, picked: Int?, after before: String? = nil
  ) -> String {
    let start = before.map { $0.count > 2 ? $0.dropLast() + ", " : "{" } ?? "{"
    var text = start + verdict.members("verify")
    if let says = flagSlot.flatMap({ sample.flag(in: $0, element: picked) }) {
      text += ", \"source_says\": \(says)"
    }
    return text + "}"
  }
}

/// Text as JSON for people, cut where it is long.
func excerpt(of text: Span<UInt8>, limit: Int = 160) -> String {
  let scalars = String(copying: text).unicodeScalars
  guard scalars.count > limit else { return JSON.quoted(String(scalars)) }
  return JSON.quoted(String(scalars.prefix(limit - 40)) + "…")
}
