internal import GRDB
internal import Lineage

extension Impact {
  /// What a teacher wrote of a branch's seeds, and what of it would not be there.
  package struct Teaching: Encodable, Equatable, Sendable {
    package var model: String
    /// Rows that it wrote, and how many of them would be lost.
    package var rows, lost: Int
    /// Samples that would be seeds and are none yet: it would be asked for each that the store has no
    /// answer to.
    package var newSeeds: Int
  }
}

extension Impact.Teaching {
  /// Nil where no teacher completed the branch.
  init?(_ branch: RecordedBranch, _ sources: [Impact.Source], in database: Database) throws {
    guard let teaching = try RecordedTeaching.all(of: branch.id, in: database).first else {
      return nil
    }
    let taught = try TaughtSeeds(teaching.id, of: branch.id, in: database)
    model = teaching.model
    rows = teaching.rowCount - teaching.keptCount
    lost = try sources.reduce(0) { count, source in
      try count
        + source.lostSamples.reduce(0) {
          try $0 + (taught.rows(of: $1...$1, in: database).isEmpty ? 0 : 1)
        }
    }
    newSeeds = zip(branch.takings, sources).reduce(0) { count, pair in
      let isWritten = pair.0.steps.contains { $0.kind == "response" }
      return isWritten ? count : count + pair.1.gainedSamples.count
    }
  }
}

/// The seeds of a build that a teacher wrote rows of.
struct TaughtSeeds {
  private let branch: Int64
  /// By the seed's number.
  private let rows: [Int: Int64]

  init(_ teaching: Int64, of branch: Int64, in database: Database) throws {
    self.branch = branch
    rows = try Dictionary(
      Row.fetchAll(
        database,
        sql: "SELECT seed_row, output_row FROM taught WHERE teaching = ? AND kind = 'taught'",
        arguments: [teaching]
      ).map { ($0[0] as Int, $0[1] as Int64? ?? 0) }, uniquingKeysWith: { $1 })
  }

  /// The rows in the whole data set that were written of these samples.
  func rows(of samples: ClosedRange<Int64>, in database: Database) throws -> [Int64] {
    let seeds = try database.cachedStatement(
      sql: """
        SELECT output_row FROM fate
        WHERE sample >= ? AND sample <= ? AND branch = ? AND kind = 'seed'
        """)
    let numbers = try Int.fetchAll(
      seeds, arguments: [samples.lowerBound, samples.upperBound, branch])
    return numbers.compactMap { rows[$0] }
  }
}
