internal import GRDB
internal import Lineage

/// A sample as the ledger has it, with its fates.
struct RecordedSample {
  let id: Int64
  let row: Int
  let byteOffset: Int?
  let byteCount: Int
  let hash: Int64?
  let sampleID: String?
  var fates: [Int64: RecordedFate] = [:]

  /// The samples of these rows; nil where the ledger lacks one. Read in one go, so that a run that
  /// begins meanwhile need not wait.
  static func all(
    of file: BuiltRun.File, from first: Int, count: Int, in ledger: Ledger
  ) throws -> [RecordedSample?] {
    var samples: [RecordedSample?] = Array(repeating: nil, count: count)
    guard count > 0 else { return samples }
    let start = file.firstSample + Int64(first)
    try ledger.access { database in
      let range: StatementArguments = [start, start + Int64(count)]
      let rows = try Row.fetchCursor(
        database.cachedStatement(
          sql: """
            SELECT id, row, byte_offset, byte_count, row_xxh3, sample_id FROM sample
            WHERE id >= ? AND id < ? ORDER BY id
            """), arguments: range)
      while let row = try rows.next() {
        let id: Int64 = row[0]
        samples[Int(id - start)] = RecordedSample(
          id: id, row: row[1], byteOffset: row[2], byteCount: row[3], hash: row[4],
          sampleID: row[5])
      }
      let fates = try Row.fetchCursor(
        database.cachedStatement(
          sql: """
            SELECT sample, branch, kind, step, evidence, duplicate_of, picked, candidates, output,
              output_byte_count, output_xxh3
            FROM fate WHERE sample >= ? AND sample < ? ORDER BY sample
            """), arguments: range)
      while let row = try fates.next() {
        samples[Int((row[0] as Int64) - start)]?.fates[row[1]] = RecordedFate(
          kind: row[2], step: row[3], evidence: row[4], duplicateOf: row[5], picked: row[6],
          candidates: row[7], output: row[8], byteCount: row[9], hash: row[10])
      }
    }
    return samples
  }
}

/// What became of a sample in a branch, as the ledger has it.
struct RecordedFate {
  let kind: String
  let step: Int64?
  let evidence: String?
  let duplicateOf: Int64?
  let picked: Int?
  let candidates: Int?
  let output: Int64?
  let byteCount: Int?
  let hash: Int64?
}
