internal import Audit
internal import Lineage

/// What a teacher made of a seed, as a part of the sample's page: how it was asked, each answer with
/// its reasoning, and the row.
struct LessonPart {
  let lesson: TaughtSample
  /// How a row is shown.
  let reading: (StoredRow) -> HTML

  init(_ lesson: TaughtSample, reading: @escaping (StoredRow) -> HTML) {
    self.lesson = lesson
    self.reading = reading
  }

  var html: HTML {
    let row = lesson.row.map { HTML.fold("The row with the teacher’s answer", reading($0)) } ?? ""
    return HTML.fold("How the teacher was asked", asked) + answers + row
  }

  private var asked: HTML {
    let teaching = lesson.teaching
    var facts: [(name: String, value: HTML)] = [
      ("model", "\(teaching.model)"), ("question", HTML.code(teaching.question)),
      ("accepted", HTML.code(teaching.policy)),
    ]
    if let request = teaching.request { facts.append(("request", HTML.hash(request))) }
    if let server = teaching.server { facts.append(("server", HTML.code(server))) }
    facts.append(("answers that came", HTML.number(teaching.attempts)))
    if let reason = teaching.finishReason { facts.append(("finish reason", HTML.code(reason))) }
    if let tokens = teaching.promptTokens {
      facts.append(("tokens of the prompt", HTML.number(tokens)))
    }
    if let tokens = teaching.completionTokens {
      facts.append(("tokens of the answer", HTML.number(tokens)))
    }
    facts.append(("stage", "\(Int(teaching.stage)), finished \(teaching.finished)"))
    return HTML.facts(facts)
  }

  private var answers: HTML {
    if let missing = lesson.missing {
      return "<p class=\"soft\">The answers cannot be shown: \(missing)</p>\n"
    }
    return lesson.answers.map { answer -> HTML in
      let verdict: HTML =
        answer.isTaken
        ? "taken" : answer.isAccepted == true ? "accepted" : "turned down\(because(answer))"
      let facts = HTML.facts([
        ("server", HTML.code(answer.server)), ("sent", "\(answer.started)"),
        ("finish reason", answer.finishReason.map { HTML.code($0) } ?? "–"),
        (
          "tokens",
          "\(HTML.number(answer.promptTokens)) and \(HTML.number(answer.completionTokens))"
        ),
      ])
      return HTML.fold(
        "Answer \(Int(answer.attempt)): \(verdict)",
        facts + part("Reasoning", answer.reasoning) + part("Answer", answer.solution))
    }.joined()
  }

  private func because(_ answer: TaughtSample.Answer) -> HTML {
    answer.reason.map { ", \($0)" } ?? ""
  }

  /// Letters that are shown of one text.
  private static let limit = 100_000

  private func part(_ title: HTML, _ text: String?) -> HTML {
    guard let text else { return "<h4>\(title)</h4>\n<p class=\"soft\">There is none.</p>\n" }
    let shown = text.shortened(to: Self.limit)
    let rest: HTML =
      shown.utf8.count < text.utf8.count
      ? "<p class=\"soft\">\(HTML.bytes(text.utf8.count)) in all; this is the beginning.</p>\n" : ""
    return """
      <h4>\(title)</h4>
      <pre class="value" dir="auto" tabindex="0">\(shown)</pre>
      \(rest)
      """
  }
}
