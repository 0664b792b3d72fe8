internal import Files
package import Lineage
internal import Notation
internal import Teaching

/// What a teacher made of one seed: the row in the whole data set, and the answers as they came.
package struct TaughtSample: Sendable {
  package var teaching: Trace.Teaching
  /// Nil where there is no row.
  package var row: StoredRow?
  /// Every answer to the request that the ledger names, the one that was taken among them.
  package var answers: [Answer]
  /// Why there are none to show; nil where the store is there.
  package var missing: String?

  package struct Answer: Sendable {
    package var attempt: Int64
    package var isTaken: Bool
    /// By the policy that the teaching had; nil where it was not judged by it.
    package var isAccepted: Bool?
    package var reason: String?
    package var server: String
    package var started: String
    package var finishReason: String?
    package var promptTokens: Int
    package var completionTokens: Int
    /// Nil where the server told none, or the answer is none that can be read.
    package var reasoning: String?
    package var solution: String?
  }

  /// Answers that a page has room for.
  private static let shownAnswers = 8

  init(_ teaching: Trace.Teaching, in ledger: Ledger) {
    self.teaching = teaching
    row = StoredRow(taught: teaching, ledger)
    answers = []
    guard let request = teaching.request else { return }
    let folder = ledger.path.parentPath
    let path = teaching.store.hasPrefix("/") ? teaching.store : folder + "/" + teaching.store
    do {
      let store = try TeacherStore(reading: path)
      let record = TeacherRecord(question: teaching.question, policy: teaching.policy)
      let policy = try? TeacherPlan(record).policy.text
      answers = try store.answers(to: request, policy: policy ?? "").prefix(Self.shownAnswers).map {
        Answer($0, isTaken: $0.attempt == teaching.attempt)
      }
    } catch {
      missing = "\(error)"
    }
  }
}

extension TaughtSample.Answer {
  init(_ kept: KeptAnswer, isTaken: Bool) {
    let completion = try? Completion(JSON(parsing: kept.response))
    self.init(
      attempt: kept.attempt, isTaken: isTaken, isAccepted: kept.verdict?.isAccepted,
      reason: kept.verdict?.reason, server: kept.server, started: kept.started,
      finishReason: kept.finishReason, promptTokens: kept.tokens.prompt,
      completionTokens: kept.tokens.completion, reasoning: completion?.reasoning,
      solution: completion?.solution)
  }
}
