import Curation
import Files
import Foundation
import Notation
import Testing

@testable import Teaching

struct BatchImportTests {
  let fixture = try! BatchFixture()
  private let ids: [String]

  init() throws {
    try fixture.export("batch.jsonl")
    ids = try fixture.lines("batch.jsonl").compactMap { $0["custom_id"]?.text }
  }

  private let attempts = """
    SELECT request, state, status, finish_reason, prompt_tokens, completion_tokens, usage, cost,
      problem FROM attempt ORDER BY request, id
    """

  private func tally(
    _ read: Int, answered: Int = 0, known: Int = 0, failed: Int = 0, unknown: Int = 0,
    unreadable: Int = 0
  ) -> BatchImport.Tally {
    var tally = BatchImport.Tally()
    tally.read = read
    tally.answered = answered
    tally.known = known
    tally.failed = failed
    tally.unknown = unknown
    tally.unreadable = unreadable
    return tally
  }

  @Test func `answers and failures end the attempts that wait for them`() throws {
    try fixture.write(
      "results.jsonl",
      BatchFixture.answer(ids[2])
        + BatchFixture.result(
          ids[0], response: BatchFixture.response("null", status: 500),
          error: #"{"code":"server_error","message":"out of\nmemory"}"#)
        + BatchFixture.result(
          ids[1],
          response: BatchFixture.response(
            #"{"error":{"message":"maximum context length","code":"context_length_exceeded"}}"#,
            status: 400))
        + BatchFixture.result(ids[3], response: BatchFixture.response("{}")))
    let outcome = try fixture.take("results.jsonl")
    #expect(outcome.tally == tally(4, answered: 2, failed: 2))
    let recorded = try fixture.rows(attempts)
    #expect(
      recorded == [
        "1|failed|500||0|0|none|0.0|'server_error': 'out of memory'",
        "2|refused|400||0|0|none|0.0|'context_length_exceeded': 'maximum context length'",
        "3|answered|200|stop|9|7|server|7.4e-05|",
        "4|broken|200||12|1|estimated|3.2e-05|no 'choices'",
        "5|begun|||1073|100|reserved|0.002946|",
      ])
    #expect(try fixture.store.requestsOut().map(\.count) == [1])
    let answer = try fixture.store.answer(3)
    #expect(answer.hash == ids[2])
    #expect(answer.server == fixture.folder + "/batch.jsonl")
    let body = try JSON(parsing: Array(BatchFixture.answer(ids[2]).utf8))["response"]?["body"]
    #expect(try JSON(parsing: answer.response) == body)
  }

  @Test func `a second import changes nothing`() throws {
    try fixture.write(
      "results.jsonl",
      BatchFixture.answer(ids[0])
        + BatchFixture.result(ids[1], error: #"{"code":"batch_expired","message":"late"}"#)
        + BatchFixture.result(ids[2], response: BatchFixture.response("{}")))
    try fixture.take("results.jsonl")
    let before = try fixture.dump()
    #expect(try fixture.take("results.jsonl").tally == tally(3, known: 3))
    #expect(try fixture.take("results.jsonl", "results.jsonl").tally == tally(6, known: 6))
    #expect(try fixture.dump() == before)
  }

  @Test func `the same answer with its keys in another order is the same answer`() throws {
    try fixture.write("a.jsonl", BatchFixture.answer(ids[0], text: "é <think>\u{8}</think>"))
    let line = try JSON(parsing: Array(try #require(fixture.text("a.jsonl")).utf8))
    func turned(_ json: JSON) -> JSON {
      switch json {
      case .object(let members): .object(members.reversed().map { .init($0.key, turned($0.value)) })
      case .array(let items): .array(items.map(turned))
      default: json
      }
    }
    try fixture.write(
      "b.jsonl", turned(line).formatted().replacing("\n", with: " ").replacing("é", with: "\\u00e9")
    )
    try fixture.take("a.jsonl")
    #expect(try fixture.take("b.jsonl").tally == tally(1, known: 1))
  }

  @Test func `another answer to the same request is one more, as it was paid for`() throws {
    try fixture.write(
      "results.jsonl",
      BatchFixture.answer(ids[0], id: "1") + BatchFixture.answer(ids[0], id: "2")
        + BatchFixture.answer(ids[0], id: "1"))
    #expect(try fixture.take("results.jsonl").tally == tally(3, answered: 2, known: 1))
    #expect(
      try fixture.rows(
        "SELECT asking, seed, server, state, cost FROM attempt WHERE request = 1") == [
          "1|pool:0|\(fixture.folder)/batch.jsonl|answered|7.4e-05",
          "1|pool:0|\(fixture.folder)/batch.jsonl|answered|7.4e-05",
        ])
    #expect(try fixture.store.standing(of: [ids[0]], policy: nil)[0].unjudged.count == 2)
  }

  @Test func `an answer to what was never in a batch has an asking of its own`() throws {
    let other = try BatchFixture()
    let request = TeacherRequest(
      model: "r1", parameters: "{}", messages: #"[{"role":"user","content":"Hm?"}]"#, answer: 1)
    let (asking, first) = try other.store.beginAsking(
      .server, tool: "test 1", recipe: "small", branch: "science")
    var attempt = Attempt(
      id: first, asking: asking, request: request, seed: "pool:7", server: "http://a/v1",
      started: "2026-01-01T00:00:00Z", tokens: .init(prompt: 0, completion: 0, usage: .none),
      cost: nil)
    try other.store.record([.begun(attempt)])
    attempt.state = .failed
    try other.store.record([.ended(attempt)])
    try other.write("results.jsonl", BatchFixture.answer(request.hash))
    #expect(try other.take("results.jsonl").tally == tally(1, answered: 1))
    #expect(
      try other.rows(
        """
        SELECT asking, seed, server, state, origin, recipe, branch, finished IS NOT NULL, cost
        FROM attempt JOIN asking ON asking.id = asking WHERE attempt.id = 2
        """)
        == ["2|pool:7|\(other.folder)/results.jsonl|answered|batch|small|science|1|"])
  }

  @Test func `a failure of what is answered, or not out any more, says nothing new`() throws {
    try fixture.write("answer.jsonl", BatchFixture.answer(ids[0]))
    try fixture.write(
      "error.jsonl", BatchFixture.result(ids[0], id: "9", error: #"{"message":"cancelled"}"#))
    try fixture.take("answer.jsonl")
    let before = try fixture.dump()
    #expect(try fixture.take("error.jsonl").tally == tally(1, known: 1))
    #expect(try fixture.dump() == before)
    // The other way round the answer is one attempt more.
    let other = try BatchFixture()
    try other.export("batch.jsonl")
    try other.write("answer.jsonl", try #require(fixture.text("answer.jsonl")))
    try other.write("error.jsonl", try #require(fixture.text("error.jsonl")))
    try other.take("error.jsonl", "answer.jsonl")
    #expect(
      try other.rows("SELECT state FROM attempt WHERE request = 1 ORDER BY id")
        == ["failed", "answered"])
  }

  @Test func `an old failure does not end a new batch`() throws {
    try fixture.write(
      "error.jsonl", BatchFixture.result(ids[0], id: "9", error: #"{"code":"batch_expired"}"#))
    try fixture.take("error.jsonl")
    #expect(try fixture.export("again.jsonl").requests == 1)
    #expect(try fixture.take("error.jsonl").tally == tally(1, known: 1))
    #expect(try fixture.store.requestsOut().map(\.count) == [4, 1])
    try fixture.write(
      "error.jsonl", BatchFixture.result(ids[0], id: "10", error: #"{"code":"batch_expired"}"#))
    #expect(try fixture.take("error.jsonl").tally == tally(1, failed: 1))
    #expect(try fixture.store.requestsOut().map(\.count) == [4])
  }

  @Test func `lines of another store are counted and named, and the others taken`() throws {
    let stranger = String(repeating: "0", count: 64)
    try fixture.write(
      "results.jsonl",
      BatchFixture.answer(stranger) + BatchFixture.answer(ids[0]) + BatchFixture.answer("row-1"))
    let outcome = try fixture.take("results.jsonl")
    #expect(outcome.tally == tally(3, answered: 1, unknown: 2))
    #expect(outcome.unknown == [stranger, "row-1"])
  }

  @Test func `half a file counts as far as it is whole`() throws {
    let whole = BatchFixture.answer(ids[0]) + "\n \r\n" + BatchFixture.answer(ids[1])
    let rest = BatchFixture.answer(ids[2])
    for cut in [1, 12, 60, rest.utf8.count - 2] {
      try fixture.write("results.jsonl", whole + String(rest.prefix(cut)))
      let outcome = try fixture.take("results.jsonl")
      #expect(outcome.tally.unreadable == 1)
      #expect(outcome.tally.answered + outcome.tally.known == 2)
      let place = whole.utf8.count + cut
      #expect(
        outcome.problems == [
          .init(
            path: fixture.folder + "/results.jsonl", line: 5, byte: place, message: "is cut short")
        ])
    }
    try fixture.write("results.jsonl", whole + rest)
    #expect(try fixture.take("results.jsonl").tally == tally(3, answered: 1, known: 2))
  }

  @Test(arguments: [
    ("7", "is no JSON object", 0),
    (#"{"custom_id": 7, "response": {}}"#, "has no 'custom_id'; it is no result of a batch", 0),
    (
      #"{"custom_id": "a", "method": "POST", "url": "/v1", "body": {}}"#,
      "is a request, and not what came of it", 0
    ),
    (#"{"custom_id": "a"}"#, "has neither 'response' nor 'error'", 0),
    (#"{"custom_id": "a", custom}"#, "is no JSON: expected '\"', and found 'c'", 19),
    (
      #"{"custom_id": "a", "custom_id": "b"}"#,
      "is no JSON: the key 'custom_id' stands twice in one object", 19
    ),
  ])
  func `what is no result is told with its place`(line: String, words: String, byte: Int) throws {
    try fixture.write("results.jsonl", "\n" + line + "\n" + BatchFixture.answer(ids[0]))
    let outcome = try fixture.take("results.jsonl")
    #expect(outcome.tally == tally(2, answered: 1, unreadable: 1))
    #expect(
      outcome.problems == [
        .init(path: fixture.folder + "/results.jsonl", line: 2, byte: 1 + byte, message: words)
      ])
  }

  @Test func `bytes that are no UTF-8 are told, and cost no other line`() throws {
    var bytes = Array(BatchFixture.answer(ids[0]).utf8)
    bytes[bytes.count - 20] = 0xFF
    let path = fixture.folder + "/results.jsonl"
    try Data(bytes + Array(BatchFixture.answer(ids[1]).utf8)).write(
      to: URL(fileURLWithPath: path))
    let outcome = try fixture.take("results.jsonl")
    #expect(outcome.tally == tally(2, answered: 1, unreadable: 1))
    #expect(
      outcome.problems == [
        .init(path: path, line: 1, byte: bytes.count - 20, message: "is no JSON: is not UTF-8")
      ])
  }

  /// As `vllm run-batch` writes them: an error is a text with status 400 whatever it was, or the
  /// object of a server.
  @Test(arguments: [
    (
      #"{"status_code":400,"request_id":"r","body":null}"#, #""EngineCore is dead""#, "failed",
      "'EngineCore is dead'"
    ),
    (
      #"{"status_code":400,"request_id":"r","body":null}"#,
      #"{"error":{"message":"too long","type":"BadRequestError","param":null,"code":400}}"#,
      "refused", "'too long'"
    ),
    (
      #"{"status_code":404,"request_id":"r","body":null}"#,
      #"{"object":"error","message":"no such model","type":"NotFoundError","code":404}"#,
      "failed", "'no such model'"
    ),
    (
      "null", #"{"code":"batch_cancelled","message":"cancelled"}"#, "failed",
      "'batch_cancelled': 'cancelled'"
    ),
    (
      #"{"status_code":429,"request_id":"r","body":{"error":{"message":"slowly"}}}"#, "null",
      "failed", "'slowly'"
    ),
    (#"{"status_code":422,"request_id":"r","body":{"detail":"no"}}"#, "null", "refused", "'no'"),
    (#"{"status_code":503,"request_id":"r","body":null}"#, "null", "failed", "status 503"),
    (
      #"{"status_code":200,"request_id":"r","body":{"error":{"message":"oh"}}}"#, "{}", "failed",
      "'oh'"
    ),
    (#"{"status_code":200,"request_id":"r","body":"text"}"#, "null", "broken", "no 'choices'"),
  ])
  func `failures are told from refusals`(
    response: String, error: String, state: String, words: String
  ) throws {
    try fixture.write(
      "results.jsonl", BatchFixture.result(ids[0], response: response, error: error))
    try fixture.take("results.jsonl")
    #expect(
      try fixture.rows("SELECT state, problem FROM attempt WHERE request = 1")
        == ["\(state)|\(words)"])
  }

  @Test(arguments: [
    (#"{"prompt_tokens":9,"completion_tokens":7}"#, "9|7|server"),
    (#"{"prompt_tokens":9,"completion_tokens":101}"#, "12|2|estimated"),
    (#"{"prompt_tokens":-1,"completion_tokens":7}"#, "12|2|estimated"),
    (#"{"prompt_tokens":999999,"completion_tokens":7}"#, "12|2|estimated"),
    (#"{"prompt_tokens":0,"completion_tokens":0}"#, "12|2|estimated"),
    ("null", "12|2|estimated"),
  ])
  func `numbers of tokens that cannot be are estimated`(usage: String, tokens: String) throws {
    try fixture.write("results.jsonl", BatchFixture.answer(ids[0], usage: usage))
    try fixture.take("results.jsonl")
    #expect(
      try fixture.rows(
        "SELECT prompt_tokens, completion_tokens, usage FROM attempt WHERE request = 1")
        == [tokens])
  }

  @Test(arguments: ["gzip", "zstd"])
  func `packed files are read, and a cut one as far as it goes`(program: String) throws {
    try fixture.write("results.jsonl", ids.map { BatchFixture.answer($0) }.joined())
    let path = fixture.folder + "/results.packed"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "\(program) -c '\(fixture.folder)/results.jsonl' >'\(path)'"]
    try process.run()
    process.waitUntilExit()
    let packed = try Data(contentsOf: URL(fileURLWithPath: path))
    try packed.dropLast(9).write(to: URL(fileURLWithPath: path))
    let cut = try fixture.take("results.packed")
    #expect(cut.tally.unreadable == 1)
    #expect(cut.problems.first?.message.hasPrefix("is a truncated \(program) file") == true)
    try packed.write(to: URL(fileURLWithPath: path))
    #expect(try fixture.take("results.packed").tally.read == 5)
    #expect(try fixture.store.requestsOut().isEmpty)
  }
}
