internal import Curation
internal import Lineage
internal import Notation

extension Sentences {
  /// What a teacher made of a seed, or why there is nothing of a teacher to tell.
  func teaching(of fate: Trace.FateInBranch, _ untaught: Untaught?) -> [String] {
    let others = fate.otherTeachings.map { teaching in
      let row = teaching.outputRow.map { ", as row \($0) of \(teaching.outputPath)" } ?? ""
      return "The teacher \(teaching.model) wrote its response at stage \(teaching.stage) (finished"
        + " \(teaching.finished)) too\(row)."
    }
    guard let teaching = fate.teaching else {
      let reason = fate.replacedBy == nil ? untaught?.sentence : nil
      return [reason].compactMap { $0 } + others
    }
    return [question(of: teaching, fate.branch)] + outcome(of: teaching, fate) + others
  }

  private func question(of teaching: Trace.Teaching, _ branch: String) -> String {
    let question = try? JSON(parsing: Array(teaching.question.utf8))
    var facts = (question?["parameters"]?.members ?? []).map { "\($0.key) \($0.value.compact)" }
    if let prompt = question?["prompt"]?.text { facts.append("prompt by the template \(prompt)") }
    if let system = question?["system"]?.text { facts.append("system text “\(system)”") }
    let words = facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))"
    return "The teacher \(teaching.model)\(words) was asked for the response by the stage teach"
      + " \(branch), finished \(teaching.finished)."
  }

  private func outcome(of teaching: Trace.Teaching, _ fate: Trace.FateInBranch) -> [String] {
    let reason = teaching.reason ?? "no reason was recorded"
    let none = "So it \(fate.isThere) no row of \(teaching.outputPath)\(fate.inBuild)."
    switch TeachingEntry.Kind(rawValue: teaching.outcome) {
    case .taught:
      let which =
        teaching.attempts > 1 ? "One of its \(teaching.attempts) answers" : "Its answer"
      var facts: [String] = []
      if let reason = teaching.finishReason { facts.append("finish reason \(reason)") }
      if let tokens = teaching.completionTokens { facts.append("\(tokens) tokens") }
      if let tokens = teaching.promptTokens { facts.append("after a prompt of \(tokens)") }
      let words = facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))"
      let server = teaching.server.map { " from \($0)" } ?? ""
      let attempt = teaching.attempt.map { ", attempt \($0) in \(teaching.store)," } ?? ""
      return [
        "\(which)\(server)\(words)\(attempt) was accepted, and with it the sample"
          + " \(fate.isThere) row \(teaching.outputRow ?? 0) of \(teaching.outputPath)\(fate.inBuild)."
      ]
    case .rejected:
      return [
        teaching.attempts == 1
          ? "Its one answer was not accepted: \(reason)."
          : "None of its \(teaching.attempts) answers was accepted; of the last: \(reason).", none,
      ]
    case .failed: return ["No whole answer came: \(reason).", none]
    case .refused: return ["The server would not have the request: \(reason).", none]
    case nil: return ["What came of it this version does not know."]
    }
  }
}
