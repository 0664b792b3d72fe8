internal import Foundation
internal import GRDB
internal import Notation

/// A batch as the store knows it: the asking of its export, and the file with its requests.
struct StoredBatch {
  var asking: Int64
  var path: String
}

extension TeacherStore {
  /// Begins to put a batch together, inside the transaction that will hold all of it.
  static func beginBatch(
    tool: String, recipe: String, branches: [String], _ prices: TeacherPlan.Prices?,
    in database: Database
  ) throws -> Int64 {
    try database.execute(
      sql: """
        INSERT INTO asking (started, tool, recipe, branch, origin, prices) VALUES (?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        timestamp(), tool, recipe, branches.joined(separator: ", "), Origin.batch.rawValue,
        prices?.json.compact,
      ])
    return database.lastInsertedRowID
  }

  /// The number that the next attempt may have.
  static func nextAttempt(in database: Database) throws -> Int64 {
    try Int64.fetchOne(database.cachedStatement(sql: "SELECT max(id) FROM attempt")).map { $0 + 1 }
      ?? 1
  }

  /// A batch's file has got its name.
  func endBatch(_ asking: Int64) throws {
    try change {
      try $0.execute(
        sql: "UPDATE asking SET finished = ? WHERE id = ?", arguments: [timestamp(), asking])
    }
  }

  /// Batches that are recorded, and of whose files it is not known whether they got their names.
  func unfinishedBatches() throws -> [StoredBatch] {
    try access { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT asking.id, min(server) FROM asking JOIN attempt ON attempt.asking = asking.id
          WHERE origin = 'batch' AND finished IS NULL GROUP BY asking.id ORDER BY asking.id
          """
      ).map { StoredBatch(asking: $0[0], path: $0[1]) }
    }
  }

  /// The latest batch that was exported to a file.
  func latestBatch(at path: String) throws -> StoredBatch? {
    let asking = try access { database in
      try Int64.fetchOne(
        database,
        sql: """
          SELECT max(asking.id) FROM asking JOIN attempt ON attempt.asking = asking.id
          WHERE origin = 'batch' AND server = ?
          """, arguments: [path])
    }
    return asking.map { StoredBatch(asking: $0, path: path) }
  }

  /// Lends the requests of a batch in the order of its file.
  func forEachRequest(of batch: StoredBatch, _ body: (TeacherRequest) throws -> Void) throws {
    try access { database in
      let rows = try Row.fetchCursor(
        database,
        sql: """
          SELECT model, parameters, messages, answer
          FROM attempt JOIN request ON request.id = attempt.request
          WHERE asking = ? AND server = ? ORDER BY attempt.id
          """, arguments: [batch.asking, batch.path])
      while let row = try rows.next() { try body(TeacherRequest(row)) }
    }
  }

  /// Files of batches, and how many of the requests in each are still out.
  package func requestsOut() throws -> [(path: String, count: Int)] {
    try access { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT server, count(*) FROM attempt JOIN asking ON asking.id = attempt.asking
          WHERE state = 'begun' AND origin = 'batch' GROUP BY server ORDER BY min(attempt.id)
          """
      ).map { ($0[0], $0[1]) }
    }
  }
}

extension TeacherRequest {
  /// From the columns model, parameters, messages, answer.
  init(_ row: Row) {
    self.init(model: row[0], parameters: row[1], messages: row[2], answer: row[3])
  }
}

extension TeacherPlan.Prices {
  /// As an asking of the store has them.
  var json: JSON {
    .object([
      .init("prompt", .real(prompt)), .init("completion", .real(completion)),
      .init("currency", .string(currency)),
    ])
  }

  init?(_ json: JSON) {
    guard let prompt = json["prompt"]?.double, let completion = json["completion"]?.double,
      let currency = json["currency"]?.text
    else { return nil }
    self.init(prompt: prompt, completion: completion, currency: currency)
  }
}
