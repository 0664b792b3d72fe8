package import Files
internal import Foundation
internal import GRDB

/// Writes one run into the ledger, sample by sample, in one transaction.
///
/// Nothing is to be seen by others before `commit`; without it nothing stays.
package final class RunRecorder {
  package let run: Int64
  private let ledger: Ledger
  private let started: String
  private var nextSample: Int64
  private var sampleInsert: Statement
  private var fateInsert: Statement
  private var isOpen = true
  /// Time spent in here, for the figure that the program prints.
  package private(set) var seconds = 0.0

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
    (run, nextSample, sampleInsert, fateInsert) = try ledger.database.inDatabase { database in
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
          INSERT INTO sample (id, file, row, byte_offset, byte_count, row_hash, sample_id)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """)
      let fate = try database.makeStatement(
        sql: """
          INSERT INTO fate (sample, branch, kind, step, evidence, duplicate_of, picked, candidates,
            output, output_row)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """)
      return (run, last + 1, sample, fate)
    }
  }

  deinit {
    guard isOpen else { return }
    try? ledger.database.inDatabase { try $0.rollback() }
  }

  private func insert(_ sql: String, _ arguments: StatementArguments) throws -> Int64 {
    try ledger.database.inDatabase { database in
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
      INSERT INTO source_file (source, path, format, byte_count, row_count, xxh3, published_sha256)
      VALUES (?, ?, ?, 0, 0, '', ?)
      """, [source, path, format, publishedSHA256])
  }

  package func finishFile(_ file: Int64, byteCount: Int, rowCount: Int, xxh3: Digest, sha256: String?)
    throws
  {
    _ = try insert(
      "UPDATE source_file SET byte_count = ?, row_count = ?, xxh3 = ?, sha256 = ? WHERE id = ?",
      [byteCount, rowCount, xxh3.description, sha256, file])
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
    package var output: Int64?
    package var outputRow: Int?

    package init(branch: Int64, fate: Fate) {
      self.branch = branch
      self.fate = fate
    }
  }

  /// The number that the next sample will have.
  package var upcomingSample: Int64 { nextSample }

  /// Records a sample with its fates; many calls share one trip to the database queue.
  package func record(_ entries: [(SampleEntry, [FateEntry])]) throws {
    let start = ContinuousClock.now
    defer { seconds += (ContinuousClock.now - start) / .seconds(1) }
    do {
      try ledger.database.inDatabase { _ in
        for (sample, fates) in entries {
          sampleInsert.setUncheckedArguments([
            nextSample, sample.file, sample.row, sample.byteOffset, sample.byteCount,
            sample.rowHash.map(hex), sample.sampleID,
          ])
          try sampleInsert.execute()
          for fate in fates {
            fateInsert.setUncheckedArguments([
              nextSample, fate.branch, fate.fate.rawValue, fate.step, fate.evidence,
              fate.duplicateOf, fate.picked, fate.candidates, fate.output, fate.outputRow,
            ])
            try fateInsert.execute()
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
    let start = ContinuousClock.now
    defer { seconds += (ContinuousClock.now - start) / .seconds(1) }
    do {
      try ledger.database.inDatabase { database in
        try Funnel.verify(funnel, run: run, in: database)
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
