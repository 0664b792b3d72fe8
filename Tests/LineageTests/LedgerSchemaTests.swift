import Testing

@testable import Lineage

struct LedgerSchemaTests {
  /// A ledger with one run of four samples.
  private func ledger() throws -> Scratch {
    let folder = try Scratch()
    let book = try Book(Ledger(writing: folder.ledger, isDurable: false))
    try book.recordFour()
    try book.recorder.commit(expecting: book.funnelOfFour)
    return folder
  }

  @Test func `every table of ours is strict`() throws {
    let folder = try ledger()
    #expect(
      try query(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND NOT strict"
          + " AND name NOT LIKE 'sqlite%'", folder.ledger)
        == ["grdb_migrations"])
  }

  @Test(arguments: [
    (
      "UPDATE sample SET row = 'third'",
      "cannot store TEXT value in INTEGER column sample.row"
    ),
    ("UPDATE fate SET sample = NULL", "NOT NULL constraint failed: fate.sample"),
    ("UPDATE fate SET kind = NULL", "NOT NULL constraint failed: fate.kind"),
    (
      "UPDATE step SET kind = 'guess'",
      "CHECK constraint failed: kind IN ('filter', 'pick', 'prompt', 'without', 'response', 'verify')"
    ),
    (
      "INSERT INTO fate (sample, branch, kind) VALUES (1, 1, 'quarantined')",
      "UNIQUE constraint failed: fate.sample, fate.branch"
    ),
    (
      "INSERT INTO branch (run, name, row_format) VALUES (1, 'math', 'alpaca')",
      "UNIQUE constraint failed: branch.run, branch.name"
    ),
    (
      "INSERT INTO source SELECT NULL, run, name, config, '', '', '', '' FROM source",
      "UNIQUE constraint failed: source.run, source.name, source.config"
    ),
    (
      "INSERT INTO step SELECT NULL, branch, source, 1, 'x', 'filter', '' FROM step LIMIT 1",
      "UNIQUE constraint failed: step.branch, step.source, step.position"
    ),
    (
      "PRAGMA foreign_keys = ON; UPDATE fate SET branch = 7",
      "FOREIGN KEY constraint failed"
    ),
  ])
  func `what cannot be is refused by the tables`(statement: String, expected: String) throws {
    let folder = try ledger()
    let answer = try sqlite(statement, folder.ledger)
    #expect(!answer.isFine)
    #expect(answer.lines.first?.contains(expected) == true, "\(answer.lines)")
  }

  @Test func `all references of a finished run are to something`() throws {
    let folder = try ledger()
    #expect(try query("PRAGMA foreign_key_check", folder.ledger) == [])
    #expect(try query("PRAGMA integrity_check", folder.ledger) == ["ok"])
  }
}
