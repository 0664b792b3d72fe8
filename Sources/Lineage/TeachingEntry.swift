internal import GRDB

/// What a teacher made of a branch's seeds, as the ledger keeps it.
package struct TeachingEntry: Sendable {
  package var branch: String
  /// XXH3 of the seeds that were asked for; it tells which build of the branch they are of.
  package var seedsXXH3: String
  package var model: String
  /// Templates, system text and parameters, as JSON.
  package var question: String
  /// What was accepted, as JSON.
  package var policy: String
  /// Below the workspace, or a whole path.
  package var store: String
  /// Of the whole data set: kept rows, then taught ones.
  package var path: String
  package var byteCount = 0
  package var rowCount = 0
  /// Its first rows, which the branch kept by itself.
  package var keptCount = 0
  package var xxh3 = ""
  /// One for each seed, in their order.
  package var seeds: [Seed] = []

  /// What became of a seed: a row, or why there is none.
  package enum Kind: String, CaseIterable, Sendable { case taught, rejected, failed, refused }

  package struct Seed: Sendable {
    /// Of `seeds.jsonl`, counted from 1.
    package var row: Int
    package var kind: Kind
    /// Nil for what was taught.
    package var reason: String?
    /// The hash of the request whose answer was taken, or of the first.
    package var request: String?
    /// The number that the store has for the attempt that was taken.
    package var attempt: Int64?
    /// Answers that came for all of the seed's requests.
    package var attempts = 0
    package var server: String?
    package var finishReason: String?
    package var promptTokens: Int?
    package var completionTokens: Int?
    package var output: Output?

    package init(row: Int, kind: Kind) {
      self.row = row
      self.kind = kind
    }
  }

  /// Where in the data set a taught row stands.
  package struct Output: Sendable {
    /// Counted from 1.
    package var row: Int
    package var offset: Int
    package var byteCount: Int
    /// XXH3 with 64 bits.
    package var hash: UInt64

    package init(row: Int, offset: Int, byteCount: Int, hash: UInt64) {
      self.row = row
      self.offset = offset
      self.byteCount = byteCount
      self.hash = hash
    }
  }

  package init(
    branch: String, seedsXXH3: String, model: String, question: String, policy: String,
    store: String, path: String
  ) {
    self.branch = branch
    self.seedsXXH3 = seedsXXH3
    self.model = model
    self.question = question
    self.policy = policy
    self.store = store
    self.path = path
  }

  /// Throws where the seeds are not those of the branch's latest build, or do not add up.
  func insert(stage: Int64, in database: Database) throws {
    let build = try Row.fetchOne(
      database,
      sql: """
        SELECT branch.id, output_file.id, output_file.row_count
        FROM output_file JOIN branch ON branch.id = output_file.branch
        WHERE branch.name = ? AND output_file.path = ? AND output_file.xxh3 = ?
        ORDER BY output_file.id DESC LIMIT 1
        """, arguments: [branch, "branches/\(branch)/seeds.jsonl", seedsXXH3])
    guard let build else {
      throw LedgerError("no build of '\(branch)' wrote the seeds that were taught; build it again")
    }
    let rows: Int = build[2]
    guard rows == seeds.count, seeds.indices.allSatisfy({ seeds[$0].row == $0 + 1 }),
      rowCount == keptCount + seeds.count(where: { $0.kind == .taught })
    else {
      throw LedgerError(
        "'\(branch)' has \(rows) seeds, and \(seeds.count) came back from its teacher; nothing was"
          + " recorded")
    }
    try database.execute(
      sql: """
        INSERT INTO teaching (stage, branch, model, question, policy, store, path, byte_count,
          row_count, kept_count, xxh3)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        stage, build[0] as Int64, model, question, policy, store, path, byteCount, rowCount,
        keptCount, xxh3,
      ])
    let teaching = database.lastInsertedRowID
    let samples = try Int64.fetchAll(
      database,
      sql: "SELECT sample FROM fate WHERE branch = ? AND output = ? ORDER BY output_row",
      arguments: [build[0] as Int64, build[1] as Int64])
    guard samples.count == seeds.count else {
      throw LedgerError(
        "the ledger has \(samples.count) of the \(seeds.count) seeds of '\(branch)'")
    }
    let statement = try database.makeStatement(
      sql: "INSERT INTO taught VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    for (sample, seed) in zip(samples, seeds) {
      try statement.execute(arguments: [
        teaching, sample, seed.row, seed.kind.rawValue, seed.reason, seed.request, seed.attempt,
        seed.attempts, seed.server, seed.finishReason, seed.promptTokens, seed.completionTokens,
        seed.output?.row, seed.output?.offset, seed.output?.byteCount,
        (seed.output?.hash).map { Int64(bitPattern: $0) },
      ])
    }
  }
}
