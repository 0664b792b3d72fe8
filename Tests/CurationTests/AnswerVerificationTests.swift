import Testing

@testable import Curation
@testable import Lineage

struct AnswerVerificationTests {
  /// Rows whose answers agree, differ or cannot be told, each with the source's own flag.
  static let text =
    [
      Pool.row(
        "a1", #""What is 6 * 7?""#, generations: #"["<think>\n6\u00b77\n</think>\n\\boxed{42.0}"]"#,
        correct: "[false]"),
      Pool.row("a2", #""Again?""#, generations: #"["So \\boxed{41}."]"#, correct: "[true]"),
      Pool.row("a3", #""And now?""#, generations: #"["<think>\\boxed{42}"]"#, correct: "[null]"),
      Pool.row(
        "a4", #""In words?""#, generations: #"["I do not know.\nNot at all."]"#, correct: "[true]"),
    ].joined(separator: "\n") + "\n"

  private func kitchen(_ verify: String, pick: String = "{ first: responses }") throws -> Kitchen {
    try Pool.kitchen(
      recipe: """
        branches:
          math:
            sources:
              pool: { pick: \(pick), response: "{responses}" }
            verify: \(verify)

        """)
  }

  static let fates = """
    SELECT sample.row, fate.kind, coalesce(step.name, ''), coalesce(evidence, '')
    FROM fate JOIN sample ON sample.id = fate.sample LEFT JOIN step ON step.id = fate.step
    ORDER BY sample.id
    """

  @Test func `a different answer is dropped, and every verdict stands beside the source's`() throws
  {
    let kitchen = try kitchen("math")
    let file = try kitchen.folder.write("work/sources/pool.jsonl", Self.text)
    try kitchen.run(given: ["pool": file])
    #expect(
      try query(Self.fates, in: kitchen.workspace) == [
        #"1|kept||{"candidates": 1, "verify": "equal", "found": "42.0", "expected": "42", "source_says": false}"#,
        #"2|dropped|verify|{"verify": "different", "found": "41", "expected": "42", "source_says": true}"#,
        #"3|kept||{"candidates": 1, "verify": "unknown", "because": "no answer", "found": null, "expected": "42"}"#,
        #"4|kept||{"candidates": 1, "verify": "unknown", "because": "no answer", "found": null, "expected": "42", "source_says": true}"#,
      ])
    #expect(
      try query("SELECT kind, name, text FROM step WHERE kind = 'verify'", in: kitchen.workspace)
        == ["verify|verify|{math: {answer: answer, unknown: keep}}"])
  }

  @Test func `what cannot be told is dropped where the recipe says so`() throws {
    let kitchen = try kitchen("{ math: { unknown: drop } }")
    let file = try kitchen.folder.write("work/sources/pool.jsonl", Self.text)
    let funnel = try kitchen.run(given: ["pool": file]).outcome.funnel.branches[0]
    #expect(
      FunnelTable(funnel).rows == [
        ["math", "pool", "total"], ["read", "4", "4"], ["− quarantined", "0", "0"],
        ["− pick", "0", "0"], ["− verify", "3", "3"], ["− duplicates", "0", "0"],
        ["= kept", "1", "1"],
      ])
  }

  @Test func `a reference that is a whole solution counts by its box`() throws {
    let kitchen = try kitchen("{ math: { answer: topic } }")
    let row = Pool.row(
      "a1", #""Half?""#, topic: #"First, 2/4. So \\boxed{\\frac{1}{2}}."#,
      generations: #"["It is \\boxed{0.5}"]"#)
    let file = try kitchen.folder.write("work/sources/pool.jsonl", row + "\n")
    try kitchen.run(given: ["pool": file])
    #expect(
      try query("SELECT kind, evidence ->> '$.expected' FROM fate", in: kitchen.workspace)
        == [#"kept|\frac{1}{2}"#])
  }

  @Test func `a letter is read by the options of the prompt`() throws {
    let kitchen = try kitchen("math")
    let prompt = #""How many? (A) 7 (B) 42 (C) 9""#
    let file = try kitchen.folder.write(
      "work/sources/pool.jsonl",
      Pool.row("a1", prompt, generations: #"["\\boxed{B}"]"#) + "\n"
        + Pool.row("a2", prompt, generations: #"["\\boxed{C}"]"#) + "\n")
    try kitchen.run(given: ["pool": file])
    #expect(
      try query("SELECT kind, evidence ->> '$.verify' FROM fate", in: kitchen.workspace)
        == ["kept|equal", "dropped|different"])
  }

  @Test func `a pick passes over responses whose answer is wrong`() throws {
    let kitchen = try kitchen(
      "math",
      pick: "{ first: responses, where: { responses: { math_answer: { is: [equal] } } } }")
    let file = try kitchen.folder.write(
      "work/sources/pool.jsonl",
      Pool.row("a1", #""6 * 7?""#, generations: #"["\\boxed{41}", "\\boxed{4.2e1}", "?"]"#) + "\n"
        + Pool.row("a2", #""7 * 6?""#, generations: #"["\\boxed{41}", null]"#) + "\n")
    try kitchen.run(given: ["pool": file])
    #expect(
      try query(
        """
        SELECT kind, coalesce(picked, ''), evidence ->> '$.responses[0].found',
          coalesce(evidence ->> '$.verify', '') FROM fate ORDER BY sample
        """, in: kitchen.workspace) == ["kept|1|41|equal", "dropped||41|"])
  }

  @Test(arguments: [
    ("physics", "1:9: 'verify' can be 'math', or {math: {answer: FIELD, unknown: drop}}"),
    ("{ math: { answer: verdict } }", "pool has no field called 'verdict'; it has"),
    (
      "{ math: { answer: responses } }",
      "'responses' is a list of texts; an answer is a text or a number"
    ),
    ("{ math: { unknown: keeps } }", "'unknown' cannot be 'keeps'; did you mean 'keep'?"),
    ("{ code: {} }", "'verify' has no 'code'; it has 'math'"),
  ])
  func `what is wrong with it is told`(verify: String, expected: String) throws {
    let complaint = try #require(try kitchen(verify).complaint())
    let words = expected.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? expected
    #expect(complaint.contains(words), "\(complaint)")
  }

  @Test func `a branch's seeds are passed over, and a seed of its own is refused`() throws {
    let branch = """
      branches:
        math:
          verify: math
          sources:
            pool: { response: teacher }

      """
    let kitchen = try Pool.kitchen(recipe: branch)
    #expect(try kitchen.plan().takings(of: 0)[0].steps.map(\.name) == ["prompt"])
    let own = branch.replacing("verify: math\n", with: "\n")
      .replacing("response: teacher", with: "response: teacher, verify: math")
    #expect(
      try Pool.kitchen(recipe: own).complaint()?.contains("a seed has no response to verify")
        == true)
  }
}
