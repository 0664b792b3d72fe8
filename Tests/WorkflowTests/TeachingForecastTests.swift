import Curation
import Files
import Foundation
import Teaching
import Testing

@testable import Workflow

struct TeachingForecastTests {
  private func forecast(_ room: Classroom, _ settings: String...) throws -> TeachingForecast {
    try TeachingForecast(
      room.recipe(settings), only: [], workspace: room.workspace, ignoringBatches: false)
  }

  @Test func `before the first answer tokens are estimated by the rows that are there`() throws {
    let room = try Classroom()
    try room.write(
      "work/sources/written.jsonl",
      [40, 80].map { count in
        let solution = String(repeating: "x", count: count)
        return #"{"question": "W\#(count)?", "solution": "\#(solution)", "answer": "1"}"# + "\n"
      }.joined())
    try room.run(until: .branch)
    let branch = try #require(forecast(room).branches.first)
    #expect(branch.name == "science")
    #expect((branch.seeds, branch.requests, branch.toAsk) == (3, 3, 3))
    #expect(branch.basis == .rows(2))
    #expect(branch.completionTokens == 3 * 60 / 4)
    let messages = #"[{"role":"user","content":"Q1 \"quoted\" é?"}]"#
    #expect(branch.promptTokens == Int((3 * Double(messages.utf8.count) / 3.5).rounded()))
    // More than may come is not expected.
    #expect(try forecast(room, "teacher.max_tokens=9").branches[0].completionTokens == 27)
    #expect(try forecast(room).rate == nil)
    #expect(try forecast(room).spent == Spending())
  }

  @Test func `without any row the maximum is all that is known`() throws {
    let room = try Classroom(seeds: 2)
    try room.write("work/sources/written.jsonl", "")
    try room.run(until: .branch)
    let branch = try forecast(room, "teacher.max_tokens=500").branches[0]
    #expect(branch.basis == .maximum)
    #expect(branch.completionTokens == 1000)
  }

  @Test func `answers tell of the next ones, in tokens and in time`() throws {
    let room = try Classroom(seeds: 6)
    try room.run(until: .branch)
    for (number, tokens) in [(1, 10), (2, 20)] {
      try room.reply(
        .answered(Classroom.completion("It is \(number).", tokens: tokens)),
        to: Classroom.prompt(number))
    }
    try room.reply(
      .answered(Classroom.completion("", tokens: 60)), .answered(Classroom.completion("")),
      .answered(Classroom.completion("")), to: Classroom.prompt(3))
    try room.reply(.refused("no"), to: Classroom.prompt(4))
    try room.reply(.inBatch("/b/batch.jsonl"), to: Classroom.prompt(5))
    let forecast = try forecast(room)
    let branch = forecast.branches[0]
    let counts = [
      branch.answered, branch.rejected, branch.refused, branch.inBatches, branch.toAsk,
    ]
    #expect(counts == [2, 1, 1, 1, 1])
    #expect(branch.basis == .answers(5))
    #expect(branch.promptTokens == 3)
    #expect(branch.completionTokens == 21)
    // The last asking with an answer had one, in two seconds.
    #expect(forecast.rate == 0.5)
    // What is out in a batch counts with all that it may take.
    #expect(forecast.spent.requests == 6)
    #expect(forecast.spent.completionTokens == 10 + 20 + 60 + 7 + 7 + 1000)
    #expect(try self.forecast(room, "teacher.attempts=4").branches[0].toAsk == 2)
    // Nothing was judged for good, as nobody was asked.
    #expect(try room.store().knownNumber(ofPolicy: room.recipe().teacher!.policy.text) == nil)
  }

  @Test func `other parameters have no answers yet`() throws {
    let room = try Classroom()
    try room.answer(1...3)
    try room.run()
    #expect(try forecast(room, "teacher.temperature=1").branches[0].basis == .rows(2))
    #expect(try forecast(room, "teacher.model=r2").branches[0].toAsk == 3)
    #expect(try forecast(room).branches[0].toAsk == 0)
  }
}
