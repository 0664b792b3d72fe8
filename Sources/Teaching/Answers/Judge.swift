package import Curation
internal import Notation

/// Applies a recipe's policy to answers.
package struct Judge: Sendable {
  private let policy: AcceptancePolicy
  private let form: AnswerForm

  package init(_ plan: TeacherPlan) {
    policy = plan.policy
    form = plan.form
  }

  /// Why an answer is not accepted; nil where it is. The first reason in the order finish reason,
  /// reasoning, answer, filters.
  package func refusal(of completion: Completion, to seed: SeedRow) -> String? {
    let finish = completion.finishReason ?? "none"
    guard policy.finish.contains(finish) else { return "finish reason: \(finish)" }
    if let fault = completion.fault { return fault }
    if policy.reasoning == .required, completion.reasoning?.contains(where: isText) != true {
      return completion.reasoning == nil ? "no reasoning" : "the reasoning is empty"
    }
    guard completion.solution.contains(where: isText) else { return "the answer is empty" }
    let fields = fields(of: completion, to: seed)
    guard form.response(of: fields) != nil else { return "the response's template has no text" }
    return form.refusal(of: fields).map { "filter \($0.filter): \($0.evidence)" }
  }

  package func fields(of completion: Completion, to seed: SeedRow) -> AnswerFields {
    AnswerFields(
      prompt: seed.prompt, answer: seed.answer, reasoning: completion.reasoning,
      solution: completion.solution, finishReason: completion.finishReason,
      completionTokens: completion.completionTokens)
  }

  private func isText(_ character: Character) -> Bool { !character.isWhitespace }
}
