import Foundation
import Lineage
import Notation
import Testing

@testable import Audit

struct ImpactTests {
  /// Ids of rows lost and gained in each branch that has any.
  private func changes(_ impact: Impact, _ ledger: Ledger) throws -> [String: [Set<String>]] {
    var result: [String: [Set<String>]] = [:]
    for branch in impact.branches {
      let sets = try [
        branch.sources.flatMap(\.lostSamples), branch.sources.flatMap(\.gainedSamples),
      ]
      .map { try ids(of: $0, ledger) }
      #expect(sets.map(\.count) == [branch.lost, branch.gained])
      if sets.contains(where: { !$0.isEmpty }) { result[branch.name] = sets }
    }
    return result
  }

  /// The same, as two real builds differ.
  private func changes(_ difference: Difference, _ before: Ledger, _ after: Ledger) throws
    -> [String: [Set<String>]]
  {
    var result: [String: [Set<String>]] = [:]
    for branch in difference.branches {
      let sets = try [Difference.Change.removed, .added].map { change in
        let pairs = branch.groups.filter { $0.change == change }.flatMap(\.pairs)
        return Set(
          try difference.rows(pairs, of: branch, before: before, after: after).compactMap(\.id))
      }
      if sets.contains(where: { !$0.isEmpty }) { result[branch.name] = sets }
    }
    return result
  }

  private func ids(of samples: [Int64], _ ledger: Ledger) throws -> Set<String> {
    try Set(
      samples.map { sample in
        var id = ""
        _ = try Query(
          "SELECT sample_id FROM sample WHERE id = CAST(:n AS INTEGER)", values: ["n": "\(sample)"]
        )
        .answer(from: ledger.path, as: .csv) { id += $0 }
        return String(id.split(whereSeparator: \.isNewline)[1])
      })
  }

  /// Holds the impact against a build from which `change` has taken the thing away.
  private func compare(
    _ fixture: BuildFixture, impact: (Ledger) throws -> Impact,
    change: (inout BuildFixture) throws -> Void
  ) throws {
    let (one, other) = (try BuildFolder(), try BuildFolder())
    let before = try fixture.build(in: one.path)
    var without = fixture
    try change(&without)
    let after = try without.build(in: other.path)
    let difference = try Difference(before: Build(before), after: Build(after))
    let told = try impact(before)
    #expect(try changes(told, before) == changes(difference, before, after))
    for branch in told.branches {
      #expect(difference.branches.first { $0.name == branch.name }?.after?.rows == branch.rowsAfter)
    }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `without a source or a licence the rows are those of a build without it`(_ seed: UInt64)
    throws
  {
    let fixture = BuildFixture(rows: 80, seed: seed)
    try compare(fixture) {
      try Impact(without: .source("pool"), in: $0)
    } change: { fixture in
      for branch in 0...1 { fixture.branches[branch].sources.removeAll { $0.source == "pool" } }
    }
    try compare(fixture) {
      try Impact(without: .licence("CC-BY-4.0"), in: $0)
    } change: { fixture in
      for branch in 0...1 { fixture.branches[branch].sources.removeAll { $0.source == "tank" } }
    }
  }

  @Test(arguments: ["topic", "long", "known"], 1...4 as ClosedRange<UInt64>)
  func `without a filter the rows are those of a build without it`(_ filter: String, _ seed: UInt64)
    throws
  {
    let fixture = BuildFixture(rows: 80, seed: seed)
    try compare(fixture) {
      try Impact(withoutFilter: filter, in: $0, workers: 2)
    } change: { fixture in
      for branch in 0...1 {
        for source in 0...1 {
          fixture.branches[branch].sources[source].filters.removeAll { $0 == filter }
        }
      }
    }
  }

  /// Prompts that resemble each other, and a search for them.
  private func nearFixture(_ seed: UInt64, keep: String, isAcross: Bool) -> BuildFixture {
    var fixture = BuildFixture(rows: 80, seed: seed)
    fixture.lengthenPrompts()
    let near = "{ threshold: 0.6, keep: \(keep), frequent_lines: compare }"
    if isAcross { fixture.across = near } else { fixture.branches[0].near = near }
    return fixture
  }

  @Test(arguments: [(1, false), (2, false), (3, true), (4, true)])
  func `without a source the next near duplicate steps in`(_ seed: UInt64, isAcross: Bool) throws {
    let fixture = nearFixture(seed, keep: "first", isAcross: isAcross)
    try compare(fixture) {
      try Impact(without: .source("pool"), in: $0)
    } change: { fixture in
      for branch in 0...1 { fixture.branches[branch].sources.removeAll { $0.source == "pool" } }
    }
  }

  @Test(arguments: ["topic", "long", "known"], ["first", "longest", "verified"])
  func `without a filter near duplicates are looked for again`(_ filter: String, _ keep: String)
    throws
  {
    for isAcross in [false, true] {
      let fixture = nearFixture(5, keep: keep, isAcross: isAcross)
      try compare(fixture) {
        try Impact(withoutFilter: filter, in: $0, workers: 2)
      } change: { fixture in
        for branch in 0...1 {
          for source in 0...1 {
            fixture.branches[branch].sources[source].filters.removeAll { $0 == filter }
          }
        }
      }
    }
  }

  @Test func `without a sample the rows are those of a build without its row`() throws {
    var fixture = BuildFixture(rows: 40, seed: 5)
    // With one identity each, so that no id takes another number.
    fixture.files["pool"] = [
      "a.jsonl": fixture.files["pool"]!["a.jsonl"]!.enumerated().map {
        $1.replacing(#/"uuid": "u\d+"/#, with: "\"uuid\": \"v\($0)\"")
      }
    ]
    let folder = try BuildFolder()
    let ledger = try fixture.build(in: folder.path)
    for row in fixture.files["pool"]!["a.jsonl"]!.indices where row % 4 == 0 {
      let text = fixture.files["pool"]!["a.jsonl"]![row]
      guard text.hasSuffix("}") else { continue }
      let id = try #require(try id(ofRow: row + 1, ledger))
      try compare(fixture) {
        try Impact(without: .sample(id), in: $0)
      } change: { fixture in
        fixture.files["pool"]!["a.jsonl"]!.remove(at: row)
      }
    }
  }

  private func id(ofRow row: Int, _ ledger: Ledger) throws -> String? {
    var text = ""
    _ = try Query(
      """
      SELECT sample_id FROM sample JOIN source_file ON source_file.id = file
      WHERE path LIKE '%a.jsonl' AND row = CAST(:row AS INTEGER)
      """, values: ["row": "\(row)"]
    ).answer(from: ledger.path, as: .csv) { text += $0 }
    return text.split(whereSeparator: \.isNewline).dropFirst().first.map(String.init)
  }

  @Test func `names that nobody has are errors with the nearest one`() throws {
    let folder = try BuildFolder()
    let ledger = try BuildFixture(rows: 20, seed: 1).build(in: folder.path)
    func message(_ body: () throws -> Impact) -> String? {
      do {
        _ = try body()
        return nil
      } catch {
        return "\(error)".replacing(ledger.path + ": ", with: "")
      }
    }
    #expect(
      message { try Impact(without: .source("pol"), in: ledger) }
        == "no branch as it is reads a source 'pol'; did you mean 'pool'? There are 'pool' and 'tank'"
    )
    #expect(
      message { try Impact(without: .licence("MIT"), in: ledger) }
        == "no branch as it is reads a licence 'MIT'; there are 'Apache-2.0' and 'CC-BY-4.0'")
    #expect(
      message { try Impact(withoutFilter: "topics", in: ledger) }
        == "no branch as it is has a filter 'topics'; did you mean 'topic'?"
        + " There are 'topic', 'long' and 'known'")
    #expect(
      message { try Impact(without: .source("pool"), branch: "mixd", in: ledger) }
        == "no branch is called 'mixd'; did you mean 'mixed'? There are 'mixed' and 'waiting'")
    #expect(
      message { try Impact(without: .sample("pool:"), in: ledger) }?.hasPrefix(
        "'pool:' is the beginning of several ids; write more of it:\n  pool:") == true)
    #expect(
      message { try Impact(without: .sample("nowhere:1"), in: ledger) }?.hasPrefix(
        "no sample has the id 'nowhere:1'") == true)
  }

  @Test func `a source file that is gone, or is another, is told by name`() throws {
    let folder = try BuildFolder()
    let ledger = try BuildFixture(rows: 20, seed: 1).build(in: folder.path)
    let file = folder.path + "/work/sources/pool/b.jsonl"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try (text.replacing("algebra", with: "algebrA")).write(
      toFile: file, atomically: false, encoding: .utf8)
    func message() -> String {
      do {
        _ = try Impact(withoutFilter: "long", in: ledger, workers: 2)
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(message().hasPrefix("\(file): is not the file that was read: its XXH3 is "))
    try FileManager.default.removeItem(atPath: file)
    #expect(message().hasPrefix("\(file): is gone; its rows have to be read again"))
  }
}
