internal import GRDB
internal import Lineage

extension Impact.Branch {
  /// What becomes of a branch, and which models it concerns, unless its rows stay as they are.
  init(_ branch: RecordedBranch, of run: Int64, _ sources: [Impact.Source], in ledger: Ledger)
    throws
  {
    self.init(name: branch.name, run: run, rows: branch.outputRows, sources: sources)
    guard sources.contains(where: { $0.lost + $0.gained + $0.renamed > 0 }) else { return }
    experts = try Impact.experts(of: branch, losing: sources.flatMap(\.lostSamples), in: ledger)
  }
}

extension Impact {
  /// The branch's latest expert and the latest merge that it went into.
  fileprivate static func experts(
    of branch: RecordedBranch, losing samples: [Int64], in ledger: Ledger
  ) throws
    -> [Expert]
  {
    try ledger.access { database in
      let found = try Row.fetchOne(
        database,
        sql: """
          SELECT training.id, trainer, checkpoint.path, row_count, data_xxh3, checkpoint.id
          FROM training JOIN stage ON stage.id = training.stage AND stage.state = 'done'
          JOIN checkpoint ON checkpoint.id = training.checkpoint
          WHERE training.branch = ? ORDER BY training.id DESC LIMIT 1
          """, arguments: [branch.name])
      guard let found else { return [] }
      let merges = try Row.fetchAll(
        database,
        sql: """
          SELECT checkpoint.path, merge.method, merge_input.entry_count,
            (SELECT sum(entry_count) FROM merge_input AS each WHERE each.merge = merge.id)
          FROM merge_input JOIN merge ON merge.id = merge_input.merge
          JOIN checkpoint ON checkpoint.id = merge.checkpoint
          WHERE merge_input.checkpoint = ? AND merge.id =
            (SELECT max(merge.id) FROM merge JOIN stage ON stage.id = merge.stage
             WHERE stage.state = 'done')
          """, arguments: [found[5] as Int64])
      var expert = Expert(
        path: found[2], trainer: found[1],
        merges: merges.map {
          Merge(path: $0[0], method: $0[1], entries: $0[2], totalEntries: $0[3])
        })
      if let data = found[4] as String? {
        let outputs = try Row.fetchAll(
          database, sql: "SELECT id, xxh3 FROM output_file WHERE branch = ?", arguments: [branch.id]
        )
        expert.rows = found[3]
        let trained = outputs.first { $0[1] as String == data }.map { $0[0] as Int64 }
        expert.isCurrent = trained != nil
        if let trained {
          expert.lost = try Self.trainedRows(
            samples, branch.id, trained, found[0], in: database)
        }
      }
      return [expert]
    }
  }

  /// How many of the samples are rows of the file that the training did not leave out.
  private static func trainedRows(
    _ samples: [Int64], _ branch: Int64, _ output: Int64, _ training: Int64, in database: Database
  ) throws -> Int {
    let leftOut = try Set(
      Int64.fetchAll(
        database, sql: "SELECT output_row FROM left_out WHERE training = ?", arguments: [training]))
    let statement = try database.makeStatement(
      sql: "SELECT output_row FROM fate WHERE sample = ? AND branch = ? AND output = ?")
    return try samples.count { sample in
      let row = try Int64.fetchOne(statement, arguments: [sample, branch, output])
      return row.map { !leftOut.contains($0) } ?? false
    }
  }
}
