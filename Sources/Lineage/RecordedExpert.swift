package import GRDB

/// An expert of a branch that is there still, on its own or in the latest merged model.
package struct RecordedExpert {
  package var training: Int64
  package var trainer: String
  package var path: String
  /// Rows that it was trained on; nil where it was given, and nobody knows.
  package var rows: Int?
  /// Of the file that it was trained on; nil where it was given.
  package var dataXXH3: String?
  /// The build that wrote this file; nil where it was given, or no run wrote it.
  package var build: Build?
  /// Whether no other was made for the branch since.
  package var isLatest: Bool
  package var merges: [Trace.Merge]

  /// A branch as a run built it, with its file for training.
  package struct Build {
    package var branch: Int64
    package var run: Int64
    /// The rows that it kept.
    package var output: Int64
    /// Where a teacher completed them, the teaching that wrote the rows which were trained on.
    package var teaching: Int64?
  }

  /// The branch's latest expert, and before it those that the latest merge took, the latest first.
  ///
  /// Where several builds wrote the same bytes the `preferred` branch is named, else the one that was
  /// the latest when the expert was trained.
  package static func all(of branch: String, preferring preferred: Int64, in database: Database)
    throws -> [RecordedExpert]
  {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT training.id, trainer, checkpoint.path, training.row_count, data_xxh3, checkpoint.id,
          output
        FROM training JOIN stage ON stage.id = training.stage AND stage.state = 'done'
        JOIN checkpoint ON checkpoint.id = training.checkpoint
        WHERE training.branch = ? ORDER BY training.id DESC
        """, arguments: [branch])
    return try rows.enumerated().compactMap { index, row in
      let merges = try merges(of: row[5], in: database)
      guard index == 0 || !merges.isEmpty else { return nil }
      let data: String? = row[4]
      let build = try data.flatMap { data in
        try Row.fetchOne(
          database, sql: Self.buildOfRows,
          arguments: [
            branch, "branches/\(branch)/train.jsonl", data, preferred, row[6] as Int64?,
          ])
      }
      return RecordedExpert(
        training: row[0], trainer: row[1], path: row[2], rows: data == nil ? nil : row[3],
        dataXXH3: data,
        build: build.map {
          Build(branch: $0[0], run: $0[1], output: $0[2], teaching: $0[3])
        },
        isLatest: index == 0, merges: merges)
    }
  }

  /// The build whose rows, alone or with those that a teacher wrote, have a hash.
  private static let buildOfRows = """
    SELECT branch, run, output, teaching FROM (
      SELECT build.id AS branch, build.run, kept.id AS output, NULL AS teaching
      FROM output_file AS kept JOIN branch AS build ON build.id = kept.branch
      WHERE build.name = ?1 AND kept.path = ?2 AND kept.xxh3 = ?3
      UNION ALL
      SELECT build.id, build.run, kept.id, teaching.id
      FROM teaching JOIN stage ON stage.id = teaching.stage AND stage.state = 'done'
      JOIN branch AS own ON own.id = teaching.branch AND own.name = ?1
      JOIN branch AS build ON \(RecordedTeaching.isSameBuild)
      JOIN output_file AS kept ON kept.branch = build.id AND kept.path = ?2
      WHERE teaching.xxh3 = ?3)
    ORDER BY branch = ?4 DESC, output IS ?5 DESC, branch DESC, teaching IS NULL DESC,
      teaching DESC LIMIT 1
    """

  /// The latest merge, where it took the checkpoint.
  private static func merges(of checkpoint: Int64, in database: Database) throws -> [Trace.Merge] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT checkpoint.path, merge.method, merge_input.entry_count,
          (SELECT sum(entry_count) FROM merge_input AS each WHERE each.merge = merge.id)
        FROM merge_input JOIN merge ON merge.id = merge_input.merge
        JOIN checkpoint ON checkpoint.id = merge.checkpoint
        WHERE merge_input.checkpoint = ? AND merge.id =
          (SELECT max(merge.id) FROM merge JOIN stage ON stage.id = merge.stage
           WHERE stage.state = 'done')
        """, arguments: [checkpoint]
    ).map { Trace.Merge(model: $0[0], method: $0[1], entries: $0[2], totalEntries: $0[3]) }
  }
}
