internal import Files
internal import Foundation
internal import GRDB
internal import Notation
internal import Samples

/// Takes the results of batches into the store, in whatever order, pieces and repetitions they come.
///
/// A chunk of a file is one commit: an import that was stopped goes on when it is started again,
/// because what is there already changes nothing. Nothing is judged here; the next asking does that.
package struct BatchImport {
  private let store: TeacherStore
  private let tool: String

  package init(_ store: TeacherStore, tool: String) {
    self.store = store
    self.tool = tool
  }

  /// What became of a file's lines; each is counted once.
  package struct Tally: Equatable, Sendable {
    package var read = 0
    /// Answers that are new, whole or not.
    package var answered = 0
    /// Lines with nothing new in them: an answer that is there, a failure of what is not out any more.
    package var known = 0
    /// Requests that are free to be asked again, or were refused.
    package var failed = 0
    /// Lines of requests that are not in this store.
    package var unknown = 0
    package var unreadable = 0

    package init() {}

    package static func + (a: Tally, b: Tally) -> Tally {
      var sum = a
      sum.read += b.read
      sum.answered += b.answered
      sum.known += b.known
      sum.failed += b.failed
      sum.unknown += b.unknown
      sum.unreadable += b.unreadable
      return sum
    }
  }

  /// A line that was not taken, or a file that could not be read to its end.
  package struct Problem: Equatable, Sendable {
    package var path: String
    /// Counted from 1; nil where it is not one line's.
    package var line: Int?
    /// Of the decompressed file.
    package var byte: Int?
    package var message: String
  }

  package struct Outcome: Sendable {
    package var tally = Tally()
    package var problems: [Problem] = []
    /// Ids of requests that are not in this store, the first ones.
    package var unknown: [String] = []

    package init() {}
  }

  /// Problems, and unknown ids, that are kept in words; all are counted.
  package static let wordLimit = 100

  /// Takes one file; `progress` is told the lines and the file's bytes so far, and those in all.
  package func take(_ path: String, progress: (Int, Int, Int) -> Void) throws -> Outcome {
    var outcome = Outcome()
    do {
      let reader = try SourceFile(path).rows(keys: nil)
      let chunk = Chunk()
      while try reader.next(chunk) {
        try Interruption.check()
        try take(chunk, of: path, into: &outcome)
        progress(outcome.tally.read, reader.file.position, reader.file.byteCount)
      }
    } catch let error as FileError {
      // What came before stays taken; the line at which it breaks off counts as one.
      outcome.tally.read += 1
      outcome.tally.unreadable += 1
      outcome.add(Problem(path: path, message: error.message))
    }
    return outcome
  }

  private func take(_ chunk: Chunk, of path: String, into outcome: inout Outcome) throws {
    var results: [BatchResult] = []
    for place in chunk.rows {
      outcome.tally.read += 1
      do {
        results.append(try Self.result(place, in: chunk))
      } catch {
        outcome.tally.unreadable += 1
        outcome.add(
          Problem(
            path: path, line: place.number, byte: place.offset.map { $0 + error.offset },
            message: error.message))
      }
    }
    let before = outcome
    outcome = try store.change { database in
      var outcome = before
      for result in results { try take(result, of: path, database, &outcome) }
      return outcome
    }
  }

  private struct Unreadable: Error {
    var message: String
    /// Bytes from the line's first.
    var offset = 0
  }

  private static func result(_ place: RowPlace, in chunk: Chunk) throws(Unreadable) -> BatchResult {
    if let fault = place.fault { throw Unreadable(message: fault.description) }
    let bytes = chunk.withBytes(of: place) { $0.withUnsafeBufferPointer { Array($0) } }
    do {
      return try BatchResult(try JSON(parsing: bytes))
    } catch let error as JSONError {
      throw Unreadable(
        message: error.offset >= bytes.count ? "is cut short" : "is no JSON: \(error.message)",
        offset: error.offset)
    } catch {
      throw Unreadable(message: "\(error)")
    }
  }

  // MARK: - Into the store

  /// What the store has of a request that a result is for.
  private struct Known {
    var request: TeacherRequest
    var check: UsageCheck
    /// The latest attempt's sample.
    var seed: String
    /// The attempt that waits for a result.
    var waiting: (id: Int64, asking: Int64, server: String)?
    /// Attempts that have ended, with what came.
    var ended: [(state: Attempt.State, response: [UInt8])] = []
    /// The latest batch that it was in, if any, else the latest asking.
    var asking: Int64
    var isOfBatch = false
    var server: String?
    var prices: TeacherPlan.Prices?

    /// Whether some attempt ended with the same bytes, the order of keys aside.
    func has(_ result: BatchResult) -> Bool {
      let isAnswer: Bool
      let came: JSON
      if case .answer(_, let body) = result.outcome {
        (isAnswer, came) = (true, body.sorted)
      } else {
        (isAnswer, came) = (false, result.line.sorted)
      }
      return ended.contains { attempt in
        (attempt.state == .answered) == isAnswer
          && (try? JSON(parsing: attempt.response).sorted) == came
      }
    }
  }

  private func take(
    _ result: BatchResult, of path: String, _ database: Database, _ outcome: inout Outcome
  ) throws {
    guard let known = try Self.known(result.request, database) else {
      outcome.tally.unknown += 1
      if outcome.unknown.count < Self.wordLimit { outcome.unknown.append(result.request) }
      return
    }
    if known.has(result) {
      outcome.tally.known += 1
      return
    }
    switch result.outcome {
    case .answer, .broken: outcome.tally.answered += 1
    case .failed, .refused:
      // There is nothing to end, and nothing was paid for.
      guard known.waiting != nil else {
        outcome.tally.known += 1
        return
      }
      outcome.tally.failed += 1
    }
    var attempt = try attempt(for: known, of: path, database)
    attempt.status = result.status
    switch result.outcome {
    case .answer(let completion, let body):
      attempt.state = .answered
      attempt.response = Array(body.compact.utf8)
      attempt.finishReason = completion.finishReason
      attempt.tokens = known.check.tokens(of: completion)
    case .broken(let problem):
      attempt.state = .broken
      attempt.response = Array(result.line.compact.utf8)
      let body = result.line["response"]?["body"] ?? .null
      attempt.tokens = known.check.estimate(textCount: body.compact.utf8.count)
      attempt.problem = problem
    case .failed(let problem), .refused(let problem):
      if case .failed = result.outcome { attempt.state = .failed } else { attempt.state = .refused }
      attempt.response = Array(result.line.compact.utf8)
      attempt.tokens = Attempt.Tokens(prompt: 0, completion: 0, usage: .none)
      attempt.problem = problem
    }
    attempt.cost = known.prices?.cost(
      prompt: attempt.tokens.prompt, completion: attempt.tokens.completion)
    try TeacherStore.end(attempt, in: database)
  }

  /// The attempt that waits, or one more: an answer was paid for however often it was asked.
  private func attempt(for known: Known, of path: String, _ database: Database) throws -> Attempt {
    let nothing = Attempt.Tokens(prompt: 0, completion: 0, usage: .none)
    if let waiting = known.waiting {
      return Attempt(
        id: waiting.id, asking: waiting.asking, request: known.request, seed: known.seed,
        server: waiting.server, started: timestamp(), tokens: nothing, cost: nil)
    }
    var asking = known.asking
    if !known.isOfBatch {
      try database.execute(
        sql: """
          INSERT INTO asking (started, finished, tool, recipe, branch, origin)
          SELECT ?1, ?1, ?2, recipe, branch, 'batch' FROM asking WHERE id = ?3
          """, arguments: [timestamp(), tool, asking])
      asking = database.lastInsertedRowID
    }
    let attempt = Attempt(
      id: try TeacherStore.nextAttempt(in: database), asking: asking, request: known.request,
      seed: known.seed,
      server: known.server ?? URL(fileURLWithPath: path).standardizedFileURL.path,
      started: timestamp(), tokens: nothing, cost: nil)
    try TeacherStore.insert(attempt, in: database)
    return attempt
  }

  private static func known(_ hash: String, _ database: Database) throws -> Known? {
    let rows = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT model, parameters, messages, answer, attempt.id, state, asking.id, origin, server,
            seed, prices, CASE WHEN state = 'begun' THEN NULL ELSE response END
          FROM request JOIN attempt ON attempt.request = request.id
          JOIN asking ON asking.id = attempt.asking
          WHERE hash = ? ORDER BY attempt.id
          """), arguments: [hash])
    guard let last = rows.last else { return nil }
    let request = TeacherRequest(last)
    let parameters = try JSON(parsing: Array(request.parameters.utf8))
    let limit = parameters["max_tokens"]?.int ?? parameters["max_completion_tokens"]?.int
    var known = Known(
      request: request,
      check: UsageCheck(request, maxTokens: limit ?? Int(Int32.max)),
      seed: last[9], asking: last[6])
    for row in rows {
      guard let state = Attempt.State(rawValue: row[5]) else { continue }
      if row[7] as String == TeacherStore.Origin.batch.rawValue {
        (known.asking, known.isOfBatch, known.server) = (row[6], true, row[8])
        known.prices = try (row[10] as String?).flatMap { text in
          TeacherPlan.Prices(try JSON(parsing: Array(text.utf8)))
        }
        if state == .begun && known.waiting == nil { known.waiting = (row[4], row[6], row[8]) }
      }
      if let response = row[11] as Data? { known.ended.append((state, Array(response))) }
    }
    return known
  }
}

extension BatchImport.Outcome {
  fileprivate mutating func add(_ problem: BatchImport.Problem) {
    if problems.count < BatchImport.wordLimit { problems.append(problem) }
  }
}

extension JSON {
  /// With the keys of all objects in the order of their bytes.
  fileprivate var sorted: JSON {
    switch self {
    case .object(let members):
      .object(
        members.map { Member($0.key, $0.value.sorted) }
          .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) })
    case .array(let items): .array(items.map(\.sorted))
    case .string, .number, .bool, .null: self
    }
  }
}
