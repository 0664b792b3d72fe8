import Curation
import Foundation
import Lineage
import Notation
import Testing

@testable import Audit

struct TaughtDifferenceTests {
  private static func answered(_ seed: SeedRow) -> [FixtureTeacher.Reply] {
    [.answer(reasoning: "So.", content: "\(seed.number)")]
  }

  /// What differs from a branch to another that `change` has changed, by change and cause.
  private func difference(
    _ change: (inout TaughtBranch) -> Void,
    before: @escaping (SeedRow) -> [FixtureTeacher.Reply] = FixtureTeacher.everyKind,
    after: @escaping (SeedRow) -> [FixtureTeacher.Reply] = FixtureTeacher.everyKind
  ) throws -> TaughtDifference? {
    let one = TaughtBranch()
    try one.build()
    try one.teach(before)
    var other = TaughtBranch()
    change(&other)
    try other.build()
    try other.teach(after)
    let difference = try Difference(before: Build(one.ledger), after: Build(other.ledger))
    #expect(
      difference.isEmpty
        == difference.branches.allSatisfy {
          $0.groups.isEmpty && $0.taught?.groups.isEmpty ?? true
        })
    return difference.branches.first?.taught
  }

  private func told(_ taught: TaughtDifference?) -> [String] {
    (taught?.groups ?? []).map { "\($0.change) \($0.count): \($0.cause)" }
  }

  @Test func `the same teaching in two workspaces differs in nothing`() throws {
    let taught = try #require(try difference { _ in })
    #expect((taught.same, taught.groups, taught.settings) == (6, [], []))
    #expect(taught.before?.rows == 6 && taught.after?.seeds == 9)
    #expect(taught.before?.model == "lab/r1")
  }

  @Test func `another model or parameter is the cause of every row that it changed`() throws {
    let taught = try difference {
      $0.fixture.teacher = "{url: 'http://127.0.0.1:1/v1', model: lab/r2, temperature: 1}"
    } after: {
      Self.answered($0)
    }
    let cause = "the teacher's model, temperature changed"
    #expect(told(taught) == ["added 3: \(cause)", "changed 6: \(cause)"])
    #expect(
      taught?.settings == [
        .init(name: "model", before: "lab/r1", after: "lab/r2"),
        .init(name: "temperature", before: "0.6", after: "1.0"),
      ])
  }

  @Test func `the same request answered otherwise is told so`() throws {
    #expect(
      told(try difference({ _ in }, after: { Self.answered($0) })) == [
        "added 1: failed became taught", "added 1: refused became taught",
        "added 1: rejected became taught", "changed 6: another answer was taken",
      ])
    let stricter = try difference {
      $0.fixture.teacher = "{url: 'http://127.0.0.1:1/v1', model: lab/r1, accept: {finish: length}}"
    }
    #expect(told(stricter) == ["removed 6: taught became rejected, and finish changed"])
  }

  @Test func `seeds that came or went take their rows with them`() throws {
    let taught = try difference {
      let rows = $0.fixture.files["pool"]?["p.jsonl"] ?? []
      $0.fixture.files["pool"]?["p.jsonl"] =
        Array(rows.dropFirst()) + [rows[0].replacing("u1\"", with: "u91\"")]
    } before: {
      Self.answered($0)
    } after: {
      Self.answered($0)
    }
    // The numbers of the seeds are those of their answers here.
    #expect(
      told(taught) == [
        "added 1: a new seed", "removed 1: no seed any more",
        "changed 8: another answer was taken",
      ])
    let prompt = try difference {
      $0.fixture.files["pool"]?["p.jsonl"]?[0].replace("Why", with: "How")
    }
    #expect(told(prompt) == ["changed 1: the seed's prompt changed"])
  }

  @Test func `of one workspace two runs are compared by their latest teachings`() throws {
    var branch = TaughtBranch()
    try branch.build()
    try branch.teach()
    try branch.build()
    func taught() throws -> TaughtDifference? {
      let ledger = try branch.ledger
      return try Difference(
        before: Build(ledger, run: 1), after: Build(Ledger(reading: ledger.path), run: 2)
      ).branches.first?.taught
    }
    // The same bytes have the same teaching.
    #expect(try taught() == nil)
    branch.fixture.filters["known"] = BuildFixture.filter(
      "answer", "{ in: ['1', '2'] }", keep: "'1'", drop: "'9'")
    try branch.build()
    let ledger = try branch.ledger
    let gone = try Difference(before: Build(ledger, run: 1), after: Build(ledger, run: 3))
    let told = try #require(gone.branches.first?.taught)
    #expect(told.after == nil && self.told(told) == ["removed 6: not taught yet"])
    try branch.teach()
    let again = try Difference(
      before: Build(branch.ledger, run: 1), after: Build(branch.ledger, run: 3))
    #expect(self.told(again.branches.first?.taught).allSatisfy { $0.hasSuffix("no seed any more") })
    let json = try JSON(parsing: Array(JSONEncoder().encode(again)))
    #expect(json["branches"]?.items?.first?["taught"]?["before"]?["rows"]?.int == 6)
  }
}
