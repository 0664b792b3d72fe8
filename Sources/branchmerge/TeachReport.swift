import Curation
import Foundation
import Teaching
import Workflow

/// What `teach --plan` prints.
struct TeachReport: Encodable {
  struct Branch: Encodable {
    var branch: String
    var seeds: Int
    var requests: Int
    var answered: Int
    var rejected: Int
    var refused: Int
    var inBatches: Int
    var toAsk: Int
    var promptTokens: Int
    var completionTokens: Int
    /// Where these come from: `answers`, `rows` or `maximum`.
    var basis: String
    var cost: Double?
    var seconds: Double?
  }

  struct Budget: Encodable {
    var of: String
    var limit: Double
    var spent: Double
    var left: Double
    var expected: Double
    var isEnough: Bool
  }

  var model: String
  var branches: [Branch]
  var currency: String?
  var requestsPerSecond: Double?
  var budgets: [Budget]
  private var notes: [String] = []

  private enum CodingKeys: CodingKey {
    case model, branches, currency, requestsPerSecond, budgets
  }

  init(_ forecast: TeachingForecast, _ teacher: TeacherPlan) {
    model = teacher.question.model
    currency = teacher.prices?.currency
    requestsPerSecond = forecast.rate
    func cost(_ prompt: Int, _ completion: Int) -> Double? {
      teacher.prices?.cost(prompt: prompt, completion: completion)
    }
    branches = forecast.branches.map { branch in
      let basis =
        switch branch.basis {
        case .answers: "answers"
        case .rows: "rows"
        case .maximum: "maximum"
        }
      return Branch(
        branch: branch.name, seeds: branch.seeds, requests: branch.requests,
        answered: branch.answered, rejected: branch.rejected, refused: branch.refused,
        inBatches: branch.inBatches, toAsk: branch.toAsk, promptTokens: branch.promptTokens,
        completionTokens: branch.completionTokens, basis: basis,
        cost: cost(branch.promptTokens, branch.completionTokens),
        seconds: forecast.rate.map { Double(branch.toAsk) / $0 })
    }
    budgets = []
    // A request is sent only while all that it may take at most is left.
    func budget(
      _ name: String, _ limit: Double?, spent: Double, expected: Double?, last: Double
    ) {
      guard let limit, let expected else { return }
      let left = max(0, limit - spent)
      budgets.append(
        Budget(
          of: name, limit: limit, spent: spent, left: left, expected: expected,
          isEnough: forecast.toAsk == 0 || expected + last <= left))
    }
    let spent = forecast.spent
    let (prompt, completion) = (forecast.promptTokens, forecast.completionTokens)
    let most = teacher.question.maxTokens
    budget(
      "requests", teacher.limits.requests.map(Double.init), spent: Double(spent.requests),
      expected: Double(forecast.toAsk), last: 0)
    budget(
      "tokens", teacher.limits.tokens.map(Double.init), spent: Double(spent.tokens),
      expected: Double(prompt + completion), last: Double(most))
    budget(
      "money", teacher.limits.money, spent: spent.cost, expected: cost(prompt, completion),
      last: cost(0, most) ?? 0)
    notes = Self.notes(forecast)
  }

  /// Where the expected tokens come from, a line for each case.
  private static func notes(_ forecast: TeachingForecast) -> [String] {
    var notes: [String] = []
    for branch in forecast.branches where branch.toAsk > 0 {
      let note =
        switch branch.basis {
        case .answers(let count):
          "tokens: after the mean of \(counted(count, "answer")) of this model with these"
            + " parameters"
        case .rows(let count):
          "tokens of \(branch.name): an estimate after the lengths of its prompts, and of the"
            + " responses of \(counted(count, "row")) that are there"
        case .maximum:
          "tokens of \(branch.name): as many as 'max_tokens' admits, as nothing is known yet"
        }
      if !notes.contains(note) { notes.append(note) }
    }
    return notes
  }

  var text: String {
    var rows = [
      [
        "branch", "seeds", "requests", "answered", "rejected", "refused", "in batches", "to ask",
        "prompt tokens", "completion tokens", "cost", "time",
      ]
    ]
    rows += branches.map { branch in
      [
        branch.branch, grouped(branch.seeds), grouped(branch.requests), grouped(branch.answered),
        grouped(branch.rejected), grouped(branch.refused), grouped(branch.inBatches),
        grouped(branch.toAsk), grouped(branch.promptTokens), grouped(branch.completionTokens),
        branch.cost.map(money) ?? "-", branch.seconds.map(duration) ?? "unknown",
      ]
    }
    var parts = [table(rows)]
    var lines = ["teacher: \(model)"] + notes
    lines += [
      requestsPerSecond.map {
        "time: at \($0 < 100 ? String(format: "%.2g", $0) : grouped(Int($0))) answers/s, as in the"
          + " last asking"
      } ?? "time: unknown, as nothing was asked of this model here yet"
    ]
    lines += budgets.map { budget in
      "budget of \(budget.of): \(amount(budget.limit, of: budget)), of which"
        + " \(amount(budget.left, of: budget)) is left; that is"
        + (budget.isEnough
          ? " enough"
          : " not enough: about \(amount(budget.expected, of: budget)) are needed, and what the last"
            + " request may take at most")
    }
    parts.append(lines.joined(separator: "\n"))
    return parts.joined(separator: "\n\n")
  }

  private func amount(_ value: Double, of budget: Budget) -> String {
    budget.of == "money" ? money(value) : grouped(Int(value))
  }

  private func money(_ value: Double) -> String {
    String(format: "%.2f ", value) + (currency ?? "")
  }
}
