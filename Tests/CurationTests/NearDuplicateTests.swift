import Files
import Foundation
import Lineage
import Testing

@testable import Curation

struct NearDuplicateTests {
  static let card = """
    about: Rows for near duplicates.
    licence: MIT
    identity: [id]
    fields:
      id: id
      prompt: q
      response: a
      verified: { from: ok, type: flag }

    """

  /// Seventeen words.
  static let river =
    "A boat travels upstream for three hours and downstream for two hours in a river that flows"
  static let tower =
    "From the top of a tower of height ninety metres a stone is thrown with a speed of"

  static func row(_ id: String, _ prompt: String, _ answer: String = "An answer.", ok: Bool = false)
    -> String
  {
    #"{"id": "\#(id)", "q": "\#(prompt)", "a": "\#(answer)", "ok": \#(ok)}"#
  }

  static let rows = [
    row("r1", river + " east."), row("t1", tower + " ten."),
    row("r2", river + " **east**", ok: true),
    row("r3", river + " east, as  usual"), row("x", "Something else."),
    row("r1b", river + "  east."),
    row("r2b", river + " **east** "), #"{"id": "cut"#, row("r4", river + " west, as usual"),
  ]

  private func kitchen(_ distinct: String, rows: [String] = rows) throws -> Kitchen {
    let kitchen = try Kitchen(
      recipe: """
        branches:
          main:
            sources: { pool: { response: "{response}" } }
            distinct: \(distinct)

        """, cards: ["pool": Self.card])
    try kitchen.folder.write(
      "work/sources/pool.jsonl", rows.map { $0 + "\n" }.joined())
    return kitchen
  }

  @discardableResult
  private func run(_ kitchen: Kitchen, workers: Int = 2, in workspace: String? = nil) throws
    -> Curator.Outcome
  {
    try kitchen.run(
      in: workspace, given: ["pool": kitchen.folder.path + "/work/sources/pool.jsonl"]
    ) {
      $0.maxQuarantined = .share(1)
      $0.workers = workers
    }.outcome
  }

  /// Row, branch, fate, the row that stayed, and the evidence.
  private func fates(_ kitchen: Kitchen) throws -> [String] {
    try query(
      """
      SELECT sample.row, branch.name, fate.kind, coalesce(other.row, ''), coalesce(evidence, '')
      FROM fate JOIN sample ON sample.id = fate.sample JOIN branch ON branch.id = fate.branch
      LEFT JOIN sample AS other ON other.id = duplicate_of
      WHERE fate.kind <> 'quarantined' ORDER BY branch.id, sample.id
      """, in: kitchen.workspace)
  }

  @Test func `near duplicates fall, each with its evidence`() throws {
    let kitchen = try kitchen("{on: prompt, near: {threshold: 0.7}}")
    let outcome = try run(kitchen)
    // 14 and 16 runs of five words of which 14 are the same, or 13.
    #expect(
      try fates(kitchen) == [
        "1|main|kept||", "2|main|kept||",
        #"3|main|duplicate|1|{"near": 1.0, "cluster": 1, "size": 4}"#,
        #"4|main|duplicate|1|{"near": 0.875, "cluster": 1, "size": 4}"#, "5|main|kept||",
        "6|main|duplicate|1|",
        #"7|main|duplicate|1|{"near": 1.0, "cluster": 1, "size": 4, "same_prompt": 3}"#,
        #"9|main|duplicate|1|{"near": 0.7647, "cluster": 1, "size": 4}"#,
      ])
    let counts = outcome.funnel.branches[0].total
    #expect(counts.read == 9)
    #expect(counts.quarantined == 1)
    #expect(counts.duplicates == 5)
    #expect(counts.nearDuplicates == 4)
    #expect(counts.kept == 3)
    #expect(
      FunnelTable(outcome.funnel.branches[0]).rows.map { $0.joined(separator: " ") } == [
        "main pool total", "read 9 9", "− quarantined 1 1", "− duplicates 1 1",
        "− near duplicates 4 4", "= kept 3 3",
      ])
    #expect(
      Folder.files(below: kitchen.workspace).filter { !$0.hasPrefix("branches/") }.sorted() == [
        "lineage.sqlite", "sources/pool.jsonl",
      ])
  }

  @Test(arguments: [("first", 1), ("longest", 4), ("verified", 3)])
  func `a policy says which row stays`(_ policy: String, _ kept: Int) throws {
    let kitchen = try kitchen(
      "{near: {threshold: 0.7, keep: \(policy)}}", rows: Array(Self.rows[..<5]))
    try run(kitchen)
    let fates = try fates(kitchen)
    let stayed = fates.filter { $0.contains("kept") }.map { String($0.prefix(1)) }
    #expect(stayed == ["\(kept)", "2", "5"].sorted())
    for fate in fates where fate.contains("duplicate") {
      #expect(fate.split(separator: "|")[3] == "\(kept)", "\(fate)")
    }
  }

  @Test func `what hangs together over others says over which`() throws {
    var words = (0..<60).map { number in String(repeating: "w", count: number + 1) }
    var rows: [String] = []
    for step in 0..<3 {
      rows.append(Self.row("c\(step)", words.joined(separator: " ")))
      words[step * 20 + 10] = "changed"
    }
    let kitchen = try kitchen("{near: {threshold: 0.83}}", rows: rows)
    try run(kitchen)
    #expect(
      try fates(kitchen) == [
        "1|main|kept||", #"2|main|duplicate|1|{"near": 0.836, "cluster": 1, "size": 3}"#,
        #"3|main|duplicate|1|{"near": 0.6969, "cluster": 1, "size": 3, "over": 2, "over_near": 0.836}"#,
      ])
  }

  @Test func `any number of workers gives the same rows`() throws {
    var state: UInt64 = 5
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let rows = (0..<400).map { number in
      let family = random(90)
      var words = (0..<20).map { "w\(family * 31 % 97)x\($0)" }
      words[random(20)] = "z\(random(3))"
      return Self.row("\(number)", words.joined(separator: " "), ok: random(2) == 0)
    }
    let kitchen = try kitchen("{on: prompt, near: {threshold: 0.6, keep: verified}}", rows: rows)
    for workers in [1, 2, 5] {
      try run(kitchen, workers: workers, in: kitchen.folder.path + "/w\(workers)")
    }
    let first = try kitchen.folder.outputs(below: "w1/branches")
    #expect(first["main/train.jsonl"]!.count > 1000)
    for workers in [2, 5] {
      #expect(try kitchen.folder.outputs(below: "w\(workers)/branches") == first)
    }
  }

  @Test func `responses are compared where that is asked, and seeds have none`() throws {
    let kitchen = try Kitchen(
      recipe: """
        branches:
          told:
            sources: { pool: { response: "<think>{response}" } }
            distinct: { near: { on: response } }
          asked:
            sources: { pool: { response: teacher } }
            distinct: { near: { on: response } }

        """, cards: ["pool": Self.card])
    try kitchen.folder.write(
      "work/sources/pool.jsonl",
      [
        Self.row("a", "One?", Self.river), Self.row("b", "Two?", Self.tower),
        Self.row("c", "Three?", Self.river.uppercased()),
      ].map { $0 + "\n" }.joined())
    try run(kitchen)
    #expect(
      try fates(kitchen) == [
        "1|told|kept||", "2|told|kept||",
        #"3|told|duplicate|1|{"near": 1.0, "cluster": 1, "size": 2, "on": "response"}"#,
        "1|asked|seed||", "2|asked|seed||", "3|asked|seed||",
      ])
  }

  @Test func `a later branch loses what an earlier one has`() throws {
    let kitchen = try Kitchen(
      recipe: """
        branches:
          first:
            sources: { late: { response: teacher } }
          second:
            sources: { early: { response: "{response}" }, late: { response: "{response}" } }
            distinct: prompt
        distinct: { near: { threshold: 0.7, keep: longest }, across: branches }

        """, cards: ["early": Self.card, "late": Self.card])
    try kitchen.folder.write(
      "work/sources/early.jsonl",
      [Self.row("e1", Self.river + " east, as usual"), Self.row("e2", Self.tower)].map { $0 + "\n" }
        .joined())
    try kitchen.folder.write(
      "work/sources/late.jsonl",
      [Self.row("l1", Self.river + " east."), Self.row("l2", "Else?")].map { $0 + "\n" }.joined())
    try kitchen.run()
    #expect(
      try query(
        """
        SELECT branch.name, sample_id LIKE 'early%', sample.row, kind, duplicate_of, evidence
        FROM fate JOIN sample ON sample.id = fate.sample JOIN branch ON branch.id = fate.branch
        ORDER BY branch.id, sample.id
        """, in: kitchen.workspace) == [
          "first|0|1|seed||", "first|0|2|seed||",
          #"second|1|1|duplicate|3|{"near": 0.875, "cluster": 1, "size": 3, "branch": "first"}"#,
          "second|1|2|kept||",
          #"second|0|1|duplicate|3|{"near": 1.0, "cluster": 1, "size": 3, "branch": "first"}"#,
          #"second|0|2|duplicate|4|{"near": 1.0, "cluster": 2, "size": 2, "branch": "first"}"#,
        ])
  }

  private static let instruction =
    "Write a program that reads from standard input and prints the answer, and nothing else."

  private static let tasks = (0..<40).map { number in
    row("\(number)", instruction + " Count to \(number) by steps of \(number * 7).")
  }

  @Test func `a template around short problems stops the run`() throws {
    let kitchen = try kitchen(
      "{near: {threshold: 0.5, frequent_lines: compare, limit: 30}}", rows: Self.tasks)
    #expect(
      message { try run(kitchen) } == """
        branch 'main': 40 rows would become one, as each prompt resembles another; that is more than \
        the limit of 30, and more likely a template than a duplicate. Its centre, and others:
          \(id("pool", "3")): '\(Self.instruction) Count to 3 by steps of 21.'
          \(id("pool", "0")): '\(Self.instruction) Count to 0 by steps of 0.'
          \(id("pool", "19")): '\(Self.instruction) Count to 19 by steps of 133.'
          \(id("pool", "39")): '\(Self.instruction) Count to 39 by steps of 273.'
        They begin alike. Take this off by 'near' with
          prefixes: ["\(Self.instruction) Count to"]
        or, if they are one text indeed, raise its 'limit'; nothing was written
        """)
    #expect(!kitchen.folder.has("work/branches"))
    #expect(!kitchen.folder.has("work/.staging"))
  }

  @Test(arguments: [
    "{near: {threshold: 0.5}}",
    "{near: {threshold: 0.5, frequent_lines: compare, prefixes: ['\(instruction)']}}",
  ])
  func `what many prompts share is taken off`(_ distinct: String) throws {
    let kitchen = try kitchen(distinct, rows: Self.tasks)
    #expect(try run(kitchen).funnel.branches[0].total.kept == 40)
  }

  @Test func `a file that changes between the passes is an error`() throws {
    let kitchen = try kitchen("{near: {frequent_lines: compare}}")
    let path = kitchen.folder.path + "/work/sources/pool.jsonl"
    var options = Curator.Options()
    options.workers = 1
    options.isDurable = false
    options.maxQuarantined = .share(1)
    options.given = ["pool": path]
    var isChanged = false
    let curator = Curator(
      try kitchen.plan(), options, tool: "test 1", note: { _ in },
      progress: { _ in
        if isChanged { return }
        isChanged = true
        try? Data((Self.row("n", "New?") + "\n").utf8).write(to: URL(fileURLWithPath: path))
      })
    #expect(
      message { _ = try curator.run(in: kitchen.workspace) }
        == "\(path): was changed while near duplicates were looked for; start again, nothing was"
        + " written")
  }
}
