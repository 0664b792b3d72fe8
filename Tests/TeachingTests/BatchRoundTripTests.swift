import Curation
import Files
import Foundation
import Notation
import Testing

@testable import Teaching

/// Batches that are run badly and come back in pieces: export, results, import, and so on.
struct BatchRoundTripTests {
  @Test(arguments: UInt64(1)...24)
  func `every request has the answers that came for it, and nothing twice`(seed: UInt64) throws {
    var numbers = SeededNumbers(state: seed)
    let fixture = try BatchFixture(seeds: Int.random(in: 1...60, using: &numbers))
    let answers = Int.random(in: 1...2, using: &numbers)
    let attempts = Int.random(in: 1...3, using: &numbers)
    let plan = try fixture.plan("answers: \(answers)\nattempts: \(attempts)")
    var world = World()
    for round in 1...4 {
      let before = world
      for part in 1...Int.random(in: 1...3, using: &numbers) {
        let name = "batch-\(round)-\(part).jsonl"
        let limit = Bool.random(using: &numbers) ? nil : Int.random(in: 1...20, using: &numbers)
        let outcome = try fixture.export(name, plan, limit: limit)
        let ids = try fixture.lines(name).compactMap { $0["custom_id"]?.text }
        #expect(ids.count == outcome.requests)
        #expect(Set(ids).count == ids.count)
        for id in ids {
          #expect(before.isOpen(id, attempts: attempts))
          #expect(world.out.insert(id).inserted)
        }
        if limit == nil {
          // Nothing that is open was left behind.
          let open = world.known.filter { world.isOpen($0, attempts: attempts) }
          #expect(open.isEmpty)
        }
      }
      let lines = world.run(&numbers)
      let files = try Self.scatter(lines, round, in: fixture, &numbers)
      for file in files { try fixture.take(file) }
      world.settle(lines)
      try world.check(fixture)

      let dump = try fixture.dump()
      for file in files.shuffled(using: &numbers) {
        let again = try fixture.take(file)
        #expect(again.tally.known == again.tally.read)
      }
      #expect(try fixture.dump() == dump)
    }
  }

  /// Writes lines to several files in any order, some of them twice, some files packed.
  private static func scatter(
    _ lines: [String], _ round: Int, in fixture: BatchFixture, _ numbers: inout SeededNumbers
  ) throws -> [String] {
    var files = Array(repeating: "", count: Int.random(in: 1...4, using: &numbers))
    let twice = lines.filter { _ in Int.random(in: 0..<5, using: &numbers) == 0 }
    for line in (lines + twice).shuffled(using: &numbers) {
      files[Int.random(in: files.indices, using: &numbers)] += line
    }
    return try files.enumerated().map { number, text in
      let name = "results-\(round)-\(number).jsonl"
      try fixture.write(name, text)
      guard Bool.random(using: &numbers) else { return name }
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = [Bool.random(using: &numbers) ? "gzip" : "zstd", "-q", name]
      process.currentDirectoryURL = URL(fileURLWithPath: fixture.folder)
      try process.run()
      process.waitUntilExit()
      return fixture.text(name + ".gz") == nil ? name + ".zst" : name + ".gz"
    }
  }
}

/// What should be so, told from the lines alone.
private struct World {
  struct Answer: Hashable {
    var id: String
    var isGood: Bool
    var tokens: Int
  }

  var out: Set<String> = []
  var known: Set<String> = []
  var answers: [String: Set<Answer>] = [:]
  var refused: Set<String> = []
  private var fresh: [String: [Answer]] = [:]
  private var failures: [String: Bool] = [:]
  private var lineCount = 0

  func isOpen(_ id: String, attempts: Int) -> Bool {
    let all = answers[id] ?? []
    return !out.contains(id) && !all.contains { $0.isGood } && all.count < attempts
      && !refused.contains(id)
  }

  /// Some requests are answered, once or twice, some fail, and of some nothing is heard.
  mutating func run(_ numbers: inout SeededNumbers) -> [String] {
    var lines: [String] = []
    (fresh, failures) = ([:], [:])
    known.formUnion(out)
    for id in out.sorted() {
      switch Int.random(in: 0..<20, using: &numbers) {
      case 0, 1: break
      case 2:
        lines.append(
          BatchFixture.result(
            id, id: next(),
            response: BatchFixture.response(#"{"error":{"message":"no"}}"#, status: 400)))
        failures[id] = true
      case 3, 4:
        lines.append(
          BatchFixture.result(id, id: next(), error: #"{"code":"batch_expired","message":"x"}"#))
        failures[id] = false
      case let number:
        for _ in 0..<(number == 5 ? 2 : 1) {
          let answer = Answer(
            id: next(), isGood: Int.random(in: 0..<3, using: &numbers) > 0,
            tokens: Int.random(in: 1...100, using: &numbers))
          fresh[id, default: []].append(answer)
          lines.append(
            BatchFixture.answer(
              id, id: answer.id, finish: answer.isGood ? "stop" : "length",
              usage: #"{"prompt_tokens":9,"completion_tokens":\#(answer.tokens)}"#))
        }
      }
    }
    return lines
  }

  private mutating func next() -> String {
    lineCount += 1
    return "\(lineCount)"
  }

  mutating func settle(_ lines: [String]) {
    for (id, new) in fresh {
      answers[id, default: []].formUnion(new)
      out.remove(id)
    }
    for (id, isRefusal) in failures {
      out.remove(id)
      if isRefusal { refused.insert(id) }
    }
  }

  func check(_ fixture: BatchFixture) throws {
    let stored = try fixture.rows(
      """
      SELECT hash, json_extract(response, '$.id'), finish_reason, completion_tokens
      FROM attempt JOIN request ON request.id = request WHERE state = 'answered'
      """)
    let expected = answers.flatMap { id, answers in
      answers.map { "\(id)|chatcmpl-\($0.id)|\($0.isGood ? "stop" : "length")|\($0.tokens)" }
    }
    #expect(stored.sorted() == expected.sorted())
    let begun = try fixture.rows(
      "SELECT hash FROM attempt JOIN request ON request.id = request WHERE state = 'begun'")
    #expect(begun.sorted() == out.sorted())
    let tokens = answers.values.joined().reduce(0) { $0 + $1.tokens }
    let spending = try fixture.store.spending(on: "r1")
    #expect(spending.completionTokens == tokens + 100 * out.count)
    #expect(spending.requests == expected.count + out.count)
    let prices = try fixture.plan().prices
    let reserved = try fixture.rows(
      "SELECT total(prompt_tokens) FROM attempt WHERE state = 'begun'"
    ).first.flatMap(Double.init)
    let prompt = 9 * expected.count + Int(reserved ?? 0)
    #expect(spending.promptTokens == prompt)
    let cost = prices?.cost(prompt: prompt, completion: spending.completionTokens)
    #expect(abs(spending.cost - (cost ?? 0)) < 1e-9)
  }
}
