internal import GRDB
internal import Lineage
internal import Notation

extension Overview {
  /// How the expert of a branch came to be, the last time.
  package struct Training: Encodable, Sendable {
    package var branch: String
    package var trainer: String
    /// Whether it was taken as it was, and nobody knows of which rows it is.
    package var isGiven: Bool
    package var rows: Int
    package var tokens: Int?
    /// Whether it was trained on the branch's rows as they are, with those that a teacher wrote; nil
    /// where it was given.
    package var isCurrent: Bool?
    package var leftOut: [LeftOut]
    package var command: String?
    /// JSON.
    package var versions: String?
    package var metrics: [Metric]

    package struct LeftOut: Encodable, Sendable {
      package var reason: String
      package var rows: Int
    }

    package struct Metric: Encodable, Sendable {
      package var step: Int
      package var epoch: Double?
      package var loss: Double?
      package var learningRate: Double?
    }
  }

  package struct Checkpoint: Encodable, Sendable {
    /// `base`, `expert` or `merged`.
    package var role: String
    package var name: String
    package var path: String
    package var parameters: Int
    package var files: [File]

    package struct File: Encodable, Sendable {
      package var path: String
      package var bytes: Int
      package var xxh3: String
      package var sha256: String
    }
  }

  /// The latest attempt at a stage.
  package struct Stage: Encodable, Sendable {
    package var name: String
    package var state: String
    package var started: String
    package var finished: String?
    package var identity: String
    package var message: String?
    package var ingredients: [[String]]
    package var products: [Checkpoint.File]

    init(_ record: StageRecord) {
      name = record.name
      state = record.state.rawValue
      started = record.started
      finished = record.finished
      identity = record.identity
      message = record.message
      ingredients = record.ingredients.map { [$0.name, $0.value] }
      products = record.products.map {
        Checkpoint.File(path: $0.path, bytes: $0.byteCount, xxh3: $0.xxh3, sha256: "")
      }
    }
  }
}

extension Overview.Training {
  /// The latest of each branch that is one of the present ones.
  static func all(in database: Database) throws -> [Overview.Training] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT training.id, training.branch, trainer, data_xxh3, training.row_count, token_count,
          command, versions, branch.id
        FROM training JOIN branch ON branch.name = training.branch AND branch.id IN \(Facts.current)
        WHERE training.id IN (
          SELECT max(training.id) FROM training JOIN stage ON stage.id = training.stage
          WHERE stage.state = 'done' GROUP BY training.branch)
        ORDER BY branch.id
        """
    ).map { row in
      let id: Int64 = row[0]
      let data: String? = row[3]
      return Overview.Training(
        branch: row[1], trainer: row[2], isGiven: data == nil, rows: row[4], tokens: row[5],
        isCurrent: try data.map { try $0 == RowsToTrain(of: row[8], in: database).xxh3 },
        leftOut: try Row.fetchAll(
          database,
          sql: """
            SELECT reason, count(*) FROM left_out WHERE training = ? GROUP BY 1 ORDER BY 2 DESC, 1
            """, arguments: [id]
        ).map { LeftOut(reason: $0[0], rows: $0[1]) },
        command: row[6], versions: row[7],
        metrics: try Row.fetchAll(
          database,
          sql: """
            SELECT step, epoch, loss, learning_rate FROM metric WHERE training = ? ORDER BY step
            """, arguments: [id]
        ).map { Metric(step: $0[0], epoch: $0[1], loss: $0[2], learningRate: $0[3]) })
    }
  }
}

extension Overview.Checkpoint {
  /// The models of the latest trainings and of the latest merge, each once.
  static func all(in database: Database) throws -> [Overview.Checkpoint] {
    try Row.fetchAll(
      database,
      sql: """
        WITH done AS (SELECT id, name FROM stage WHERE state = 'done'),
        latest_merge AS (SELECT max(merge.id) AS id FROM merge JOIN done ON done.id = merge.stage),
        used AS (
          SELECT training.checkpoint FROM training
          JOIN branch ON branch.name = training.branch AND branch.id IN \(Facts.current)
          WHERE training.id IN (
            SELECT max(training.id) FROM training JOIN done ON done.id = training.stage
            GROUP BY training.branch)
          UNION SELECT checkpoint FROM merge_input JOIN latest_merge ON latest_merge.id = merge
          UNION SELECT checkpoint FROM merge JOIN latest_merge ON latest_merge.id = merge.id
        )
        SELECT id, role, name, path, parameter_count FROM checkpoint
        WHERE id IN (SELECT checkpoint FROM used)
        ORDER BY CASE role WHEN 'base' THEN 0 WHEN 'expert' THEN 1 ELSE 2 END, id
        """
    ).map { row in
      Overview.Checkpoint(
        role: row[1], name: row[2], path: row[3], parameters: row[4],
        files: try Row.fetchAll(
          database,
          sql: """
            SELECT path, byte_count, xxh3, sha256 FROM checkpoint_file WHERE checkpoint = ?
            ORDER BY path
            """, arguments: [row[0] as Int64]
        ).map { File(path: $0[0], bytes: $0[1], xxh3: $0[2], sha256: $0[3]) })
    }
  }
}
