import Lineage
import Testing

@testable import Audit

struct LookupTests {
  private let folder = try! BuildFolder()

  @Test func `a name is an id, the beginning of one, a place or a text, in this order`() throws {
    var fixture = BuildFixture(rows: 0, seed: 1)
    fixture.files["tank"] = [
      "t.jsonl": ["ratio 3:2", "the tank: 1", "x"].map {
        "{\"problem\": \"\($0)\", \"answer\": \"1\", \"topic\": \"algebra\", \"other\": \"o\"}"
      }
    ]
    let ledger = try fixture.build(in: folder.path)
    var searches = 0
    func find(_ name: String, run: Int64? = nil) throws -> Lookup {
      try Lookup.find(name, run: run, in: ledger) {
        searches += 1
        return try SearchIndex(of: folder.path + "/work", ledger: ledger)
      }
    }
    func row(_ lookup: Lookup) -> Int? {
      if case .sample(let trace) = lookup { trace.place.row } else { nil }
    }
    let id = try #require(Trace.find("t.jsonl:2", in: ledger).id)
    #expect(row(try find(id)) == 2)
    #expect(row(try find(String(id.dropLast(12)))) == 2)
    #expect(row(try find("tank/t.jsonl:3")) == 3)
    #expect(searches == 0)
    guard case .ids(let ids) = try find("tank:") else { throw Unexpected() }
    #expect(ids.count == 3)
    #expect(searches == 0)
    #expect(row(try find("ratio 3:2")) == 1)
    #expect(row(try find("The tank: 1")) == 2)
    #expect(row(try find("x")) == 3)
    #expect(searches == 3)
    for name in ["q:5", "nothing like it", "other:0f", ":", "/:8"] {
      guard case .nothing = try find(name) else { throw Unexpected() }
    }
    #expect(throws: LedgerError.self) { try find(id, run: 7) }
  }

  private struct Unexpected: Error {}
}
