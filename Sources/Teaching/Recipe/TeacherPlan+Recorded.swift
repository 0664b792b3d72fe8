internal import Curation
internal import Notation

extension TeacherPlan {
  /// Understands what was recorded: enough to make requests and to judge answers, and no servers to
  /// ask.
  package init(_ record: TeacherRecord) throws {
    let question = try Self.object(record.question, "question")
    let policy = try Self.object(record.policy, "policy")
    guard let model = question["model"]?.text, let parameters = question["parameters"],
      parameters.members != nil, let prompt = question["prompt"]?.text,
      let answers = question["answers"]?.int, 1...1000 ~= answers
    else { throw StoreError("the question that was recorded is none of this version") }
    guard let response = policy["response"]?.text, let filters = policy["filters"]?.members,
      let attempts = policy["attempts"]?.int, let accepted = AcceptancePolicy(recorded: policy)
    else { throw StoreError("the policy that was recorded is none of this version") }
    self.question = Question(
      model: model, system: question["system"]?.text, parameters: parameters,
      maxTokens: parameters["max_tokens"]?.int ?? 0, answers: answers, asksForUsage: true)
    self.policy = accepted
    form = try AnswerForm(
      recordedPrompt: prompt, response: response,
      filters: filters.map { ($0.key, $0.value.text ?? "") })
    limits = Limits(attempts: attempts, retries: 0)
    servers = Servers(urls: [], keyVariable: nil, concurrency: 0, timeout: 0, silence: 0)
    prices = nil
    maxUnanswered = .share(1)
  }

  private static func object(_ text: String, _ what: String) throws -> JSON {
    guard let json = try? JSON(parsing: Array(text.utf8)), json.members != nil else {
      throw StoreError("the \(what) that was recorded is no JSON object")
    }
    return json
  }
}

extension AcceptancePolicy {
  /// Nil where it is none that this version knows.
  fileprivate init?(recorded json: JSON) {
    let finish = (json["finish"]?.items ?? []).compactMap(\.text)
    guard !finish.isEmpty, let reasoning = json["reasoning"]?.text.flatMap(Reasoning.init),
      let pick = json["pick"]?.text.flatMap(Pick.init)
    else { return nil }
    self.finish = finish
    self.reasoning = reasoning
    self.pick = pick
    // In the order in which a plan writes it, so that verdicts are found by it.
    text =
      JSON.object(
        ["filters", "finish", "reasoning", "response"].map {
          JSON.Member($0, json[$0] ?? .null)
        }
      ).compact
  }
}
