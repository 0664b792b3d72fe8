import Foundation
import Testing

@testable import Lineage

struct QueryTests {
  let folder = try! Scratch()

  /// A ledger with one run of four samples, which nothing may change.
  init() throws {
    let book = try Book(Ledger(writing: folder.ledger, isDurable: false))
    try book.recordFour()
    try book.recorder.commit(expecting: book.funnelOfFour)
  }

  private func ask(_ sql: String, _ values: [String: String] = [:], as format: AnswerFormat = .csv)
    throws -> (text: String, answer: Answer)
  {
    var text = ""
    let answer = try Query(sql, values: values).answer(from: folder.ledger, as: format) {
      text += $0
    }
    return (text, answer)
  }

  // MARK: - Formats

  static let values = """
    SELECT 1 AS n, 'a, "b"' AS t, NULL AS empty, x'00ff' AS b
    UNION ALL SELECT -20, 'c' || char(13, 10, 27) || '[31m', 'x', x''
    UNION ALL SELECT 1.5, '', 1e999, 7
    """

  @Test func `a table has aligned columns, numbers to the right, and nothing that moves a cursor`()
    throws
  {
    let (text, answer) = try ask(Self.values, as: .table)
    #expect(
      text == #"""
          n  t                      empty  b
          1  a, "b"                        00ff
        -20  c\u{d}\u{a}\u{1b}[31m  x
        1.5                         inf    7

        """#)
    #expect(answer == Answer(rowCount: 3, shownRows: 3))
  }

  @Test func `CSV is that of RFC 4180`() throws {
    let (text, answer) = try ask(Self.values)
    #expect(
      text == "n,t,empty,b\r\n1,\"a, \"\"b\"\"\",,00ff\r\n-20,\"c\r\n\u{1B}[31m\",x,\r\n"
        + "1.5,,inf,7\r\n")
    #expect(answer == Answer(rowCount: 3, shownRows: 3))
    #expect(try ask("SELECT NULL AS \"a,b\"").text == "\"a,b\"\r\n\"\"\r\n")
  }

  @Test func `JSON is an array of objects`() throws {
    let (text, answer) = try ask(Self.values, as: .json)
    #expect(
      text == #"""
        [
          {"n": 1, "t": "a, \"b\"", "empty": null, "b": "00ff"},
          {"n": -20, "t": "c\r\n\u001b[31m", "empty": "x", "b": ""},
          {"n": 1.5, "t": "", "empty": 9e999, "b": 7}
        ]

        """#)
    #expect(answer == Answer(rowCount: 3, shownRows: 3))
  }

  @Test(arguments: [
    (AnswerFormat.table, "n\n"), (AnswerFormat.csv, "n\r\n"), (AnswerFormat.json, "[]\n"),
  ])
  func `an answer may have no rows`(format: AnswerFormat, expected: String) throws {
    let (text, answer) = try ask("SELECT 1 AS n WHERE 0", as: format)
    #expect(text == expected)
    #expect(answer == Answer())
  }

  @Test func `an object cannot have two columns of one name`() throws {
    let sql = "SELECT 1 AS a, 2 AS a"
    #expect(
      message { _ = try ask(sql, as: .json) }
        == "two columns are called 'a', and an object has each key once; rename one by AS")
    #expect(try ask(sql).text == "a,a\r\n1,2\r\n")
  }

  @Test func `what is written is read back, whatever it is`() throws {
    var random = Numbers(state: 7)
    let letters = Array("a,\"\n\r\t;'\\ é😀\u{7F}\u{2028}")
    let rows = (0..<300).map { _ in
      (0..<2).map { _ in
        String(
          (0..<Int(random.next() % 6)).map { _ in
            letters[Int(random.next() % UInt64(letters.count))]
          })
      }
    }
    let given = String(decoding: try JSONEncoder().encode(rows), as: UTF8.self)
    let sql = "SELECT value ->> 0 AS a, value ->> 1 AS b FROM json_each(:rows)"
    #expect(try fields(of: ask(sql, ["rows": given]).text).dropFirst() == rows[...])
    let objects = try JSONDecoder().decode(
      [[String: String]].self, from: Data(ask(sql, ["rows": given], as: .json).text.utf8))
    #expect(objects == rows.map { ["a": $0[0], "b": $0[1]] })
  }

  // MARK: - Length

  private static let numbers = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT :count)
    SELECT i, 'text ' || i AS t FROM n
    """

  @Test func `a table ends after a thousand rows and counts the others`() throws {
    let (text, answer) = try ask(Self.numbers, ["count": "1234"], as: .table)
    #expect(text.hasPrefix("   i  t\n   1  text 1\n"))
    #expect(text.hasSuffix("\n1000  text 1000\n"))
    #expect(answer == Answer(rowCount: 1234, shownRows: 1000))
  }

  @Test func `a long text is cut in a table alone`() throws {
    let sql = "SELECT printf('%.*c', :length, 'x') AS x"
    let fits = String(repeating: "x", count: 120)
    #expect(
      try ask(sql, ["length": "120"], as: .table)
        == ("x\n\(fits)\n", Answer(rowCount: 1, shownRows: 1)))
    #expect(
      try ask(sql, ["length": "121"], as: .table)
        == ("x\n\(fits)…\n", Answer(rowCount: 1, shownRows: 1, isCut: true)))
    #expect(try ask(sql, ["length": "121"]).text == "x\r\n\(fits)x\r\n")
  }

  @Test(arguments: [AnswerFormat.csv, .json])
  func `a long answer is written in pieces`(format: AnswerFormat) throws {
    var pieces: [Int] = []
    let answer = try Query(Self.numbers, values: ["count": "20000"]).answer(
      from: folder.ledger, as: format
    ) { pieces.append($0.utf8.count) }
    #expect(answer == Answer(rowCount: 20000, shownRows: 20000))
    #expect(pieces.count > 3)
    #expect(pieces.allSatisfy { $0 < 66_000 })
  }

  @Test func `what cannot be written ends the query`() throws {
    struct Full: Error {}
    #expect(throws: Full.self) {
      try Query(Self.numbers, values: ["count": "100000000"]).answer(
        from: folder.ledger, as: .csv
      ) { _ in throw Full() }
    }
  }

  // MARK: - Only reading

  @Test(arguments: [
    ("DELETE FROM fate", "write to 'fate'"),
    ("UPDATE fate SET kind = 'kept'", "write to 'fate'"),
    ("INSERT INTO run SELECT * FROM run", "write to 'run'"),
    ("WITH x AS (SELECT 1) DELETE FROM fate RETURNING *", "write to 'fate'"),
    ("EXPLAIN DELETE FROM fate", "write to 'fate'"),
    ("DROP TABLE fate", "change which tables there are"),
    ("CREATE TEMP TABLE x (y)", "change which tables there are"),
    ("CREATE TABLE x AS SELECT 1", "change which tables there are"),
    ("CREATE VIEW x AS SELECT 1", "change which tables there are"),
    ("CREATE VIRTUAL TABLE x USING fts5(y)", "change which tables there are"),
    ("ALTER TABLE fate RENAME TO x", "change which tables there are"),
    ("REINDEX sample_by_id", "change which tables there are"),
    ("ANALYZE fate", "change which tables there are"),
    ("ATTACH 'other.sqlite' AS other", "open or close another file"),
    ("ATTACH ':memory:' AS other", "open or close another file"),
    ("DETACH main", "open or close another file"),
    ("VACUUM", "change a file"),
    ("VACUUM INTO 'other.sqlite'", "change a file"),
    ("BEGIN", "begin or end a transaction"),
    ("COMMIT", "begin or end a transaction"),
    ("SAVEPOINT x", "begin or end a transaction"),
    ("PRAGMA query_only = 0", "set PRAGMA query_only to 0"),
    ("PRAGMA user_version(7)", "set PRAGMA user_version to 7"),
    (
      "PRAGMA Writable_Schema = 1",
      "use PRAGMA Writable_Schema, which is none of those that just tell"
    ),
    (
      "PRAGMA journal_mode = wal", "use PRAGMA journal_mode, which is none of those that just tell"
    ),
    ("SELECT * FROM pragma_optimize", "use PRAGMA optimize, which is none of those that just tell"),
    ("SELECT load_extension('x.so')", "load a program into SQLite"),
  ])
  func `what would do more than read is refused with its reason`(sql: String, deed: String) throws {
    let before = try #require(FileManager.default.contents(atPath: folder.ledger))
    #expect(
      message { _ = try ask(sql) } == "a query only reads, and this one would \(deed)")
    #expect(FileManager.default.contents(atPath: folder.ledger) == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["lineage.sqlite"])
  }

  @Test func `SQLite's own tables are refused in SQLite's words`() throws {
    #expect(
      message { _ = try ask("UPDATE sqlite_master SET type = 'x'") }
        == "table sqlite_master may not be modified")
  }

  @Test(arguments: [
    (
      "SELECT kind FROM fate ORDER BY sample",
      "kind\r\nkept\r\ndropped\r\nduplicate\r\nquarantined\r\n"
    ),
    ("VALUES (1), (2);", "column1\r\n1\r\n2\r\n"),
    ("SELECT 1 AS n; -- and no more\n/* nothing */ ;", "n\r\n1\r\n"),
    ("PRAGMA user_version", "user_version\r\n0\r\n"),
    ("PRAGMA integrity_check", "integrity_check\r\nok\r\n"),
    ("SELECT name FROM pragma_table_info('left_out') LIMIT 1", "name\r\ntraining\r\n"),
    (
      "SELECT key, value FROM fate, json_each(evidence) WHERE kind = 'dropped'",
      "key,value\r\ntopic,x\r\n"
    ),
    ("SELECT evidence ->> 'topic' AS t FROM fate WHERE step = 1", "t\r\nx\r\n"),
  ])
  func `what only reads is answered`(sql: String, expected: String) throws {
    #expect(try ask(sql).text == expected)
  }

  @Test func `a plan can be explained`() throws {
    #expect(try ask("EXPLAIN QUERY PLAN SELECT * FROM fate").text.contains("SCAN fate"))
  }

  // MARK: - Mistakes

  @Test(arguments: [
    ("", "there is no SQL in this text"),
    (" ; -- nothing\n", "there is no SQL in this text"),
    ("SELECT 1; SELECT 2", "there are several statements in this text; ask one after the other"),
    (
      "SELECT 1; DROP TABLE fate",
      "there are several statements in this text; ask one after the other"
    ),
    ("SELECT 1; nonsense", "there are several statements in this text; ask one after the other"),
    ("SELECT * FROM fates", "no such table: fates"),
    ("SELECT json('{')", "malformed JSON"),
    (
      "SELECT kind,\n\tsampl_id FROM fate",
      """
      no such column: sampl_id (line 2, column 2)
         sampl_id FROM fate
         ^
      """
    ),
    (
      "SELEC 1",
      """
      near "SELEC": syntax error (line 1, column 1)
        SELEC 1
        ^
      """
    ),
    (
      "SELECT 'é\u{1B}', nope",
      """
      no such column: nope (line 1, column 14)
        SELECT 'é\\u{1b}', nope
                          ^
      """
    ),
  ])
  func `a mistake is told in SQLite's words with its place`(sql: String, expected: String) {
    #expect(message { _ = try ask(sql) } == expected)
  }

  // MARK: - Parameters

  @Test func `a value is a number where it is written as one, else a text`() throws {
    let given = [
      "a": "7", "b": "-20", "c": "1.5", "d": "007", "e": "1e5", "f": "", "g": "nan", "h": "ö=1",
    ]
    let sql =
      "SELECT "
      + given.keys.sorted().map { "typeof(:\($0)) || ' ' || :\($0) AS \($0)" }
      .joined(separator: ", ")
    #expect(
      try ask(sql, given).text.split(separator: "\r\n").last
        == "integer 7,integer -20,real 1.5,text 007,text 1e5,text ,text nan,text ö=1")
  }

  @Test func `a parameter may stand in several places, and with any mark`() throws {
    #expect(
      try ask("SELECT :a, @b, $c, :a", ["a": "1", "b": "2", "c": "3"]).text
        .hasSuffix("\r\n1,2,3,1\r\n"))
  }

  @Test(
    arguments: [
      (["branch": "math"], "the query needs a value for :row; add --set row=VALUE"),
      (
        [:],
        "the query needs a value for :branch and :row; add --set branch=VALUE --set row=VALUE"
      ),
      (
        ["branch": "math", "rwo": "1"],
        "the query has no parameter 'rwo'; did you mean 'row'? It has 'branch' and 'row'"
      ),
    ] as [([String: String], String)])
  func `each parameter needs a value, and each value a parameter`(
    values: [String: String], expected: String
  ) {
    #expect(message { _ = try ask("SELECT :branch, :row", values) } == expected)
  }

  @Test func `a parameter needs a name`() {
    #expect(
      message { _ = try ask("SELECT ?") }
        == "a parameter needs a name, as in :id, so that it can be given a value")
    #expect(
      message { _ = try ask("SELECT 1", ["a": "1"]) }
        == "the query has no parameter 'a'; it has none")
  }

  // MARK: - Named queries

  @Test(arguments: NamedQuery.all.map(\.name))
  func `a named query holds on the tables and says what it needs`(name: String) throws {
    let query = try #require(NamedQuery.all.first { $0.name == name })
    #expect(NamedQuery.all.filter { $0.name == name }.count == 1)
    #expect(try NamedQuery.sql(of: name) == query.sql)
    #expect(query.question.hasSuffix("?"))
    let examples = query.parameters.map { ($0.name, $0.example) }
    // An object has each key once: the names of the columns are told apart, too.
    _ = try ask(query.sql, Dictionary(uniqueKeysWithValues: examples), as: .json)
  }

  @Test func `a named query is answered`() throws {
    #expect(
      try ask(NamedQuery.sql(of: "funnel")).text
        == "branch,source,kind,step,samples\r\nmath,pool,dropped,short,1\r\n"
        + "math,pool,duplicate,,1\r\nmath,pool,kept,,1\r\nmath,pool,quarantined,,1\r\n")
    #expect(
      try ask(NamedQuery.sql(of: "why"), ["id": "pool:aa#2"]).text
        == "run,branch,kind,step,evidence,duplicate_of,path,output_row\r\n"
        + "1,math,duplicate,,,pool:aa,,\r\n")
  }

  @Test func `what is no name is SQL, and a misspelt name is answered with the nearest`() throws {
    #expect(try NamedQuery.sql(of: "SELECT 1") == "SELECT 1")
    #expect(
      message { _ = try NamedQuery.sql(of: "funel") }?
        .hasPrefix("no query is called 'funel'; did you mean 'funnel'? There are 'funnel', ")
        == true)
  }

  @Test func `the latest build of a branch counts, and what changed since the one before`() throws {
    let book = try Book(Ledger(writing: folder.ledger, isDurable: false))
    try book.recorder.record(
      [book.sample(1, id: "pool:aa"), book.sample(2, id: "pool:ab")],
      [book.dropped(), book.fate(.quarantined) { $0.evidence = "{}" }])
    try book.finish(rows: 2, kept: 0)
    try book.recorder.commit(
      expecting: book.funnel {
        $0.read = 2
        $0.dropped = 1
        $0.quarantined = 1
      })
    #expect(
      try ask("SELECT branch, sum(samples) AS n FROM (\(NamedQuery.sql(of: "funnel"))) GROUP BY 1")
        .text == "branch,n\r\nmath,2\r\n")
    #expect(
      try ask(NamedQuery.sql(of: "changed-fates")).text
        == "branch,sample_id,was,was_step,is_now,now_step\r\n"
        + "math,pool:aa,kept,,dropped,short\r\nmath,pool:ab,dropped,short,quarantined,\r\n")
  }

  @Test func `a ledger must be there`() {
    #expect(
      message { _ = try Query("SELECT 1").answer(from: "/none.sqlite", as: .csv) { _ in } }
        == "/none.sqlite: there is no ledger here; 'branchmerge run' makes one")
  }
}

/// The fields of a CSV text, row for row, as RFC 4180 reads them.
private func fields(of text: String) -> [[String]] {
  var rows: [[String]] = [[""]]
  var isQuoted = false
  let scalars = Array(text.unicodeScalars)
  var index = 0
  func add(_ scalar: Unicode.Scalar) {
    let row = rows.count - 1
    rows[row][rows[row].count - 1].unicodeScalars.append(scalar)
  }
  while index < scalars.count {
    let scalar = scalars[index]
    let next = index + 1 < scalars.count ? scalars[index + 1] : nil
    switch scalar {
    case "\"" where isQuoted && next == "\"":
      add(scalar)
      index += 1
    case "\"": isQuoted.toggle()
    case "," where !isQuoted: rows[rows.count - 1].append("")
    case "\r" where !isQuoted && next == "\n":
      rows.append([""])
      index += 1
    default: add(scalar)
    }
    index += 1
  }
  return rows.dropLast()
}

/// Numbers that are the same in every run (SplitMix64).
private struct Numbers {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
