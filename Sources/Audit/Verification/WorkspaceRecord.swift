internal import Files
internal import Foundation
internal import GRDB
internal import Lineage
internal import Notation

/// What the ledger has of the branches as they are: the runs that built them, with all that these
/// read and wrote but for samples and fates.
struct WorkspaceRecord {
  /// Without a slash at its end.
  let workspace: String
  /// In the order of the runs.
  let runs: [BuiltRun]
  /// Of all runs; what it wrote last is what is there.
  let latestRun: Int64?
  /// The latest of each name that is done.
  let stages: [String: StageRecord]
  /// Where the workspace was when its models were made; nil where nothing tells.
  let formerRoot: String?

  init(_ ledger: Ledger, workspace: String, _ proof: Proof) throws {
    let workspace =
      workspace.count > 1 && workspace.hasSuffix("/") ? String(workspace.dropLast()) : workspace
    self.workspace = workspace
    stages = try ledger.stages(anyState: false)
    (runs, latestRun, formerRoot) = try ledger.access { database in
      let latest = try Row.fetchAll(
        database,
        sql: """
          SELECT branch.id, branch.run FROM branch
          WHERE id IN (SELECT max(id) FROM branch GROUP BY name) ORDER BY branch.id
          """)
      let current = Set(latest.map { $0[0] as Int64 })
      let runs = Set(latest.map { $0[1] as Int64 }).sorted()
      let merged = try String.fetchOne(
        database,
        sql: "SELECT path FROM checkpoint WHERE role = 'merged' ORDER BY id DESC LIMIT 1")
      let root = merged.flatMap { $0.hasSuffix("/merged") ? String($0.dropLast(7)) : nil }
      return (
        try runs.map { try BuiltRun($0, current: current, in: database, proof) },
        try Int64.fetchOne(database, sql: "SELECT max(id) FROM run"),
        root
      )
    }
  }

  /// Where a file is by now: what lay in the workspace is looked for in it, should it have been moved
  /// or copied since.
  func located(_ path: String) -> String {
    guard let formerRoot, path.hasPrefix(formerRoot + "/") else { return path }
    let here = workspace + path.dropFirst(formerRoot.count)
    let files = FileManager.default
    return files.fileExists(atPath: here) || !files.fileExists(atPath: path) ? here : path
  }

  /// Which state the ledger is in, as far as runs and stages go.
  static func mark(of ledger: Ledger) throws -> String {
    try ledger.access { database in
      let row = try Row.fetchOne(
        database,
        sql: """
          SELECT (SELECT max(id) FROM run), (SELECT max(published) FROM run),
            (SELECT max(id) FROM stage), (SELECT count(*) FROM stage WHERE state = 'done')
          """)
      return row?.description ?? ""
    }
  }
}

/// A run that built some of the branches as they are.
struct BuiltRun {
  let id: Int64
  let tool: String
  let recipe: String
  let recipePath: String
  let recipeText: String
  let options: String
  let isPublished: Bool
  /// All that it built, also those that a later run has built again.
  let branches: [Branch]
  let sources: [Source]
  let steps: [Step]
  let outputs: [Output]
  let benchmarks: [RecordedBenchmark]

  struct Branch {
    let id: Int64
    let name: String
    let rowFormat: String
    let isCurrent: Bool
  }

  struct Source {
    let id: Int64
    let name: String
    let config: String
    let licence: String
    let homepage: String
    let revision: String
    let card: String
    let files: [File]
  }

  struct File {
    let id: Int64
    let path: String
    let format: String
    let byteCount: Int
    let rowCount: Int
    let firstSample: Int64
    let xxh3: String
    let publishedSHA256: String?
    let sha256: String?

    /// Of all files: there is none behind it, whatever the row count says.
    let lastSample: Int64

    var samples: Range<Int64> {
      let end = firstSample + Int64(rowCount)
      return firstSample..<max(firstSample, lastSample < end ? lastSample + 1 : end)
    }
  }

  struct Step {
    let id: Int64
    let branch: Int64
    let source: Int64
    let position: Int
    let name: String
    let kind: String
    let text: String
  }

  struct Output {
    let id: Int64
    let branch: Int64
    let path: String
    let byteCount: Int
    let rowCount: Int
    let xxh3: String
  }

  init(_ run: Int64, current: Set<Int64>, in database: Database, _ proof: Proof) throws {
    func rows(_ sql: String) throws -> [Row] {
      try Row.fetchAll(database, sql: sql, arguments: [run])
    }
    id = run
    let row = try Row.fetchOne(
      database,
      sql:
        "SELECT tool, recipe, recipe_text, options, published, recipe_path FROM run WHERE id = ?",
      arguments: [run])
    tool = row?[0] ?? ""
    recipe = row?[1] ?? ""
    recipeText = row?[2] ?? ""
    options = row?[3] ?? ""
    recipePath = row?[5] ?? ""
    isPublished = (row?[4] as String?) != nil
    branches = try rows("SELECT id, name, row_format FROM branch WHERE run = ? ORDER BY id").map {
      Branch(id: $0[0], name: $0[1], rowFormat: $0[2], isCurrent: current.contains($0[0]))
    }
    let lastSample = try Int64.fetchOne(database, sql: "SELECT max(id) FROM sample") ?? 0
    var files: [Int64: [File]] = [:]
    for row in try rows(
      """
      SELECT source_file.source, source_file.id, path, format, byte_count, row_count, first_sample, xxh3,
        published_sha256, sha256
      FROM source_file JOIN source ON source.id = source_file.source WHERE run = ? ORDER BY source_file.id
      """)
    {
      let numbers: [Int64] = [row[4], row[5], row[6]]
      guard numbers.allSatisfy({ 0..<1 << 48 ~= $0 }) else {
        proof.fails(
          .ledger, "a source file has numbers that no file has", at: quoted(row[2]),
          expected: "numbers from 0 on", found: "\(numbers)")
        continue
      }
      files[row[0], default: []].append(
        File(
          id: row[1], path: row[2], format: row[3], byteCount: row[4], rowCount: row[5],
          firstSample: row[6], xxh3: row[7], publishedSHA256: row[8], sha256: row[9],
          lastSample: lastSample))
    }
    sources = try rows(
      """
      SELECT id, name, config, licence, homepage, revision, card FROM source WHERE run = ?
      ORDER BY id
      """
    ).map {
      Source(
        id: $0[0], name: $0[1], config: $0[2], licence: $0[3], homepage: $0[4], revision: $0[5],
        card: $0[6], files: files[$0[0]] ?? [])
    }
    steps = try rows(
      """
      SELECT step.id, step.branch, step.source, position, step.name, kind, text
      FROM step JOIN branch ON branch.id = step.branch WHERE run = ?
      ORDER BY step.branch, step.source, position
      """
    ).map {
      Step(
        id: $0[0], branch: $0[1], source: $0[2], position: $0[3], name: $0[4], kind: $0[5],
        text: $0[6])
    }
    outputs = try rows(
      """
      SELECT output_file.id, output_file.branch, path, byte_count, row_count, xxh3
      FROM output_file JOIN branch ON branch.id = output_file.branch WHERE run = ? ORDER BY output_file.id
      """
    ).map {
      Output(
        id: $0[0], branch: $0[1], path: $0[2], byteCount: $0[3], rowCount: $0[4], xxh3: $0[5])
    }
    benchmarks = try RecordedBenchmark.all(of: run, in: database)
  }

  var currentBranches: [Branch] { branches.filter(\.isCurrent) }

  /// The sources that one of the branches as they are takes from.
  var currentSources: [Source] {
    let taken = Set(steps.filter { isCurrent($0.branch) }.map(\.source))
    return sources.filter { taken.contains($0.id) }
  }

  var currentOutputs: [Output] { outputs.filter { isCurrent($0.branch) } }

  func isCurrent(_ branch: Int64) -> Bool {
    branches.contains { $0.id == branch && $0.isCurrent }
  }

  /// Of the source files and the data sets.
  var readByteCount: Int {
    currentSources.reduce(0) { $0 &+ $1.files.reduce(0) { $0 &+ $1.byteCount } }
      &+ currentOutputs.reduce(0) { $0 &+ $1.byteCount }
  }
}
