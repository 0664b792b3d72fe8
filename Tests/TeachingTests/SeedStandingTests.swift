import Curation
import Lineage
import Testing

@testable import Teaching

/// What became of a seed, from what the store has of its requests.
struct SeedStandingTests {
  private func standing(_ standings: Standing...) -> SeedStanding {
    let requests = standings.indices.map { index in
      TeacherRequest(model: "r1", parameters: "{}", messages: "[]", answer: index + 1)
    }
    return SeedStanding(
      seed: SeedRow(number: 1, id: "s:1", promptBytes: [], prompt: "", answer: nil),
      requests: requests, standings: standings)
  }

  private func fate(_ standing: SeedStanding, failed: [Int: String] = [:]) -> String? {
    let problems = Dictionary(
      uniqueKeysWithValues: failed.map { (standing.requests[$0.key].hash, $0.value) })
    return standing.fate(attempts: 2, failed: problems).map {
      $0.kind.rawValue + ($0.reason.map { " \($0)" } ?? "")
    }
  }

  private let none = Standing()
  private let accepted = Standing(accepted: [7])
  private let tried = Standing(rejected: 1, lastReason: "too long")
  private let exhausted = Standing(rejected: 2, lastReason: "too long")
  private let refused = Standing(refusal: "status 400")
  private let refusedLater = Standing(rejected: 1, lastReason: "too long", refusal: "status 400")

  @Test func `one request: taught, rejected, refused, failed, or still to be asked`() {
    #expect(fate(standing(accepted)) == "taught")
    #expect(fate(standing(exhausted)) == "rejected too long")
    #expect(fate(standing(refused)) == "refused status 400")
    #expect(fate(standing(refusedLater)) == "refused status 400")
    #expect(fate(standing(none)) == nil)
    #expect(fate(standing(tried)) == nil)
    #expect(fate(standing(none), failed: [0: "cut"]) == "failed cut")
    #expect(fate(standing(tried), failed: [0: "cut"]) == "failed cut")
    // An answer that came after all counts.
    #expect(fate(standing(accepted), failed: [0: "cut"]) == "taught")
    #expect(fate(standing()) == "refused no question: a field of the prompt's template is null")
  }

  @Test func `several: one accepted answer is enough, and a failure may be asked again`() {
    #expect(fate(standing(refused, accepted, none)) == "taught")
    #expect(fate(standing(refused, exhausted)) == "rejected too long")
    #expect(fate(standing(exhausted, refused)) == "rejected too long")
    #expect(fate(standing(refused, refused)) == "refused status 400")
    #expect(fate(standing(exhausted, none), failed: [1: "cut"]) == "failed cut")
    #expect(fate(standing(exhausted, none)) == nil)
    #expect(fate(standing(none, none), failed: [1: "cut"]) == nil)
  }

  @Test func `what waits is asked for, and no more`() {
    let all = standing(none, accepted, tried, exhausted, refused, refusedLater)
    #expect(all.open(attempts: 2) == [0, 2])
    #expect(all.open(attempts: 3) == [0, 2, 3])
    #expect(all.answerCount == 1 + 1 + 2 + 1)
  }

  @Test func `reasons are counted without what is the seed's alone`() {
    #expect(SeedFate.group(of: #"filter terse: {"solution": {"length": 19}}"#) == "filter terse")
    #expect(SeedFate.group(of: "finish reason: length") == "finish reason: length")
    #expect(SeedFate.group(of: "filter") == "filter")
  }
}
