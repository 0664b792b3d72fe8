internal import GRDB
package import Lineage

extension Provenance {
  /// How a branch's seeds came by their responses.
  package struct Teaching: Sendable {
    package var id: Int64
    package var stage: Int64
    package var branch: String
    /// The build that it completes: the latest with these bytes.
    package var build: Int64
    package var started: String
    package var finished: String
    package var tool: String
    package var model: String
    /// JSON.
    package var question: String
    package var policy: String
    package var path: String
    package var byteCount: Int
    package var rowCount: Int
    package var keptCount: Int
    package var xxh3: String
    package var promptTokens: Int
    package var completionTokens: Int
    /// For each source the seeds by what became of them.
    package var sources: [(name: String, kinds: [TeachingEntry.Kind: Int])]

    package func count(_ kind: TeachingEntry.Kind, of source: String? = nil) -> Int {
      sources.reduce(0) { sum, entry in
        source == nil || source == entry.name ? sum + (entry.kinds[kind] ?? 0) : sum
      }
    }
  }
}

extension Provenance.Teaching {
  /// The whole data set; no output of a run has this number.
  var output: Provenance.Output {
    Provenance.Output(
      id: -id, path: path, byteCount: byteCount, rowCount: rowCount, xxh3: xxh3)
  }
}

extension Provenance.Build {
  /// The texts of the licences of the rows that were kept, and of the prompts that were taught, each
  /// once. Of the answers themselves none is known.
  func licences(with teaching: Provenance.Teaching) -> [String] {
    var licences: [String] = []
    for taking in takings
    where taking.counts.kept + teaching.count(.taught, of: taking.source.name) > 0
      && !licences.contains(taking.source.licence)
    {
      licences.append(taking.source.licence)
    }
    return licences
  }
}

extension ProvenanceReader {
  /// All of them, or the latest of each branch that completes the branch as it is.
  func teachings() throws -> [Provenance.Teaching] {
    let condition =
      isLatest
      ? """
      teaching.id IN (SELECT teaching FROM (\(RecordedTeaching.latestOfBuilds))
        WHERE build IN (SELECT max(id) FROM branch GROUP BY name))
      """ : "1"
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT teaching.id, stage.id, own.name, started, coalesce(finished, started), tool, model,
          question, policy, path, byte_count, row_count, kept_count, xxh3,
          (SELECT max(build.id) FROM branch AS build
           WHERE build.id = own.id OR (\(RecordedTeaching.isSameBuild)))
        FROM teaching JOIN stage ON stage.id = teaching.stage AND stage.state = 'done'
        JOIN branch AS own ON own.id = teaching.branch
        WHERE (?1 IS NULL OR own.name = ?1) AND \(condition) ORDER BY teaching.id
        """, arguments: [branch])
    return try rows.map { row in
      var teaching = Provenance.Teaching(
        id: row[0], stage: row[1], branch: row[2], build: row[14], started: row[3],
        finished: row[4], tool: row[5], model: row[6], question: row[7], policy: row[8],
        path: row[9], byteCount: row[10], rowCount: row[11], keptCount: row[12], xxh3: row[13],
        promptTokens: 0, completionTokens: 0, sources: [])
      try count(&teaching)
      return teaching
    }
  }

  private func count(_ teaching: inout Provenance.Teaching) throws {
    let groups = try Row.fetchAll(
      database,
      sql: """
        SELECT source.name, taught.kind, count(*), total(prompt_tokens), total(completion_tokens)
        FROM taught JOIN sample ON sample.id = taught.seed
        JOIN source_file ON source_file.id = sample.file
        JOIN source ON source.id = source_file.source
        WHERE teaching = ? GROUP BY source.id, taught.kind ORDER BY source.id
        """, arguments: [teaching.id])
    for group in groups {
      guard let kind = TeachingEntry.Kind(rawValue: group[1]) else {
        throw LedgerError("the ledger has a fate of a seed that this version does not know")
      }
      let name: String = group[0]
      if teaching.sources.last?.name != name { teaching.sources.append((name, [:])) }
      teaching.sources[teaching.sources.count - 1].kinds[kind] = group[2]
      teaching.promptTokens += Int(group[3] as Double)
      teaching.completionTokens += Int(group[4] as Double)
    }
  }
}
