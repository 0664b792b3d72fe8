import Curation
import Foundation

extension SurveyCommand {
  /// The survey of `--verify`.
  func showAnswers(of subject: SurveySubject, _ line: ProgressLine) throws {
    let names = AnswerFieldNames(response: response, answer: answer, flag: flag, prompt: prompt)
    let survey = try AnswerSurvey(of: subject, names, workers: workers) {
      line.update(rows: $0.rows, bytes: $0.bytes, of: $0.totalBytes)
    }
    line.clear()
    show(json ? try branchmerge.json(AnswerSurveyReport(survey)) : survey.text)
  }
}

/// What `survey --verify --json` prints.
struct AnswerSurveyReport: Encodable {
  var rows: Int
  var unreadable: Int
  var responses: Int
  var verdicts: [AnswerSurvey.Cell]

  init(_ survey: AnswerSurvey) {
    (rows, unreadable, responses) = (survey.rows, survey.unreadable, survey.responses)
    verdicts = survey.cells
  }
}

extension AnswerSurvey {
  fileprivate var responses: Int { cells.reduce(0) { $0 + $1.count } }

  fileprivate var text: String {
    let verdicts = ["equal", "different", "unknown"]
    func count(_ says: Bool?, _ verdict: String?) -> Int {
      cells.filter { $0.sourceSays == says && (verdict == nil || $0.verdict == verdict) }
        .reduce(0) { $0 + $1.count }
    }
    var lines = [["the source says"] + verdicts + ["responses"]]
    for (says, name) in [(true, "true"), (false, "false"), (nil, "nothing")] as [(Bool?, String)]
    where count(says, nil) > 0 {
      lines.append([name] + (verdicts + [nil]).map { grouped(count(says, $0)) })
    }
    let heading =
      "\(counted(responses, "response")) of \(counted(rows, "row"))"
      + (unreadable > 0 ? "; \(counted(unreadable, "row")) could not be read" : "")
    var parts = [heading, table(lines)]
    var reasons: [String: Int] = [:]
    for cell in cells {
      if let because = cell.because { reasons[because, default: 0] += cell.count }
    }
    if !reasons.isEmpty {
      let rows = reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      parts.append("unknown because of\n" + table(rows.map { ["  \($0.key)", grouped($0.value)] }))
    }
    for cell in cells where cell.isContradiction {
      let title = "the source says \(cell.sourceSays == true), and the answer is \(cell.verdict)"
      let rows = cell.examples.map { example in
        let which = example.response.map { " (\($0))" } ?? ""
        return ["  \(example.place)\(which)", clipped(example.found), clipped(example.expected)]
      }
      parts.append(title + "\n" + table([["", "found", "expected"]] + rows, leftColumns: 3))
    }
    return parts.joined(separator: "\n\n")
  }

  private func clipped(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return line.count > 40 ? line.prefix(38) + " …" : line
  }
}
