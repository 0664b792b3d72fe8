internal import Files
internal import GRDB

extension Trace {
  /// What a teacher made of a seed, and all that it was asked with.
  package struct Teaching: Encodable, Equatable, Sendable {
    /// The stage that asked, and when it was done.
    package var stage: Int64
    package var finished: String
    /// The run that wrote the seed.
    package var run: Int64
    package var model: String
    /// Templates, system text and parameters; and what is accepted; both JSON.
    package var question: String
    package var policy: String
    package var store: String
    /// `taught`, `rejected`, `failed` or `refused`.
    package var outcome: String
    /// Why there is no row; nil where there is one.
    package var reason: String?
    /// The hash of the request whose answer was taken, or of the first.
    package var request: String?
    /// The number of the taken attempt in the store.
    package var attempt: Int64?
    /// Answers that came.
    package var attempts: Int
    package var server: String?
    package var finishReason: String?
    package var promptTokens: Int?
    package var completionTokens: Int?
    package var outputPath: String
    /// Counted from 1; nil, as what follows it, where there is no row.
    package var outputRow: Int?
    package var outputOffset: Int?
    package var outputByteCount: Int?
    /// XXH3 with 64 bits of the row.
    package var outputRowXXH3: String?
    /// XXH3 with 128 bits of the file.
    package var outputXXH3: String
    /// The teaching's number in the ledger.
    var id: Int64

    enum CodingKeys: String, CodingKey {
      case stage, finished, run, model, question, policy, store, outcome, reason, request, attempt,
        attempts, server, finishReason, promptTokens, completionTokens, outputPath, outputRow,
        outputOffset, outputByteCount, outputRowXXH3, outputXXH3
    }
  }
}

extension Trace.Teaching {
  /// What the latest teaching of a build made of one of its seeds; nil where there is none.
  static func latest(ofSeed row: Int?, in build: Int64, _ database: Database) throws
    -> Trace.Teaching?
  {
    guard let row, let teaching = try RecordedTeaching.all(of: build, in: database).first else {
      return nil
    }
    return try Trace.Teaching(ofSeed: row, in: teaching, database)
  }

  /// Nil where the teaching has no such seed.
  init?(ofSeed seed: Int, in teaching: RecordedTeaching, _ database: Database) throws {
    let row = try Row.fetchOne(
      database, sql: "SELECT * FROM taught WHERE teaching = ? AND seed_row = ?",
      arguments: [teaching.id, seed])
    guard let row else { return nil }
    (id, stage, finished, run) = (teaching.id, teaching.stage, teaching.finished, teaching.run)
    (model, question, policy) = (teaching.model, teaching.question, teaching.policy)
    (store, outputPath, outputXXH3) = (teaching.store, teaching.path, teaching.xxh3)
    (outcome, reason) = (row["kind"], row["reason"])
    (request, attempt, attempts) = (row["request"], row["attempt"], row["attempts"])
    (server, finishReason) = (row["server"], row["finish_reason"])
    (promptTokens, completionTokens) = (row["prompt_tokens"], row["completion_tokens"])
    (outputRow, outputOffset) = (row["output_row"], row["output_offset"])
    outputByteCount = row["output_byte_count"]
    outputRowXXH3 = (row["output_xxh3"] as Int64?).map { hex(UInt64(bitPattern: $0)) }
  }
}
