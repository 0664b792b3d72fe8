package import Curation
internal import Files
internal import Notation

/// One question to a teacher, whoever asks it and wherever.
package struct TeacherRequest: Sendable {
  /// SHA-256 of all that decides the answer, in hex: its identity, and a batch's `custom_id`.
  package let hash: String
  package let model: String
  /// A JSON object, its keys sorted.
  package let parameters: String
  /// The chat as a JSON array.
  package let messages: String
  /// Which of the seed's answers is asked for, from 1.
  package let answer: Int

  package init(model: String, parameters: String, messages: String, answer: Int) {
    self.model = model
    self.parameters = parameters
    self.messages = messages
    self.answer = answer
    let identity =
      #"{"answer":\#(answer),"messages":\#(messages),"model":\#(JSON.quoted(model)),"#
      + #""parameters":\#(parameters)}"#
    hash = hex(sha256(of: Array(identity.utf8)))
  }

  /// The body to post: for a stream, or for a batch.
  package func body(isStreamed: Bool, asksForUsage: Bool = true) -> String {
    let members = parameters.dropFirst().dropLast()
    return
      #"{"model":\#(JSON.quoted(model)),"messages":\#(messages)"#
      + (members.isEmpty ? "" : "," + members) + (isStreamed ? #","stream":true"# : "")
      + (isStreamed && asksForUsage ? #","stream_options":{"include_usage":true}}"# : "}")
  }

  /// An upper bound of the prompt's tokens: each stands for a byte at least.
  package var promptTokenLimit: Int { messages.utf8.count + Self.templateTokens }

  /// What a chat template may add, as those do that have a system text of their own.
  private static let templateTokens = 1024
}

/// Makes the requests of a recipe's seeds.
package struct RequestMaker: Sendable {
  package let plan: TeacherPlan
  private let parameters: String

  package init(_ plan: TeacherPlan) {
    self.plan = plan
    parameters = plan.question.parameters.compact
  }

  /// The requests of a seed, one for each answer; nil where the prompt's template has no text.
  package func requests(for seed: SeedRow) -> [TeacherRequest]? {
    guard let question = plan.form.question(for: seed) else { return nil }
    let messages = JSON.array(
      (plan.question.system.map { [Self.message("system", $0)] } ?? [])
        + [Self.message("user", question)]
    ).compact
    return (1...plan.question.answers).map { answer in
      TeacherRequest(
        model: plan.question.model, parameters: parameters, messages: messages, answer: answer)
    }
  }

  private static func message(_ role: String, _ content: String) -> JSON {
    .object([.init("role", .string(role)), .init("content", .string(content))])
  }
}
