internal import GRDB
internal import Lineage

/// The sample that stayed where another was left out as its duplicate.
struct Stayed {
  var path: String
  var row: Int
  var outputPath: String?
  var outputRow: Int?
  /// How it is a near duplicate, and the id of the sample that leads to the one that stayed.
  var near: NearEvidence?
  var overID: String?

  /// Nil where the sample is no duplicate.
  init?(instead fate: Trace.FateInBranch, in ledger: Ledger) throws {
    guard let id = fate.duplicateOf else { return nil }
    let near = NearEvidence(fate.evidence)
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
          """, arguments: [near?.branch ?? fate.branch, id, fate.run])
    }
    if let near, let over = near.samePrompt ?? near.over {
      overID = try ledger.access { database in
        try String.fetchOne(
          database, sql: "SELECT sample_id FROM sample WHERE id = ?", arguments: [over])
      }
    }
    self.near = near
    guard let found else { return nil }
    (path, row, outputPath, outputRow) = (found[0], found[1], found[2], found[3])
  }
}
