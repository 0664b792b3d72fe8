internal import GRDB
package import Lineage

/// The branches of a workspace: as their latest runs left them, or as one run built them.
package struct Build {
  package let ledger: Ledger
  /// Nil for the latest build of each branch.
  package let run: Int64?

  package init(_ ledger: Ledger, run: Int64? = nil) {
    self.ledger = ledger
    self.run = run
  }

  /// The branches with their numbers and the runs that built them, in the order of the recipe.
  func branches() throws -> [(id: Int64, name: String, run: Int64)] {
    try ledger.access { database in
      if let run {
        let runs = try Int64.fetchAll(database, sql: "SELECT id FROM run ORDER BY id")
        guard runs.contains(run) else {
          let known = runs.count > 8 ? "\(runs[0]) to \(runs[runs.count - 1])" : listed(runs)
          throw LedgerError("\(ledger.path): there is no run \(run); there are \(known)")
        }
      }
      let branches = try Row.fetchAll(
        database,
        sql: run == nil
          ? """
          SELECT id, name, run FROM branch WHERE id IN (SELECT max(id) FROM branch GROUP BY name)
          ORDER BY id
          """ : "SELECT id, name, run FROM branch WHERE run = ? ORDER BY id",
        arguments: run.map { [$0] } ?? []
      ).map { (id: $0[0] as Int64, name: $0[1] as String, run: $0[2] as Int64) }
      guard !branches.isEmpty else {
        throw LedgerError("\(ledger.path): no run has built a branch yet")
      }
      return branches
    }
  }

  private func listed(_ runs: [Int64]) -> String {
    runs.isEmpty ? "none" : runs.map(String.init).joined(separator: ", ")
  }
}
