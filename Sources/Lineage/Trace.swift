internal import Files
internal import Foundation
internal import GRDB

/// All that the ledger knows of one sample, in the run asked for.
package struct Trace: Encodable, Equatable, Sendable {
  /// Nil where the row could not be read.
  package var id: String?
  package var run: Run
  package var source: Source
  package var place: Place
  package var fates: [FateInBranch]
  /// Other runs that read the sample.
  package var otherRuns: [Int64]

  package struct Run: Encodable, Equatable, Sendable {
    package var id: Int64
    package var finished: String
    package var recipe: String
    package var tool: String
  }

  package struct Source: Encodable, Equatable, Sendable {
    package var name: String
    package var config: String
    package var licence: String
    package var homepage: String
    package var revision: String
  }

  /// Where the row stands.
  package struct Place: Encodable, Equatable, Sendable {
    package var path: String
    package var format: String
    package var fileXXH3: String
    package var publishedSHA256: String?
    package var sha256: String?
    /// Counted from 1.
    package var row: Int
    /// Of the decompressed file; nil for a row of a table or a dump.
    package var byteOffset: Int?
    package var byteCount: Int
    /// XXH3 with 64 bits of the row's bytes; nil for a row of a table or a dump.
    package var rowXXH3: String?
  }

  package struct FateInBranch: Encodable, Equatable, Sendable {
    package var branch: String
    /// The run that built the branch; an earlier one where the run asked for built others only.
    package var run: Int64
    package var fate: String
    /// Names of the steps that the sample passed.
    package var passed: [String]
    /// The step that dropped it, with its text as it was in this run.
    package var step: String?
    package var stepText: String?
    /// The fields that decided with their values, or the reason of a quarantine; JSON.
    package var evidence: String?
    /// The sample that stayed in its stead.
    package var duplicateOf: String?
    /// The trajectory taken, counted from 0, of how many, and the policy.
    package var picked: Int?
    package var candidates: Int?
    package var policy: String?
    package var outputPath: String?
    /// Counted from 1.
    package var outputRow: Int?
    /// XXH3 with 64 bits of the bytes written, and with 128 of their file; nil where none were
    /// written, and of the row in runs of an earlier version.
    package var outputRowXXH3: String?
    package var outputXXH3: String?
    /// What built the branch since; nil where its rows are still those of this run.
    package var replacedBy: Replacement?
    /// What a teacher made of a seed, at the latest; nil for what is none, and where no teacher was
    /// asked for it.
    package var teaching: Teaching?
    /// Other teachings whose row of the sample an expert saw.
    package var otherTeachings: [Teaching] = []
    /// What the row went into; nil for what is no row, and where nothing was trained on these rows.
    package var training: Training?
    /// Experts that were trained on the rows of another build: those that saw the sample there, and
    /// of a row also the branch's latest expert, where it did not.
    package var otherTrainings: [Training] = []
    /// The run that built the branch as it is, where experts were trained on other rows only.
    package var untrainedRun: Int64?
    /// The stage at which a teacher completed these rows; nil where none did.
    package var untrainedTeaching: Int64?
  }

  /// The run that built a branch as it is.
  package struct Replacement: Encodable, Equatable, Sendable {
    package var run: Int64
    package var finished: String
    /// Whether it read the sample for the branch.
    package var isRead: Bool
  }

  /// The expert of a branch, and what became of it.
  package struct Training: Encodable, Equatable, Sendable {
    package var trainer: String
    package var expert: String
    /// Whether no other was made for the branch since.
    package var isLatest: Bool
    /// Rows that it was trained on; nil where the expert was given, and nobody knows.
    package var rows: Int?
    /// The run that wrote them.
    package var run: Int64?
    /// The stage at which a teacher completed them; nil where none did.
    package var teaching: Int64?
    /// The sample's row among them, counted from 1; nil where it is not there.
    package var row: Int?
    /// Why this row is not among them.
    package var leftOut: String?
    package var tokens: Int?
    package var merges: [Merge]
  }

  /// A merged model that holds an expert's weights.
  package struct Merge: Encodable, Equatable, Sendable {
    package var model: String
    package var method: String
    /// Entries of the model that are the expert's own, and all; nil where the method takes none.
    package var entries: Int?
    package var totalEntries: Int?
  }

  /// Looks a sample up by its id, by the beginning of one that no other id shares, or by its place
  /// as `FILE:ROW`, which also finds rows that could not be read.
  ///
  /// The latest run that read it answers, unless `run` asks for another.
  package static func find(_ name: String, run: Int64? = nil, in ledger: Ledger) throws -> Trace {
    try ledger.database.read { database in
      if let id = try id(beginningWith: name, in: database) {
        return try find(name, "sample.sample_id = ?", [id], run: run, in: database)
      }
      if let (path, row) = try place(name, in: database) {
        let samples = try samples(at: row, of: path, in: database).map(String.init)
        let condition = "sample.id IN (\(samples.joined(separator: ", ")))"
        return try find(name, condition, [], run: run, in: database)
      }
      throw LedgerError(
        "no sample has the id '\(name)' in \(ledger.path); an id is 'source:' and 24 hexadecimal"
          + " digits, as in the rows' \"id\"; a row of a source file is FILE:ROW")
    }
  }

  /// The first ids with this beginning, in their order; the id itself alone where it is one.
  package static func ids(beginningWith name: String, limit: Int, in ledger: Ledger) throws
    -> [String]
  {
    let known = try ledger.access { try ids(beginningWith: name, limit: limit, in: $0) }
    return known.contains(name) ? [name] : known
  }

  private static func ids(beginningWith name: String, limit: Int, in database: Database) throws
    -> [String]
  {
    // A range over the index; LIKE would read the whole table.
    try String.fetchAll(
      database,
      sql: """
        SELECT DISTINCT sample_id FROM sample WHERE sample_id >= ? AND sample_id < ?
        ORDER BY sample_id LIMIT ?
        """, arguments: [name, name + "\u{10FFFF}", limit])
  }

  private static func id(beginningWith name: String, in database: Database) throws -> String? {
    let known = try ids(beginningWith: name, limit: 6, in: database)
    guard !known.contains(name) else { return name }
    guard known.count <= 1 else {
      throw LedgerError(
        "'\(name)' is the beginning of several ids; write more of it:\n  "
          + known.prefix(5).joined(separator: "\n  ") + (known.count > 5 ? "\n  …" : ""))
    }
    return known.first
  }

  /// Whether a name is that of a row of a source file: `FILE:ROW`, with a file that some run read.
  package static func isPlace(_ name: String, in ledger: Ledger) throws -> Bool {
    try ledger.access { try place(name, in: $0) != nil }
  }

  /// Whether some run read the row of this place.
  package static func isRead(_ name: String, in ledger: Ledger) throws -> Bool {
    try ledger.access { database in
      guard let (path, row) = try place(name, in: database) else { return false }
      return try Bool.fetchOne(
        database,
        sql: "SELECT EXISTS (SELECT 1 FROM source_file WHERE path = ? AND row_count >= ?)",
        arguments: [path, max(row, 1)]) == true && row > 0
    }
  }

  /// A source file, whole or by the end of its path, and a row of it.
  private static func place(_ name: String, in database: Database) throws -> (String, Int)? {
    guard let colon = name.lastIndex(of: ":"), let row = Int(name[name.index(after: colon)...])
    else { return nil }
    let path = String(name[..<colon])
    let known = try String.fetchAll(
      database,
      sql: """
        SELECT DISTINCT path FROM source_file
        WHERE path IN (?1, ?2) OR substr(path, -length(?3)) = ?3 ORDER BY path
        """,
      arguments: [path, URL(fileURLWithPath: path).standardizedFileURL.path, "/" + path])
    guard known.count <= 1 else {
      throw LedgerError(
        "several source files end in '\(path)'; write more of the path:\n  "
          + known.joined(separator: "\n  "))
    }
    return known.first.map { ($0, row) }
  }

  /// The samples that stand at a row of a file, one for each time that it was read.
  ///
  /// Rows follow each other as samples do, so that they are found by halving: a row number is the
  /// sample's place only where no line is blank.
  private static func samples(at row: Int, of path: String, in database: Database) throws -> [Int64]
  {
    let files = try Row.fetchAll(
      database, sql: "SELECT first_sample, row_count FROM source_file WHERE path = ?",
      arguments: [path])
    let statement = try database.makeStatement(sql: "SELECT row FROM sample WHERE id = ?")
    return try files.compactMap { file in
      var (low, count) = (file[0] as Int64, file[1] as Int64)
      while count > 0 {
        let middle = low &+ count / 2
        let found = try Int.fetchOne(statement, arguments: [middle]) ?? .max
        if found == row { return middle }
        if found < row {
          low = middle &+ 1
          count -= count / 2 + 1
        } else {
          count /= 2
        }
      }
      return nil
    }
  }

  private static func find(
    _ name: String, _ condition: String, _ arguments: StatementArguments, run: Int64?,
    in database: Database
  ) throws -> Trace {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT sample.id, run.id, run.finished, run.recipe, run.tool,
          source.name, source.config, source.licence, source.homepage, source.revision,
          source_file.path, source_file.format, source_file.xxh3, source_file.published_sha256,
          source_file.sha256, sample.row, sample.byte_offset, sample.byte_count, sample.row_xxh3,
          sample.sample_id
        FROM sample JOIN source_file ON source_file.id = sample.file
        JOIN source ON source.id = source_file.source JOIN run ON run.id = source.run
        WHERE \(condition) ORDER BY run.id DESC
        """, arguments: arguments)
    guard !rows.isEmpty else { throw LedgerError("no run read a row '\(name)'") }
    let runs = rows.map { $0[1] as Int64 }
    guard let row = rows.first(where: { run == nil || $0[1] == run }) else {
      throw LedgerError(
        "run \(run ?? 0) did not read '\(name)'; \(runs.count == 1 ? "run" : "runs") "
          + runs.map(String.init).joined(separator: ", ") + " did")
    }
    var fates: [FateInBranch] = []
    // At one place other runs may have read another sample.
    let id: String? = row[19]
    let own = rows.filter { $0[19] as String? == id }
    let samples =
      try id.map {
        try Int64.fetchAll(
          database, sql: "SELECT id FROM sample WHERE sample_id = ?", arguments: [$0])
      } ?? own.map { $0[0] }
    for other in own where other[1] as Int64 == row[1] || run == nil {
      // Branches that this run did not read it for are as an earlier run left them.
      let told = Set(fates.filter { $0.run != other[1] as Int64 }.map(\.branch))
      fates += try Self.fates(of: other[0], as: samples, except: told, in: database)
    }
    return Trace(
      id: row[19],
      run: Run(id: row[1], finished: row[2], recipe: row[3], tool: row[4]),
      source: Source(
        name: row[5], config: row[6], licence: row[7], homepage: row[8], revision: row[9]),
      place: Place(
        path: row[10], format: row[11], fileXXH3: row[12], publishedSHA256: row[13],
        sha256: row[14], row: row[15], byteOffset: row[16], byteCount: row[17],
        rowXXH3: (row[18] as Int64?).map { hex(UInt64(bitPattern: $0)) }),
      fates: fates, otherRuns: runs.filter { $0 != row[1] as Int64 })
  }

  /// `all` are its numbers in this run and others.
  private static func fates(
    of sample: Int64, as all: [Int64], except told: Set<String>, in database: Database
  ) throws -> [FateInBranch] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT branch.id, branch.name, fate.kind, fate.step, fate.evidence, stayed.sample_id,
          fate.picked, fate.candidates, output_file.path, fate.output_row, source_file.source,
          output_file.xxh3, branch.run, fate.output_xxh3
        FROM fate JOIN branch ON branch.id = fate.branch
        JOIN sample ON sample.id = fate.sample JOIN source_file ON source_file.id = sample.file
        LEFT JOIN sample AS stayed ON stayed.id = fate.duplicate_of
        LEFT JOIN output_file ON output_file.id = fate.output
        WHERE fate.sample = ? ORDER BY branch.id
        """, arguments: [sample])
    return try rows.filter { !told.contains($0[1]) }.map { row in
      let steps = try Row.fetchAll(
        database,
        sql: """
          SELECT id, name, kind, text FROM step WHERE branch = ? AND source = ? ORDER BY position
          """, arguments: [row[0] as Int64, row[10] as Int64])
      let stopped: Int64? = row[3]
      let isRead = row[2] as String != Fate.quarantined.rawValue
      let dropping = steps.first { $0[0] == stopped }
      let picked: Int? = row[6]
      var fate = FateInBranch(
        branch: row[1], run: row[12], fate: row[2],
        passed: isRead ? steps.prefix { $0[0] != stopped }.map { $0[1] } : [],
        step: dropping?[1], stepText: dropping?[3], evidence: row[4], duplicateOf: row[5],
        picked: picked, candidates: row[7],
        policy: picked == nil ? nil : steps.first { $0[2] == "pick" }?[3],
        outputPath: row[8], outputRow: row[9],
        outputRowXXH3: (row[13] as Int64?).map { hex(UInt64(bitPattern: $0)) },
        outputXXH3: row[11],
        replacedBy: try replacement(of: row[1], run: row[12], all, in: database))
      if fate.fate == Fate.seed.rawValue {
        fate.teaching = try Teaching.latest(ofSeed: fate.outputRow, in: row[0], database)
      }
      try follow(&fate, all, branch: row[0], in: database)
      return fate
    }
  }

  /// The branch's latest build, where it is not that of this run.
  private static func replacement(
    of branch: String, run: Int64, _ samples: [Int64], in database: Database
  ) throws -> Replacement? {
    let latest = try Row.fetchOne(
      database,
      sql: """
        SELECT branch.id, run.id, run.finished FROM branch JOIN run ON run.id = branch.run
        WHERE branch.name = ? ORDER BY branch.id DESC LIMIT 1
        """, arguments: [branch])
    guard let latest, latest[1] as Int64 != run else { return nil }
    let isRead = try samples.contains {
      try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM fate WHERE sample = ? AND branch = ?)",
        arguments: [$0, latest[0] as Int64]) ?? false
    }
    return Replacement(run: latest[1], finished: latest[2], isRead: isRead)
  }
}
