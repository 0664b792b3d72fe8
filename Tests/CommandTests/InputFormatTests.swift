import Foundation
import Testing

/// The same samples in every format that sources come in.
struct InputFormatTests {
  let library = try! SmallLibrary()
  private var folder: TemporaryFolder { library.folder }

  @Test(arguments: Layout.allCases)
  func `a layout gives the ids and rows of JSON Lines`(layout: Layout) throws {
    try folder.write("in.jsonl", text(.lines, count: 300))
    #expect(try library.branch("in.jsonl").status == 0)
    let name = layout.rawValue + ".data"
    try folder.write(name, text(layout, count: 300))
    let ending = try library.branch(name, environment: ["NOTHING": ""])
    #expect(ending.status == 0)
    let expected = layout == .reversed ? try kept.reversed() : try kept
    #expect(try library.kept() == expected)
    #expect(expected.count == 240)
  }

  /// What JSON Lines gave.
  private var kept: [[String]] {
    get throws {
      try folder.write("again.jsonl", text(.lines, count: 300))
      let ending = try branchmerge(
        "branch", "datasets/recipes/one.yaml", "-w", "reference", "--source", "small=again.jsonl",
        in: folder.path)
      #expect(ending.status == 0)
      return try library.kept("reference")
    }
  }

  @Test(arguments: [["gzip", "in.jsonl"], ["zstd", "-q", "--rm", "in.jsonl"]])
  func `a packed file gives the bytes of the plain one`(packer: [String]) throws {
    try folder.write("in.jsonl", text(.lines, count: 2000))
    _ = try library.branch("in.jsonl")
    let plain = try folder.bytes("work/branches/all/train.jsonl")
    let path = try #require(Package.tool(packer[0]))
    let packing = try Running(path, Array(packer.dropFirst()), in: folder.path, [:]).end()
    try #require(packing.status == 0)
    let packed = packer[0] == "gzip" ? "in.jsonl.gz" : "in.jsonl.zst"
    #expect(!folder.exists("in.jsonl"))
    let ending = try library.branch(packed)
    #expect(ending.status == 0)
    #expect(try folder.bytes("work/branches/all/train.jsonl") == plain)
    #expect(
      try folder.ledger("SELECT format FROM source_file ORDER BY id") == ["plain", packer[0]])
    // A row is read back from the middle of a packed file.
    let id = try library.kept()[1500][0]
    let why = try branchmerge("why", id, "-w", "work", "--raw", in: folder.path)
    #expect(why.status == 0)
    #expect(why.output == "\(try row(number: id))\n")
    // The prompts of a packed file can be searched like any others.
    let prompt = try library.kept()[1500][1]
    let found = try branchmerge("why", prompt, "-w", "work", "--json", in: folder.path)
    #expect(try JSON(parsing: Data(found.output.utf8))["id"]?.text == id, "\(found.errors)")
  }

  /// The line of the input that a sample came from.
  private func row(number id: String) throws -> String {
    let number = try folder.ledger("SELECT max(row) FROM sample WHERE sample_id = '\(id)'")[0]
    return String(text(.lines, count: 2000).split(separator: "\n")[Int(number)! - 1])
  }

  @Test(.enabled(if: Package.hasDuckDB, "duckdb is not on the PATH"))
  func `Parquet gives the ids and rows of JSON Lines`() throws {
    try folder.write("in.jsonl", text(.lines, count: 300))
    let expected = try kept
    try tool(
      "duckdb", "-c",
      """
      COPY (SELECT * FROM read_json('in.jsonl', format = 'newline_delimited', columns = {
        question: 'VARCHAR', answer: 'VARCHAR', level: 'INTEGER', tags: 'VARCHAR[]'}))
      TO 'in.parquet' (FORMAT parquet)
      """, in: folder.path)
    let ending = try library.branch("in.parquet")
    #expect(ending.errors == "")
    #expect(ending.status == 0)
    #expect(try library.kept() == expected)
    let raw = try branchmerge("why", expected[0][0], "-w", "work", "--raw", in: folder.path)
    #expect(raw.output.hasPrefix("{\"question\":"))
    #expect(
      raw.errors
        == "(the row has no bytes of its own in the file; its values give the id of the ledger)\n")
    #expect(raw.status == 0)
    let why = try branchmerge("why", expected[0][1], "-w", "work", in: folder.path)
    let text = why.output.replacing("\n", with: " ")
    #expect(text.contains(" where it is row 1 of the file in.parquet. The row was read again "))
    #expect(text.contains(", and its values give the id that was recorded."))
  }

  @Test func `the bytes are the same for any number of workers and on a second run`() throws {
    let input = text(.lines, count: 16000)
    // Several chunks of 1 MiB.
    #expect(input.utf8.count > 5 << 20)
    try folder.write("in.jsonl", input)
    var first: [String: Data]?
    for workers in ["1", "2", "7", "7"] {
      let ending = try library.branch("in.jsonl", "--workers", workers)
      #expect(ending.status == 0)
      let contents = try folder.contents(below: "work/branches")
      #expect(first == nil || first == contents, "--workers \(workers)")
      first = contents
    }
    let runs = try folder.ledger("SELECT count(*), count(DISTINCT sample_id) FROM sample")
    #expect(runs == ["64000|16000"])
  }

  @Test func `several files are one source in the order of their names`() throws {
    try folder.write("parts/b.jsonl", SmallLibrary.row(2) + "\n")
    try folder.write("parts/a.jsonl", SmallLibrary.row(1) + "\n")
    try folder.write("parts/notes.txt", "not data")
    for place in ["parts", "parts/*.jsonl", "parts/{b,a}.jsonl"] {
      #expect(try library.branch(place).status == 0)
      #expect(try library.kept().map { $0[1] } == ["Q1?", "Q2?"])
    }
    try folder.write("work/sources/small/data/x.jsonl", SmallLibrary.row(3) + "\n")
    let ending = try branchmerge(
      "branch", "datasets/recipes/one.yaml", "-w", "work", in: folder.path)
    #expect(ending.status == 0)
    #expect(try library.kept().map { $0[1] } == ["Q3?"])
  }

  enum Layout: String, CaseIterable {
    case lines, escaped, reversed, compactArray, prettyArray, marked, windows
  }

  private func text(_ layout: Layout, count: Int) -> String {
    let rows = (0..<count).map { row($0, isEscaped: layout == .escaped) }
    switch layout {
    case .lines, .escaped: return rows.joined(separator: "\n") + "\n"
    case .reversed: return rows.reversed().joined(separator: "\n") + "\n"
    case .compactArray: return "[" + rows.joined(separator: ",") + "]"
    case .prettyArray:
      let pretty = rows.map { "  " + $0.replacing(#", ""#, with: ",\n    \"") }
      return "[\n" + pretty.joined(separator: ",\n") + "\n]\n"
    case .marked: return "\u{FEFF}" + rows.joined(separator: "\n")
    case .windows: return rows.joined(separator: "\r\n") + "\r\n \r\n"
    }
  }

  /// Every fifth is dropped.
  private func row(_ number: Int, isEscaped: Bool) -> String {
    let question = "Question \(number): \u{3C0} \u{2248} 3, \u{6570}\u{5B66}, \u{1F600} \\\"x\\\"?"
    let answer = "Because \u{221A}2 is what it is, \(number) times.\\n"
    let text =
      "{\"question\": \"\(question)\", \"level\": \(number % 5 == 4 ? 9 : 2)"
      + ", \"answer\": \"\(answer)\(String(repeating: "so \u{E9} ", count: 40))\", \"tags\": [\"a\"]}"
    guard isEscaped else { return text }
    return text.utf16.map { unit in
      let digits = String(unit, radix: 16)
      return unit < 0x80
        ? String(UnicodeScalar(UInt8(unit)))
        : "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }.joined()
  }
}
