import Testing

@testable import Lineage

struct RunRecorderTests {
  static let tables = [
    "run", "source", "source_file", "branch", "step", "output_file", "sample", "fate",
  ]

  private func counts(_ folder: Scratch) throws -> [String] {
    try query(
      Self.tables.map { "SELECT count(*) FROM \($0)" }.joined(separator: ";"), folder.ledger)
  }

  @Test func `a run is to be seen after its commit and not before`() throws {
    let folder = try Scratch()
    let ledger = try Ledger(writing: folder.ledger, isDurable: false)
    let book = try Book(ledger)
    #expect(book.recorder.run == 1)
    try book.recordFour()
    #expect(try counts(folder) == Self.tables.map { _ in "0" })
    try book.recorder.commit(expecting: book.funnelOfFour)
    #expect(try counts(folder) == ["1", "1", "1", "1", "2", "1", "4", "4"])
    #expect(
      try query(
        "SELECT id, tool, recipe, recipe_path, recipe_text, options, published IS NULL FROM run",
        folder.ledger)
        == ["1|test 1|r|r.yaml|branches: …|{}|1"])
    #expect(
      try query(
        "SELECT format, byte_count, row_count, first_sample, xxh3, published_sha256, sha256"
          + " FROM source_file", folder.ledger)
        == ["plain|50|4|1|00000000000000010000000000000002|ab|cd"])
    #expect(
      try query(
        "SELECT id, row, byte_offset, byte_count, row_xxh3, coalesce(sample_id, 'none') FROM sample",
        folder.ledger)
        == [
          "1|1|10|9|-2|pool:aa", "2|2|20|9|-3|pool:ab", "3|3|30|9|-4|pool:aa#2", "4|4|40|9|-5|none",
        ])
    #expect(
      try query(
        "SELECT kind, step, evidence, duplicate_of, output, output_row FROM fate", folder.ledger)
        == [
          "kept||||1|1", #"dropped|1|{"topic": "x"}|||"#, "duplicate|||1||",
          #"quarantined||{"reason": "truncated"}|||"#,
        ])
  }

  @Test func `a recorder that ends without a commit leaves nothing`() throws {
    let folder = try Scratch()
    let ledger = try Ledger(writing: folder.ledger, isDurable: false)
    do {
      let book = try Book(ledger)
      try book.recordFour()
    }
    #expect(try counts(folder) == Self.tables.map { _ in "0" })
    // The ledger can be written again at once, and is as if nothing had been.
    let book = try Book(ledger)
    #expect(book.recorder.run == 1)
    #expect(book.recorder.upcomingSample == 1)
    try book.recordFour()
    try book.recorder.commit(expecting: book.funnelOfFour)
    #expect(try counts(folder) == ["1", "1", "1", "1", "2", "1", "4", "4"])
  }

  @Test func `samples of all runs are numbered on`() throws {
    let folder = try Scratch()
    let ledger = try Ledger(writing: folder.ledger, isDurable: false)
    for run in 1...3 {
      let book = try Book(ledger)
      #expect(book.recorder.run == Int64(run))
      #expect(book.recorder.upcomingSample == Int64(run * 4 - 3))
      try book.recordFour()
      try book.recorder.commit(expecting: book.funnelOfFour)
    }
    #expect(
      try query("SELECT first_sample FROM source_file ORDER BY id", folder.ledger)
        == ["1", "5", "9"])
    #expect(
      try query("SELECT duplicate_of FROM fate WHERE kind = 'duplicate'", folder.ledger)
        == ["1", "5", "9"])
    #expect(
      try query(
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'sample'",
        folder.ledger) == LedgerSchema.indexes.map(\.0))
  }

  @Test func `a sample has one fate in a branch`() throws {
    let folder = try Scratch()
    let book = try Book(Ledger(writing: folder.ledger, isDurable: false))
    #expect(
      message {
        try book.recorder.record([book.sample(1, id: "a")], [book.kept(1), book.dropped()])
      } == "\(folder.ledger): UNIQUE constraint failed: fate.sample, fate.branch")
  }

  @Test func `two runs cannot be recorded at once`() throws {
    let folder = try Scratch()
    let first = try Book(Ledger(writing: folder.ledger, isDurable: false))
    #expect(
      message { _ = try Book(Ledger(writing: folder.ledger, isDurable: false, patience: 0.2)) }?
        .contains("a run is writing to the ledger") == true)
    _ = first
  }

  @Test func `texts are kept to the byte`() throws {
    let folder = try Scratch()
    let book = try Book(Ledger(writing: folder.ledger, isDurable: false))
    let texts = ["", "ü😀", String(repeating: "long", count: 1000), "a\nb"]
    try book.recorder.record(
      texts.indices.map { book.sample($0, id: texts[$0]) },
      texts.map { book.dropped(because: $0) })
    try book.finish(rows: 4, kept: 0)
    try book.recorder.commit(
      expecting: book.funnel {
        $0.read = 4
        $0.dropped = 4
      })
    for (index, text) in texts.enumerated() {
      #expect(
        try query(
          "SELECT hex(sample_id), hex(evidence) FROM sample JOIN fate ON sample = id"
            + " WHERE id = \(index + 1)", folder.ledger)
          == [[text, text].map(hexadecimal).joined(separator: "|")])
    }
  }

  private func hexadecimal(_ text: String) -> String {
    text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16).uppercased() }.joined()
  }
}
