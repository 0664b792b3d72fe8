import Curation
import Foundation
import Lineage
import Notation
import Testing

@testable import Audit

struct TaughtImpactTests {
  private var branch = TaughtBranch()

  @Test func `taught rows are lost with their seeds, and the expert that saw them is concerned`()
    throws
  {
    try branch.build()
    try branch.teach()
    try branch.train("one", leavingOut: 4)
    let ledger = try branch.ledger
    // Nine seeds, six of them taught, one of these left out of the training.
    let pool = try #require(Impact(without: .source("pool"), in: ledger).branches.first)
    #expect((pool.rows, pool.lost, pool.rowsAfter) == (11, 9, 2))
    #expect(pool.teaching == .init(model: "lab/r1", rows: 6, lost: 6, newSeeds: 0))
    #expect(pool.experts.map(\.lost) == [5])
    #expect(pool.experts.map(\.isCurrent) == [true])
    #expect(pool.experts.flatMap(\.merges).map(\.path) == ["models/merged"])
    let tank = try #require(Impact(without: .licence("CC-BY-4.0"), in: ledger).branches.first)
    #expect(tank.teaching == .init(model: "lab/r1", rows: 6, lost: 0, newSeeds: 0))
    #expect(tank.experts.map(\.lost) == [2])
    for (row, lost) in [(1, 1), (3, 0)] {
      let id = try #require(Trace.find("p.jsonl:\(row)", in: ledger).id)
      let one = try #require(Impact(without: .sample(id), in: ledger).branches.first)
      #expect((one.lost, one.teaching?.lost, one.experts.first?.lost) == (1, lost, lost))
    }
  }

  @Test func `without a filter there would be seeds to ask for`() throws {
    try branch.build()
    try branch.teach()
    let impact = try Impact(withoutFilter: "known", in: branch.ledger, workers: 1)
    // The row whose answer no filter knows.
    #expect(
      impact.branches.map(\.teaching) == [.init(model: "lab/r1", rows: 6, lost: 0, newSeeds: 1)])
  }

  @Test func `an expert of an earlier teaching knows the rows of that one`() throws {
    try branch.build()
    try branch.teach()
    try branch.train("one")
    var branch = branch
    branch.fixture.teacher = "{url: 'http://127.0.0.1:1/v1', model: lab/r2}"
    try branch.teach { [.answer(reasoning: "So.", content: "\($0.number)")] }
    let id = try #require(Trace.find("p.jsonl:3", in: branch.ledger).id)
    let third = try #require(Impact(without: .sample(id), in: branch.ledger).branches.first)
    // It was rejected then, and is taught now.
    #expect(third.teaching == .init(model: "lab/r2", rows: 9, lost: 1, newSeeds: 0))
    #expect(third.experts.map(\.lost) == [0] && third.experts.map(\.isCurrent) == [false])
    let pool = try #require(Impact(without: .source("pool"), in: branch.ledger).branches.first)
    #expect((pool.teaching?.lost, pool.experts.first?.lost) == (9, 6))
    let json = try JSON(parsing: Array(JSONEncoder().encode(pool)))
    #expect(json["teaching"]?["newSeeds"]?.int == 0)
  }

  @Test func `a branch without a teacher has none in JSON`() throws {
    try branch.build()
    let pool = try #require(Impact(without: .source("pool"), in: branch.ledger).branches.first)
    #expect(try JSON(parsing: Array(JSONEncoder().encode(pool)))["teaching"] == JSON.null)
  }
}
