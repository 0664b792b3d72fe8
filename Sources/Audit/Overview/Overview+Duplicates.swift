internal import GRDB
internal import Lineage

extension Overview {
  /// Samples whose prompt another one had before them.
  package struct Duplicates: Encodable, Sendable {
    package var samples: Int
    /// Those of them that only resemble the one that stayed.
    package var near: Int
    /// How many samples stayed in the stead of others.
    package var groups: Int
    package var largest: [Group]
    package var between: [Pair]

    package struct Group: Encodable, Sendable {
      package var branch: String
      package var stayed: Example
      package var duplicates: Int
    }

    /// How many samples of one source gave way to one of another, or of the same.
    package struct Pair: Encodable, Sendable {
      package var branch: String
      package var source: String
      package var stayed: String
      package var duplicates: Int
    }
  }
}

extension Overview.Duplicates {
  static let shownGroups = 10

  init(in database: Database) throws {
    (samples, near, groups, largest) = (0, 0, 0, [])
    let found = try Row.fetchCursor(
      database,
      sql: """
        SELECT branch.name, duplicate_of, count(*), sum(\(Fate.isNear)) FROM fate JOIN branch ON branch.id = fate.branch
        WHERE branch IN \(Facts.current) AND kind = 'duplicate'
        GROUP BY branch, duplicate_of ORDER BY 3 DESC, branch, duplicate_of
        """)
    while let row = try found.next() {
      samples += row[2]
      near += row[3]
      groups += 1
      guard largest.count < Self.shownGroups, let stayed: Int64 = row[1] else { continue }
      largest.append(
        Group(
          branch: row[0], stayed: try Overview.Example.find(stayed, in: database),
          duplicates: row[2]))
    }
    between = try Row.fetchAll(
      database,
      sql: """
        SELECT branch.name, source.name, stayed_source.name, count(*)
        FROM fate JOIN branch ON branch.id = fate.branch
        JOIN sample ON sample.id = fate.sample
        JOIN source_file ON source_file.id = sample.file
        JOIN source ON source.id = source_file.source
        JOIN sample AS stayed ON stayed.id = fate.duplicate_of
        JOIN source_file AS stayed_file ON stayed_file.id = stayed.file
        JOIN source AS stayed_source ON stayed_source.id = stayed_file.source
        WHERE branch.id IN \(Facts.current) AND kind = 'duplicate'
        GROUP BY branch.id, source.id, stayed_source.id
        ORDER BY branch.id, source.id, stayed_source.id
        """
    ).map { Pair(branch: $0[0], source: $0[1], stayed: $0[2], duplicates: $0[3]) }
  }

  mutating func fill(from excerpts: Excerpts) {
    for index in largest.indices {
      largest[index].stayed.prompt = excerpts[largest[index].stayed.place.sample]
    }
  }
}
