import Curation
import Files
import Foundation
import Notation
import Testing

@testable import Teaching

struct BatchExportTests {
  let fixture = try! BatchFixture()

  @Test func `a line is a request as the batch format has it`() throws {
    let outcome = try fixture.export("batch.jsonl", limit: 1)
    #expect(outcome.requests == 1)
    #expect(outcome.end == .limit)
    let line = try #require(fixture.text("batch.jsonl"))
    let id = try #require(fixture.lines("batch.jsonl").first?["custom_id"]?.text)
    #expect(id.count == 64)
    #expect(
      line == #"""
        {"custom_id":"\#(id)","method":"POST","url":"/v1/chat/completions","body":{"model":"r1","messages":[{"role":"user","content":"What is 0 + \"é\"?"}],"max_tokens":100,"temperature":0.6,"top_p":0.95}}

        """#)
    #expect(outcome.byteCount == line.utf8.count)
    let recorded = try fixture.rows(
      """
      SELECT hash, origin, asking.recipe, asking.branch, tool, seed, server, state, usage,
        prompt_tokens, completion_tokens, cost, finished IS NOT NULL, prices
      FROM attempt JOIN request ON request.id = request JOIN asking ON asking.id = asking
      """)
    let expected =
      "\(id)|batch|small|science|test 1|pool:0|\(fixture.folder)/batch.jsonl|begun|reserved"
      + #"|1073|100|0.002946|1|{"prompt":2.0,"completion":8.0,"currency":"USD"}"#
    #expect(recorded == [expected])
    #expect(outcome.tokens == 1173)
    #expect(outcome.cost == 0.002946)
  }

  @Test func `each export gives the next requests, and the last one the rest`() throws {
    let outcomes = try ["a.jsonl", "b.jsonl", "c.jsonl"].map { try fixture.export($0, limit: 2) }
    #expect(outcomes.map(\.requests) == [2, 2, 1])
    #expect(outcomes.map(\.end) == [.limit, .limit, nil])
    #expect(outcomes.map(\.out) == [0, 2, 4])
    let prompts = try ["a.jsonl", "b.jsonl", "c.jsonl"].flatMap(fixture.lines).map {
      $0["body"]?["messages"]?.items?.first?["content"]?.text
    }
    #expect(prompts == (0..<5).map { "What is \($0) + \"é\"?" })
    let nothing = try fixture.export("d.jsonl")
    #expect(nothing.requests == 0)
    #expect(nothing.out == 5)
    #expect(nothing.end == nil)
    #expect(fixture.text("d.jsonl") == nil)
    #expect(fixture.text("d.jsonl.new") == nil)
    #expect(try fixture.rows("SELECT count(*) FROM asking") == ["3"])
  }

  @Test func `the same seeds give the same bytes`() throws {
    let other = try BatchFixture()
    try fixture.export("batch.jsonl")
    try other.export("batch.jsonl")
    #expect(fixture.text("batch.jsonl") == other.text("batch.jsonl"))
  }

  @Test func `two seeds with one request have one line, and each answer its own`() throws {
    try fixture.write(
      "twins.jsonl",
      BatchFixture.seed(1, prompt: "Why?") + BatchFixture.seed(2, prompt: "Who?")
        + BatchFixture.seed(3, prompt: "Why?"))
    let outcome = try fixture.export("a.jsonl", fixture.plan("answers: 2"), seeds: "twins.jsonl")
    #expect(outcome.requests == 4)
    #expect(outcome.out == 0)
    #expect(try Set(fixture.lines("a.jsonl").map { $0["custom_id"] }).count == 4)
    #expect(
      try fixture.rows("SELECT seed FROM attempt ORDER BY id")
        == ["pool:1", "pool:1", "pool:2", "pool:2"])
    let again = try fixture.export("b.jsonl", fixture.plan("answers: 2"), seeds: "twins.jsonl")
    #expect(again.requests == 0)
  }

  @Test func `a file that is there is left as it is`() throws {
    try fixture.export("a.jsonl", limit: 2)
    let before = fixture.text("a.jsonl")
    let again = try fixture.export("a.jsonl")
    #expect(again.isEarlier)
    #expect(again.requests == 2)
    #expect(again.byteCount == before?.utf8.count)
    #expect(fixture.text("a.jsonl") == before)
    try fixture.write("notes.txt", "mine")
    #expect(
      throws: FileError(
        fixture.folder + "/notes.txt", "is there already, with other content; name another file")
    ) { try fixture.export("notes.txt") }
    #expect(fixture.text("notes.txt") == "mine")
    #expect(fixture.text("notes.txt.new") == nil)
    // Nothing was recorded of the one that was refused.
    #expect(try fixture.rows("SELECT count(*) FROM attempt") == ["2"])
    #expect(try fixture.rows("SELECT count(*) FROM asking") == ["1"])
    // A file that would be the same is taken for the one to write.
    let other = try BatchFixture()
    try other.export("a.jsonl")
    try fixture.write("rest.jsonl", try #require(other.text("a.jsonl")))
    #expect(throws: FileError.self) { try fixture.export("rest.jsonl") }
    let lines = try #require(other.text("a.jsonl")).split(separator: "\n").dropFirst(2)
    try fixture.write("rest.jsonl", lines.joined(separator: "\n") + "\n")
    let rest = try fixture.export("rest.jsonl")
    #expect(rest.requests == 3)
    #expect(!rest.isEarlier)
    #expect(try fixture.store.requestsOut().map(\.count) == [2, 3])
  }

  @Test func `a batch that is moved away makes room for the next under the same name`() throws {
    try fixture.export("a.jsonl", limit: 2)
    try FileManager.default.moveItem(
      atPath: fixture.folder + "/a.jsonl", toPath: fixture.folder + "/sent.jsonl")
    let next = try fixture.export("a.jsonl", limit: 2)
    #expect(next.requests == 2)
    #expect(next.out == 2)
    #expect(!next.isEarlier)
    let again = try fixture.export("a.jsonl")
    #expect(again.isEarlier)
    #expect(again.requests == 2)
  }

  @Test func `what was stopped before the file had its name is brought to its end`() throws {
    try fixture.export("a.jsonl", limit: 3)
    let text = try #require(fixture.text("a.jsonl"))
    try fixture.sqlite("UPDATE asking SET finished = NULL")
    try FileManager.default.moveItem(
      atPath: fixture.folder + "/a.jsonl", toPath: fixture.folder + "/a.jsonl.new")
    #expect(
      try BatchExport.recover(fixture.store) == [
        "an export to \(fixture.folder)/a.jsonl was stopped before it was done; finished that"
      ])
    #expect(fixture.text("a.jsonl") == text)
    #expect(fixture.text("a.jsonl.new") == nil)
    #expect(try fixture.rows("SELECT count(*) FROM asking WHERE finished IS NULL") == ["0"])
    #expect(try BatchExport.recover(fixture.store) == [])
    // Stopped a moment later, and moved away since: it is not written a second time.
    try fixture.sqlite("UPDATE asking SET finished = NULL")
    try FileManager.default.removeItem(atPath: fixture.folder + "/a.jsonl")
    #expect(try BatchExport.recover(fixture.store) == [])
    #expect(fixture.text("a.jsonl") == nil)
    #expect(try fixture.store.requestsOut().map(\.count) == [3])
  }

  @Test func `what is answered, turned down too often, refused or out is not exported`() throws {
    try fixture.export("a.jsonl")
    let ids = try fixture.lines("a.jsonl").compactMap { $0["custom_id"]?.text }
    try fixture.write(
      "results.jsonl",
      BatchFixture.answer(ids[0]) + BatchFixture.answer(ids[1], finish: "length")
        + BatchFixture.result(
          ids[2],
          response: BatchFixture.response(#"{"error":{"message":"too long"}}"#, status: 400))
        + BatchFixture.result(ids[3], error: #"{"code":"batch_expired","message":"too late"}"#))
    try fixture.take("results.jsonl")
    func next(_ name: String, attempts: Int) throws -> [String?] {
      try fixture.export(name, fixture.plan("attempts: \(attempts)"))
      return try fixture.lines(name).map { $0["custom_id"]?.text }
    }
    // The answer that is turned down has used up the one attempt.
    #expect(try next("b.jsonl", attempts: 1) == [ids[3]])
    #expect(try next("c.jsonl", attempts: 2) == [ids[1]])
    #expect(
      try fixture.rows("SELECT is_accepted, reason FROM verdict ORDER BY attempt")
        == ["1|", "0|finish reason: length"])
    #expect(try fixture.export("d.jsonl", fixture.plan("attempts: 2")).out == 3)
  }

  @Test func `the budget ends an export before it is exceeded`() throws {
    let requests = try fixture.export("a.jsonl", fixture.plan("budget: {requests: 2}"))
    #expect(requests.requests == 2)
    #expect(requests.end == .budget("requests: 2 of 2"))
    let tokens = try fixture.export("b.jsonl", fixture.plan("budget: {tokens: 3530}"))
    #expect(tokens.requests == 1)
    #expect(tokens.end == .budget("tokens: 3519 of 3530, and the next request may take 1173"))
    let money = try fixture.export("c.jsonl", fixture.plan("budget: {money: 0.01}"))
    #expect(money.requests == 0)
    #expect(
      money.end
        == .budget("money: 0.0088 of 0.01 USD, and the next request may cost 0.0029"))
    #expect(fixture.text("c.jsonl") == nil)
    #expect(try fixture.store.spending(on: "r1").requests == 3)
  }
}
