internal import GRDB
internal import Lineage

extension Overview {
  /// A source as the branches read it; runs that read the same files of it share one.
  package struct Source: Encodable, Sendable {
    package var name: String
    package var config: String
    package var licence: String
    package var homepage: String
    package var revision: String
    package var rows: Int
    package var bytes: Int
    package var files: [File]
    package var branches: [Share]
    package var runs: [Int64]

    package struct File: Encodable, Equatable, Sendable {
      package var path: String
      package var format: String
      package var rows: Int
      package var bytes: Int
      package var xxh3: String
      package var publishedSHA256: String?
      package var sha256: String?
    }

    /// What it gave to a branch.
    package struct Share: Encodable, Sendable {
      package var branch: String
      package var read: Int
      package var kept: Int
      package var seeds: Int
    }
  }
}

extension Overview.Source {
  static func all(_ tally: FateTally, in database: Database) throws -> [Overview.Source] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT DISTINCT source.id, source.name, source.config, licence, homepage, revision,
          source.run, branch.id, branch.name
        FROM step JOIN source ON source.id = step.source JOIN branch ON branch.id = step.branch
        WHERE branch.id IN \(Facts.current) ORDER BY source.id, branch.id
        """)
    let byFile = Dictionary(grouping: tally.groups) { "\($0.branch) \($0.file)" }
    var result: [Overview.Source] = []
    var source: Int64?
    var files: [Int64] = []
    for row in rows {
      let (id, run): (Int64, Int64) = (row[0], row[6])
      if source != id {
        source = id
        let found = try Self.files(of: id, in: database)
        files = found.map(\.id)
        let new = Overview.Source(
          name: row[1], config: row[2], licence: row[3], homepage: row[4], revision: row[5],
          rows: found.reduce(0) { $0 + $1.file.rows },
          bytes: found.reduce(0) { $0 + $1.file.bytes },
          files: found.map(\.file), branches: [], runs: [run])
        if let known = result.firstIndex(where: { $0.isSame(as: new) }) {
          // The one at work stands last.
          var same = result.remove(at: known)
          same.runs.append(run)
          result.append(same)
        } else {
          result.append(new)
        }
      }
      var share = Share(branch: row[8], read: 0, kept: 0, seeds: 0)
      for group in files.flatMap({ byFile["\(row[7] as Int64) \($0)"] ?? [] }) {
        share.read += group.count
        if group.kind == .kept { share.kept += group.count }
        if group.kind == .seed { share.seeds += group.count }
      }
      result[result.count - 1].branches.append(share)
    }
    return result
  }

  private func isSame(as other: Overview.Source) -> Bool {
    name == other.name && config == other.config && licence == other.licence
      && homepage == other.homepage && revision == other.revision && files == other.files
  }

  private static func files(of source: Int64, in database: Database) throws
    -> [(id: Int64, file: File)]
  {
    try Row.fetchAll(
      database,
      sql: """
        SELECT id, path, format, row_count, byte_count, xxh3, published_sha256, sha256
        FROM source_file WHERE source = ? ORDER BY id
        """, arguments: [source]
    ).map {
      (
        $0[0],
        File(
          path: $0[1], format: $0[2], rows: $0[3], bytes: $0[4], xxh3: $0[5],
          publishedSHA256: $0[6], sha256: $0[7])
      )
    }
  }
}
