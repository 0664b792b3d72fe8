internal import GRDB

/// A model on disk, as the ledger keeps it.
package struct CheckpointEntry: Sendable {
  package enum Role: String, Sendable { case base, expert, merged }

  package var role: Role
  /// An expert's branch; else what the recipe or the merge file calls it.
  package var name: String
  package var path: String
  package var parameterCount: Int
  package var files: [File]

  package struct File: Sendable {
    package var path: String
    package var byteCount: Int
    package var xxh3: String
    package var sha256: String

    package init(path: String, byteCount: Int, xxh3: String, sha256: String) {
      self.path = path
      self.byteCount = byteCount
      self.xxh3 = xxh3
      self.sha256 = sha256
    }
  }

  package init(role: Role, name: String, path: String, parameterCount: Int, files: [File]) {
    self.role = role
    self.name = name
    self.path = path
    self.parameterCount = parameterCount
    self.files = files
  }

  func insert(stage: Int64, in database: Database) throws -> Int64 {
    try database.execute(
      sql: """
        INSERT INTO checkpoint (stage, role, name, path, parameter_count) VALUES (?, ?, ?, ?, ?)
        """, arguments: [stage, role.rawValue, name, path, parameterCount])
    let id = database.lastInsertedRowID
    for file in files {
      try database.execute(
        sql: "INSERT INTO checkpoint_file VALUES (?, ?, ?, ?, ?)",
        arguments: [id, file.path, file.byteCount, file.xxh3, file.sha256])
    }
    return id
  }
}

/// How an expert came to be: the rows, the trainer, its settings and how the training went.
package struct TrainingEntry: Sendable {
  package var branch: String
  package var checkpoint: CheckpointEntry
  package var trainer: String
  /// All nil where the expert was given.
  package var command: String?
  package var config: String?
  package var versions: String?
  package var log: String?
  package var rowCount = 0
  package var tokenCount: Int?
  package var dataXXH3: String?
  package var metrics: [Metric] = []
  /// Rows of the branch that were not trained on.
  package var leftOut: [LeftOut] = []

  package struct Metric: Sendable {
    package var step: Int
    package var epoch: Double?
    package var loss: Double?
    package var learningRate: Double?

    package init(step: Int, epoch: Double?, loss: Double?, learningRate: Double?) {
      self.step = step
      self.epoch = epoch
      self.loss = loss
      self.learningRate = learningRate
    }
  }

  package struct LeftOut: Sendable {
    /// Of the `train.jsonl` that it was trained on, counted from 1.
    package var row: Int
    package var tokenCount: Int
    package var reason: String

    package init(row: Int, tokenCount: Int, reason: String) {
      self.row = row
      self.tokenCount = tokenCount
      self.reason = reason
    }
  }

  package init(branch: String, checkpoint: CheckpointEntry, trainer: String) {
    self.branch = branch
    self.checkpoint = checkpoint
    self.trainer = trainer
  }

  func insert(stage: Int64, in database: Database) throws {
    let expert = try checkpoint.insert(stage: stage, in: database)
    // The rows that the branch's latest stage made are those that were trained on; where a teacher
    // completed them, they are known by those that the branch kept.
    let output = try dataXXH3.flatMap { hash in
      try Int64.fetchOne(
        database,
        sql: """
          SELECT output_file.id FROM output_file JOIN branch ON branch.id = output_file.branch
          LEFT JOIN teaching ON teaching.branch = branch.id AND teaching.xxh3 = ?3
          WHERE branch.name = ?1 AND output_file.path = ?2
            AND (output_file.xxh3 = ?3 OR teaching.id IS NOT NULL)
          ORDER BY output_file.id DESC LIMIT 1
          """, arguments: [branch, "branches/\(branch)/train.jsonl", hash])
    }
    try database.execute(
      sql: """
        INSERT INTO training (stage, branch, output, checkpoint, trainer, command, config, versions,
          log, row_count, token_count, data_xxh3)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        stage, branch, output, expert, trainer, command, config, versions, log, rowCount,
        tokenCount, dataXXH3,
      ])
    let training = database.lastInsertedRowID
    for metric in metrics {
      try database.execute(
        sql: "INSERT OR REPLACE INTO metric VALUES (?, ?, ?, ?, ?)",
        arguments: [training, metric.step, metric.epoch, metric.loss, metric.learningRate])
    }
    for row in leftOut {
      try database.execute(
        sql: "INSERT INTO left_out VALUES (?, ?, ?, ?)",
        arguments: [training, row.row, row.tokenCount, row.reason])
    }
  }
}

/// How a merged model came to be, tensor by tensor.
package struct MergeEntry: Sendable {
  package var checkpoint: CheckpointEntry
  package var method: String
  package var config: String
  package var inputs: [Input]
  /// Name and record as JSON, in the model's order.
  package var tensors: [(name: String, record: String)]

  package struct Input: Sendable {
    package var name: String
    package var path: String
    package var isBase: Bool
    /// Entries of the output that are its own, where the method takes entries.
    package var entryCount: Int?
    /// For a model that no stage made.
    package var checkpoint: CheckpointEntry

    package init(
      name: String, path: String, isBase: Bool, entryCount: Int?, checkpoint: CheckpointEntry
    ) {
      self.name = name
      self.path = path
      self.isBase = isBase
      self.entryCount = entryCount
      self.checkpoint = checkpoint
    }
  }

  package init(
    checkpoint: CheckpointEntry, method: String, config: String, inputs: [Input],
    tensors: [(name: String, record: String)]
  ) {
    self.checkpoint = checkpoint
    self.method = method
    self.config = config
    self.inputs = inputs
    self.tensors = tensors
  }

  func insert(stage: Int64, in database: Database) throws {
    let merged = try checkpoint.insert(stage: stage, in: database)
    try database.execute(
      sql: "INSERT INTO merge (stage, checkpoint, method, config) VALUES (?, ?, ?, ?)",
      arguments: [stage, merged, method, config])
    let merge = database.lastInsertedRowID
    for (position, input) in inputs.enumerated() {
      // The latest of this name and path: the expert as its stage recorded it.
      let known = try Int64.fetchOne(
        database,
        sql: """
          SELECT checkpoint.id FROM checkpoint JOIN stage ON stage.id = checkpoint.stage
          WHERE role = ? AND path = ? AND state = 'done' ORDER BY checkpoint.id DESC LIMIT 1
          """, arguments: [input.checkpoint.role.rawValue, input.checkpoint.path])
      let model = try known ?? input.checkpoint.insert(stage: stage, in: database)
      try database.execute(
        sql: "INSERT INTO merge_input VALUES (?, ?, ?, ?, ?, ?)",
        arguments: [merge, position, input.name, model, input.isBase, input.entryCount])
    }
    for (position, tensor) in tensors.enumerated() {
      try database.execute(
        sql: "INSERT INTO merge_tensor VALUES (?, ?, ?, ?)",
        arguments: [merge, position, tensor.name, tensor.record])
    }
  }
}
