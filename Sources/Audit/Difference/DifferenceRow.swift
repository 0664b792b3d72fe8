internal import GRDB
package import Lineage

/// A sample of a group, with what it was and what it is.
package struct DifferenceRow: Encodable, Equatable, Sendable {
  /// Nil where it could be read in neither build.
  package var id: String?
  /// Nil where it is not read.
  package var before, after: Place?

  package struct Place: Encodable, Equatable, Sendable {
    /// Its number in the ledger.
    package var sample: Int64
    package var path: String
    /// Of the source file, counted from 1.
    package var row: Int
    package var fate: String
    /// The step that dropped it.
    package var step: String?
    package var evidence: String?
    package var duplicateOf: String?
    package var output: String?
    /// Counted from 1.
    package var outputRow: Int?
  }
}

extension Difference {
  /// What the ledgers say of some samples of a group: two look-ups by number for each.
  package func rows(
    _ pairs: some Sequence<Pair>, of branch: Branch, before: Ledger, after: Ledger
  ) throws -> [DifferenceRow] {
    try pairs.map { pair in
      let old = try pair.before.flatMap { sample in
        try branch.before.flatMap { try Self.place(of: sample, $0.branch, in: before) }
      }
      let new = try pair.after.flatMap { sample in
        try branch.after.flatMap { try Self.place(of: sample, $0.branch, in: after) }
      }
      return DifferenceRow(id: new?.id ?? old?.id, before: old?.place, after: new?.place)
    }
  }

  private static func place(of sample: Int64, _ branch: Int64, in ledger: Ledger) throws -> (
    id: String?, place: DifferenceRow.Place
  )? {
    try ledger.access { database in
      let statement = try database.cachedStatement(
        sql: """
          SELECT sample.sample_id, source_file.path, sample.row, fate.kind, step.name,
            fate.evidence, stayed.sample_id, output_file.path, fate.output_row
          FROM sample JOIN source_file ON source_file.id = sample.file
          JOIN fate ON fate.sample = sample.id AND fate.branch = ?
          LEFT JOIN step ON step.id = fate.step
          LEFT JOIN sample AS stayed ON stayed.id = fate.duplicate_of
          LEFT JOIN output_file ON output_file.id = fate.output
          WHERE sample.id = ?
          """)
      return try Row.fetchOne(statement, arguments: [branch, sample]).map { row in
        (
          row[0],
          DifferenceRow.Place(
            sample: sample, path: row[1], row: row[2], fate: row[3], step: row[4],
            evidence: row[5], duplicateOf: row[6], output: row[7], outputRow: row[8])
        )
      }
    }
  }
}
