internal import Curation
internal import GRDB
internal import Lineage

/// The texts that a run decided by, as the ledger has them.
enum StepRecord {
  static func card(of source: Trace.Source, run: Int64, in ledger: Ledger) throws -> String {
    let card = try ledger.access { database in
      try String.fetchOne(
        database, sql: "SELECT card FROM source WHERE run = ? AND name = ? AND config = ?",
        arguments: [run, source.name, source.config])
    }
    guard let card else {
      throw LedgerError("run \(run) has no card of the source '\(source.name)'")
    }
    return card
  }

  /// The steps of a branch for the samples of a source, in their order.
  static func steps(
    of branch: String, _ source: Trace.Source, run: Int64, in ledger: Ledger
  ) throws -> [Replay.RecordedStep] {
    try ledger.access { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT step.name, step.kind, step.text FROM step
          JOIN branch ON branch.id = step.branch AND branch.run = ? AND branch.name = ?
          JOIN source ON source.id = step.source AND source.name = ? AND source.config = ?
          ORDER BY step.position
          """, arguments: [run, branch, source.name, source.config]
      ).map { Replay.RecordedStep(name: $0[0], kind: $0[1], text: $0[2]) }
    }
  }
}
