import Foundation
import Testing

/// Files that are not what they should be.
struct BadInputTests {
  let library = try! SmallLibrary()
  private var folder: TemporaryFolder { library.folder }

  // MARK: Rows

  @Test(arguments: badRows)
  func `a row that cannot be read is quarantined and the run goes on`(row: BadRow) throws {
    try write(row)
    let ending = try library.branch("in.jsonl", "--max-quarantined", "1")
    #expect(ending.status == 0)
    #expect(ending.errors == "")
    #expect(
      ending.output.withoutTimes == """
        all            small  total
        read               3      3
        − quarantined      1      1
        − easy             0      0
        − duplicates       0      0
        = kept             2      2

        work/branches/all/train.jsonl  2 rows  284 B

        1 row could not be read: work/branches/quarantine.jsonl says why

        run 1: 3 rows, \(try folder.bytes("in.jsonl").count) B in TIME

        """)
    #expect(try folder.text("work/branches/quarantine.jsonl") == listed(row))
    #expect(try library.kept().map { $0[1] } == ["Q1?", "Q3?"])
    #expect(
      try folder.ledger(
        """
        SELECT row, byte_offset, byte_count, sample_id IS NULL, evidence FROM fate
        JOIN sample ON sample.id = sample WHERE kind = 'quarantined'
        """) == [
          "2|64|\(row.bytes.count)|1|{\"reason\": \"\(row.code)\", \"message\": \"\(row.message)\","
            + " \"fault_offset\": \(64 + row.offset)}"
        ])
  }

  @Test(arguments: [[], ["--max-quarantined", "0"], ["--max-quarantined", "33%"]])
  func `more such rows than admitted are a failure that keeps the list`(option: [String]) throws {
    try write(badRows[0])
    let ending = try branchmerge(
      [
        "branch", "datasets/recipes/one.yaml", "-w", "work", "--source", "small=in.jsonl",
      ] + option, in: folder.path)
    let limit = option.last ?? "1%"
    #expect(
      ending.errors == """
        error: 1 of 3 rows of 'small' cannot be read, more than the \(limit) that \
        --max-quarantined admits; they are listed in work/quarantine-of-failed-run.jsonl

        """)
    #expect(ending.output == "")
    #expect(ending.status == 2)
    #expect(try folder.text("work/quarantine-of-failed-run.jsonl") == listed(badRows[0]))
    #expect(
      folder.files(below: "work") == [".lock", "lineage.sqlite", "quarantine-of-failed-run.jsonl"])
    #expect(try folder.ledger("SELECT count(*) FROM run") == ["0"])
  }

  @Test(arguments: ["1", "34%"])
  func `as many such rows as admitted are none`(limit: String) throws {
    try write(badRows[0])
    #expect(try library.branch("in.jsonl", "--max-quarantined", limit).status == 0)
  }

  @Test(arguments: [
    #"{"question": "Q2?", "answer": "A2.", "level": 1, "other": "\ud83d"}"#,
    #"{"question": "Q2?", "answer": "A2.", "level": 1, "other": 1, "other": 2}"#,
    #"{"question": "Q2?", "answer": "A2.", "level": 1, "tags": 7}"#,
  ])
  func `what nobody reads may be what it likes`(row: String) throws {
    try folder.write("in.jsonl", row)
    #expect(try library.branch("in.jsonl").status == 0)
    #expect(try library.kept().map { $0[1] } == ["Q2?"])
  }

  private func write(_ row: BadRow) throws {
    let good = [1, 3].map { Data((SmallLibrary.row($0) + "\n").utf8) }
    try folder.write("in.jsonl", good[0] + row.bytes + Data("\n".utf8) + good[1])
  }

  private func listed(_ row: BadRow) -> String {
    """
    {"source": "small", "file": "in.jsonl", "row": 2, "byte_offset": 64, "byte_count": \
    \(row.bytes.count), "reason": "\(row.code)", "message": "\(row.message)", "fault_offset": \
    \(64 + row.offset)}

    """
  }

  // MARK: Files

  @Test func `a mark, Windows line ends, blank lines and no last line end are fine`() throws {
    let text = "\u{FEFF}\(SmallLibrary.row(1))\r\n\r\n \t \n\(SmallLibrary.row(2))"
    try folder.write("in.jsonl", text)
    #expect(try library.branch("in.jsonl").status == 0)
    #expect(try library.kept().map { $0[1] } == ["Q1?", "Q2?"])
    #expect(
      try folder.ledger("SELECT row, byte_offset, byte_count FROM sample") == ["1|3|63", "4|74|63"])
  }

  @Test(arguments: ["", "\n \r\n", "[]", "\u{FEFF}"])
  func `files without a row are no error, but nothing is kept`(text: String) throws {
    try folder.write("in.jsonl", text)
    let ending = try library.branch("in.jsonl")
    #expect(ending.errors == "no row was kept; the funnel says which step took them\n")
    #expect(ending.status == 1)
    #expect(try folder.text("work/branches/all/train.jsonl") == "")
  }

  @Test(arguments: ["gzip", "zstd"])
  func `a packed file that was cut off is refused with how far it was good`(packer: String) throws {
    // Hashes do not pack well, so the half is long enough.
    let rows = (0..<2000).map { number in
      SmallLibrary.row(number).replacing("A\(number)", with: "\(UUID())")
    }
    try folder.write("in.jsonl", rows.joined(separator: "\n"))
    let name = packer == "gzip" ? "in.jsonl.gz" : "in.jsonl.zst"
    try tool(packer, "-q", "-k", "in.jsonl", in: folder.path)
    try folder.write("cut", try folder.bytes(name).prefix(30000))
    let ending = try library.branch("cut")
    #expect(
      ending.errors
        == "error: cut: is a truncated \(packer) file: good up to byte 30000, then it ends;"
        + " fetch it again\n")
    try expectNothing(ending)
  }

  @Test func `Parquet without its end is refused`() throws {
    try folder.write("cut", "PAR1 and then not much")
    let ending = try library.branch("cut")
    #expect(
      ending.errors == """
        error: cut: is Parquet without a footer: its 22 bytes do not end in PAR1, so it was cut \
        short; fetch it again

        """)
    try expectNothing(ending)
  }

  @Test func `an array that is cut off is refused with how far it was good`() throws {
    try folder.write("cut", "[\(SmallLibrary.row(1)), \(SmallLibrary.row(2)),")
    let ending = try library.branch("cut")
    #expect(
      ending.errors == "error: cut: its JSON array is not closed: good up to row 2, byte 130\n")
    try expectNothing(ending)
  }

  @Test func `UTF-16 is refused with what to do`() throws {
    try folder.write("in", Data([0xFF, 0xFE, 0x7B, 0x00]))
    let ending = try library.branch("in")
    #expect(
      ending.errors
        == "error: in: is UTF-16; convert it to UTF-8 (iconv -f utf-16 -t utf-8)\n")
    try expectNothing(ending)
  }

  @Test func `a field that no row has is refused with the fields that are there`() throws {
    let rows = (1...3).map { SmallLibrary.row($0).replacing("level", with: "lvl") }
    try folder.write("in.jsonl", rows.joined(separator: "\n"))
    let ending = try library.branch("in.jsonl")
    #expect(
      ending.errors == """
        error: in.jsonl: no row of the first 3 has 'level', which the recipe needs of 'small'; \
        there are 'question', 'answer', 'lvl' and 'tags'. Is this another config of the data set?

        """)
    try expectNothing(ending)
  }

  @Test func `Parquet without DuckDB is refused with how to get it`() throws {
    try folder.write("in", "PAR1 and then PAR1")
    let ending = try library.branch("in", environment: ["PATH": "/nonexistent"])
    #expect(
      ending.errors == """
        error: in: is Parquet, which DuckDB's command line reads; it is not on the PATH: pip \
        install duckdb-cli

        """)
    try expectNothing(ending)
  }

  @Test(arguments: [
    ("nowhere", "nowhere: no file is here for the source 'small'"),
    (
      "datasets/recipes/*.jsonl", "datasets/recipes/*.jsonl: no file is here for the source 'small'"
    ),
  ])
  func `a path without files is refused`(path: String, message: String) throws {
    let ending = try library.branch(path)
    #expect(ending.errors == "error: \(message)\n")
    #expect(ending.status == 2)
    #expect(!folder.exists("work"))
  }

  @Test func `a file that fails late takes back what was written before`() throws {
    try folder.write("in/a.jsonl", SmallLibrary.row(1))
    try folder.write("in/b.jsonl", "[\(SmallLibrary.row(2))")
    let ending = try library.branch("in")
    #expect(
      ending.errors
        == "error: in/b.jsonl: its JSON array is not closed: good up to row 1, byte 64\n")
    try expectNothing(ending)
  }

  /// A failure that left no output and no run.
  private func expectNothing(_ ending: Ending) throws {
    #expect(ending.output == "")
    #expect(ending.status == 2)
    #expect(folder.files(below: "work") == [".lock", "lineage.sqlite"])
    #expect(!folder.exists("work/.staging"))
    #expect(try folder.ledger("SELECT count(*) FROM run") == ["0"])
  }
}

struct BadRow: CustomTestStringConvertible {
  var bytes: Data
  var code: String
  var message: String
  /// Where in the row the fault lies.
  var offset: Int
  var testDescription: String { "\(code), \(offset)" }

  init(_ text: String, _ code: String, _ message: String, at offset: Int) {
    // A lone byte of a longer sequence cannot stand in a Swift string.
    bytes = Data(text.unicodeScalars.map { $0 == "\u{FF}" ? 0xFF : UInt8($0.value) })
    (self.code, self.message, self.offset) = (code, message, offset)
  }
}

private let badRows = [
  BadRow(#"{"question": "Q2?" oops}"#, "not-json", "is not JSON", at: 19),
  BadRow(
    #"{"question": "Q2?", "answer": "A2"#, "truncated", "ends before its JSON object does", at: 33),
  BadRow(
    "{\"question\": \"Q\u{FF}2?\", \"answer\": \"A2.\", \"level\": 1}", "invalid-utf8",
    "is not UTF-8", at: 15),
  BadRow(
    "{\"question\": \"Q\u{0}2?\", \"answer\": \"A2.\", \"level\": 1}", "control-character",
    "has an unescaped control character in a string", at: 15),
  BadRow(
    "{\"question\": \"Q2?\", \"answer\": \"A2.\", \"level\": 1, \"other\": \"\u{0}\"}",
    "control-character", "has an unescaped control character in a string", at: 59),
  BadRow(
    #"{"question": "\q", "answer": "A2.", "level": 1}"#, "invalid-escape",
    "has an escape that JSON does not know", at: 14),
  BadRow(
    #"{"question": "Q2?", "answer": "\ud83d", "level": 1}"#, "unpaired-surrogate",
    "'answer' holds half of a surrogate pair", at: 31),
  BadRow(
    #"{"question": "Q2?", "answer": "A2.", "level": 1, "question": "Q3?"}"#, "duplicate-key",
    "has the key 'question' twice", at: 49),
  BadRow(
    #"{"question": 2, "answer": "A2.", "level": 1}"#, "wrong-type",
    "'question' should be a text and is a number", at: 13),
  BadRow("[1, 2]", "not-an-object", "is not a JSON object", at: 0),
]
