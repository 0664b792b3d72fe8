internal import Curation
internal import Notation

/// What of a teacher's section decided the taught rows, as the ledger keeps it with them: enough to
/// make the requests, the verdicts and the rows once more.
package struct TeacherRecord: Sendable {
  /// A JSON object: `answers`, `model`, `parameters`, `prompt`, `system`.
  package let question: String
  /// A JSON object: `attempts`, `filters` by name with what each means, `finish`, `pick`,
  /// `reasoning`, `response`.
  package let policy: String

  package init(question: String, policy: String) {
    self.question = question
    self.policy = policy
  }

  package init(_ plan: TeacherPlan) {
    let own = plan.question
    question =
      JSON.object([
        .init("answers", .whole(own.answers)), .init("model", .string(own.model)),
        .init("parameters", own.parameters), .init("prompt", .string(plan.form.promptText)),
        .init("system", own.system.map(JSON.string) ?? .null),
      ]).compact
    let filters = plan.form.filterTexts.map { JSON.Member($0.name, .string($0.meaning)) }
    policy =
      JSON.object([
        .init("attempts", .whole(plan.limits.attempts)), .init("filters", .object(filters)),
        .init("finish", .array(plan.policy.finish.map(JSON.string))),
        .init("pick", .string(plan.policy.pick.rawValue)),
        .init("reasoning", .string(plan.policy.reasoning.rawValue)),
        .init("response", .string(plan.form.responseText)),
      ]).compact
  }
}
