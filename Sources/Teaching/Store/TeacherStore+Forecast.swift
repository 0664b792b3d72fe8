internal import GRDB

/// What earlier askings tell of the next one.
extension TeacherStore {
  /// The policy's number; nil where no answer was judged by it yet.
  package func knownNumber(ofPolicy text: String) throws -> Int64? {
    try access { database in
      try Int64.fetchOne(
        database, sql: "SELECT id FROM policy WHERE text = ?", arguments: [text])
    }
  }

  /// How many answers of a model to requests with these parameters are here, and how many tokens
  /// they had in the mean; nil where there is none.
  package func meanTokens(of model: String, parameters: String) throws
    -> (answers: Int, prompt: Double, completion: Double)?
  {
    let row = try access { database in
      try Row.fetchOne(
        database,
        sql: """
          SELECT count(*), avg(prompt_tokens), avg(completion_tokens)
          FROM attempt JOIN request ON request.id = attempt.request
          WHERE model = ? AND parameters = ? AND state = 'answered'
          """, arguments: [model, parameters])
    }
    guard let row, row[0] as Int > 0 else { return nil }
    return (row[0], row[1], row[2])
  }

  /// Answers a second in the latest asking of a model that came to its end with some; nil where
  /// there was none.
  package func rate(of model: String) throws -> Double? {
    try access { database in
      try Double.fetchOne(
        database,
        sql: """
          SELECT count(*) / seconds
          FROM asking JOIN attempt ON attempt.asking = asking.id
          JOIN request ON request.id = attempt.request
          WHERE origin = 'server' AND seconds > 0 AND state = 'answered' AND model = ?
          GROUP BY asking.id ORDER BY asking.id DESC LIMIT 1
          """, arguments: [model])
    }
  }
}
