internal import Files
internal import Foundation
internal import GRDB

/// Every attempt at every request to a teacher: `teacher.sqlite`, which nothing is ever removed from.
///
/// Answers are found by what was asked, so that no recipe, branch or run pays for one twice.
package final class TeacherStore: Sendable {
  package let path: String
  private let database: DatabaseQueue

  package static let fileName = "teacher.sqlite"

  /// Opens the store, making or migrating it where needed. With `isDurable` a commit is on disk when
  /// it returns.
  package init(writing path: String, isDurable: Bool) throws {
    self.path = path
    var configuration = Configuration()
    configuration.busyMode = .timeout(120)
    configuration.prepareDatabase { database in
      try database.execute(
        sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = \(isDurable ? "FULL" : "OFF")")
    }
    database = try Self.telling(path) {
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      try Self.checkIsNotLater(queue, path)
      try StoreSchema.migrator.migrate(queue)
      return queue
    }
  }

  /// Opens a store that must be there, for questions only; nothing is written beside it.
  package init(reading path: String) throws {
    self.path = path
    guard FileManager.default.fileExists(atPath: path) else {
      throw StoreError("\(path): there is no store of a teacher's answers here")
    }
    var configuration = Configuration()
    // A connection that could only read would leave the log's files behind.
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA query_only = 1") }
    database = try Self.telling(path) {
      let queue = try Self.untouched(path, configuration)
      try Self.checkIsNotLater(queue, path)
      guard try queue.read({ try StoreSchema.migrator.hasCompletedMigrations($0) }) else {
        throw StoreError("\(path): this is no store of a teacher's answers of this version")
      }
      return queue
    }
  }

  /// A connection that leaves no file behind where nobody writes to the store: one to a write-ahead
  /// log would, as it may not remove what it had to make.
  private static func untouched(_ path: String, _ configuration: Configuration) throws
    -> DatabaseQueue
  {
    let name = path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed)
    if let name, !FileManager.default.fileExists(atPath: path + "-wal"),
      let queue = try? DatabaseQueue(
        path: "file:\(name)?immutable=1", configuration: configuration)
    {
      return queue
    }
    return try DatabaseQueue(path: path, configuration: configuration)
  }

  private static func checkIsNotLater(_ queue: DatabaseQueue, _ path: String) throws {
    guard try !queue.read({ try StoreSchema.migrator.hasBeenSuperseded($0) }) else {
      throw StoreError("\(path): a later version of branchmerge wrote this store; use that one")
    }
  }

  private static func telling<Result>(_ path: String, _ body: () throws -> Result) throws -> Result
  {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw StoreError("\(path): \(words(error))")
    }
  }

  private static func words(_ error: DatabaseError) -> String {
    switch error.resultCode {
    case .SQLITE_FULL, .SQLITE_IOERR:
      "could not write (\(error.message ?? "disk full")); free some space there, and run the same"
        + " again: what was answered before is kept"
    case .SQLITE_NOTADB, .SQLITE_CORRUPT:
      "is damaged, or is not an SQLite file; put back a copy, or move it away: then everything is"
        + " asked, and paid for, again"
    case .SQLITE_BUSY: "another process is writing to it; run the same again when it is done"
    default: error.message ?? "\(error)"
    }
  }

  func access<Result>(_ body: (Database) throws -> Result) throws -> Result {
    try Self.telling(path) { try database.inDatabase(body) }
  }

  func change<Result>(_ body: (Database) throws -> Result) throws -> Result {
    try Self.telling(path) { try database.write(body) }
  }

  // MARK: - Writing

  package enum Origin: String, Sendable { case server, batch }

  /// Begins to ask; what an earlier asking left in flight was abandoned by a kill, and is marked so.
  ///
  /// To be called by one who holds the store alone. Returns the asking's number and the first
  /// number that an attempt may have.
  package func beginAsking(_ origin: Origin, tool: String, recipe: String, branch: String) throws
    -> (asking: Int64, firstAttempt: Int64)
  {
    try change { database in
      try database.execute(
        sql: """
          UPDATE attempt SET state = 'abandoned', problem = 'in flight when the program ended'
          WHERE state = 'begun' AND asking IN (SELECT id FROM asking WHERE origin = 'server')
          """)
      try database.execute(
        sql: """
          INSERT INTO asking (started, tool, recipe, branch, origin) VALUES (?, ?, ?, ?, ?)
          """, arguments: [timestamp(), tool, recipe, branch, origin.rawValue])
      let asking = database.lastInsertedRowID
      let last = try Int64.fetchOne(database, sql: "SELECT max(id) FROM attempt") ?? 0
      return (asking, last + 1)
    }
  }

  /// Ends an asking; `seconds` are those in which something was in flight.
  package func endAsking(_ asking: Int64, seconds: Double) throws {
    try change { database in
      try database.execute(
        sql: "UPDATE asking SET finished = ?, seconds = ? WHERE id = ?",
        arguments: [timestamp(), seconds, asking])
    }
  }

  package enum Entry: Sendable {
    /// Before it is sent.
    case begun(Attempt)
    case ended(Attempt)
    case judged(attempt: Int64, policy: Int64, reason: String?)
  }

  /// Records entries in their order, in one commit.
  package func record(_ entries: [Entry]) throws {
    try change { database in
      for entry in entries {
        switch entry {
        case .begun(let attempt): try Self.insert(attempt, in: database)
        case .ended(let attempt): try Self.end(attempt, in: database)
        case .judged(let attempt, let policy, let reason):
          try database.cachedStatement(
            sql: "INSERT OR REPLACE INTO verdict VALUES (?, ?, ?, ?)"
          ).execute(arguments: [attempt, policy, reason == nil, reason])
        }
      }
    }
  }

  static func insert(_ attempt: Attempt, in database: Database) throws {
    let request = try number(of: attempt.request, in: database)
    try database.cachedStatement(
      sql: """
        INSERT INTO attempt (id, request, asking, seed, server, started, state, prompt_tokens,
          completion_tokens, usage, cost)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      attempt.id, request, attempt.asking, attempt.seed, attempt.server, attempt.started,
      attempt.state.rawValue, attempt.tokens.prompt, attempt.tokens.completion,
      attempt.tokens.usage.rawValue, attempt.cost,
    ])
  }

  static func end(_ attempt: Attempt, in database: Database) throws {
    try database.cachedStatement(
      sql: """
        UPDATE attempt SET state = ?, status = ?, response = ?, finish_reason = ?,
          prompt_tokens = ?, completion_tokens = ?, usage = ?, cost = ?, first_byte_ms = ?,
          latency_ms = ?, problem = ?
        WHERE id = ?
        """
    ).execute(arguments: [
      attempt.state.rawValue, attempt.status, attempt.response.map { Data($0) },
      attempt.finishReason, attempt.tokens.prompt, attempt.tokens.completion,
      attempt.tokens.usage.rawValue, attempt.cost, attempt.firstByteMilliseconds,
      attempt.milliseconds, attempt.problem, attempt.id,
    ])
  }

  /// The request's number, given where it is new.
  private static func number(of request: TeacherRequest, in database: Database) throws -> Int64 {
    let find = try database.cachedStatement(sql: "SELECT id FROM request WHERE hash = ?")
    if let known = try Int64.fetchOne(find, arguments: [request.hash]) { return known }
    try database.cachedStatement(
      sql: """
        INSERT INTO request (hash, model, parameters, messages, answer) VALUES (?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      request.hash, request.model, request.parameters, request.messages, request.answer,
    ])
    return database.lastInsertedRowID
  }

  /// The policy's number, given where it is new.
  package func number(ofPolicy text: String) throws -> Int64 {
    try change { database in
      try database.execute(
        sql: "INSERT INTO policy (text) VALUES (?) ON CONFLICT (text) DO NOTHING",
        arguments: [text])
      return try Int64.fetchOne(
        database, sql: "SELECT id FROM policy WHERE text = ?", arguments: [text])!
    }
  }

  // MARK: - Questions

  /// What has become of requests so far, in their order.
  package func standing(of hashes: [String], policy: Int64?) throws -> [Standing] {
    try access { database in
      let statement = try database.cachedStatement(
        sql: """
          SELECT attempt.id, state, verdict.is_accepted, verdict.reason, attempt.problem, origin,
            server
          FROM request JOIN attempt ON attempt.request = request.id
          JOIN asking ON asking.id = attempt.asking
          LEFT JOIN verdict ON verdict.attempt = attempt.id AND verdict.policy = ?
          WHERE request.hash = ? ORDER BY attempt.id
          """)
      return try hashes.map { hash in
        var standing = Standing()
        let rows = try Row.fetchCursor(statement, arguments: [policy, hash])
        while let row = try rows.next() {
          standing.refusal = nil
          switch Attempt.State(rawValue: row[1]) {
          case .answered:
            switch row[2] as Bool? {
            case true?: standing.accepted.append(row[0])
            case false?:
              standing.rejected += 1
              standing.lastReason = row[3]
            case nil: standing.unjudged.append(row[0])
            }
          case .refused: standing.refusal = row[4] as String? ?? "refused"
          case .begun where row[5] as String == Origin.batch.rawValue: standing.batch = row[6]
          default: break
          }
        }
        return standing
      }
    }
  }

  package func answer(_ attempt: Int64) throws -> StoredAnswer {
    let found = try access { database in
      let statement = try database.cachedStatement(
        sql: """
          SELECT hash, server, response, finish_reason, prompt_tokens, completion_tokens, usage,
            latency_ms
          FROM attempt JOIN request ON request.id = attempt.request
          WHERE attempt.id = ? AND state = 'answered'
          """)
      return try Row.fetchOne(statement, arguments: [attempt])
    }
    guard let row = found else { throw StoreError("\(path): there is no answer \(attempt)") }
    return StoredAnswer(
      attempt: attempt, hash: row[0], server: row[1],
      response: Array((row[2] as Data?) ?? Data()), finishReason: row[3],
      tokens: Attempt.Tokens(
        prompt: row[4], completion: row[5], usage: Attempt.Usage(rawValue: row[6]) ?? .estimated),
      milliseconds: row[7])
  }

  /// What was asked of a model so far, what is or may still be in flight counted in full.
  package func spending(on model: String) throws -> Spending {
    try access { database in
      let row = try Row.fetchOne(
        database,
        sql: """
          SELECT count(*), total(prompt_tokens), total(completion_tokens), total(cost)
          FROM attempt JOIN request ON request.id = attempt.request
          WHERE model = ? AND usage <> 'none'
          """, arguments: [model])
      guard let row else { return Spending() }
      return Spending(
        requests: row[0], promptTokens: Int(row[1] as Double),
        completionTokens: Int(row[2] as Double), cost: row[3])
    }
  }
}

/// A store that cannot be read or written: which, why, and what to do.
package struct StoreError: Error, CustomStringConvertible {
  package var description: String

  package init(_ description: String) { self.description = description }
}

/// The time now in UTC, as the ledger has it.
func timestamp() -> String { Date.now.formatted(.iso8601) }
