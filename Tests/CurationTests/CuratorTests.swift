import Files
import Foundation
import Lineage
import Notation
import Samples
import Testing

@testable import Curation

struct CuratorTests {
  /// Runs the pool's rows and admits the one that is cut off.
  private func run(_ kitchen: Kitchen) throws -> (outcome: Curator.Outcome, notes: [String]) {
    let file = try kitchen.folder.write("work/sources/pool.jsonl", Pool.text)
    return try kitchen.run(given: ["pool": file]) { $0.maxQuarantined = .count(1) }
  }

  @Test func `each fate is written down and the rows that stay are in the branches`() throws {
    let kitchen = try Pool.kitchen()
    let (outcome, notes) = try run(kitchen)
    #expect(notes == [])
    #expect(outcome.run == 1)
    #expect(outcome.rowsRead == 8)
    #expect(outcome.quarantined == 1)
    #expect(outcome.bytesRead == Pool.text.utf8.count)

    // The picked response is trimmed and spliced with the row's own escapes; the second sample of
    // one identity has its number.
    let (a1, a2, a4, a8) = (id("pool", "a1"), id("pool", "a2"), id("pool", "a4"), id("pool", "a8"))
    #expect(
      try kitchen.folder.text("work/branches/math/train.jsonl") == #"""
        {"id": "\#(a1)", "conversations": [{"from": "human", "value": "What is 1+1?"}, {"from": "gpt", "value": "<think>two"}], "system": ""}
        {"id": "\#(a1)#2", "conversations": [{"from": "human", "value": "Is \"it\" \u0031?"}, {"from": "gpt", "value": "<think><\/think>\u0021"}], "system": ""}

        """#)
    #expect(
      try kitchen.folder.text("work/branches/waiting/seeds.jsonl") == #"""
        {"id": "\#(a1)", "prompt": "Q: What is 1+1?", "answer": "42"}
        {"id": "\#(a2)", "prompt": "Q: \u00a0What  is\n1+1?", "answer": "42"}
        {"id": "\#(a4)", "prompt": "Q: Which?", "answer": "42"}
        {"id": "\#(a1)#2", "prompt": "Q: Is \"it\" \u0031?", "answer": "42"}
        {"id": "\#(a8)", "prompt": "Q: Why?", "answer": "42"}

        """#)
    #expect(try kitchen.folder.text("work/branches/waiting/train.jsonl") == "")

    let fates = """
      SELECT sample.row, branch.name, fate.kind, coalesce(step.name, ''),
        coalesce(fate.evidence, ''), coalesce(other.row, ''), coalesce(picked, ''),
        coalesce(candidates, ''), coalesce(output_file.path, ''), coalesce(output_row, '')
      FROM fate JOIN sample ON sample.id = fate.sample JOIN branch ON branch.id = fate.branch
      LEFT JOIN step ON step.id = fate.step LEFT JOIN sample AS other ON other.id = duplicate_of
      LEFT JOIN output_file ON output_file.id = fate.output
      ORDER BY branch.id, sample.id
      """
    let cut =
      #"{"reason": "truncated", "message": "ends before its JSON object does","#
      + " \"fault_offset\": \(Pool.rows[..<4].joined().utf8.count + 4 + Pool.rows[4].utf8.count)}"
    #expect(
      try query(fates, in: kitchen.workspace) == [
        #"1|math|kept||{"candidates": 2, "verified": [false, true]}||1|2|branches/math/train.jsonl|1"#,
        #"2|math|duplicate||{"candidates": 2, "verified": [true, true]}|1|0|2||"#,
        #"3|math|dropped|mathematics|{"topic": "history"}|||||"#,
        #"4|math|dropped|pick|{"candidates": 3, "verified": [false, null, false]}|||||"#,
        "5|math|quarantined||\(cut)|||||",
        #"6|math|dropped|prompt|{"prompt": null}|||||"#,
        #"7|math|kept||{"candidates": 1, "verified": [true]}||0|1|branches/math/train.jsonl|2"#,
        #"8|math|dropped|pick|{"candidates": 0, "verified": [true]}|||||"#,
        "1|waiting|seed||||||branches/waiting/seeds.jsonl|1",
        "2|waiting|seed||||||branches/waiting/seeds.jsonl|2",
        #"3|waiting|dropped|mathematics|{"topic": "history"}|||||"#,
        "4|waiting|seed||||||branches/waiting/seeds.jsonl|3",
        "5|waiting|quarantined||\(cut)|||||",
        #"6|waiting|dropped|prompt|{"prompt": null}|||||"#,
        "7|waiting|seed||||||branches/waiting/seeds.jsonl|4",
        "8|waiting|seed||||||branches/waiting/seeds.jsonl|5",
      ])
    #expect(
      outcome.funnel.branches.map { FunnelTable($0).rows } == [
        [
          ["math", "pool", "total"], ["read", "8", "8"], ["− quarantined", "1", "1"],
          ["− mathematics", "1", "1"], ["− pick", "2", "2"], ["− prompt", "1", "1"],
          ["− duplicates", "1", "1"], ["= kept", "2", "2"],
        ],
        [
          ["waiting", "pool", "total"], ["read", "8", "8"], ["− quarantined", "1", "1"],
          ["− mathematics", "1", "1"], ["− prompt", "1", "1"], ["− duplicates", "0", "0"],
          ["= kept", "0", "0"], ["+ seeds", "5", "5"],
        ],
      ])
  }

  @Test func `a row is found again by its file, byte and hash`() throws {
    let kitchen = try Pool.kitchen()
    _ = try run(kitchen)
    var offset = 0
    var expected: [String] = []
    for (index, row) in Pool.rows.enumerated() {
      var bytes = ByteBuffer()
      bytes.append(row)
      let hash = hex(fastHash(of: bytes.bytes))
      expected.append("\(index + 1)|\(offset)|\(row.utf8.count)|\(hash)")
      offset += row.utf8.count + 1
    }
    #expect(
      try query(
        "SELECT row, byte_offset, byte_count, printf('%016x', row_xxh3) FROM sample",
        in: kitchen.workspace)
        == expected)
    var bytes = ByteBuffer()
    bytes.append(Pool.text)
    let digest = Digest(of: bytes.bytes)
    #expect(
      try query(
        "SELECT path, format, byte_count, row_count, xxh3, sha256 IS NULL FROM source_file",
        in: kitchen.workspace)
        == ["\(kitchen.workspace)/sources/pool.jsonl|plain|\(offset)|8|\(digest)|1"])
  }

  @Test func `a quarantined row is listed with its place`() throws {
    let kitchen = try Pool.kitchen()
    _ = try run(kitchen)
    let start = Pool.rows[..<4].joined().utf8.count + 4
    #expect(
      try kitchen.folder.text("work/branches/quarantine.jsonl") == """
        {"source": "pool", "file": "\(kitchen.workspace)/sources/pool.jsonl", "row": 5, \
        "byte_offset": \(start), "byte_count": 17, "reason": "truncated", \
        "message": "ends before its JSON object does", "fault_offset": \(start + 17)}

        """)
  }

  /// A few MiB in which every fate comes up in every chunk.
  private static func manyRows(_ count: Int) -> String {
    var state: UInt64 = 42
    func random(_ bound: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % bound
    }
    let filler = String(repeating: "Let me think about this again. ", count: 70)
    return (0..<count).map { number in
      if random(50) == 0 { return "{\"uuid\": \(number)" }
      return Pool.row(
        "u\(random(UInt64(count)))", "\"Question \(random(UInt64(count)))?\"",
        topic: random(5) == 0 ? "history" : "algebra",
        generations: "[\"\(filler)\\n\(number)\", null, \"short \(number)\"]",
        correct: "[\(random(2) == 0), true, \(random(3) == 0)]")
    }.joined(separator: "\n")
  }

  @Test func `any number of workers writes the same bytes`() throws {
    let kitchen = try Pool.kitchen()
    let text = Self.manyRows(3200)
    #expect(text.utf8.count > 6 << 20)
    let file = try kitchen.folder.write("pool.jsonl", text)
    var results: [[String: String]] = []
    var ledgers: [[String]] = []
    for workers in [1, 2, 7] {
      let workspace = kitchen.folder.path + "/work-\(workers)"
      try kitchen.run(in: workspace, given: ["pool": file]) {
        $0.workers = workers
        $0.maxQuarantined = .share(1)
      }
      results.append(try kitchen.folder.outputs(below: "work-\(workers)/branches"))
      ledgers.append(
        try query("SELECT * FROM sample", in: workspace)
          + query("SELECT * FROM fate", in: workspace)
          + query("SELECT * FROM output_file", in: workspace)
          + query("SELECT * FROM source_file", in: workspace))
    }
    #expect(
      results[0].keys.sorted() == [
        "math/README.md", "math/dataset_info.json", "math/train.jsonl", "quarantine.jsonl",
        "waiting/README.md", "waiting/dataset_info.json", "waiting/seeds.jsonl",
        "waiting/train.jsonl",
      ])
    #expect(results[0]["math/train.jsonl"]!.utf8.count > 1 << 20)
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
    #expect(ledgers[1] == ledgers[0])
    #expect(ledgers[2] == ledgers[0])
    let fates = try query(
      "SELECT DISTINCT kind FROM fate ORDER BY kind", in: kitchen.folder.path + "/work-1")
    #expect(fates == ["dropped", "duplicate", "kept", "quarantined", "seed"])
  }

  @Test func `ids are the same for other escapes, another order and another packing`() throws {
    let kitchen = try Pool.kitchen()
    let rows = [
      Pool.row("ä/1", #""A\nb""#), Pool.row("ä2", #""C\"d""#), Pool.row("😀", #""E""#),
    ]
    let respelt = [
      Pool.row(#"\ud83d\udE00"#, #""\u0045""#), Pool.row(#"\u00e4\/1"#, #""\u0041\u000ab""#),
      Pool.row(#"\u00E42"#, #""C\u0022d""#),
    ]
    func ids(_ name: String, _ text: String, gzip: Bool = false) throws -> Set<String> {
      var file = try kitchen.folder.write("\(name).jsonl", text)
      if gzip {
        try output(of: "gzip", ["-9", file])
        file += ".gz"
      }
      let workspace = kitchen.folder.path + "/work-" + name
      try kitchen.run(in: workspace, given: ["pool": file])
      return Set(try query("SELECT sample_id FROM sample", in: workspace))
    }
    let expected: Set = [id("pool", "ä/1"), id("pool", "ä2"), id("pool", "😀")]
    #expect(try ids("plain", rows.joined(separator: "\n")) == expected)
    #expect(try ids("reversed", rows.reversed().joined(separator: "\r\n")) == expected)
    #expect(try ids("respelt", respelt.joined(separator: "\n\n")) == expected)
    #expect(try ids("packed", rows.joined(separator: "\n"), gzip: true) == expected)
    #expect(try ids("array", "[" + rows.joined(separator: ", ") + "]") == expected)
  }

  @Test func `a null identity is that of the prompt`() throws {
    let kitchen = try Pool.kitchen()
    let rows = [
      #"{"question": "Q", "uuid": null, "topic": "algebra", "generations": ["r"],"#
        + #" "correct": [true]}"#, Pool.row("", #""Q""#),
    ]
    let file = try kitchen.folder.write("pool.jsonl", rows.joined(separator: "\n"))
    try kitchen.run(given: ["pool": file])
    #expect(
      try query("SELECT sample_id FROM sample", in: kitchen.workspace)
        == [id("pool", "Q"), id("pool", "")])
  }

  @Test func `too many unreadable rows fail the run and leave no output`() throws {
    let kitchen = try Pool.kitchen()
    let file = try kitchen.folder.write("pool.jsonl", Pool.text)
    #expect(
      message { try kitchen.run(given: ["pool": file]) }
        == "1 of 8 rows of 'pool' cannot be read, more than the 1% that --max-quarantined admits;"
        + " they are listed in \(kitchen.workspace)/quarantine-of-failed-run.jsonl")
    #expect(
      Folder.files(below: kitchen.workspace) == [
        "lineage.sqlite", "quarantine-of-failed-run.jsonl",
      ])
    #expect(!kitchen.folder.has("work/.staging"))
    #expect(try kitchen.folder.text("work/quarantine-of-failed-run.jsonl").contains(#""row": 5"#))
    for table in [
      "run", "source", "source_file", "branch", "step", "output_file", "sample", "fate",
    ] {
      #expect(try query("SELECT count(*) FROM \(table)", in: kitchen.workspace) == ["0"])
    }
  }

  @Test(arguments: [
    ("0", 0, 8, true), ("0", 1, 1000, false), ("1", 1, 8, true), ("1%", 1, 100, true),
    ("1%", 1, 99, false), ("0%", 0, 0, true), ("100%", 8, 8, true), ("12.5%", 1, 8, true),
  ])
  func `a limit of unreadable rows is a number or a share`(
    text: String, quarantined: Int, rows: Int, isAdmitted: Bool
  ) throws {
    let limit = try #require(QuarantineLimit(text))
    #expect(limit.admits(quarantined, of: rows) == isAdmitted)
  }

  @Test(arguments: ["0", "20", "1%", "12.5%", "0.05%", "100%", "0%"])
  func `a limit of unreadable rows is told as it was given`(text: String) {
    #expect(QuarantineLimit(text)?.description == text)
  }

  @Test(arguments: ["-1", "1.5", "101%", "-1%", "%", "", "many"])
  func `another limit of unreadable rows is none`(text: String) {
    #expect(QuarantineLimit(text) == nil)
  }

  @Test func `a file without a field that the recipe needs is refused with what it has`() throws {
    let kitchen = try Pool.kitchen()
    let rows = [
      #"{"question": "Q", "uuid": "1", "topic": "algebra"}"#, #"{"extra": 1, "uuid": "2"}"#,
    ]
    let file = try kitchen.folder.write("pool.jsonl", rows.joined(separator: "\n"))
    #expect(
      message { try kitchen.run(given: ["pool": file]) }
        == "\(file): no row of the first 2 has 'generations (responses)' and 'correct (verified)',"
        + " which the recipe needs of 'pool'; there are 'question', 'uuid', 'topic' and 'extra'. Is"
        + " this another config of the data set?")
    #expect(Folder.files(below: kitchen.workspace) == ["lineage.sqlite"])
  }

  @Test func `each file of a source must have the fields`() throws {
    let kitchen = try Pool.kitchen()
    try kitchen.folder.write("pool/a.jsonl", Pool.rows[0])
    let other = try kitchen.folder.write("pool/b.jsonl", #"{"uuid": "1"}"#)
    #expect(
      message { try kitchen.run(given: ["pool": kitchen.folder.path + "/pool"]) }
        == "\(other): no row of the first 1 has 'topic', 'generations (responses)', 'correct"
        + " (verified)' and 'question (prompt)', which the recipe needs of 'pool'; there are"
        + " 'uuid'. Is this another config of the data set?")
  }

  @Test func `an empty file is read to its end`() throws {
    let kitchen = try Pool.kitchen()
    let file = try kitchen.folder.write("pool.jsonl", "")
    let outcome = try kitchen.run(given: ["pool": file]).outcome
    #expect(outcome.rowsRead == 0)
    #expect(try kitchen.folder.text("work/branches/math/train.jsonl") == "")
  }

  @Test func `sources that are not there are named together`() throws {
    let kitchen = try Pool.kitchen(
      recipe: "branches: {a: {sources: {pool: {response: teacher}, away: {response: teacher}}}}")
    try kitchen.folder.write("datasets/away.yaml", Pool.card + "hub: no-such-org/no-such-data\n")
    #expect(
      message { try kitchen.run() }
        == "the files of the source 'pool' are neither given by --source, nor in"
        + " \(kitchen.workspace)/sources, nor in the Hugging Face cache\n"
        + "the files of the source 'away' are neither given by --source, nor in"
        + " \(kitchen.workspace)/sources, nor in the Hugging Face cache; fetch them with\n"
        + "  hf download --repo-type dataset no-such-org/no-such-data")
    #expect(!kitchen.folder.has("work"))
  }

  @Test func `files come in byte order and duplicates are found across sources`() throws {
    let card = Pool.card.replacing("identity: [uuid]", with: "identity: [prompt]")
    let kitchen = try Kitchen(
      recipe: """
        branches:
          a:
            sources:
              second: { response: "{answer}" }
              pool: { response: teacher }
            distinct: prompt
            row: alpaca
        """,
      cards: ["pool": card, "second": card])
    try kitchen.folder.write("work/sources/second/10.jsonl", Pool.row("x", #""Ten""#))
    try kitchen.folder.write("work/sources/second/9.jsonl", Pool.row("x", #""Nine""#))
    try kitchen.folder.write(
      "work/sources/pool.jsonl",
      [#""Nine ""#, #""Eight""#, #""Eight""#].map { Pool.row("x", $0) }.joined(separator: "\n"))
    let outcome = try kitchen.run().outcome
    let (ten, nine, eight) = (id("second", "Ten"), id("second", "Nine"), id("pool", "Eight"))
    #expect(
      try kitchen.folder.text("work/branches/a/train.jsonl") == """
        {"id": "\(ten)", "instruction": "Ten", "input": "", "output": "42", "system": ""}
        {"id": "\(nine)", "instruction": "Nine", "input": "", "output": "42", "system": ""}

        """)
    #expect(
      try kitchen.folder.text("work/branches/a/seeds.jsonl") == """
        {"id": "\(eight)", "prompt": "Eight", "answer": "42"}

        """)
    #expect(
      FunnelTable(outcome.funnel.branches[0]).rows == [
        ["a", "second", "pool", "total"], ["read", "2", "3", "5"],
        ["− quarantined", "0", "0", "0"], ["− duplicates", "0", "2", "2"],
        ["= kept", "2", "0", "2"], ["+ seeds", "0", "1", "1"],
      ])
    #expect(
      try query(
        """
        SELECT sample.sample_id, other.sample_id FROM fate
        JOIN sample ON sample.id = fate.sample JOIN sample AS other ON other.id = duplicate_of
        """, in: kitchen.workspace)
        == ["\(id("pool", "Nine "))|\(nine)", "\(eight)#2|\(eight)"])
  }

  @Test func `several checks of one field are one entry of the evidence`() throws {
    let kitchen = try Pool.kitchen()
    try kitchen.folder.write(
      "filters/mathematics.yaml",
      """
      about: Keeps long or mathematical ones.
      keep: { any: [{ topic: { length: { at_least: 20 } } }, { topic: { is: algebra } }] }
      examples:
        - keep: { topic: algebra }
        - { drop: { topic: history }, because: topic }
      """)
    _ = try run(kitchen)
    #expect(
      try query(
        "SELECT DISTINCT evidence FROM fate JOIN step ON step.id = step WHERE fate.kind = 'dropped'"
          + " AND name = 'mathematics'", in: kitchen.workspace)
        == [#"{"topic": {"length": 7}}"#])
  }

  @Test func `each kind of unreadable row is quarantined with its reason`() throws {
    let kitchen = try Pool.kitchen()
    let deep = String(repeating: "[", count: 600) + String(repeating: "]", count: 600)
    let bad = [
      ("not-an-object", "3"), ("not-json", #"{"uuid" 1}"#), ("truncated", #"{"uuid": ["#),
      ("control-character", "{\"uuid\": \"\t\"}"), ("invalid-escape", #"{"uuid": "\x"}"#),
      ("duplicate-key", #"{"uuid": "1", "\u0075uid": "2"}"#), ("too-deep", "{\"x\": \(deep)}"),
      ("wrong-type", #"{"question": 1}"#), ("wrong-type", #"{"correct": [true, "yes"]}"#),
      ("wrong-type", #"{"generations": "one"}"#), ("unpaired-surrogate", #"{"uuid": "\ud83d"}"#),
    ]
    let text = ([Pool.rows[0]] + bad.map(\.1) + [Pool.rows[3]]).joined(separator: "\n")
    let file = try kitchen.folder.write("pool.jsonl", text)
    let outcome = try kitchen.run(given: ["pool": file]) { $0.maxQuarantined = .share(1) }.outcome
    #expect(outcome.quarantined == bad.count)
    #expect(
      try query(
        "SELECT row, evidence ->> '$.reason', sample_id IS NULL FROM fate"
          + " JOIN sample ON sample.id = sample WHERE kind = 'quarantined' AND branch = 1",
        in: kitchen.workspace)
        == bad.enumerated().map { "\($0 + 2)|\($1.0)|1" })
    // The list can be read by a program, whatever stood in the rows.
    let list = try kitchen.folder.text("work/branches/quarantine.jsonl").split(separator: "\n")
    #expect(list.count == bad.count)
    for (line, (reason, _)) in zip(list, bad) {
      let entry = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      #expect(entry?["reason"] as? String == reason)
    }
  }

  @Test func `a row that is too long is quarantined without being read`() throws {
    let kitchen = try Pool.kitchen()
    let long = Pool.row("b", "\"\(String(repeating: "x", count: 5 << 20))\"")
    let file = try kitchen.folder.write(
      "pool.jsonl", [Pool.rows[0], long, Pool.row("c", #""Last""#)].joined(separator: "\n"))
    try kitchen.run(given: ["pool": file]) {
      $0.maxQuarantined = .count(1)
      $0.limits.rowBytes = 1 << 20
    }
    #expect(
      try query(
        "SELECT row, byte_count, sample_id IS NULL, fate.evidence FROM sample JOIN fate ON"
          + " fate.sample = sample.id WHERE fate.branch = 1 AND kind = 'quarantined'",
        in: kitchen.workspace)
        == [
          "2|\(long.utf8.count)|1|{\"reason\": \"too-long\", \"message\": \"is longer than 1048576"
            + " bytes\", \"fault_offset\": \(Pool.rows[0].utf8.count + 1)}"
        ])
    #expect(
      try query("SELECT count(*) FROM fate WHERE kind = 'kept'", in: kitchen.workspace) == ["2"])
  }

  @Test func `the SHA-256 of a source file is computed where it is asked for`() throws {
    let kitchen = try Pool.kitchen()
    let file = try kitchen.folder.write("pool.jsonl", Pool.rows[0])
    try kitchen.run(given: ["pool": file]) { $0.computesSHA256 = true }
    let expected = try output(of: "sha256sum", [file]).prefix(64)
    #expect(try query("SELECT sha256 FROM source_file", in: kitchen.workspace) == ["\(expected)"])
  }

  @Test func `what was chosen is in the ledger, without what changes nothing`() throws {
    let kitchen = try Pool.kitchen()
    let file = try kitchen.folder.write("pool.jsonl", Pool.rows[0])
    try kitchen.run(only: ["math"], given: ["pool": file]) { $0.workers = 3 }
    #expect(
      try query(
        "SELECT id, tool, recipe, recipe_path, options, published >= finished, finished >= started"
          + " FROM run", in: kitchen.workspace)
        == [
          "1|test 1|test|\(kitchen.recipePath)|{\"branches\": [\"math\"], \"sources\": {\"pool\":"
            + " \"\(file)\"}, \"set\": [], \"max_quarantined\": \"1%\", \"max_row_bytes\": 67108864}|1|1"
        ])
    #expect(
      try query("SELECT hex(recipe_text) FROM run", in: kitchen.workspace)
        == [
          Pool.recipe.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16).uppercased() }
            .joined()
        ])
    #expect(
      try query(
        "SELECT name, kind, text FROM step WHERE position > 0 ORDER BY position",
        in: kitchen.workspace)
        == [
          "pick|pick|{first: responses, where: {verified: {is: true}}}", "prompt|prompt|{prompt}",
          "response|response|<think>{responses|trim}",
        ])
  }
}
