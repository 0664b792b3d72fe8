import Files
import Foundation
import Lineage
import Notation
import Teaching

@testable import Web

extension Book {
  /// Records what a teacher made of the first branch's seeds: one taught, one rejected, one failed, one
  /// refused, and again; with the answers in a store. All that it says is `words`.
  func teach(saying words: String) throws {
    let seedsPath = path + "/branches/math/seeds.jsonl"
    let seeds = try Data(contentsOf: URL(fileURLWithPath: seedsPath))
    let count = seeds.count { $0 == 0x0A }
    let kept = try Data(contentsOf: URL(fileURLWithPath: path + "/branches/math/train.jsonl"))
    var entry = TeachingEntry(
      branch: "math", seedsXXH3: Digest(of: Array(seeds).span).description, model: words,
      question: JSON.object([.init("prompt", .string(words)), .init("model", .string(words))])
        .compact, policy: words, store: TeacherStore.fileName, path: "teach/math/train.jsonl")
    let store = try TeacherStore(writing: path + "/teacher.sqlite", isDurable: false)
    let (asking, _) = try store.beginAsking(.server, tool: words, recipe: words, branch: "math")
    var file = kept
    entry.keptCount = kept.count { $0 == 0x0A }
    entry.rowCount = entry.keptCount
    for number in 1...count {
      let kind = TeachingEntry.Kind.allCases[(number - 1) % 4]
      let request = TeacherRequest(
        model: words, parameters: "{}", messages: "[\(number)]", answer: 1)
      var seed = TeachingEntry.Seed(row: number, kind: kind)
      seed.request = request.hash
      if kind == .taught || kind == .rejected {
        seed.attempts = 1
        try store.record(
          answer(Int64(number), to: request, in: asking, words, isAccepted: kind == .taught))
      }
      if kind == .taught {
        (seed.attempt, seed.server, seed.finishReason) = (Int64(number), words, words)
        (seed.promptTokens, seed.completionTokens) = (number, 100 * number)
        let row = Array(#"{"id": "\#(number)", "text": \#(JSON.quoted(words))}"#.utf8) + [0x0A]
        entry.rowCount += 1
        seed.output = TeachingEntry.Output(
          row: entry.rowCount, offset: file.count, byteCount: row.count,
          hash: fastHash(of: row.span))
        file += row
      } else {
        seed.reason = words
      }
      entry.seeds.append(seed)
    }
    entry.byteCount = file.count
    entry.xxh3 = Digest(of: Array(file).span).description
    _ = try workspace.write("teach/math/train.jsonl", String(decoding: file, as: UTF8.self))
    let ledger = try Ledger(writing: ledgerPath, isDurable: false)
    var outcome = StageOutcome([], [], message: words)
    outcome.teaching = entry
    try ledger.finishStage(
      ledger.beginStage(
        "teach math", [], of: Ledger.Command(tool: words, recipePath: words, line: words)),
      outcome)
  }

  private func answer(
    _ id: Int64, to request: TeacherRequest, in asking: Int64, _ words: String, isAccepted: Bool
  ) -> [TeacherStore.Entry] {
    var attempt = Attempt(
      id: id, asking: asking, request: request, seed: words, server: words, started: words,
      tokens: .init(prompt: 1, completion: 2, usage: .server), cost: nil)
    let begun = attempt
    let message = JSON.object([
      .init("reasoning_content", .string("Let me see: \(words)")), .init("content", .string(words)),
    ])
    let choice = JSON.object([
      .init("index", .whole(0)), .init("message", message), .init("finish_reason", .string(words)),
    ])
    attempt.state = .answered
    attempt.finishReason = words
    attempt.response = Array(JSON.object([.init("choices", .array([choice]))]).compact.utf8)
    return [.begun(begun), .ended(attempt)]
  }
}
