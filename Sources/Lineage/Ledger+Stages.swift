internal import Foundation
internal import GRDB

/// One attempt at a stage of a recipe, as the ledger has it.
package struct StageRecord: Equatable, Sendable {
  /// Stopped is what was interrupted by a signal; what was killed stays running.
  package enum State: String, Codable, Sendable { case running, done, failed, stopped }

  package var id: Int64
  /// `branch math`, `teach science`, `train math`, `merge`, `report`.
  package var name: String
  package var state: State
  package var started: String
  package var finished: String?
  package var process: Int
  package var tool: String
  package var recipePath: String
  /// As a shell takes it.
  package var command: String
  /// XXH3 of all ingredients.
  package var identity: String
  package var run: Int64?
  package var message: String?
  package var ingredients: [Ingredient]
  package var products: [Product]

  /// A file that a stage wrote; its path is relative to the workspace where it lies there.
  package struct Product: Equatable, Sendable {
    package var path: String
    package var byteCount: Int
    package var xxh3: String

    package init(path: String, byteCount: Int, xxh3: String) {
      self.path = path
      self.byteCount = byteCount
      self.xxh3 = xxh3
    }
  }
}

/// What is recorded of a stage when it is done.
package struct StageOutcome: Sendable {
  /// As they were in the end.
  package var ingredients: [Ingredient]
  package var products: [StageRecord.Product]
  package var run: Int64?
  /// What came of it, in a few words.
  package var message: String?
  package var teaching: TeachingEntry?
  package var training: TrainingEntry?
  package var merge: MergeEntry?

  package init(
    _ ingredients: [Ingredient], _ products: [StageRecord.Product], run: Int64? = nil,
    message: String? = nil
  ) {
    self.ingredients = ingredients
    self.products = products
    self.run = run
    self.message = message
  }
}

extension Ledger {
  /// The latest attempt at each stage that is `done`, or the latest of all with `anyState`, by name.
  package func stages(anyState: Bool) throws -> [String: StageRecord] {
    let condition = anyState ? "" : "WHERE state = 'done'"
    let records = try access { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT * FROM stage WHERE id IN (SELECT max(id) FROM stage \(condition) GROUP BY name)
          """
      ).map { row in try Self.stage(row, in: database) }
    }
    return Dictionary(uniqueKeysWithValues: records.map { ($0.name, $0) })
  }

  private static func stage(_ row: Row, in database: Database) throws -> StageRecord {
    let id: Int64 = row["id"]
    return StageRecord(
      id: id, name: row["name"], state: StageRecord.State(rawValue: row["state"]) ?? .failed,
      started: row["started"], finished: row["finished"], process: row["process"],
      tool: row["tool"], recipePath: row["recipe_path"],
      command: row["command"], identity: row["identity"], run: row["run"], message: row["message"],
      ingredients: try Row.fetchAll(
        database, sql: "SELECT name, value FROM ingredient WHERE stage = ? ORDER BY position",
        arguments: [id]
      ).map { Ingredient($0[0], $0[1]) },
      products: try Row.fetchAll(
        database,
        sql: "SELECT path, byte_count, xxh3 FROM product WHERE stage = ? ORDER BY path",
        arguments: [id]
      ).map { StageRecord.Product(path: $0[0], byteCount: $0[1], xxh3: $0[2]) })
  }

  /// What is the same for all stages of one command.
  package struct Command: Sendable {
    package var tool: String
    package var recipePath: String
    /// As a shell takes it.
    package var line: String

    package init(tool: String, recipePath: String, line: String) {
      self.tool = tool
      self.recipePath = recipePath
      self.line = line
    }
  }

  /// Records that a stage begins.
  package func beginStage(_ name: String, _ ingredients: [Ingredient], of command: Command) throws
    -> Int64
  {
    try change { database in
      try database.execute(
        sql: """
          INSERT INTO stage (name, state, started, process, tool, recipe_path, command, identity)
          VALUES (?, 'running', ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          name, timestamp(), ProcessInfo.processInfo.processIdentifier, command.tool,
          command.recipePath, command.line, Ingredient.identity(of: ingredients),
        ])
      let stage = database.lastInsertedRowID
      try Self.insert(ingredients, of: stage, in: database)
      return stage
    }
  }

  private static func insert(
    _ ingredients: [Ingredient], of stage: Int64, in database: Database
  ) throws {
    for (position, ingredient) in ingredients.enumerated() {
      try database.execute(
        sql: "INSERT INTO ingredient VALUES (?, ?, ?, ?)",
        arguments: [stage, position, ingredient.name, ingredient.value])
    }
  }

  /// Records that a stage is done, all of it in one transaction.
  package func finishStage(_ stage: Int64, _ outcome: StageOutcome) throws {
    try change { database in
      try database.execute(sql: "DELETE FROM ingredient WHERE stage = ?", arguments: [stage])
      try Self.insert(outcome.ingredients, of: stage, in: database)
      for product in outcome.products {
        try database.execute(
          sql: "INSERT INTO product VALUES (?, ?, ?, ?)",
          arguments: [stage, product.path, product.byteCount, product.xxh3])
      }
      try outcome.teaching?.insert(stage: stage, in: database)
      try outcome.training?.insert(stage: stage, in: database)
      try outcome.merge?.insert(stage: stage, in: database)
      try database.execute(
        sql: """
          UPDATE stage SET state = 'done', finished = ?, identity = ?, run = ?, message = ?
          WHERE id = ?
          """,
        arguments: [
          timestamp(), Ingredient.identity(of: outcome.ingredients), outcome.run, outcome.message,
          stage,
        ])
    }
  }

  /// Records that a stage came to nothing, and why.
  package func endStage(_ stage: Int64, as state: StageRecord.State, message: String) throws {
    try change { database in
      try database.execute(
        sql: "UPDATE stage SET state = ?, finished = ?, message = ? WHERE id = ?",
        arguments: [state.rawValue, timestamp(), message, stage])
    }
  }

  /// Changes the ledger in one transaction.
  func change<Result>(_ body: (Database) throws -> Result) throws -> Result {
    do {
      return try database.write(body)
    } catch let error as DatabaseError {
      throw LedgerError("\(path): \(Self.words(error))")
    }
  }
}
