internal import Curation
internal import GRDB
internal import Lineage
internal import Notation

/// What the ledger says of a run besides samples and fates.
struct RecordedRun {
  var id: Int64
  var tool: String
  var recipe: String
  var finished: String
  /// The longest row that was read, in bytes.
  var maxRowBytes: Int?
  /// In the order of reading.
  var sources: [RecordedSource]
  var branches: [RecordedBranch]
  /// Whether near duplicates are looked for in all branches at once.
  var isAcross = false
  /// Samples are numbered from here on.
  var firstSample: Int64 { sources.first?.firstSample ?? 0 }
  var sampleCount: Int { sources.reduce(0) { $0 + $1.sampleCount } }
}

struct RecordedSource {
  var id: Int64
  var name: String
  var config: String
  var licence: String
  var card: RecordedCard
  var files: [RecordedFile]
  /// Those of a source follow each other.
  var firstSample: Int64
  var sampleCount: Int { files.reduce(0) { $0 + $1.rowCount } }
}

struct RecordedFile {
  var path: String
  var xxh3: String
  var rowCount: Int
  /// Where its samples begin among those of the source.
  var start: Int
}

struct RecordedBranch {
  var id: Int64
  var name: String
  var rowFormat: String
  /// Which samples count as the same; nil where the recipe does not tell.
  var distinct: String?
  /// Rows of its files, as they were counted when they were written.
  var outputRows: Int
  /// One for each source that it takes from, in the order of reading.
  var takings: [RecordedTaking]
}

struct RecordedTaking {
  /// Index of the run's sources.
  var source: Int
  var steps: [RecordedStep]
}

extension RecordedRun {
  /// Reads what concerns these branches; all sources of the run are there.
  init(_ run: Int64, branches wanted: Set<String>? = nil, in ledger: Ledger) throws {
    self = try ledger.access { database in
      guard
        let row = try Row.fetchOne(
          database,
          sql: "SELECT tool, recipe, finished, options, recipe_text FROM run WHERE id = ?",
          arguments: [run])
      else { throw LedgerError("\(ledger.path): there is no run \(run)") }
      let options = try? JSON(parsing: Array((row[3] as String).utf8))
      let sources = try Self.sources(of: run, ledger.path, in: database)
      let recipe = RecordedRecipe(row[4], options)
      return RecordedRun(
        id: run, tool: row[0], recipe: row[1], finished: row[2],
        maxRowBytes: options?["max_row_bytes"]?.int.flatMap { $0 > 0 ? $0 : nil }, sources: sources,
        branches: try Self.branches(of: run, wanted, sources, recipe, in: database),
        isAcross: recipe.isAcross)
    }
  }

  private static func sources(of run: Int64, _ path: String, in database: Database) throws
    -> [RecordedSource]
  {
    let files = try Row.fetchAll(
      database,
      sql: """
        SELECT source_file.source, path, xxh3, row_count, first_sample
        FROM source_file JOIN source ON source.id = source_file.source WHERE source.run = ?
        ORDER BY source_file.id
        """, arguments: [run])
    var sources: [RecordedSource] = []
    var next = files.first.map { $0[4] as Int64 } ?? 0
    var total = 0
    guard (0..<Int64.max / 2).contains(next) else { throw contradiction(path, run) }
    let rows = try Row.fetchAll(
      database,
      sql: "SELECT id, name, config, licence, card FROM source WHERE run = ? ORDER BY id",
      arguments: [run])
    for row in rows {
      var source = RecordedSource(
        id: row[0], name: row[1], config: row[2], licence: row[3], card: RecordedCard(row[4]),
        files: [], firstSample: next)
      var start = 0
      for file in files where file[0] as Int64 == source.id {
        let count: Int = file[3]
        // Numbers of samples are kept in 32 bits.
        guard (0..<Int(Int32.max) - total).contains(count), file[4] as Int64 == next else {
          throw contradiction(path, run)
        }
        total += count
        source.files.append(
          RecordedFile(path: file[1], xxh3: file[2], rowCount: count, start: start))
        start += count
        next += Int64(count)
      }
      sources.append(source)
    }
    return sources
  }

  private static func branches(
    of run: Int64, _ wanted: Set<String>?, _ sources: [RecordedSource], _ recipe: RecordedRecipe,
    in database: Database
  ) throws -> [RecordedBranch] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT branch.id, name, row_format, coalesce(sum(row_count), 0) FROM branch
        LEFT JOIN output_file ON output_file.branch = branch.id WHERE run = ? GROUP BY branch.id
        """, arguments: [run])
    return try rows.compactMap { row -> RecordedBranch? in
      let (id, name): (Int64, String) = (row[0], row[1])
      guard wanted?.contains(name) ?? true else { return nil }
      let steps = try Row.fetchAll(
        database,
        sql: """
          SELECT id, source, name, kind, text FROM step WHERE branch = ? ORDER BY source, position
          """, arguments: [id])
      let takings = sources.indices.compactMap { index -> RecordedTaking? in
        let own = steps.filter { $0[1] as Int64 == sources[index].id }
          .map { RecordedStep(id: $0[0], name: $0[2], kind: $0[3], text: $0[4]) }
        return own.isEmpty ? nil : RecordedTaking(source: index, steps: own)
      }
      return RecordedBranch(
        id: id, name: name, rowFormat: row[2], distinct: recipe.distinct(name),
        outputRows: row[3], takings: takings)
    }
  }

  /// A ledger that says two things of one.
  static func contradiction(_ path: String, _ run: Int64) -> LedgerError {
    LedgerError(
      "\(path): what it says of run \(run) contradicts itself; 'branchmerge verify' names where")
  }
}

/// The recipe of a run, as far as it says what no table has.
struct RecordedRecipe {
  private var branches: [String: YAML]?
  private var across: YAML?

  init(_ text: String, _ options: JSON?) {
    try? read(text, options)
  }

  private mutating func read(_ text: String, _ options: JSON?) throws {
    var recipe = try YAML(parsing: text, file: "recipe")
    for setting in options?["set"]?.items ?? [] {
      recipe = try recipe.setting(setting.text ?? "")
    }
    var found: [String: YAML] = [:]
    for (key, value) in try recipe.entries("") {
      switch try key.text("") {
      case "branches":
        for (key, value) in try value.entries("") { found[try key.text("")] = value }
      case "distinct": across = value
      default: continue
      }
    }
    branches = found
  }

  var isAcross: Bool { across != nil }

  func distinct(_ branch: String) -> String? {
    guard let entries = try? branches?[branch]?.entries("") else { return nil }
    let own = entries.first { (try? $0.key.text("")) == "distinct" }?.value
    return try? Distinct.meaning(branch: own, recipe: across)
  }
}
