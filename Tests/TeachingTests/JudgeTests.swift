import Curation
import Notation
import Testing

@testable import Teaching

struct JudgeTests {
  private let seed = SeedRow(
    number: 1, id: "s:1", promptBytes: Array("1 + 1?".utf8), prompt: "1 + 1?", answer: "2")

  private func verdict(
    _ settings: String = "", _ content: String = "It is 2.", reasoning: String? = "So.",
    finish: String? = "stop", tokens: Int? = 9
  ) throws -> String? {
    let message = JSON.object([
      .init("content", .string(content)),
      .init("reasoning_content", reasoning.map(JSON.string) ?? .null),
    ])
    let answer = JSON.object([
      .init(
        "choices",
        .array([
          .object([
            .init("message", message), .init("finish_reason", finish.map(JSON.string) ?? .null),
          ])
        ])), .init("usage", .object([.init("completion_tokens", tokens.map(JSON.whole) ?? .null)])),
    ])
    return try Judge(Shelf().plan(with: settings)).refusal(of: Completion(answer), to: seed)
  }

  @Test func `an answer as it should be is accepted`() throws {
    #expect(try verdict() == nil)
    #expect(try verdict("accept: {filters: [terse]}") == nil)
    #expect(try verdict("", "<think>So.</think>It is 2.", reasoning: nil) == nil)
    #expect(
      try verdict("accept: {reasoning: optional}, response: '{solution}'", reasoning: nil) == nil)
    #expect(try verdict("accept: {finish: [stop, length]}", finish: "length") == nil)
  }

  @Test func `the finish reason must be one of those that the recipe names`() throws {
    #expect(try verdict(finish: "length") == "finish reason: length")
    #expect(try verdict(finish: nil) == "finish reason: none")
    #expect(try verdict("accept: {finish: [eos]}") == "finish reason: stop")
    #expect(try verdict("accept: {finish: [none]}", finish: nil) == nil)
  }

  @Test func `reasoning must be closed once, and have something in it`() throws {
    #expect(try verdict(reasoning: nil) == "no reasoning")
    #expect(try verdict(reasoning: " \n\t") == "the reasoning is empty")
    #expect(try verdict("", "<think>\n</think>2", reasoning: nil) == "the reasoning is empty")
    #expect(try verdict("", "<think>So. 2", reasoning: nil) == "the reasoning is never closed")
    #expect(
      try verdict("", "So.</think>2</think>", reasoning: nil) == "the reasoning is closed 2 times")
    #expect(
      try verdict("", "<think>a<think>b</think>2", reasoning: nil)
        == "the reasoning is opened more than once")
    #expect(
      try verdict("", "<think>2") == "a mark of reasoning stands in the answer")
    // What is malformed is so where reasoning is optional, too.
    #expect(
      try verdict("accept: {reasoning: optional}", "<think>So. 2", reasoning: nil)
        == "the reasoning is never closed")
  }

  @Test func `there must be an answer behind the reasoning`() throws {
    #expect(try verdict("", "") == "the answer is empty")
    #expect(try verdict("", " \n") == "the answer is empty")
    #expect(try verdict("", "<think>So.</think>\n", reasoning: nil) == "the answer is empty")
  }

  @Test func `a response whose template has no text is none`() throws {
    #expect(
      try verdict("accept: {reasoning: optional}, response: '{reasoning}'", reasoning: nil)
        == "the response's template has no text")
    #expect(try verdict("accept: {reasoning: optional}", reasoning: nil) == nil)
  }

  @Test func `a filter's refusal names it and the values that decided`() throws {
    #expect(
      try verdict("accept: {filters: [terse]}", "It is two, I think.")
        == #"filter terse: {"solution": {"length": 19}}"#)
  }

  @Test(arguments: [
    ("prompt: { is: 1 + 1? }", nil), ("prompt: { is: '2' }", "prompt"),
    ("answer: { is: '2' }", nil), ("answer: { is: '3' }", "answer"),
    ("reasoning: { is: So. }", nil), ("reasoning: { contains: Wait }", "reasoning"),
    ("finish_reason: { is: stop }", nil), ("finish_reason: { is: length }", "finish_reason"),
    ("completion_tokens: { at_least: 9 }", nil),
    ("completion_tokens: { at_least: 10 }", "completion_tokens"),
    ("response: { starts_with: '<think>' }", nil),
    ("response: { contains: '</think> It' }", "response"),
    ("response: { math_answer: { is: [equal] } }", nil),
    ("response: { math_answer: { is: [different, unknown] } }", "response"),
  ])
  func `filters see all fields of an answer`(rule: String, refused: String?) throws {
    let shelf = try Shelf()
    try shelf.write(
      "filters/own.yaml",
      "about: Own.\nkeep: { \(rule) }\nexamples: [{ keep: {} }, { drop: {}, because: prompt }]\n")
    let answer = try JSON(
      parsing: Array(
        """
        {"choices":[{"message":{"reasoning":"So.","content":"2"},"finish_reason":"stop"}],
         "usage":{"completion_tokens":9}}
        """.utf8))
    let refusal = try Judge(shelf.plan(with: "accept: {filters: [own]}"))
      .refusal(of: Completion(answer), to: seed)
    #expect((refusal == nil) == (refused == nil))
    if let refused { #expect(refusal?.hasPrefix("filter own: {\"\(refused)\":") == true) }
  }

  @Test func `of several reasons the first counts`() throws {
    #expect(
      try verdict("accept: {filters: [terse]}", "", reasoning: "", finish: "length")
        == "finish reason: length")
    #expect(try verdict("accept: {filters: [terse]}", "", reasoning: "") == "no reasoning")
    #expect(try verdict("accept: {filters: [terse]}", "") == "the answer is empty")
  }

  @Test(
    arguments: [
      (AcceptancePolicy.Pick.first, [(3, 30), (1, 10), (2, 20)], 0),
      (.shortest, [(3, 10), (1, 30), (2, 20)], 1),
      (.longest, [(1, 30), (3, 10), (2, 20)], 1),
      // The first of those that are as long.
      (.shortest, [(2, 0), (1, 0), (1, 0)], 1), (.longest, [(1, 0), (2, 0), (2, 0)], 1),
      // Where a server did not tell the tokens of all, characters count.
      (.shortest, [(3, 10), (nil, 30), (1, 20)], 0), (.longest, [(3, 10), (nil, 30), (1, 20)], 1),
      (.shortest, [(nil, 7)], 0), (.longest, [(7, 7)], 0),
    ] as [(AcceptancePolicy.Pick, [(Int?, Int)], Int)])
  func `the pick takes the first, the shortest or the longest`(
    pick: AcceptancePolicy.Pick, answers: [(Int?, Int)], place: Int
  ) {
    #expect(pick.choice(among: answers) == place)
  }
}
