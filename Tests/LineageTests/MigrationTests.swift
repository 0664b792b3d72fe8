import Foundation
import Testing

@testable import Lineage

/// `Tests/Reference/ledger-1.sql` is what version 1 of the schema wrote of eight made-up rows, and
/// `ledger-3.sql` what version 3 wrote of four, with an expert that was trained on three of them.
struct MigrationTests {
  @Test func `a ledger of the first version is asked, and stays as it is`() throws {
    let folder = try Scratch()
    try writeFirstVersion(folder.ledger)
    let bytes = FileManager.default.contents(atPath: folder.ledger)
    let ledger = try Ledger(reading: folder.ledger)
    let trace = try Trace.find("/rows/math.jsonl:3", in: ledger)
    #expect(trace.source.name == "openr1-math")
    #expect(trace.fates.map(\.fate) == ["kept"])
    #expect(trace.fates.map(\.outputRow) == [2])
    #expect(trace.fates.map(\.picked) == [1])
    #expect(try ledger.stages(anyState: true).isEmpty)
    #expect(FileManager.default.contents(atPath: folder.ledger) == bytes)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 1)
  }

  @Test func `a run brings a ledger of the first version up to date, and nothing is lost`() throws {
    let folder = try Scratch()
    try writeFirstVersion(folder.ledger)
    let tables = try query(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'grdb_migrations'",
      folder.ledger)
    #expect(tables.count == 8)
    let selections = try tables.map { table in
      let columns = try query("SELECT name FROM pragma_table_info('\(table)')", folder.ledger)
      return "SELECT \(columns.joined(separator: ", ")) FROM \(table) ORDER BY 1, 2"
    }
    let before = try selections.map { try query($0, folder.ledger) }
    #expect(before.map(\.count).reduce(0, +) > 30)
    do {
      let ledger = try Ledger(writing: folder.ledger, isDurable: false)
      #expect(try selections.map { try query($0, folder.ledger) } == before)
      let book = try Book(ledger)
      try book.recordFour()
      try book.recorder.commit(expecting: book.funnelOfFour)
    }
    for (selection, rows) in zip(selections, before) {
      let after = try query(selection, folder.ledger)
      #expect(rows.allSatisfy(after.contains), "\(selection)")
    }
    let ledger = try Ledger(reading: folder.ledger)
    #expect(try Trace.find("/rows/s1k.jsonl:2", in: ledger).fates.map(\.fate) == ["seed"])
    #expect(try Trace.find("pool:aa", in: ledger).run.id == 2)
    #expect(try query("PRAGMA integrity_check; PRAGMA foreign_key_check", folder.ledger) == ["ok"])
  }

  @Test func `in a ledger of the third version nothing was taught, and experts are known`() throws {
    let folder = try Scratch()
    try write("ledger-3.sql", to: folder.ledger)
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table'"
    let before = try query(tables, folder.ledger)
    #expect(before.contains("training") && !before.contains("teaching"))
    let ledger = try Ledger(reading: folder.ledger)
    let trace = try Trace.find("pool.jsonl:1", in: ledger)
    #expect(trace.fates.map(\.fate) == ["kept", "seed"])
    #expect(trace.fates.map(\.training?.row) == [1, nil])
    #expect(trace.fates.allSatisfy { $0.teaching == nil && $0.otherTeachings.isEmpty })
    #expect(trace.fates.first?.training?.teaching == nil)
    #expect(trace.fates.map(\.outputRowXXH3).allSatisfy { $0 != nil })
    #expect(try query(tables, folder.ledger) == before)
    do { _ = try Ledger(writing: folder.ledger, isDurable: false) }
    #expect(
      try Set(query(tables, folder.ledger)) == Set(before + ["teaching", "taught", "benchmark"]))
    #expect(try Trace.find("pool.jsonl:1", in: Ledger(reading: folder.ledger)) == trace)
    #expect(try query("PRAGMA integrity_check; PRAGMA foreign_key_check", folder.ledger) == ["ok"])
  }

  @Test func `steps of the first version stay, and steps of new kinds can join them`() throws {
    let folder = try Scratch()
    try writeFirstVersion(folder.ledger)
    let steps = "SELECT * FROM step ORDER BY id"
    let before = try query(steps, folder.ledger)
    #expect(!before.isEmpty)
    do { _ = try Ledger(writing: folder.ledger, isDurable: false) }
    #expect(try query(steps, folder.ledger) == before)
    _ = try query(
      """
      INSERT INTO step SELECT NULL, branch, source, 90, 'verify', 'verify', '' FROM step LIMIT 1;
      INSERT INTO step SELECT NULL, branch, source, 91, 'without', 'without', '' FROM step LIMIT 1
      """, folder.ledger)
    #expect(
      try query("SELECT name FROM step WHERE position >= 90", folder.ledger)
        == ["verify", "without"])
    #expect(
      try query("SELECT DISTINCT \"table\" FROM pragma_foreign_key_list('fate')", folder.ledger)
        .contains("step"))
    #expect(try query("PRAGMA foreign_key_check", folder.ledger) == [])
  }

  @Test func `a ledger of a later version is refused`() throws {
    let folder = try Scratch()
    _ = try Ledger(writing: folder.ledger, isDurable: false)
    _ = try query("INSERT INTO grdb_migrations VALUES ('999')", folder.ledger)
    let expected =
      "\(folder.ledger): a later version of branchmerge wrote this ledger; use that one"
    #expect(message { _ = try Ledger(reading: folder.ledger) } == expected)
    #expect(message { _ = try Ledger(writing: folder.ledger, isDurable: false) } == expected)
  }

  private func writeFirstVersion(_ path: String) throws { try write("ledger-1.sql", to: path) }

  private func write(_ name: String, to path: String) throws {
    let dump = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Reference/\(name)").standardizedFileURL.path
    _ = try query(".read \(dump)", path)
  }
}
