import Foundation
import Testing

struct ReportCommandTests {
  let folder = try! TemporaryFolder()

  @Test func `the numbers of the page are those that the ledger gives to SQL`() throws {
    try #require(try demo(in: folder).status == 0)
    let ending = try branchmerge("report", folder / "work")
    #expect(ending.status == 0)
    #expect(ending.errors == "")
    #expect(ending.output.hasPrefix(folder / "work/report.html"))
    let page = Page(try folder.text("work/report.html"))

    // Each fate of each branch.
    let fates = try folder.ledger(
      """
      SELECT branch.name, count(*), sum(kind = 'quarantined'), sum(kind = 'dropped'),
        sum(kind = 'duplicate'), sum(kind = 'kept'), sum(kind = 'seed')
      FROM fate JOIN branch ON branch.id = fate.branch GROUP BY branch.id ORDER BY branch.id
      """)
    #expect(
      try page.rows("All branches, as they were built last").dropLast()
        .map { $0.prefix(7).joined(separator: "|") } == fates)

    // What each step removed.
    let steps = try folder.ledger(
      """
      SELECT branch.name, source.name, step.name, count(*) FROM fate
      JOIN step ON step.id = fate.step JOIN branch ON branch.id = fate.branch
      JOIN source ON source.id = step.source
      GROUP BY step.id ORDER BY branch.id, source.id, step.position
      """)
    var shown: [String] = []
    for (caption, rows) in page.tables {
      let names = caption.matches(of: /^(\S+) takes from ([^,:]+)/).first?.output
      guard let names else { continue }
      for row in rows where ["filter", "pick", "prompt", "response"].contains(row[1]) {
        guard row[2] != "0" else { continue }
        shown.append("\(names.1)|\(names.2)|\(row[0])|\(row[2].dropFirst())")
      }
    }
    #expect(shown == steps)

    // By which values, and which sample was the first.
    for step in steps {
      let parts = step.split(separator: "|").map(String.init)
      let values = try folder.ledger(
        """
        SELECT samples, sample_id FROM (
          SELECT count(*) AS samples, min(fate.sample) AS first FROM fate
          JOIN step ON step.id = fate.step JOIN branch ON branch.id = fate.branch
          JOIN source ON source.id = step.source
          WHERE branch.name = '\(parts[0])' AND source.name = '\(parts[1])'
            AND step.name = '\(parts[2])'
          GROUP BY evidence
        ) JOIN sample ON sample.id = first ORDER BY samples DESC, first LIMIT 6
        """)
      let rows = try page.rows("What \(parts[2]) removed from \(parts[1]) in \(parts[0])")
      #expect(rows.count == values.count)
      for (row, value) in zip(rows, values) {
        let (count, id) = (value.split(separator: "|")[0], value.split(separator: "|")[1])
        #expect(row[1] == count)
        #expect(row[2].hasSuffix(id))
        #expect(row[2].contains("“"), "the demo rows are there, so prompts are shown")
      }
    }

    // Sources, duplicates, rows that could not be read.
    let sources = try folder.ledger(
      "SELECT name, licence, row_count FROM source JOIN source_file ON source = source.id")
    #expect(
      try page.rows("Sources, with what the branches kept of them")
        .map { "\($0[0].split(separator: "\u{1F}")[0])|\($0[1])|\($0[3])" } == sources)
    let duplicates = try folder.ledger("SELECT count(*) FROM fate WHERE kind = 'duplicate'")
    #expect(
      try page.rows("Where duplicates and those that stayed are from").last?.last
        == duplicates.first)
    let reasons = try folder.ledger(
      """
      SELECT reason, count(*) FROM (
        SELECT DISTINCT sample, evidence ->> '$.reason' AS reason FROM fate
        WHERE kind = 'quarantined')
      GROUP BY reason ORDER BY 2 DESC, 1
      """)
    #expect(
      try page.rows("Why rows could not be read").dropLast()
        .map { $0.joined(separator: "|") } == reasons)

    // Every hash.
    for query in ["SELECT xxh3 FROM source_file", "SELECT xxh3 FROM output_file"] {
      for hash in try folder.ledger(query) { #expect(page.text.contains(hash)) }
    }

    // How long rows are, from a pass over the sources in another way.
    let lengths = try folder.ledger(
      """
      SELECT count(*), sum(kind IN ('kept', 'seed')) FROM fate
      JOIN sample ON sample.id = fate.sample JOIN branch ON branch.id = fate.branch
      GROUP BY branch.id ORDER BY branch.id
      """)
    let bars = page.text.matches(of: /bytes: ([0-9,]+) read, ([0-9,]+) kept/).map {
      (Page.number($0.output.1), Page.number($0.output.2))
    }
    #expect(bars.reduce(0) { $0 + $1.0 } == lengths.reduce(0) { $0 + Page.part($1, 0) })
    #expect(bars.reduce(0) { $0 + $1.1 } == lengths.reduce(0) { $0 + Page.part($1, 1) })
  }

  @Test func `the same ledger gives the same page, and changes nothing else`() throws {
    try #require(try demo(in: folder).status == 0)
    let before = try folder.contents(below: "work")
    let first = try branchmerge("report", folder / "work", "--output", folder / "a.html")
    let second = try branchmerge("report", folder / "work", "--output", folder / "b.html")
    #expect(first.status == 0 && second.status == 0)
    #expect(try folder.bytes("a.html") == folder.bytes("b.html"))
    #expect(try folder.contents(below: "work") == before)
    #expect(folder.files().filter { $0.hasSuffix(".new") } == [])
  }

  @Test func `prompts of a source that has changed are not shown`() throws {
    let library = try SmallLibrary()
    let row = SmallLibrary.row(1).replacing("\"level\": 1", with: "\"level\": 9")
    let kept = SmallLibrary.row(2) + "\n"
    try library.folder.write("rows.jsonl", row + "\n" + kept)
    try #require(try library.branch("rows.jsonl").status == 0)
    let before = try branchmerge("report", "work", in: library.folder.path)
    #expect(before.status == 0)
    #expect(try library.folder.text("work/report.html").contains(">Q1?</q>"))
    try library.folder.write("rows.jsonl", row.replacing("Q1?", with: "Q3?") + "\n" + kept)
    try #require(try branchmerge("report", "work", in: library.folder.path).status == 0)
    let page = try library.folder.text("work/report.html")
    #expect(!page.contains("Q3?</q>") && !page.contains("Q1?</q>"))
    #expect(page.contains("is not as it was when it was read: 1 prompt is not shown."))
    try library.folder.write("rows.jsonl", "")
    try #require(try branchmerge("report", "work", in: library.folder.path).status == 0)
  }

  @Test func `JSON has the numbers of the page`() throws {
    try #require(try demo(in: folder).status == 0)
    let ending = try branchmerge("report", folder / "work", "--json")
    #expect(ending.status == 0)
    let overview = try JSON(parsing: Data(ending.output.utf8))
    let kept = overview["branches"]?.list?.map { $0["counts"]?["kept"]?.number }
    #expect(kept == [84, 48, 71])
    #expect(!folder.exists("work/report.html"))
  }

  @Test func `what cannot be done is told`() throws {
    let nothing = try branchmerge("report", folder.path)
    #expect(nothing.status == 2)
    #expect(
      nothing.errors
        == "error: \(folder / "lineage.sqlite"): there is no ledger here; 'branchmerge run' makes one\n"
    )
    try #require(try demo(in: folder).status == 0)
    let into = try branchmerge("report", folder / "work", "--output", folder.path)
    #expect(into.status == 2)
    #expect(into.errors.contains("is a folder; name a file in it"))
    let both = try branchmerge("report", folder / "work", "--json", "--output", folder / "x")
    #expect(both.status == 2)
  }
}

/// The tables of a report, by their captions.
private struct Page {
  let text: String
  let tables: [(caption: String, rows: [[String]])]

  init(_ text: String) {
    self.text = text
    tables = text.matches(of: /(?s)<caption>(.*?)<\/caption>(.*?)<\/table>/).map { table in
      let rows = String(table.output.2).matches(of: /(?s)<tr>(.*?)<\/tr>/).dropFirst().map { row in
        String(row.output.1).matches(of: /(?s)<t[hd][^>]*>(.*?)<\/t[hd]>/).map {
          Self.words(String($0.output.1))
        }
      }
      return (Self.words(String(table.output.1)), Array(rows))
    }
  }

  func rows(_ caption: String) throws -> [[String]] {
    try #require(tables.first { $0.caption == caption }, "\(caption)").rows
  }

  static func number(_ digits: Substring) -> Int { Int(digits.filter { $0 != "," }) ?? -1 }

  static func part(_ line: String, _ index: Int) -> Int {
    Int(line.split(separator: "|")[index]) ?? -1
  }

  /// Without markup; a line break is U+001F, and quotes are as they are read.
  private static func words(_ html: String) -> String {
    html.replacing("<br>", with: "\u{1F}").replacing(/<q[^>]*>/, with: "“").replacing(
      "</q>", with: "”"
    ).replacing(/(?s)<[^>]*>/, with: "").replacing("&lt;", with: "<").replacing("&gt;", with: ">")
      .replacing("&quot;", with: "\"").replacing("&#39;", with: "'").replacing("&amp;", with: "&")
      .replacing(/([0-9]),([0-9]{3})/) { "\($0.output.1)\($0.output.2)" }
  }
}
