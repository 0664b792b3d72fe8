internal import GRDB
internal import Lineage

/// Finds the samples that would be lost, by their numbers in a run; those that were no rows of its
/// build may be among them.
typealias ConcernedSamples = (_ run: Int64, Database) throws -> [ClosedRange<Int64>]

extension Impact.Branch {
  /// What becomes of a branch, and which models it concerns: its expert unless the rows stay as they
  /// are, and whatever was trained on samples concerned, of this build or an earlier one.
  init(
    _ branch: RecordedBranch, of run: Int64, _ sources: [Impact.Source], in ledger: Ledger,
    concerned: ConcernedSamples
  ) throws {
    self.init(name: branch.name, run: run, rows: branch.outputRows, sources: sources)
    let isTouched = sources.contains { $0.lost + $0.gained + $0.renamed > 0 }
    teaching = try ledger.access { try Impact.Teaching(branch, sources, in: $0) }
    experts = try ledger.access { database in
      let present = try RowsToTrain(of: branch.id, in: database).xxh3
      return try RecordedExpert.all(of: branch.name, preferring: branch.id, in: database)
        .compactMap { recorded in
          var expert = Impact.Expert(recorded)
          expert.isCurrent = recorded.dataXXH3.map { $0 == present }
          if let build = recorded.build {
            expert.lost = try Impact.trainedRows(
              concerned(build.run, database), build, recorded.training, in: database)
          }
          return isTouched && recorded.isLatest || expert.lost ?? 0 > 0 ? expert : nil
        }
    }
  }
}

extension Impact.Expert {
  fileprivate init(_ recorded: RecordedExpert) {
    self.init(
      path: recorded.path, trainer: recorded.trainer, rows: recorded.rows, run: recorded.build?.run,
      merges: recorded.merges.map {
        Impact.Merge(
          path: $0.model, method: $0.method, entries: $0.entries, totalEntries: $0.totalEntries)
      })
  }
}

extension Impact {
  /// How many of the samples are rows of the build that the training did not leave out.
  fileprivate static func trainedRows(
    _ samples: [ClosedRange<Int64>], _ build: RecordedExpert.Build, _ training: Int64,
    in database: Database
  ) throws -> Int {
    let leftOut = try Set(
      Int64.fetchAll(
        database, sql: "SELECT output_row FROM left_out WHERE training = ?", arguments: [training]))
    let statement = try database.makeStatement(
      sql: """
        SELECT output_row FROM fate WHERE sample >= ? AND sample <= ? AND branch = ? AND output = ?
        """)
    let taught = try build.teaching.map { try TaughtSeeds($0, of: build.branch, in: database) }
    return try samples.reduce(0) { count, samples in
      let rows = try Int64.fetchCursor(
        statement,
        arguments: [samples.lowerBound, samples.upperBound, build.branch, build.output])
      var count = count
      while let row = try rows.next() { if !leftOut.contains(row) { count += 1 } }
      let own = try taught?.rows(of: samples, in: database) ?? []
      return count + own.count { !leftOut.contains($0) }
    }
  }
}
