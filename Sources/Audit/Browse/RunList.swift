internal import GRDB
package import Lineage

/// The runs of a workspace, the last one first.
package struct RunList: Sendable {
  package var runs: [Run]

  package struct Run: Sendable {
    package var id: Int64
    package var started: String
    package var finished: String
    package var tool: String
    package var recipe: String
    package var recipePath: String
    package var recipeText: String
    /// JSON.
    package var options: String
    package var branches: [Branch]
  }

  package struct Branch: Sendable {
    package var name: String
    package var rowFormat: String
    /// No later run built it.
    package var isCurrent: Bool
    package var outputs: [Output]
  }

  package struct Output: Sendable {
    package var path: String
    package var rows: Int
    package var byteCount: Int
    package var xxh3: String
  }

  package init(of ledger: Ledger) throws {
    runs = try ledger.access { database in
      var outputs: [Int64: [Output]] = [:]
      for row in try Row.fetchAll(
        database,
        sql: "SELECT branch, path, row_count, byte_count, xxh3 FROM output_file ORDER BY id")
      {
        outputs[row[0], default: []].append(
          Output(path: row[1], rows: row[2], byteCount: row[3], xxh3: row[4]))
      }
      var branches: [Int64: [Branch]] = [:]
      for row in try Row.fetchAll(
        database,
        sql: """
          SELECT run, id, name, row_format,
            id IN (SELECT max(id) FROM branch GROUP BY name) FROM branch ORDER BY id
          """)
      {
        branches[row[0], default: []].append(
          Branch(
            name: row[2], rowFormat: row[3], isCurrent: row[4],
            outputs: outputs[row[1] as Int64] ?? []))
      }
      return try Row.fetchAll(
        database,
        sql: """
          SELECT id, started, finished, tool, recipe, recipe_path, recipe_text, options FROM run
          ORDER BY id DESC
          """
      ).map {
        Run(
          id: $0[0], started: $0[1], finished: $0[2], tool: $0[3], recipe: $0[4],
          recipePath: $0[5], recipeText: $0[6], options: $0[7], branches: branches[$0[0]] ?? [])
      }
    }
  }

  /// Each branch with the run that built it last, in the order of their names' first appearance.
  package var current: [(branch: String, run: Int64)] {
    runs.reversed().flatMap { run in
      run.branches.filter(\.isCurrent).map { (branch: $0.name, run: run.id) }
    }
  }
}
