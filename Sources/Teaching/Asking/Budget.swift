/// What may be asked of a model, and what was; what is in flight counts with all it may cost.
struct Budget {
  private let limits: TeacherPlan.Limits
  private let currency: String
  private(set) var spent: Spending

  init(_ plan: TeacherPlan, spent: Spending) {
    limits = plan.limits
    currency = plan.prices?.currency ?? ""
    self.spent = spent
  }

  /// What of the budget does not allow one more request; nil where all of it does.
  func lack(for tokens: Attempt.Tokens, cost: Double?) -> String? {
    if let limit = limits.requests, spent.requests >= limit {
      return "requests: \(spent.requests) of \(limit)"
    }
    let count = tokens.prompt + tokens.completion
    if let limit = limits.tokens, spent.tokens + count > limit {
      return "tokens: \(spent.tokens) of \(limit), and the next request may take \(count)"
    }
    if let limit = limits.money, let cost, spent.cost + cost > limit {
      return "money: \(Self.text(spent.cost)) of \(Self.text(limit)) \(currency), and the next"
        + " request may cost \(Self.text(cost))"
    }
    return nil
  }

  mutating func add(_ tokens: Attempt.Tokens, cost: Double?) { change(tokens, cost, by: 1) }
  mutating func remove(_ tokens: Attempt.Tokens, cost: Double?) { change(tokens, cost, by: -1) }

  private mutating func change(_ tokens: Attempt.Tokens, _ cost: Double?, by sign: Int) {
    guard tokens.usage != .none else { return }
    spent.requests += sign
    spent.promptTokens += sign * tokens.prompt
    spent.completionTokens += sign * tokens.completion
    spent.cost += Double(sign) * (cost ?? 0)
  }

  /// Four places behind the point at most.
  private static func text(_ money: Double) -> String {
    let rounded = (money * 10_000).rounded() / 10_000
    return rounded == rounded.rounded() && rounded < 1e15 ? "\(Int(rounded))" : "\(rounded)"
  }
}
