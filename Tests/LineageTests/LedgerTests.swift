import Foundation
import Testing

@testable import Lineage

struct LedgerTests {
  @Test func `a ledger is made where there is none, and opened again`() throws {
    let folder = try Scratch()
    for _ in 1...2 {
      let ledger = try Ledger(writing: folder.ledger, isDurable: true)
      #expect(ledger.path == folder.ledger)
      #expect(try ledger.unpublishedRuns() == [])
    }
    _ = try Ledger(reading: folder.ledger)
    #expect(
      try query("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", folder.ledger)
        == [
          "benchmark", "branch", "checkpoint", "checkpoint_file", "fate", "file_state",
          "grdb_migrations", "ingredient", "left_out", "merge", "merge_input", "merge_tensor",
          "metric",
          "output_file", "product", "run", "sample", "source", "source_file", "stage", "step",
          "taught", "teaching", "training",
        ])
  }

  @Test func `a ledger that is asked must be there`() throws {
    let folder = try Scratch()
    #expect(
      message { _ = try Ledger(reading: folder.ledger) }
        == "\(folder.ledger): there is no ledger here; 'branchmerge run' makes one")
    #expect(!FileManager.default.fileExists(atPath: folder.ledger))
  }

  @Test func `a file that is no SQLite is refused and left alone`() throws {
    let folder = try Scratch()
    let text = Data(String(repeating: "not a database\n", count: 100).utf8)
    try text.write(to: URL(fileURLWithPath: folder.ledger))
    let expected =
      "\(folder.ledger): is damaged, or is not an SQLite file; put back a copy, or move it away and"
      + " run again: what was built is built again, and experts that are whole stay"
    #expect(message { _ = try Ledger(writing: folder.ledger, isDurable: false) } == expected)
    #expect(message { _ = try Ledger(reading: folder.ledger) } == expected)
    #expect(FileManager.default.contents(atPath: folder.ledger) == text)
  }

  @Test func `a database of something else is not asked`() throws {
    let folder = try Scratch()
    _ = try query("CREATE TABLE x (y)", folder.ledger)
    #expect(
      message { _ = try Ledger(reading: folder.ledger) }
        == "\(folder.ledger): this is an SQLite file, and no ledger")
  }

  @Test func `a ledger in a folder that is not there cannot be made`() throws {
    let path = "/no/such/folder/lineage.sqlite"
    #expect(
      message { _ = try Ledger(writing: path, isDurable: false) }
        == "\(path): unable to open database file")
  }

  @Test func `a run is published once`() throws {
    let folder = try Scratch()
    let ledger = try Ledger(writing: folder.ledger, isDurable: false)
    for _ in 1...2 {
      let book = try Book(ledger)
      try book.recordFour()
      try book.recorder.commit(expecting: book.funnelOfFour)
    }
    #expect(try ledger.unpublishedRuns() == [1, 2])
    try ledger.markPublished(run: 1)
    #expect(try ledger.unpublishedRuns() == [2])
    #expect(
      try query("SELECT published GLOB '20??-??-??T??:??:??Z' FROM run WHERE id = 1", folder.ledger)
        == ["1"])
  }
}
