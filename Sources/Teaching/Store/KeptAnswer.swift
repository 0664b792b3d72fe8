internal import Foundation
internal import GRDB

/// An answer with all that the store knows of it.
package struct KeptAnswer: Sendable {
  package var attempt: Int64
  /// Of the request.
  package var hash: String
  package var server: String
  package var started: String
  /// Whether it came back in a batch.
  package var isOfBatch: Bool
  /// A `chat.completion` as JSON.
  package var response: [UInt8]
  package var finishReason: String?
  package var tokens: Attempt.Tokens
  /// Nil where the policy has not judged it.
  package var verdict: Verdict?

  package struct Verdict: Sendable {
    package var isAccepted: Bool
    package var reason: String?
  }
}

extension TeacherStore {
  /// All answers to a request, in the order of their attempts, with what a policy says of each.
  package func answers(to hash: String, policy: String) throws -> [KeptAnswer] {
    try access { database in
      let statement = try database.cachedStatement(
        sql: """
          SELECT attempt.id, server, attempt.started, origin, response, finish_reason,
            prompt_tokens, completion_tokens, usage, is_accepted, reason
          FROM request JOIN attempt ON attempt.request = request.id
          JOIN asking ON asking.id = attempt.asking
          LEFT JOIN verdict ON verdict.attempt = attempt.id
            AND verdict.policy = (SELECT id FROM policy WHERE text = ?2)
          WHERE request.hash = ?1 AND state = 'answered' ORDER BY attempt.id
          """)
      return try Row.fetchAll(statement, arguments: [hash, policy]).map { row in
        let isAccepted: Bool? = row[9]
        return KeptAnswer(
          attempt: row[0], hash: hash, server: row[1], started: row[2],
          isOfBatch: row[3] as String == Origin.batch.rawValue,
          response: Array(row[4] as Data? ?? Data()), finishReason: row[5],
          tokens: Attempt.Tokens(
            prompt: row[6], completion: row[7],
            usage: Attempt.Usage(rawValue: row[8]) ?? .estimated),
          verdict: isAccepted.map { KeptAnswer.Verdict(isAccepted: $0, reason: row[10]) })
      }
    }
  }
}
