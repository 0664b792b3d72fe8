internal import Files
internal import GRDB
package import Lineage

/// One sample with all that a page shows of it.
package struct SampleView: Sendable {
  package var trace: Trace
  /// Nil where the row is too far away to be read for it.
  package var story: Story?
  /// The rows beside it in its file, as `Trace.find` takes them.
  package var previous, next: String?
  package var original: StoredRow
  /// For each fate of the trace the number of the sample in the run that built the branch.
  package var numbers: [Int64]
  /// For each fate of the trace the row that was written.
  package var outputs: [StoredRow?]
  /// For each fate of the trace what a teacher made of the seed; nil where it made nothing.
  package var lessons: [TaughtSample?]

  /// `name` is what `Trace.find` takes. Where reading the row takes long it is left, unless
  /// `isQuick` is false.
  package init(_ name: String, run: Int64?, isQuick: Bool, in ledger: Ledger) throws {
    let trace = try Trace.find(name, run: run, in: ledger)
    self.trace = trace
    original = StoredRow(original: trace, isQuick: isQuick, in: ledger)
    if case .row = original { story = try Story(of: trace, in: ledger) }
    let number = try Self.number(of: trace, run: trace.run.id, in: ledger)
    (previous, next) = try ledger.access { database in
      (
        try Self.name(of: number - 1, beside: number, in: database),
        try Self.name(of: number + 1, beside: number, in: database)
      )
    }
    numbers = try trace.fates.map {
      $0.run == trace.run.id ? number : try Self.number(of: trace, run: $0.run, in: ledger)
    }
    outputs = try zip(trace.fates, numbers).map { fate, number in
      guard fate.outputRow != nil else { return nil }
      return try StoredRow(of: number, in: fate.branch, run: fate.run, ledger)
    }
    lessons = trace.fates.map { $0.teaching.map { TaughtSample($0, in: ledger) } }
  }

  /// The ledger's number of the sample in a run; of none where the run has not read it.
  private static func number(of trace: Trace, run: Int64, in ledger: Ledger) throws -> Int64 {
    try ledger.access { database in
      if let id = trace.id {
        return try Int64.fetchOne(
          database,
          sql: """
            SELECT sample.id FROM sample JOIN source_file ON source_file.id = sample.file
            JOIN source ON source.id = source_file.source WHERE sample_id = ? AND source.run = ?
            """, arguments: [id, run]) ?? 0
      }
      let file = try Row.fetchOne(
        database,
        sql: """
          SELECT first_sample, row_count FROM source_file
          JOIN source ON source.id = source_file.source
          WHERE source.run = ? AND source_file.path = ? AND source.name = ? AND source.config = ?
          """,
        arguments: [run, trace.place.path, trace.source.name, trace.source.config])
      guard let file else { return 0 }
      // Rows stand in order, and a number is left out only where a line is blank.
      var low: Int64 = file[0]
      var high = low &+ max(0, min(file[1] as Int64, Int64(trace.place.row)) - 1)
      let statement = try database.makeStatement(sql: "SELECT row FROM sample WHERE id = ?")
      while low < high {
        let middle = low + (high - low) / 2
        let row = try Int.fetchOne(statement, arguments: [middle]) ?? Int.max
        if row < trace.place.row { low = middle + 1 } else { high = middle }
      }
      return low
    }
  }

  private static func name(of number: Int64, beside sample: Int64, in database: Database) throws
    -> String?
  {
    try Row.fetchOne(
      database,
      sql: """
        SELECT coalesce(sample_id, path || ':' || row) FROM sample
        JOIN source_file ON source_file.id = sample.file
        WHERE sample.id = ? AND sample.file = (SELECT file FROM sample WHERE id = ?)
        """, arguments: [number, sample]
    ).map { $0[0] }
  }
}
