internal import GRDB
internal import Lineage

/// The sample that stayed where another was left out as its duplicate.
struct Stayed {
  var path: String
  var row: Int
  var outputPath: String?
  var outputRow: Int?

  /// Nil where the sample is no duplicate.
  init?(instead fate: Trace.FateInBranch, in ledger: Ledger) throws {
    guard let id = fate.duplicateOf else { return nil }
    let found = try ledger.access { database in
      try Row.fetchOne(
        database,
        sql: """
          SELECT source_file.path, sample.row, output_file.path, fate.output_row FROM sample
          JOIN source_file ON source_file.id = sample.file
          JOIN source ON source.id = source_file.source
          JOIN branch ON branch.run = source.run AND branch.name = ?
          JOIN fate ON fate.sample = sample.id AND fate.branch = branch.id
          LEFT JOIN output_file ON output_file.id = fate.output
          WHERE sample.sample_id = ? AND source.run = ?
          """, arguments: [fate.branch, id, fate.run])
    }
    guard let found else { return nil }
    (path, row, outputPath, outputRow) = (found[0], found[1], found[2], found[3])
  }
}
