internal import Foundation
internal import GRDB
package import Lineage
internal import Notation

/// What the ledger has of builds, trainings and merges, without single rows: what was made of what,
/// by whom, when, and how many rows of each.
package struct Provenance: Sendable {
  /// In the order of the recipe.
  package var builds: [Build]
  package var teachings: [Teaching]
  package var trainings: [Training]
  package var merges: [Merge]

  /// One execution of a recipe.
  package struct Run: Sendable {
    package var id: Int64
    package var started: String
    package var finished: String
    package var tool: String
    package var recipe: String
    package var recipeText: String
  }

  /// A branch as a run built it.
  package struct Build: Sendable {
    package var id: Int64
    package var name: String
    package var rowFormat: String
    package var run: Run
    package var takings: [Taking]
    /// What its prompts were held against.
    package var benchmarks: [RecordedBenchmark]
    package var outputs: [Output]

    /// Of all sources together.
    package var counts: Funnel.Counts {
      var branch = Funnel.Branch(name: name)
      branch.sources = takings.map { taking in
        var source = Funnel.Source(name: taking.source.name, steps: [])
        source.counts = taking.counts
        return source
      }
      return branch.total
    }
  }

  /// What a build took from one source.
  package struct Taking: Sendable {
    package var source: Source
    package var steps: [Step]
    package var counts = Funnel.Counts()
  }

  package struct Source: Sendable {
    package var id: Int64
    package var name: String
    package var config: String
    package var licence: String
    package var homepage: String
    package var revision: String
    package var card: String
    package var files: [SourceFile]
  }

  package struct SourceFile: Sendable {
    package var id: Int64
    package var path: String
    package var byteCount: Int
    package var rowCount: Int
    package var firstSample: Int64
    package var xxh3: String
    /// Published with the file, or computed from it; nil where neither is known.
    package var sha256: String?
  }

  package struct Step: Sendable {
    package var id: Int64
    package var name: String
    package var kind: String
    package var text: String
    /// Samples that it dropped.
    package var dropped = 0
  }

  package struct Output: Sendable {
    package var id: Int64
    /// Below the workspace.
    package var path: String
    package var byteCount: Int
    package var rowCount: Int
    package var xxh3: String
  }

  /// A model on disk.
  package struct Checkpoint: Sendable {
    package var id: Int64
    package var role: String
    package var name: String
    package var path: String
    package var parameterCount: Int
    package var files: [CheckpointEntry.File]
  }

  /// How an expert came to be.
  package struct Training: Sendable {
    package var stage: Int64
    package var branch: String
    package var started: String
    package var finished: String?
    package var trainer: String
    /// The rows that it was trained on; nil where the expert was given.
    package var output: Int64?
    /// The teaching that completed them; nil where none did.
    package var teaching: Int64?
    package var rowCount: Int
    package var expert: Checkpoint
  }

  /// How a merged model came to be.
  package struct Merge: Sendable {
    package var stage: Int64
    package var started: String
    package var finished: String?
    package var tool: String
    package var method: String
    package var merged: Checkpoint
    package var inputs: [(checkpoint: Checkpoint, isBase: Bool, entries: Int?)]
  }

  /// Which builds and stages are meant.
  package enum Scope: Sendable {
    /// The latest build of each branch, its latest training, and the latest merge.
    case present
    case everything
  }

  /// Reads it from a ledger; with `branch` what concerns that branch alone, and merges.
  ///
  /// Counting the fates takes a scan of those of all builds asked for.
  package init(_ ledger: Ledger, _ scope: Scope, branch: String? = nil) throws {
    self = try ledger.access { database in
      let reader = ProvenanceReader(database: database, isLatest: scope == .present, branch: branch)
      return Provenance(
        builds: try reader.builds(), teachings: try reader.teachings(),
        trainings: try reader.trainings(), merges: try reader.merges())
    }
  }

  private init(
    builds: [Build], teachings: [Teaching], trainings: [Training], merges: [Merge]
  ) {
    self.builds = builds
    self.teachings = teachings
    self.trainings = trainings
    self.merges = merges
  }
}

/// The questions behind it.
struct ProvenanceReader {
  let database: Database
  /// Whether only the latest of everything counts.
  let isLatest: Bool
  let branch: String?

  func builds() throws -> [Provenance.Build] {
    let latest = isLatest ? "AND branch.id IN (SELECT max(id) FROM branch GROUP BY name)" : ""
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT branch.id, branch.name, row_format, run.id, started, finished, tool, recipe,
          recipe_text
        FROM branch JOIN run ON run.id = branch.run
        WHERE (?1 IS NULL OR branch.name = ?1) \(latest) ORDER BY branch.id
        """, arguments: [branch])
    return try rows.map { row in
      var build = Provenance.Build(
        id: row[0], name: row[1], rowFormat: row[2],
        run: Provenance.Run(
          id: row[3], started: row[4], finished: row[5], tool: row[6], recipe: row[7],
          recipeText: row[8]),
        takings: [], benchmarks: [], outputs: try outputs(of: row[0]))
      build.takings = try takings(of: build.id)
      // A step names its benchmarks by their fingerprints.
      let texts = build.takings.flatMap(\.steps).filter { $0.kind == "without" }.map(\.text)
      build.benchmarks = try RecordedBenchmark.all(of: build.run.id, in: database)
        .filter { benchmark in texts.contains { $0.contains(benchmark.fingerprint) } }
      return build
    }
  }

  private func outputs(of build: Int64) throws -> [Provenance.Output] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT id, path, byte_count, row_count, xxh3 FROM output_file WHERE branch = ? ORDER BY id
        """, arguments: [build]
    ).map {
      Provenance.Output(id: $0[0], path: $0[1], byteCount: $0[2], rowCount: $0[3], xxh3: $0[4])
    }
  }

  private func takings(of build: Int64) throws -> [Provenance.Taking] {
    let sources = try Row.fetchAll(
      database,
      sql: """
        SELECT id, name, config, licence, homepage, revision, card FROM source
        WHERE id IN (SELECT source FROM step WHERE branch = ?) ORDER BY id
        """, arguments: [build])
    return try sources.map { row in
      let id: Int64 = row[0]
      let files = try Row.fetchAll(
        database,
        sql: """
          SELECT id, path, byte_count, row_count, first_sample, xxh3,
            coalesce(published_sha256, sha256)
          FROM source_file WHERE source = ? ORDER BY id
          """, arguments: [id]
      ).map {
        Provenance.SourceFile(
          id: $0[0], path: $0[1], byteCount: $0[2], rowCount: $0[3], firstSample: $0[4],
          xxh3: $0[5], sha256: $0[6])
      }
      let steps = try Row.fetchAll(
        database,
        sql: """
          SELECT id, name, kind, text FROM step WHERE branch = ? AND source = ? ORDER BY position
          """, arguments: [build, id]
      ).map { Provenance.Step(id: $0[0], name: $0[1], kind: $0[2], text: $0[3]) }
      var taking = Provenance.Taking(
        source: Provenance.Source(
          id: id, name: row[1], config: row[2], licence: row[3], homepage: row[4],
          revision: row[5], card: row[6], files: files), steps: steps)
      for file in files { try count(file, of: build, in: &taking) }
      return taking
    }
  }

  /// Adds what became of a file's samples.
  private func count(
    _ file: Provenance.SourceFile, of build: Int64, in taking: inout Provenance.Taking
  ) throws {
    let groups = try Row.fetchAll(
      database,
      sql: """
        SELECT kind, step, count(*) FROM fate
        WHERE sample >= ? AND sample < ? AND branch = ? GROUP BY 1, 2
        """,
      arguments: [file.firstSample, file.firstSample &+ Int64(file.rowCount), build])
    for group in groups {
      let count: Int = group[2]
      taking.counts.read += count
      switch Fate(rawValue: group[0]) {
      case .kept: taking.counts.kept += count
      case .seed: taking.counts.seeds += count
      case .duplicate: taking.counts.duplicates += count
      case .quarantined: taking.counts.quarantined += count
      case .dropped:
        taking.counts.dropped += count
        if let index = taking.steps.firstIndex(where: { $0.id == group[1] }) {
          taking.steps[index].dropped += count
        }
      case nil: throw LedgerError("the ledger has a fate that this version does not know")
      }
    }
  }

  func trainings() throws -> [Provenance.Training] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT stage.id, training.branch, started, finished, trainer, output, training.row_count,
          checkpoint, (SELECT max(teaching.id) FROM teaching JOIN output_file AS kept
            ON kept.branch = teaching.branch AND kept.id = training.output
            WHERE teaching.xxh3 = data_xxh3 AND kept.xxh3 <> data_xxh3)
        FROM training JOIN stage ON stage.id = training.stage AND stage.state = 'done'
        WHERE (?1 IS NULL OR training.branch = ?1)
          AND (?2 = 0 OR training.id IN
            (SELECT max(training.id) FROM training JOIN stage ON stage.id = training.stage
             WHERE state = 'done' GROUP BY training.branch))
        ORDER BY training.id
        """, arguments: [branch, isLatest])
    return try rows.map {
      Provenance.Training(
        stage: $0[0], branch: $0[1], started: $0[2], finished: $0[3], trainer: $0[4],
        output: $0[5], teaching: $0[8], rowCount: $0[6], expert: try checkpoint($0[7]))
    }
  }

  func merges() throws -> [Provenance.Merge] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT merge.id, stage.id, started, finished, method, checkpoint, tool
        FROM merge JOIN stage ON stage.id = merge.stage AND stage.state = 'done'
        ORDER BY merge.id
        """)
    let merges = try (isLatest ? rows.suffix(1) : rows[...]).map { row in
      let inputs = try Row.fetchAll(
        database,
        sql: """
          SELECT checkpoint, is_base, entry_count FROM merge_input WHERE merge = ?
          ORDER BY position
          """, arguments: [row[0] as Int64])
      return Provenance.Merge(
        stage: row[1], started: row[2], finished: row[3], tool: row[6], method: row[4],
        merged: try checkpoint(row[5]),
        inputs: try inputs.map { (try checkpoint($0[0]), $0[1], $0[2]) })
    }
    guard let branch else { return merges }
    return merges.filter { merge in
      merge.inputs.contains { $0.checkpoint.role == "expert" && $0.checkpoint.name == branch }
    }
  }

  private func checkpoint(_ id: Int64) throws -> Provenance.Checkpoint {
    let found = try Row.fetchOne(
      database,
      sql: "SELECT role, name, path, parameter_count FROM checkpoint WHERE id = ?",
      arguments: [id])
    guard let row = found else {
      throw LedgerError("the ledger names checkpoint \(id), which it does not have")
    }
    let files = try Row.fetchAll(
      database,
      sql: """
        SELECT path, byte_count, xxh3, sha256 FROM checkpoint_file WHERE checkpoint = ?
        ORDER BY path
        """, arguments: [id])
    return Provenance.Checkpoint(
      id: id, role: row[0], name: row[1], path: row[2], parameterCount: row[3],
      files: files.map {
        CheckpointEntry.File(path: $0[0], byteCount: $0[1], xxh3: $0[2], sha256: $0[3])
      })
  }
}

extension Provenance {
  /// Names of all branches, in the order in which they were first built.
  package static func names(in ledger: Ledger) throws -> [String] {
    try ledger.access { database in
      try String.fetchAll(database, sql: "SELECT name FROM branch GROUP BY name ORDER BY min(id)")
    }
  }
}
