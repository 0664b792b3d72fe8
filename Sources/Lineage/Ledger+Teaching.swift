internal import GRDB

/// An output file as the latest build that wrote it left it.
package struct OutputRecord: Equatable, Sendable {
  package var run: Int64
  /// Below the workspace.
  package var path: String
  package var byteCount: Int
  package var rowCount: Int
  package var xxh3: String

  package init(run: Int64, path: String, byteCount: Int, rowCount: Int, xxh3: String) {
    self.run = run
    self.path = path
    self.byteCount = byteCount
    self.rowCount = rowCount
    self.xxh3 = xxh3
  }
}

extension Ledger {
  /// The latest build of an output file of a branch; nil where none wrote it.
  package func output(at path: String) throws -> OutputRecord? {
    try access { database in
      try Row.fetchOne(
        database,
        sql: """
          SELECT branch.run, path, byte_count, row_count, xxh3
          FROM output_file JOIN branch ON branch.id = output_file.branch
          WHERE path = ? ORDER BY output_file.id DESC LIMIT 1
          """, arguments: [path]
      ).map {
        OutputRecord(run: $0[0], path: $0[1], byteCount: $0[2], rowCount: $0[3], xxh3: $0[4])
      }
    }
  }

  /// The source of each seed of a build, in the order of the seeds.
  package func sourcesOfSeeds(of branch: String, in run: Int64) throws -> [String] {
    try access { database in
      let names = Dictionary(
        uniqueKeysWithValues: try Row.fetchAll(
          database, sql: "SELECT id, name FROM source WHERE run = ?", arguments: [run]
        ).map { ($0[0] as Int64, $0[1] as String) })
      let rows = try Int64.fetchCursor(
        database,
        sql: """
          SELECT source_file.source FROM branch
          JOIN fate ON fate.branch = branch.id JOIN sample ON sample.id = fate.sample
          JOIN source_file ON source_file.id = sample.file
          WHERE branch.run = ? AND branch.name = ? AND fate.kind = 'seed'
          ORDER BY fate.output_row
          """, arguments: [run, branch])
      var sources: [String] = []
      while let source = try rows.next() { sources.append(names[source] ?? "") }
      return sources
    }
  }

  /// The funnel of a branch as a build recorded it.
  package func funnel(of branch: String, in run: Int64) throws -> Funnel.Branch {
    var funnel = Funnel.Branch(name: branch)
    let steps = try access { database in
      try Row.fetchAll(
        database,
        sql: """
          WITH dropped AS (
            SELECT step, count(*) AS count FROM fate JOIN branch ON branch.id = fate.branch
            WHERE branch.run = ?1 AND branch.name = ?2 AND step IS NOT NULL GROUP BY step)
          SELECT source.name, step.name, coalesce(dropped.count, 0)
          FROM branch JOIN step ON step.branch = branch.id JOIN source ON source.id = step.source
          LEFT JOIN dropped ON dropped.step = step.id
          WHERE branch.run = ?1 AND branch.name = ?2 ORDER BY source.id, position
          """, arguments: [run, branch]
      ).map { (source: $0[0] as String, step: Funnel.Step(name: $0[1], dropped: $0[2])) }
    }
    for (name, counts) in try counts(of: branch, in: run) {
      var source = Funnel.Source(
        name: name, steps: steps.filter { $0.source == name }.map(\.step))
      source.counts = counts
      funnel.sources.append(source)
    }
    return funnel
  }

  /// A source as a run had it, with the steps of a branch.
  package struct RecordedSource: Sendable {
    package var name, config, revision, licence, homepage: String
    /// Kind, name and text, in order.
    package var steps: [(kind: String, name: String, text: String)]
    package var files: [ReadFile]
  }

  /// The sources of a branch, in the order in which a build read them.
  package func sources(of branch: String, in run: Int64) throws -> [RecordedSource] {
    let files = try sourceFiles(of: run)
    return try access { database in
      let steps = try Row.fetchAll(
        database,
        sql: """
          SELECT source.name, step.kind, step.name, step.text
          FROM branch JOIN step ON step.branch = branch.id JOIN source ON source.id = step.source
          WHERE branch.run = ? AND branch.name = ? ORDER BY source.id, position
          """, arguments: [run, branch])
      return try Row.fetchAll(
        database,
        sql: """
          SELECT name, config, revision, licence, homepage FROM source WHERE run = ? ORDER BY id
          """, arguments: [run]
      ).compactMap { row in
        let name: String = row[0]
        let own = steps.filter { $0[0] == name }
        guard !own.isEmpty else { return nil }
        return RecordedSource(
          name: name, config: row[1], revision: row[2], licence: row[3], homepage: row[4],
          steps: own.map { ($0[1], $0[2], $0[3]) }, files: files.filter { $0.source == name })
      }
    }
  }

  /// What the latest teaching of a branch came to.
  package struct TeachingCounts: Equatable, Sendable {
    package var rows = 0
    package var kept = 0
    package var kinds: [TeachingEntry.Kind: Int] = [:]
    /// Of the answers that were taken.
    package var promptTokens = 0
    package var completionTokens = 0

    package var seeds: Int { kinds.values.reduce(0, +) }
    package subscript(kind: TeachingEntry.Kind) -> Int { kinds[kind] ?? 0 }
  }

  /// What a stage `teach` came to; nil where it is none that was done.
  package func teachingCounts(of stage: Int64) throws -> TeachingCounts? {
    try access { database in
      let teaching = try Row.fetchOne(
        database, sql: "SELECT id, row_count, kept_count FROM teaching WHERE stage = ?",
        arguments: [stage])
      guard let teaching else { return nil }
      var counts = TeachingCounts(rows: teaching[1], kept: teaching[2])
      let groups = try Row.fetchAll(
        database,
        sql: """
          SELECT kind, count(*), coalesce(sum(prompt_tokens), 0),
            coalesce(sum(completion_tokens), 0)
          FROM taught WHERE teaching = ? GROUP BY kind
          """, arguments: [teaching[0] as Int64])
      for group in groups {
        guard let kind = TeachingEntry.Kind(rawValue: group[0]) else { continue }
        counts.kinds[kind] = group[1]
        counts.promptTokens += group[2] as Int
        counts.completionTokens += group[3] as Int
      }
      return counts
    }
  }
}
