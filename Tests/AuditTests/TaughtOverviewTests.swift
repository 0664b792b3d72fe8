import Curation
import Files
import Foundation
import Lineage
import Testing

@testable import Audit

struct TaughtOverviewTests {
  private var branch = TaughtBranch()

  private func overview() throws -> Overview { try Overview(branch.ledger, in: branch.work) }

  @Test func `what became of the seeds adds up, with examples of each reason`() throws {
    try branch.build()
    #expect(try overview().teachings.isEmpty)
    try branch.teach()
    let overview = try overview()
    let teaching = try #require(overview.teachings.first)
    #expect((teaching.branch, teaching.model) == ("waiting", "lab/r1"))
    #expect((teaching.seeds, teaching.taught, teaching.kept) == (9, 6, 2))
    #expect(teaching.output.rows == 8 && teaching.output.path == "teach/waiting/train.jsonl")
    #expect(
      teaching.unanswered.map { "\($0.kind) \($0.seeds): \($0.reason)" } == [
        "rejected 1: finish reason: length", "failed 1: no byte came in 600 s",
        "refused 1: this prompt is too long",
      ])
    #expect(teaching.unanswered.map(\.example.prompt) == ["Why 3?", "Why 6?", "Why 8?"])
    #expect(teaching.seeds == teaching.taught + teaching.unanswered.reduce(0) { $0 + $1.seeds })
    // Seeds 1, 2, 4, 6, 8 and 9 have a hundred times their number.
    #expect((teaching.completionTokens, teaching.longest) == (3000, 900))
    #expect(teaching.promptTokens == 60 + 30)
    #expect(teaching.answers == 5 + 3 + 2)
    #expect(teaching.lengths.reduce(0) { $0 + $1.rows } == 6)
    #expect(teaching.lengths.first?.from == 91 && teaching.lengths.last?.through == 1023)
    #expect(teaching.servers == [.init(url: "http://127.0.0.1:8000/v1", rows: 6)])
    #expect(teaching.settings.contains(.init(name: "temperature", value: "0.6")))
    #expect(teaching.settings.contains(.init(name: "finish", value: "stop")))
    #expect(!teaching.settings.contains { ["model", "system", "filters"].contains($0.name) })
  }

  @Test func `an expert is of the rows that the branch has with its teacher`() throws {
    try branch.build()
    try branch.teach()
    try branch.train("old", on: "branches/waiting/train.jsonl", rows: 2)
    #expect(try overview().trainings.map(\.isCurrent) == [false])
    try branch.train("new")
    #expect(try overview().trainings.map(\.isCurrent) == [true])
    try branch.build()
    #expect(try overview().trainings.map(\.isCurrent) == [true])
    #expect(try overview().teachings.map(\.taught) == [6])
  }

  @Test func `a reason that a filter gives is one, whatever it saw`() throws {
    var branch = branch
    branch.fixture.filters["thought"] = """
      about: Thought.
      keep: { reasoning: { length: { at_least: 40 } } }
      examples:
        - keep: { reasoning: "\(BuildFixture.longText)" }
        - { drop: { reasoning: short }, because: reasoning }

      """
    branch.fixture.teacher =
      "{url: 'http://127.0.0.1:1/v1', model: m, accept: {filters: [thought]}}"
    try branch.build()
    try branch.teach { seed in
      [.answer(reasoning: String(repeating: "x", count: seed.number), content: "1")]
    }
    let teaching = try #require(Overview(branch.ledger, in: branch.work).teachings.first)
    #expect(teaching.unanswered.map(\.reason) == ["filter thought"])
    #expect(teaching.unanswered.map(\.seeds) == [9])
  }

  @Test func `every length has the class that its bounds say`() {
    for length in [0, 1] + LengthClass.bounds.flatMap({ [$0 - 1, $0, $0 + 1] }) + [1 << 40] {
      let index = LengthClass.index(length)
      #expect(LengthClass.from(index) <= length)
      #expect(LengthClass.through(index).map { length <= $0 } ?? true)
    }
  }
}
