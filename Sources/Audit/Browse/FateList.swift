internal import GRDB
package import Lineage

/// A few samples of a build with what a list tells of each, in the order asked for.
package struct FateList: Equatable, Sendable {
  package var entries: [Entry] = []

  package struct Entry: Equatable, Sendable {
    /// The number of the sample in the ledger.
    package var sample: Int64
    /// Nil where the row could not be read.
    package var id: String?
    package var source: String
    package var path: String
    /// Counted from 1.
    package var row: Int
    package var byteCount: Int
    /// As the ledger has it.
    package var fate: String
    package var step: String?
    /// JSON.
    package var evidence: String?
    package var duplicateOf: String?
    package var outputRow: Int?
  }

  package init() {}

  /// Costs a few look-ups for each sample.
  package init(_ samples: [Int64], in build: Int64, of ledger: Ledger) throws {
    entries = try ledger.access { database in
      let statement = try database.makeStatement(
        sql: """
          SELECT sample.id, sample.sample_id, source.name, source_file.path, sample.row,
            sample.byte_count, fate.kind, step.name, fate.evidence,
            stayed.sample_id, fate.output_row
          FROM fate JOIN sample ON sample.id = fate.sample
          JOIN source_file ON source_file.id = sample.file
          JOIN source ON source.id = source_file.source
          LEFT JOIN step ON step.id = fate.step
          LEFT JOIN sample AS stayed ON stayed.id = fate.duplicate_of
          WHERE fate.sample = ? AND fate.branch = ?
          """)
      return try samples.compactMap { sample in
        try Row.fetchOne(statement, arguments: [sample, build]).map {
          Entry(
            sample: $0[0], id: $0[1], source: $0[2], path: $0[3], row: $0[4], byteCount: $0[5],
            fate: $0[6], step: $0[7], evidence: $0[8], duplicateOf: $0[9], outputRow: $0[10])
        }
      }
    }
  }
}
