package import Files
internal import Foundation
internal import GRDB
internal import GRDBSQLite

/// Writes one run into the ledger, sample by sample, in one transaction.
///
/// Nothing is to be seen by others before `commit`; without it nothing stays.
package final class RunRecorder {
  package let run: Int64
  private let ledger: Ledger
  private let started: String
  private let firstSample: Int64
  private var nextSample: Int64
  private let sampleInsert: Insertion
  private let fateInsert: Insertion
  private var isOpen = true
  /// Processor time that writing took, for the figure that the program prints.
  package private(set) var processorSeconds = 0.0

  /// What is the same for all samples of a run.
  package struct Description: Sendable {
    package var tool: String
    package var recipe: String
    package var recipePath: String
    package var recipeText: String
    package var options: String

    package init(
      tool: String, recipe: String, recipePath: String, recipeText: String, options: String
    ) {
      self.tool = tool
      self.recipe = recipe
      self.recipePath = recipePath
      self.recipeText = recipeText
      self.options = options
    }
  }

  package init(_ ledger: Ledger, _ description: Description) throws {
    self.ledger = ledger
    started = timestamp()
    let started = started
    (run, firstSample, sampleInsert, fateInsert) = try ledger.access { database in
      try database.execute(sql: "PRAGMA foreign_keys = OFF")
      try database.beginTransaction(.immediate)
      for (name, _) in LedgerSchema.indexes {
        try database.execute(sql: "DROP INDEX IF EXISTS \(name)")
      }
      try database.execute(
        sql: """
          INSERT INTO run (started, finished, tool, recipe, recipe_path, recipe_text, options)
          VALUES (?, '', ?, ?, ?, ?, ?)
          """,
        arguments: [
          started, description.tool, description.recipe, description.recipePath,
          description.recipeText, description.options,
        ])
      let run = database.lastInsertedRowID
      let last = try Int64.fetchOne(database, sql: "SELECT max(id) FROM sample") ?? 0
      let sample = try database.makeStatement(
        sql: """
          INSERT INTO sample (id, file, row, byte_offset, byte_count, row_xxh3, sample_id)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """)
      let fate = try database.makeStatement(
        sql: """
          INSERT INTO fate (sample, branch, kind, step, evidence, duplicate_of, picked, candidates,
            output, output_row, output_offset, output_byte_count, output_xxh3)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """)
      return (run, last + 1, Insertion(sample), Insertion(fate))
    }
    nextSample = firstSample
  }

  deinit {
    guard isOpen else { return }
    try? ledger.database.inDatabase { try $0.rollback() }
  }

  private func insert(_ sql: String, _ arguments: StatementArguments) throws -> Int64 {
    try ledger.access { database in
      try database.execute(sql: sql, arguments: arguments)
      return database.lastInsertedRowID
    }
  }

  package func addSource(
    name: String, config: String, licence: String, homepage: String, revision: String, card: String
  ) throws -> Int64 {
    try insert(
      """
      INSERT INTO source (run, name, config, licence, homepage, revision, card)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """, [run, name, config, licence, homepage, revision, card])
  }

  /// A file about to be read; what is known only afterwards comes with `finishFile`.
  package func addFile(source: Int64, path: String, format: String, publishedSHA256: String?) throws
    -> Int64
  {
    try insert(
      """
      INSERT INTO source_file
        (source, path, format, byte_count, row_count, first_sample, xxh3, published_sha256)
      VALUES (?, ?, ?, 0, 0, 0, '', ?)
      """, [source, path, format, publishedSHA256])
  }

  /// Completes a file of which the last `rowCount` samples are.
  package func finishFile(
    _ file: Int64, byteCount: Int, rowCount: Int, xxh3: Digest, sha256: String?
  ) throws {
    _ = try insert(
      """
      UPDATE source_file SET byte_count = ?, row_count = ?, first_sample = ?, xxh3 = ?, sha256 = ?
      WHERE id = ?
      """,
      [byteCount, rowCount, nextSample - Int64(rowCount), xxh3.description, sha256, file])
  }

  package func addBenchmark(_ benchmark: RecordedBenchmark) throws {
    _ = try insert(
      """
      INSERT INTO benchmark (run, name, licence, homepage, revision, card, path, byte_count,
        item_count, xxh3, fingerprint)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        run, benchmark.name, benchmark.licence, benchmark.homepage, benchmark.revision,
        benchmark.card, benchmark.path, benchmark.byteCount, benchmark.itemCount, benchmark.xxh3,
        benchmark.fingerprint,
      ])
  }

  package func addBranch(name: String, rowFormat: String) throws -> Int64 {
    try insert(
      "INSERT INTO branch (run, name, row_format) VALUES (?, ?, ?)", [run, name, rowFormat])
  }

  package func addStep(
    branch: Int64, source: Int64, position: Int, name: String, kind: String, text: String
  ) throws -> Int64 {
    try insert(
      "INSERT INTO step (branch, source, position, name, kind, text) VALUES (?, ?, ?, ?, ?, ?)",
      [branch, source, position, name, kind, text])
  }

  package func addOutput(branch: Int64, path: String) throws -> Int64 {
    try insert(
      """
      INSERT INTO output_file (branch, path, byte_count, row_count, xxh3) VALUES (?, ?, 0, 0, '')
      """, [branch, path])
  }

  package func finishOutput(_ output: Int64, byteCount: Int, rowCount: Int, xxh3: Digest) throws {
    _ = try insert(
      "UPDATE output_file SET byte_count = ?, row_count = ?, xxh3 = ? WHERE id = ?",
      [byteCount, rowCount, xxh3.description, output])
  }

  /// One sample as read.
  package struct SampleEntry {
    package var file: Int64
    package var row: Int
    package var byteOffset: Int?
    package var byteCount: Int
    package var rowHash: UInt64?
    package var sampleID: String?

    package init(
      file: Int64, row: Int, byteOffset: Int?, byteCount: Int, rowHash: UInt64?, sampleID: String?
    ) {
      self.file = file
      self.row = row
      self.byteOffset = byteOffset
      self.byteCount = byteCount
      self.rowHash = rowHash
      self.sampleID = sampleID
    }
  }

  /// What became of the sample in one branch.
  package struct FateEntry {
    package var branch: Int64
    package var fate: Fate
    package var step: Int64?
    package var evidence: String?
    package var duplicateOf: Int64?
    package var picked: Int?
    package var candidates: Int?
    package var output: OutputPlace?

    package init(branch: Int64, fate: Fate) {
      self.branch = branch
      self.fate = fate
    }
  }

  /// A row that was written.
  package struct OutputPlace {
    package var file: Int64
    /// Counted from 1.
    package var row: Int
    /// Of its first byte in the file, and its length with the line feed.
    package var offset, byteCount: Int
    /// XXH3 with 64 bits of these bytes.
    package var hash: UInt64

    package init(file: Int64, row: Int, offset: Int, byteCount: Int, hash: UInt64) {
      self.file = file
      self.row = row
      self.offset = offset
      self.byteCount = byteCount
      self.hash = hash
    }
  }

  /// The number that the next sample will have.
  package var upcomingSample: Int64 { nextSample }

  /// Records samples with their fates, as many for each of them; one trip to the database.
  package func record(_ samples: [SampleEntry], _ fates: [FateEntry]) throws {
    guard !samples.isEmpty else { return }
    let start = processorTime()
    defer { processorSeconds += processorTime() - start }
    let fatesEach = fates.count / samples.count
    do {
      try ledger.database.inDatabase { _ in
        for (index, sample) in samples.enumerated() {
          sampleInsert.bind(nextSample)
          sampleInsert.bind(sample.file)
          sampleInsert.bind(sample.row)
          sampleInsert.bind(sample.byteOffset)
          sampleInsert.bind(sample.byteCount)
          sampleInsert.bind(sample.rowHash.map { Int64(bitPattern: $0) })
          sampleInsert.bind(sample.sampleID)
          try sampleInsert.run()
          for fate in fates[index * fatesEach..<(index + 1) * fatesEach] {
            fateInsert.bind(nextSample)
            fateInsert.bind(fate.branch)
            fateInsert.bind(fate.fate.rawValue)
            fateInsert.bind(fate.step)
            fateInsert.bind(fate.evidence)
            fateInsert.bind(fate.duplicateOf)
            fateInsert.bind(fate.picked)
            fateInsert.bind(fate.candidates)
            fateInsert.bind(fate.output?.file)
            fateInsert.bind(fate.output?.row)
            fateInsert.bind(fate.output?.offset)
            fateInsert.bind(fate.output?.byteCount)
            fateInsert.bind(fate.output.map { Int64(bitPattern: $0.hash) })
            try fateInsert.run()
          }
          nextSample += 1
        }
      }
    } catch {
      throw LedgerError("\(ledger.path): \(Ledger.words(error))")
    }
  }

  /// Proves the run's book-keeping, builds the indexes and makes the run visible.
  package func commit(expecting funnel: Funnel) throws {
    let start = processorTime()
    defer { processorSeconds += processorTime() - start }
    do {
      try ledger.database.inDatabase { database in
        try Funnel.verify(funnel, run: run, samples: firstSample..<nextSample, in: database)
        for (name, columns) in LedgerSchema.indexes {
          try database.execute(sql: "CREATE INDEX \(name) ON \(columns)")
        }
        try database.execute(
          sql: "UPDATE run SET finished = ? WHERE id = ?", arguments: [timestamp(), run])
        try database.commit()
        try database.execute(sql: "PRAGMA foreign_keys = ON")
      }
      isOpen = false
    } catch let error as LedgerError {
      throw error
    } catch {
      throw LedgerError("\(ledger.path): \(Ledger.words(error))")
    }
  }
}

/// A prepared statement whose arguments are bound in order, straight to SQLite: the two statements
/// that run for every sample cost a third of what they do through boxed values.
private final class Insertion {
  private let statement: Statement
  private var position: Int32 = 0

  init(_ statement: Statement) { self.statement = statement }

  func bind(_ value: Int64?) {
    position += 1
    if let value { sqlite3_bind_int64(statement.sqliteStatement, position, value) }
  }

  func bind(_ value: Int?) { bind(value.map { Int64($0) }) }

  func bind(_ value: String?) {
    position += 1
    guard var value else { return }
    // SQLite copies the text before the call returns.
    let copies = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    value.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { text in
        _ = sqlite3_bind_text(
          statement.sqliteStatement, position, text.baseAddress, Int32(text.count), copies)
      }
    }
  }

  /// Runs the statement; what was not bound is NULL.
  func run() throws {
    let status = sqlite3_step(statement.sqliteStatement)
    let message =
      status == SQLITE_DONE ? nil : sqlite3_errmsg(sqlite3_db_handle(statement.sqliteStatement))
    sqlite3_reset(statement.sqliteStatement)
    sqlite3_clear_bindings(statement.sqliteStatement)
    position = 0
    if let message {
      throw DatabaseError(
        resultCode: ResultCode(rawValue: status), message: String(cString: message))
    }
  }
}

/// Processor seconds of the calling thread.
private func processorTime() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
