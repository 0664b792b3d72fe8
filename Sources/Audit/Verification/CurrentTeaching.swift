internal import GRDB
internal import Lineage

/// What a teacher made of the seeds of a branch, where that is what the recipe trains on.
struct CurrentTeaching {
  let stage: StageRecord
  let record: RecordedTeaching
  /// The stage's branch.
  let name: String
  /// The branch as it is, where its rows and seeds are those that were taught.
  let build: BuiltRun.Branch?
  /// The rows that it kept, and its seeds.
  let kept, seeds: BuiltRun.Output?

  /// The whole data set.
  var output: BuiltRun.Output {
    BuiltRun.Output(
      id: -record.id, branch: record.branch, path: record.path, byteCount: record.byteCount,
      rowCount: record.rowCount, xxh3: record.xxh3)
  }

  init(_ stage: StageRecord, _ teaching: RecordedTeaching, _ workspace: WorkspaceRecord) {
    (self.stage, record) = (stage, teaching)
    let name =
      stage.name.split(separator: " ", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
    self.name = name
    let hashes = ["seeds", "rows"].map { name in
      stage.ingredients.first { $0.name == name }?.value
    }
    let run = workspace.runs.first { $0.currentBranches.contains { $0.name == name } }
    let own = run?.currentBranches.first { $0.name == name }
    let outputs = run?.currentOutputs.filter { $0.branch == own?.id } ?? []
    seeds = outputs.first { $0.path == "branches/\(name)/seeds.jsonl" }
    kept = outputs.first { $0.path == "branches/\(name)/train.jsonl" }
    let isSame = own?.id == teaching.branch || hashes == [seeds?.xxh3, kept?.xxh3]
    build = isSame ? own : nil
  }

  /// What the ledger says of the rows that were written of its answers.
  func rows(in ledger: Ledger) throws -> [RecordedRow] {
    try ledger.access { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT output_row, output_offset, output_byte_count, output_xxh3, sample_id
          FROM taught JOIN sample ON sample.id = taught.seed
          WHERE teaching = ? AND output_row IS NOT NULL ORDER BY seed_row
          """, arguments: [record.id])
    }.map { row in
      RecordedRow(
        output: output.id, number: row[0], offset: row[1], byteCount: row[2], hash: row[3],
        isSeed: false, id: row[4] as String? ?? "")
    }
  }
}
