package import Curation
internal import Foundation
package import Notation

/// The recipe's section `teacher`: who is asked, what, within which limits, and what is accepted.
package struct TeacherPlan: Sendable {
  /// What identifies a request besides the seed.
  package let question: Question
  package let policy: AcceptancePolicy
  /// Templates and filters.
  package let form: AnswerForm
  package let limits: Limits
  package let servers: Servers
  package let prices: Prices?
  /// Seeds that may stay without an answer.
  package let maxUnanswered: QuarantineLimit

  /// What is asked of the model, the same for all seeds.
  package struct Question: Sendable {
    package let model: String
    package let system: String?
    /// `temperature`, `top_p`, `max_tokens` and what `extra` has; sorted by key.
    package let parameters: JSON
    package let maxTokens: Int
    /// Per seed.
    package let answers: Int
    /// Whether a stream shall end with the numbers of tokens; `extra: {stream_options: null}` is for
    /// servers that do not know how.
    package let asksForUsage: Bool
  }

  package struct Limits: Sendable {
    /// Answers to one request that may be turned down, over all askings.
    package var attempts: Int
    /// Failures of transport of one request in one asking.
    package var retries: Int
    package var requests: Int?
    package var tokens: Int?
    package var money: Double?
  }

  package struct Servers: Sendable {
    /// Without a slash at the end.
    package var urls: [String]
    /// The name of an environment variable.
    package var keyVariable: String?
    /// Requests in flight at each server at most.
    package var concurrency: Int
    /// Seconds without a byte of an answer; seconds without an answer from any server.
    package var timeout, silence: Double
  }

  /// Of a million tokens.
  package struct Prices: Sendable {
    package var prompt, completion: Double
    package var currency: String

    package func cost(prompt tokens: Int, completion: Int) -> Double {
      (Double(tokens) * prompt + Double(completion) * self.completion) / 1e6
    }
  }

  /// What decides the taught rows, by names that people know.
  package var ingredients: [(name: String, value: String)] {
    [
      ("teacher", question.model), ("parameters", question.parameters.compact),
      ("system", question.system ?? ""), ("prompt", form.promptText),
      ("response", form.responseText), ("answers", "\(question.answers)"),
      ("attempts", "\(limits.attempts)"), ("accept", policy.text),
      ("pick", policy.pick.rawValue),
    ]
  }

  static let keys = [
    "url", "urls", "model", "key", "system", "prompt", "response", "temperature", "top_p",
    "max_tokens", "answers", "attempts", "retries", "extra", "prices", "budget", "concurrency",
    "timeout", "silence", "max_unanswered", "accept",
  ]
  static let acceptKeys = ["finish", "reasoning", "filters", "pick"]
  static let budgetKeys = ["requests", "tokens", "money"]
  static let priceKeys = ["prompt", "completion", "currency"]

  package init(_ yaml: YAML, library: Library) throws {
    let keys = try yaml.keyed("'teacher'", Self.keys)
    guard let place = keys["model"] else { throw yaml.fail("'teacher' needs 'model'") }
    let model = try place.text("'model'")
    guard !model.isEmpty else {
      throw place.fail("'model' is empty; it is the server's name for it")
    }
    let maxTokens = try keys["max_tokens"]?.positiveWhole("'max_tokens'") ?? 32_768
    question = Question(
      model: model, system: try keys["system"]?.text("'system'"),
      parameters: try Self.parameters(keys, maxTokens: maxTokens), maxTokens: maxTokens,
      answers: try Self.answers(keys["answers"]),
      asksForUsage: try keys["extra"]?.entries("'extra'")
        .contains { try $0.key.text("a key") == "stream_options" && $0.value.isNull } != true)
    let accept = try keys["accept"]?.keyed("'accept'", Self.acceptKeys) ?? [:]
    form = try AnswerForm(
      prompt: keys["prompt"], response: keys["response"],
      needsReasoning: try accept["reasoning"]?.text("'reasoning'") != "optional",
      filters: try accept["filters"]?.list("'filters'") ?? [], library: library)
    policy = try AcceptancePolicy(accept, form)
    let budget = try keys["budget"]?.keyed("'budget'", Self.budgetKeys) ?? [:]
    prices = try keys["prices"].map(Self.prices)
    if let money = budget["money"], prices == nil {
      throw money.fail("a budget of money needs 'prices', to count it by")
    }
    limits = Limits(
      attempts: try keys["attempts"]?.positiveWhole("'attempts'") ?? 3,
      retries: try keys["retries"]?.positiveWhole("'retries'") ?? 8,
      requests: try budget["requests"]?.whole("'requests'"),
      tokens: try budget["tokens"]?.whole("'tokens'"),
      money: try budget["money"]?.positive("'money'"))
    servers = Servers(
      urls: try Self.urls(keys, at: yaml), keyVariable: try keys["key"].map(Self.variable),
      concurrency: try keys["concurrency"]?.positiveWhole("'concurrency'") ?? 512,
      timeout: try keys["timeout"]?.seconds("'timeout'") ?? 600,
      silence: try keys["silence"]?.seconds("'silence'") ?? 900)
    let share = try keys["max_unanswered"]?.text("'max_unanswered'") ?? "5%"
    guard let limit = QuarantineLimit(share) else {
      throw keys["max_unanswered"]!.fail(
        "'max_unanswered' should be a number or a share such as 5%")
    }
    maxUnanswered = limit
  }

  private static func answers(_ yaml: YAML?) throws(RecipeError) -> Int {
    guard let yaml else { return 1 }
    let answers = try yaml.whole("'answers'")
    guard 1...100 ~= answers else {
      throw yaml.fail("'answers' should be from 1 to 100, and is \(yaml.described)")
    }
    return answers
  }

  private static func urls(_ keys: [String: YAML], at yaml: YAML) throws(RecipeError) -> [String] {
    guard (keys["url"] == nil) != (keys["urls"] == nil) else {
      throw yaml.fail("'teacher' needs 'url', or 'urls' where there are several servers")
    }
    var places: [YAML] = []
    if let place = keys["url"] { places = [place] }
    if let list = keys["urls"] { places = list.isScalar ? [list] : try list.list("'urls'") }
    guard !places.isEmpty else { throw keys["urls"]!.fail("'urls' needs at least one") }
    var urls: [String] = []
    for place in places {
      var text = try place.text("a base URL")
      while text.hasSuffix("/") { text.removeLast() }
      // What may hold a secret is not repeated.
      guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty,
        parts.scheme == "http" || parts.scheme == "https", parts.user == nil,
        parts.password == nil, parts.query == nil, parts.fragment == nil
      else {
        throw place.fail(
          "a base URL is such as http://localhost:8000/v1, without user, password or query")
      }
      guard !text.hasSuffix("/chat/completions") else {
        throw place.fail("a base URL ends before '/chat/completions', which is added")
      }
      guard !urls.contains(text) else { throw place.fail("this base URL stands here twice") }
      urls.append(text)
    }
    return urls
  }

  /// The name of the key's environment variable; a key itself is refused, and not repeated.
  private static func variable(_ yaml: YAML) throws(RecipeError) -> String {
    let name = yaml.isScalar ? (try? yaml.text("'key'")) ?? "" : ""
    let isName = name.utf8.allSatisfy { byte in
      byte == UInt8(ascii: "_") || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
        || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }
    guard isName, let first = name.first, !first.isNumber else {
      throw yaml.fail(
        "'key' is the name of an environment variable that holds the key, in capitals, such as"
          + " TEACHER_API_KEY; the key itself stands nowhere")
    }
    return name
  }

  private static func prices(_ yaml: YAML) throws(RecipeError) -> Prices {
    let keys = try yaml.keyed("'prices'", Self.priceKeys)
    func price(_ key: String) throws(RecipeError) -> Double {
      guard let place = keys[key] else { throw yaml.fail("'prices' needs '\(key)'") }
      let price = try place.number("'\(key)'")
      guard price >= 0 else { throw place.fail("'\(key)' is at least 0") }
      return price
    }
    return Prices(
      prompt: try price("prompt"), completion: try price("completion"),
      currency: try keys["currency"]?.text("'currency'") ?? "USD")
  }

  private static func parameters(_ keys: [String: YAML], maxTokens: Int) throws -> JSON {
    let temperature = try keys["temperature"]?.number("'temperature'") ?? 0.6
    guard temperature >= 0 else { throw keys["temperature"]!.fail("'temperature' is at least 0") }
    let topP = try keys["top_p"]?.positive("'top_p'") ?? 0.95
    guard topP <= 1 else { throw keys["top_p"]!.fail("'top_p' is at most 1") }
    var members = [
      "temperature": JSON.real(temperature), "top_p": JSON.real(topP),
      "max_tokens": JSON.whole(maxTokens),
    ]
    for (key, value) in try keys["extra"]?.entries("'extra'") ?? [] {
      let name = try key.text("a key")
      if value.isNull {
        members[name] = nil
      } else {
        guard !["model", "messages", "n", "stream", "stream_options"].contains(name) else {
          throw key.fail("'\(name)' is not for 'extra'")
        }
        members[name] = try JSON(parsing: Array(value.json().utf8))
      }
    }
    return .object(
      members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        .map { JSON.Member($0.key, $0.value) })
  }
}

/// What of a teacher's answers is accepted; recorded with every verdict.
package struct AcceptancePolicy: Sendable {
  package enum Reasoning: String, CaseIterable, Sendable { case required, optional }
  package enum Pick: String, CaseIterable, Sendable { case first, shortest, longest }

  /// Finish reasons.
  package let finish: [String]
  package let reasoning: Reasoning
  package let pick: Pick
  /// All of it as JSON, with the filters' meaning; what a verdict is recorded with.
  package let text: String

  init(_ keys: [String: YAML], _ form: AnswerForm) throws(RecipeError) {
    var finish = ["stop"]
    if let place = keys["finish"] {
      finish = []
      for item in place.isScalar ? [place] : try place.list("'finish'") {
        finish.append(try item.text("a finish reason"))
      }
      guard !finish.isEmpty else { throw place.fail("'finish' needs at least one finish reason") }
    }
    self.finish = finish
    reasoning = try keys["reasoning"]?.named("'reasoning'") ?? .required
    pick = try keys["pick"]?.named("'pick'") ?? .first
    text =
      JSON.object([
        .init("filters", .object(form.filterTexts.map { .init($0.name, .string($0.meaning)) })),
        .init("finish", .array(finish.map(JSON.string))),
        .init("reasoning", .string(reasoning.rawValue)),
        .init("response", .string(form.responseText)),
      ]).compact
  }
}
