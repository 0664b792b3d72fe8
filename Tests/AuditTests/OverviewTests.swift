import Files
import Foundation
import Lineage
import Testing

@testable import Audit

struct OverviewTests {
  @Test func `every length has one class, and the classes double in four steps`() {
    let bounds = LengthClass.bounds
    #expect(bounds.first == 16)
    #expect(bounds.last == 1 << 30)
    #expect(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 })
    for (index, bound) in bounds.enumerated() where index % 4 == 0 {
      #expect(bound == 16 << (index / 4))
    }
    for index in 1...bounds.count {
      #expect(LengthClass.through(index - 1) == LengthClass.from(index) - 1)
    }
    #expect(LengthClass.from(0) == 0)
    #expect(LengthClass.through(bounds.count) == nil)
  }

  @Test func `SQLite finds the class that a plain search finds`() throws {
    let path = NSTemporaryDirectory() + "/overview-\(UUID().uuidString).sqlite"
    defer { try? FileManager.default.removeItem(atPath: path) }
    _ = try Ledger(writing: path, isDurable: false)
    let lengths = [0, 1] + LengthClass.bounds.flatMap { [$0 - 1, $0, $0 + 1] } + [1 << 40]
    let values = lengths.map { "(\($0))" }.joined(separator: ", ")
    var answer = ""
    _ = try Query(
      "WITH sample (byte_count) AS (VALUES \(values)) SELECT \(LengthClass.sql) AS c FROM sample"
    ).answer(from: path, as: .csv) { answer += $0 }
    let found = answer.split(whereSeparator: \.isNewline).dropFirst().map { Int($0) }
    let expected = lengths.map { length in
      LengthClass.bounds.firstIndex { length < $0 } ?? LengthClass.bounds.count
    }
    #expect(found == expected)
  }

  @Test(
    arguments: [
      ("model.embed_tokens.weight", nil, "model.embed_tokens"),
      ("model.layers.12.mlp.down_proj.weight", 12, "mlp.down_proj"),
      ("model.layers.0.self_attn.q_proj.bias", 0, "self_attn.q_proj.bias"),
      ("model.layers.3.mlp.experts.17.up_proj.weight", 3, "mlp.experts.*.up_proj"),
      ("h.4", nil, "h.4"), ("weight", nil, "weight"), ("", nil, ""), ("..5..", 5, "."),
      ("layers.99999999.a", nil, "layers.99999999.a"),
    ] as [(String, Int?, String)])
  func `a tensor's layer is the first number of its name`(
    name: String, layer: Int?, module: String
  ) {
    let tensor = Overview.Merge.Tensor(name: name, record: "{}")
    #expect(tensor.layer == layer)
    #expect(tensor.module == module)
  }

  @Test(arguments: [
    "", "null", "[]", "{", #"{"shape":[9223372036854775807,2],"entries_from":{"a":"b"}}"#,
    #"{"shape":"x","inputs":[1,null,"a"],"distances":[],"steps":[1,{"incoming":2}]}"#,
  ])
  func `a record that is not as it should be leaves out what it lacks`(record: String) {
    let tensor = Overview.Merge.Tensor(name: "a.0.b", record: record)
    #expect(tensor.steps.isEmpty)
    #expect(tensor.shares.allSatisfy { $0.entries == nil && $0.distance == nil })
  }

  @Test func `a workspace in which nothing was built has no overview`() throws {
    let path = NSTemporaryDirectory() + "/overview-\(UUID().uuidString).sqlite"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let ledger = try Ledger(writing: path, isDurable: false)
    #expect(throws: LedgerError.self) { try Overview(ledger, in: NSTemporaryDirectory()) }
  }

  @Test func `a prompt is shown on one line, and cut where it is long`() {
    #expect(Excerpts.beginning(of: " a\n\n b\tc ") == "a b c")
    let long = String(repeating: "x", count: 500)
    #expect(Excerpts.beginning(of: long) == String(long.prefix(Excerpts.length)) + "…")
    #expect(Excerpts.beginning(of: "") == "")
  }
}
