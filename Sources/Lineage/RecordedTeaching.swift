package import GRDB

/// What a teacher made of the seeds of a branch's build, as the ledger has it.
package struct RecordedTeaching: Sendable {
  package var id: Int64
  package var stage: Int64
  package var finished: String
  /// The build that was taught, and its run.
  package var branch: Int64
  package var run: Int64
  package var model: String
  /// JSON.
  package var question: String
  package var policy: String
  package var store: String
  package var path: String
  package var byteCount: Int
  package var rowCount: Int
  package var keptCount: Int
  package var xxh3: String

  /// That `own` and `build`, two rows of the table of branches, are of the same bytes, so that what
  /// was taught of one is taught of the other: its seeds have the same numbers.
  package static let isSameBuild = """
    own.name = build.name AND own.row_format = build.row_format AND NOT EXISTS (
      SELECT 1 FROM output_file AS file WHERE file.branch = own.id AND NOT EXISTS (
        SELECT 1 FROM output_file AS other
        WHERE other.branch = build.id AND other.path = file.path AND other.xxh3 = file.xxh3))
    """

  /// A query for the latest teaching of each build: `build` and `teaching`, by their numbers.
  package static let latestOfBuilds = """
    SELECT build.id AS build, max(teaching.id) AS teaching
    FROM teaching JOIN stage ON stage.id = teaching.stage AND stage.state = 'done'
    JOIN branch AS own ON own.id = teaching.branch
    JOIN branch AS build ON own.id = build.id OR (\(isSameBuild)) GROUP BY build.id
    """

  /// Those of a build, or of others that wrote the same bytes, the latest first.
  package static func all(of build: Int64, in database: Database) throws -> [RecordedTeaching] {
    try all("build.id = ? AND (own.id = build.id OR \(isSameBuild))", [build], in: database)
  }

  /// The one of this number.
  package static func find(_ id: Int64, in database: Database) throws -> RecordedTeaching? {
    try all("build.id = own.id AND teaching.id = ?", [id], in: database).first
  }

  private static func all(
    _ condition: String, _ arguments: StatementArguments, in database: Database
  ) throws -> [RecordedTeaching] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT teaching.id, stage, coalesce(finished, started), own.id, own.run, model, question,
          policy, store, teaching.path, byte_count, row_count, kept_count, xxh3
        FROM teaching JOIN stage ON stage.id = teaching.stage AND stage.state = 'done'
        JOIN branch AS own ON own.id = teaching.branch CROSS JOIN branch AS build
        WHERE \(condition) ORDER BY teaching.id DESC
        """, arguments: arguments
    ).map { row in
      RecordedTeaching(
        id: row[0], stage: row[1], finished: row[2], branch: row[3], run: row[4], model: row[5],
        question: row[6], policy: row[7], store: row[8], path: row[9], byteCount: row[10],
        rowCount: row[11], keptCount: row[12], xxh3: row[13])
    }
  }
}

/// The rows of a build that its expert is to be trained on.
package struct RowsToTrain: Sendable {
  /// Nil where the build wrote none.
  package var xxh3: String?
  /// What completed them, at the latest; nil where no teacher did.
  package var teaching: RecordedTeaching?

  package init(of build: Int64, in database: Database) throws {
    teaching = try RecordedTeaching.all(of: build, in: database).first
    xxh3 =
      try teaching?.xxh3
      ?? String.fetchOne(
        database,
        sql: """
          SELECT xxh3 FROM output_file JOIN branch ON branch.id = output_file.branch
          WHERE branch.id = ? AND path = 'branches/' || branch.name || '/train.jsonl'
          """, arguments: [build])
  }
}
