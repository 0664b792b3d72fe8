import Foundation
import Lineage
import Testing

@testable import Audit

struct DifferenceTests {
  /// One thing that is changed between two builds, and the causes that it may have.
  struct Mutation: Sendable, CustomTestStringConvertible {
    var name: String
    var causes: [Cause.Kind]
    var apply: @Sendable (inout BuildFixture, inout Generator) -> Void
    /// Whether no row may differ.
    var isHarmless: Bool { causes.isEmpty }
    var testDescription: String { name }

    init(
      _ name: String, _ causes: [Cause.Kind],
      _ apply: @escaping @Sendable (inout BuildFixture, inout Generator) -> Void
    ) {
      (self.name, self.causes, self.apply) = (name, causes, apply)
    }
  }

  /// Of rows that share an identity the first has the id: where they change places, another row is
  /// behind an id.
  static let mutations = [
    Mutation("nothing", []) { _, _ in },
    Mutation("the program's version", []) { fixture, _ in fixture.tool = "test 2" },
    Mutation("a comment in a filter", []) { fixture, _ in
      fixture.filters["topic"] = "# Better.\n" + fixture.filters["topic"]!
    },
    Mutation("what a card says of the licence", []) { fixture, _ in
      fixture.cards["pool"] = fixture.cards["pool"]!.replacing("Apache-2.0", with: "MIT")
    },
    Mutation("a filter", [.filter]) { fixture, _ in
      fixture.filters["topic"] = fixture.filters["topic"]!.replacing(", physics", with: "")
    },
    Mutation("a filter's field in the card", [.card]) { fixture, _ in
      fixture.cards["pool"] = fixture.cards["pool"]!.replacing("topic: topic", with: "topic: other")
    },
    Mutation("another filter", [.filter]) { fixture, _ in
      fixture.branches[0].sources[1].filters.insert("known", at: 0)
    },
    Mutation("a filter less", [.filter]) { fixture, _ in
      fixture.branches[0].sources[0].filters.removeFirst()
    },
    Mutation("one filter for another", [.filter]) { fixture, _ in
      fixture.branches[0].sources[1].filters = ["known"]
    },
    Mutation("the order of the filters", [.stepOrder]) { fixture, _ in
      fixture.branches[0].sources[0].filters.reverse()
    },
    Mutation("the pick", [.pick]) { fixture, _ in
      fixture.branches[0].sources[0].pick = "{ longest: responses }"
    },
    Mutation("a list that the pick looks at", [.card]) { fixture, _ in
      fixture.cards["pool"] = fixture.cards["pool"]!.replacing(
        "from: correct", with: "from: checked")
    },
    Mutation("the prompt", [.prompt]) { fixture, _ in
      fixture.branches[0].sources[1].prompt = "Solve: {prompt}"
    },
    Mutation("a prompt that makes more duplicates", [.prompt]) { fixture, _ in
      fixture.branches[0].sources[1].prompt = "{answer}"
    },
    Mutation("the response", [.response]) { fixture, _ in
      fixture.branches[1].sources[1].response = "It is {answer}"
    },
    Mutation("a response in the place of the teacher's", [.response]) { fixture, _ in
      fixture.branches[1].sources[0].response = "It is {answer}"
    },
    Mutation("the row format", [.rowFormat]) { fixture, _ in fixture.branches[0].row = "alpaca" },
    Mutation("duplicates stay", [.distinct]) { fixture, _ in
      fixture.branches[0].isDistinct = false
    },
    Mutation("a source less", [.source]) { fixture, _ in fixture.branches[0].sources.removeFirst()
    },
    Mutation("a branch less", [.branch]) { fixture, _ in fixture.branches.removeFirst() },
    Mutation("the order of the sources", [.sourceOrder]) { fixture, _ in
      for branch in 0...1 { fixture.branches[branch].sources.reverse() }
    },
    Mutation("a file less", [.row, .file]) { fixture, _ in fixture.files["pool"]?["a.jsonl"] = nil
    },
    Mutation("a file called otherwise", [.row, .file, .fileOrder]) { fixture, _ in
      let rows = fixture.files["pool"]?.removeValue(forKey: "a.jsonl")
      fixture.files["pool"]?["c.jsonl"] = rows
    },
    Mutation("rows less", [.row, .file]) { fixture, random in
      for _ in 0..<9 {
        fixture.files["pool"]!["a.jsonl"]!.remove(at: random.next(30))
      }
    },
    Mutation("rows more", [.row, .file]) { fixture, random in
      for number in 0..<9 {
        let row = BuildFixture.poolRow(5000 + 7 * number, &random)
        fixture.files["pool"]!["a.jsonl"]!.insert(row, at: random.next(30))
      }
    },
    Mutation("rows in another order", [.row, .file]) { fixture, random in
      fixture.files["pool"]!["a.jsonl"]!.shuffle(using: &random)
    },
    Mutation("rows with another answer", [.row]) { fixture, random in
      for row in fixture.files["tank"]!["t.jsonl"]!.indices where random.next(4) == 0 {
        let text = fixture.files["tank"]!["t.jsonl"]![row]
        fixture.files["tank"]!["t.jsonl"]![row] = text.replacing(
          "\"answer\": \"1\"", with: "\"answer\": \"2\"")
      }
    },
    Mutation("rows with another prompt", [.row]) { fixture, random in
      for row in fixture.files["pool"]!["a.jsonl"]!.indices where random.next(4) == 0 {
        let text = fixture.files["pool"]!["a.jsonl"]![row]
        fixture.files["pool"]!["a.jsonl"]![row] = text.replacing("number 1", with: "number 2")
      }
    },
    Mutation("rows that are cut", [.unreadable, .row, .file]) { fixture, random in
      for row in fixture.files["tank"]!["t.jsonl"]!.indices where row % 5 == 0 {
        fixture.files["tank"]!["t.jsonl"]![row].removeLast(9)
      }
    },
    Mutation("what identifies a sample", [.card]) { fixture, _ in
      fixture.cards["pool"] = fixture.cards["pool"]!.replacing("[uuid]", with: "[uuid, answer]")
    },
    Mutation("the longest row", [.rowLimit, .file]) { fixture, _ in fixture.maxRowBytes = 140 },
  ]

  /// Rows by their ids, in their order, of both files of a branch.
  private static func rows(_ workspace: String, _ branch: String) -> [[(id: String, text: String)]]
  {
    ["train", "seeds"].map { file in
      let path = "\(workspace)/branches/\(branch)/\(file).jsonl"
      let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
      return text.split(separator: "\n").map { line in
        (String(line.dropFirst(8).prefix { $0 != "\"" }), String(line))
      }
    }
  }

  /// The same counts from the files alone: of rows with the same bytes as many as possible keep
  /// their order.
  private static func reference(_ before: String, _ after: String, _ branch: String) -> [Int] {
    let (old, new) = (rows(before, branch), rows(after, branch))
    var (added, removed, changed, moved, same) = (0, 0, 0, 0, 0)
    var places: [[Int]] = [[], []]
    let newPlace = Dictionary(
      uniqueKeysWithValues: new.enumerated().flatMap { file, rows in
        rows.enumerated().map { ($1.id, (file: file, row: $0, text: $1.text)) }
      })
    let oldIDs = Set(old.joined().map(\.id))
    added = new.joined().count { !oldIDs.contains($0.id) }
    for (file, rows) in old.enumerated() {
      for row in rows {
        guard let now = newPlace[row.id] else {
          removed += 1
          continue
        }
        if now.file == file && now.text == row.text {
          places[file].append(now.row)
        } else {
          changed += 1
        }
      }
    }
    for places in places {
      var best: [Int] = []
      for (index, place) in places.enumerated() {
        best.append(1 + ((0..<index).filter { places[$0] < place }.map { best[$0] }.max() ?? 0))
      }
      same += best.max() ?? 0
      moved += places.count - (best.max() ?? 0)
    }
    return [added, removed, changed, moved, same]
  }

  @Test(arguments: mutations)
  func `the counts are those of the files, and the cause is what was changed`(
    _ mutation: Mutation
  ) throws {
    for seed in 1...3 as ClosedRange<UInt64> {
      let (one, other) = (try BuildFolder(), try BuildFolder())
      var random = Generator(state: seed)
      var fixture = BuildFixture(rows: 60, seed: seed &* 77)
      let before = try fixture.build(in: one.path)
      mutation.apply(&fixture, &random)
      let after = try fixture.build(in: other.path)
      let there = try Difference(before: Build(before), after: Build(after))
      let back = try Difference(before: Build(after), after: Build(before))
      for (difference, from, to) in [(there, one.path, other.path), (back, other.path, one.path)] {
        #expect(difference.isEmpty == mutation.isHarmless)
        for branch in difference.branches {
          let totals = branch.sources.reduce(into: [0, 0, 0, 0, 0]) { sums, source in
            for (index, count) in [
              source.added, source.removed, source.changed, source.moved, source.same,
            ].enumerated() { sums[index] += count }
          }
          #expect(totals == Self.reference(from + "/work", to + "/work", branch.name))
          for group in branch.groups {
            #expect(
              mutation.causes.contains(group.cause.kind),
              "\(branch.name), \(group.source), \(group.change): \(group.cause)")
          }
        }
      }
    }
  }

  @Test(arguments: mutations, [false, true])
  func `where near duplicates fall, the cause is what was changed, or other samples`(
    _ mutation: Mutation, isAcross: Bool
  ) throws {
    let (one, other) = (try BuildFolder(), try BuildFolder())
    var random = Generator(state: 5)
    var fixture = BuildFixture(rows: 60, seed: 6)
    fixture.lengthenPrompts()
    fixture.maxRowBytes = 1 << 20
    let near = "{ threshold: 0.6, frequent_lines: compare }"
    if isAcross { fixture.across = near } else { fixture.branches[0].near = near }
    let before = try fixture.build(in: one.path)
    mutation.apply(&fixture, &random)
    let after = try fixture.build(in: other.path)
    let difference = try Difference(before: Build(before), after: Build(after))
    #expect(difference.isEmpty || !mutation.isHarmless)
    for branch in difference.branches {
      for group in branch.groups {
        #expect(
          mutation.causes.contains(group.cause.kind) || group.cause.kind == .near,
          "\(branch.name), \(group.source), \(group.change): \(group.cause)")
      }
    }
  }

  @Test func `another threshold is the cause of what it changes`() throws {
    let (one, other) = (try BuildFolder(), try BuildFolder())
    var fixture = BuildFixture(rows: 60, seed: 6)
    fixture.lengthenPrompts()
    fixture.branches[0].near = "{ threshold: 0.6, frequent_lines: compare }"
    let before = try fixture.build(in: one.path)
    fixture.branches[0].near = "{ threshold: 1, frequent_lines: compare }"
    let after = try fixture.build(in: other.path)
    let difference = try Difference(before: Build(before), after: Build(after))
    let causes = Set(difference.branches.flatMap(\.groups).map(\.cause.description))
    #expect(
      causes == [
        "distinct prompt, near {threshold: 0.6, on: prompt, keep: first, frequent_lines: compare,"
          + " limit: 1000} became prompt, near {threshold: 1.0, on: prompt, keep: first,"
          + " frequent_lines: compare, limit: 1000}"
      ])
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `of several things that were changed each cause is one`(_ seed: UInt64) throws {
    var random = Generator(state: seed)
    var fixture = BuildFixture(rows: 60, seed: seed)
    let (one, other) = (try BuildFolder(), try BuildFolder())
    let before = try fixture.build(in: one.path)
    // Ids that mean other samples, and a branch that is gone, would leave little else to see.
    let all = Self.mutations.filter {
      !["what identifies a sample", "a branch less"].contains($0.name)
    }
    let chosen = (0..<4).map { _ in all[random.next(all.count)] }
    for mutation in chosen { mutation.apply(&fixture, &random) }
    let after = try fixture.build(in: other.path)
    let difference = try Difference(before: Build(before), after: Build(after))
    let causes = Set(chosen.flatMap(\.causes))
    for branch in difference.branches {
      for group in branch.groups {
        // A row that is of another file by now stands elsewhere in the order of the files.
        #expect(
          causes.contains(group.cause.kind)
            || group.cause.kind == .fileOrder && causes.contains(.file),
          "\(chosen.map(\.name)): \(branch.name), \(group.source), \(group.change): \(group.cause)")
      }
    }
  }

  @Test func `two runs of one workspace are compared by their numbers`() throws {
    let folder = try BuildFolder()
    var fixture = BuildFixture(rows: 40, seed: 9)
    try fixture.build(in: folder.path)
    fixture.filters["long"] = fixture.filters["long"]!.replacing("24", with: "18")
    // The second run builds one branch alone; the other one stays as it was.
    let ledger = try fixture.build(in: folder.path, only: ["mixed"])
    let runs = try Difference(before: Build(ledger, run: 1), after: Build(ledger, run: 2))
    #expect(runs.branches.map(\.name) == ["mixed", "waiting"])
    #expect(!runs.branches[0].groups.isEmpty)
    #expect(
      runs.branches[0].groups.allSatisfy { $0.cause.kind == .filter && $0.cause.name == "long" })
    #expect(Set(runs.branches[1].groups.map(\.cause.description)) == ["branch waiting left out"])
    let latest = try Difference(before: Build(ledger, run: 1), after: Build(ledger))
    #expect(latest.branches.first { $0.name == "waiting" }?.groups.isEmpty == true)
    #expect(
      latest.branches.first { $0.name == "mixed" }?.groups.count == runs.branches[0].groups.count)
    #expect(throws: LedgerError.self) {
      try Difference(before: Build(ledger, run: 3), after: Build(ledger))
    }
  }

  @Test func `runs of a version that kept no places of rows are compared by what made them`() throws
  {
    let (one, other) = (try BuildFolder(), try BuildFolder())
    var fixture = BuildFixture(rows: 60, seed: 4)
    try fixture.build(in: one.path)
    fixture.branches[0].sources[1].response = "It is {answer}"
    let row = fixture.files["pool"]!["b.jsonl"]!.firstIndex { $0.hasSuffix("}") }!
    fixture.files["pool"]!["b.jsonl"]![row] += " "
    let after = try fixture.build(in: other.path)
    let exact = try Difference(
      before: Build(Ledger(reading: one.path + "/work/lineage.sqlite")), after: Build(after))
    try sqlite(
      "UPDATE fate SET output_offset = NULL, output_byte_count = NULL, output_xxh3 = NULL", one)
    let told = try Difference(
      before: Build(Ledger(reading: one.path + "/work/lineage.sqlite")), after: Build(after))
    func changed(_ difference: Difference) -> [[Int]] {
      difference.branches.map { $0.sources.map(\.changed) }
    }
    // White space behind a row changes its bytes, and nobody can tell that they make the same row.
    #expect(
      zip(changed(told).joined(), changed(exact).joined()).allSatisfy { $0 - $1 <= 1 && $0 >= $1 })
    #expect(changed(exact)[0][1] > 0)
  }

  @Test(arguments: [
    "DELETE FROM sample WHERE id = 5",
    "UPDATE sample SET id = 100000 WHERE id = (SELECT max(id) FROM sample)",
    "DELETE FROM fate WHERE sample = 5 AND branch = 1",
    "UPDATE fate SET kind = 'lost' WHERE sample = 5",
    "UPDATE fate SET duplicate_of = 99999999 WHERE kind = 'duplicate'",
    "UPDATE fate SET duplicate_of = -1 WHERE kind = 'duplicate'",
    "UPDATE fate SET step = 7777 WHERE kind = 'dropped'",
    "UPDATE fate SET step = (SELECT max(id) FROM step) WHERE kind = 'dropped' AND branch = 1",
    "UPDATE fate SET output_row = 9999999999 WHERE kind = 'kept'",
    "UPDATE fate SET kind = 'dropped', step = 1 WHERE kind = 'kept' AND branch = 1",
    "UPDATE source_file SET row_count = 9223372036854775807",
    "UPDATE source_file SET first_sample = 9223372036854775807",
    "UPDATE source_file SET row_count = -1", "UPDATE output_file SET row_count = row_count + 1",
    "UPDATE run SET recipe_text = 'branches: [', options = '{'",
    "UPDATE source SET card = ': : :'", "UPDATE step SET text = '[' WHERE kind = 'filter'",
    "UPDATE fate SET duplicate_of = sample WHERE kind = 'duplicate'",
  ])
  func `a ledger that contradicts itself is told of, and never a trap`(_ damage: String) throws {
    let (one, other) = (try BuildFolder(), try BuildFolder())
    var fixture = BuildFixture(rows: 40, seed: 3)
    try fixture.build(in: one.path)
    fixture.filters["topic"] = fixture.filters["topic"]!.replacing(", physics", with: "")
    let after = try fixture.build(in: other.path)
    try sqlite("PRAGMA foreign_keys = OFF; " + damage, one)
    let before = try Ledger(reading: one.path + "/work/lineage.sqlite")
    for (old, new) in [(before, after), (after, before)] {
      do {
        let difference = try Difference(before: Build(old), after: Build(new))
        for branch in difference.branches {
          for group in branch.groups {
            _ = try difference.rows(group.pairs, of: branch, before: old, after: new)
          }
        }
      } catch let error as LedgerError {
        #expect(error.description.contains("contradicts itself"))
      }
    }
    _ = try? Impact(without: .source("pool"), in: before)
    _ = try? Impact(withoutFilter: "topic", in: before, workers: 1)
  }

  /// Does to a ledger what no run would.
  private func sqlite(_ sql: String, _ folder: BuildFolder) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["sqlite3", folder.path + "/work/lineage.sqlite", sql]
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  @Test func `rows that keep their order are as many as can be`() {
    #expect(longestAscent(of: []) == [])
    #expect(longestAscent(of: [1, 2, 5]) == [true, true, true])
    #expect(longestAscent(of: [5, 1, 2, 3]) == [false, true, true, true])
    #expect(longestAscent(of: [2, 9, 3, 4, 1]).count { $0 } == 3)
    #expect(heaviestAscent(of: [(2, 5), (0, 3), (1, 4)]) == [false, true, true])
    #expect(heaviestAscent(of: [(2, 9), (0, 3), (1, 4)]) == [true, false, false])
    #expect(heaviestAscent(of: []) == [])
  }
}
