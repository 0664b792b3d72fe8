import Foundation
import Testing

struct QueryTests {
  let library = try! SmallLibrary()
  private var folder: TemporaryFolder { library.folder }

  /// Two rows that are kept, and one that a filter drops.
  init() throws {
    let dropped = SmallLibrary.row(3).replacing("\"level\": 1", with: "\"level\": 7")
    try folder.write(
      "small.jsonl", [SmallLibrary.row(1), SmallLibrary.row(2), dropped].joined(separator: "\n"))
    let ending = try library.branch("small.jsonl")
    try #require(ending.status == 0, "\(ending.errors)")
  }

  private func query(_ arguments: String...) throws -> Ending {
    try branchmerge(["query"] + arguments, in: folder.path)
  }

  @Test func `a named query is answered as a table, as CSV and as JSON`() throws {
    let table = try query("funnel", "--workspace", "work")
    #expect(
      table.output == """
        branch  source  kind     step  samples
        all     small   dropped  easy        1
        all     small   kept                 2

        """)
    #expect(table.errors == "")
    #expect(table.status == 0)
    #expect(
      try query("funnel", "-w", "work", "--csv").output
        == "branch,source,kind,step,samples\r\nall,small,dropped,easy,1\r\nall,small,kept,,2\r\n")
    #expect(
      try query("funnel", "-w", "work", "--json").output == """
        [
          {"branch": "all", "source": "small", "kind": "dropped", "step": "easy", "samples": 1},
          {"branch": "all", "source": "small", "kind": "kept", "step": null, "samples": 2}
        ]

        """)
  }

  @Test func `SQL is answered with the values that its parameters get`() throws {
    let ending = try query(
      "SELECT row, :what AS what FROM sample WHERE row >= :row", "-w", "work", "--set", "row=2",
      "--set", ":what=a=b")
    #expect(ending.output == "row  what\n  2  a=b\n  3  a=b\n")
    #expect(ending.errors == "")
    #expect(ending.status == 0)
  }

  @Test func `what a table leaves out is told`() throws {
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1001)"
    let long = try query("\(numbers) SELECT i FROM n", "-w", "work")
    #expect(long.output.hasSuffix("\n 999\n1000\n"))
    #expect(long.errors == "(the first 1,000 of 1,001 rows; --csv and --json have all)\n")
    let wide = try query("SELECT printf('%.*c', 200, 'x') AS x", "-w", "work")
    #expect(
      wide.errors == "(texts of more than 120 characters are cut; --csv and --json have all)\n")
    #expect(try query("SELECT 1 AS n WHERE 0", "-w", "work").errors == "(no rows)\n")
    #expect(try query("\(numbers) SELECT i FROM n", "-w", "work", "--csv").errors == "")
  }

  @Test func `every named query is listed with what it asks, and can be asked`() throws {
    let list = try branchmerge("query")
    #expect(list.errors == "")
    #expect(list.status == 0)
    #expect(try branchmerge("query", "--list").output == list.output)
    let all = try #require(
      JSON(parsing: Data(try branchmerge("query", "--list", "--json").output.utf8)).list)
    let rows = list.output.split(separator: "\n").dropFirst().prefix(all.count)
    #expect(rows.count == all.count)
    for (named, row) in zip(all, rows) {
      let name = try #require(named["name"]?.text)
      #expect(row.hasPrefix(name + " ") && row.hasSuffix("?"))
      let parameters = try #require(named["parameters"]?.list)
      let settings = parameters.flatMap {
        ["--set", "\($0["name"]?.text ?? "")=\($0["example"]?.text ?? "")"]
      }
      let ending = try branchmerge(
        ["query", name, "-w", "work", "--csv"] + settings, in: folder.path)
      #expect(ending.status == 0, "\(name): \(ending.errors)")
    }
  }

  @Test func `docs/queries.md is what the program says`() throws {
    let page = FileManager.default.contents(atPath: Package.root + "/docs/queries.md")
    #expect(
      try branchmerge("query", "--markdown").output
        == String(decoding: page ?? Data(), as: UTF8.self),
      "run: branchmerge query --markdown > docs/queries.md")
  }

  @Test(arguments: [
    (["funel"], "error: no query is called 'funel'; did you mean 'funnel'? There are 'funnel', "),
    (["why"], "error: the query needs a value for :id; add --set id=VALUE\n"),
    (
      ["why", "--set", "ID=1"],
      "error: the query has no parameter 'ID'; did you mean 'id'? It has 'id'\n"
    ),
    (
      ["SELECT * FROM fate WHERE knd = 1"],
      """
      error: no such column: knd (line 1, column 26)
        SELECT * FROM fate WHERE knd = 1
                                 ^

      """
    ),
    (["DELETE FROM fate"], "error: a query only reads, and this one would write to 'fate'\n"),
    (["funnel", "--csv", "--json"], "Error: --csv or --json, not both\n"),
    (["why", "--set", "id"], "Error: --set id: this should be KEY=VALUE, as in id=s1k:0f31\n"),
    (["why", "--set", "id=1", "--set", ":id=2"], "Error: --set id is given twice\n"),
    (
      ["funnel", "--list"],
      "Error: --list and --markdown tell of all queries; leave 'funnel' away\n"
    ),
  ])
  func `a mistake ends with status 2`(arguments: [String], message: String) throws {
    let before = try folder.bytes("work/lineage.sqlite")
    let ending = try branchmerge(["query"] + arguments + ["-w", "work"], in: folder.path)
    #expect(ending.errors.hasPrefix(message), "\(ending.errors)")
    #expect(ending.output == "")
    #expect(ending.status == 2)
    #expect(try folder.bytes("work/lineage.sqlite") == before)
  }

  @Test func `a query needs a workspace with a ledger`() throws {
    #expect(
      try query("funnel").errors.hasPrefix("Error: Missing expected argument '--workspace <dir>'\n")
    )
    #expect(
      try query("funnel", "-w", "none").errors
        == "error: none/lineage.sqlite: there is no ledger here; 'branchmerge run' makes one\n")
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `a query that does not end is ended by a signal`(signal: Int32) throws {
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    let running = try Running(
      "/bin/bash",
      [
        "-c", "exec \"$0\" query \"$1\" -w work --csv > numbers.csv", Package.program, endless,
      ], in: folder.path, [:])
    // Once something is there it listens.
    while running.process.isRunning, (try? folder.bytes("numbers.csv"))?.isEmpty ?? true {
      usleep(1000)
    }
    running.send(signal)
    let ending = try running.end()
    #expect(ending.errors == "interrupted; what was printed is not all\n")
    #expect(ending.status == 128 + signal)
    #expect(!ending.wasKilled)
  }
}
