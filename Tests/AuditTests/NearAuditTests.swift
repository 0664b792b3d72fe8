import Curation
import Files
import Foundation
import GRDB
import Lineage
import Testing

@testable import Audit

/// A build with near duplicates, looked at from all sides.
struct NearAuditTests {
  private static let card = """
    about: Rows for near duplicates.
    licence: MIT
    identity: [id]
    fields:
      id: id
      prompt: q
      responses: { from: a, type: texts }
      answer: b
      verified: { from: ok, type: flags }

    """
  private static let words = (0..<60).map { String(repeating: "w", count: $0 + 1) }

  private static func row(_ id: String, changed places: [Int] = [], _ end: String = "") -> String {
    var words = words
    for place in places { words[place] = "changed" }
    let text = words.joined(separator: " ") + end
    return #"{"id": "\#(id)", "q": "\#(text)", "a": ["one", "two"], "b": "3", "ok": [false, true]}"#
  }

  private static let rows = [
    row("a"), row("b", changed: [10]), row("c", changed: [10, 30]), row("d", changed: [10], "  "),
    #"{"id": "e", "q": "Else?", "a": ["one"], "b": "3", "ok": [true]}"#,
  ]

  private static var fixture: BuildFixture {
    var fixture = BuildFixture(rows: 1, seed: 1)
    fixture.cards = ["pool": card]
    fixture.filters = [:]
    fixture.files = ["pool": ["rows.jsonl": rows]]
    fixture.branches = [
      BuildFixture.Branch(
        name: "main",
        sources: [
          BuildFixture.Taking(
            source: "pool", filters: [],
            pick: "{ first: responses, where: { verified: { is: true } } }",
            response: "{responses}")
        ], near: "{ threshold: 0.83, frequent_lines: compare }")
    ]
    return fixture
  }

  private func id(_ row: Int, _ ledger: Ledger) throws -> String {
    try ledger.access { database in
      try String.fetchOne(
        database, sql: "SELECT sample_id FROM sample WHERE row = ?", arguments: [row]) ?? ""
    }
  }

  /// How it ended, in the sentences of `why`.
  private func ending(_ row: Int, _ ledger: Ledger) throws -> String {
    let story = try Story(of: Trace.find(id(row, ledger), in: ledger), in: ledger)
    let text = try #require(story.paragraphs.first?.text)
    return String(text[text.range(of: "It was left")!.lowerBound...])
  }

  @Test func `why tells by how much, and over which sample`() throws {
    let folder = try BuildFolder()
    let ledger = try Self.fixture.build(in: folder.path)
    let kept =
      "the sample \(try id(1, ledger)), row 1 of"
      + " \(folder.path)/work/sources/pool/rows.jsonl, which is row 1 of branches/main/train.jsonl"
    #expect(
      try ending(2, ledger) == "It was left out as a near duplicate of \(kept): of the runs of five"
        + " words that either has, both have 83.6 %. 3 samples hang together so, and one stays.")
    #expect(
      try ending(3, ledger)
        == "It was left out as a near duplicate of \(kept). With that one it has"
        + " 69.7 % of the runs of five words in common, and with the sample"
        + " \(try id(2, ledger)), over which they hang together, 83.6 %. 3 samples hang together so, and one stays."
    )
    #expect(
      try ending(4, ledger) == "It was left out as a near duplicate of \(kept): its prompt is that"
        + " of the sample \(try id(2, ledger)), which was left out for this one, being 83.6 % alike."
    )
    // What the pick saw is told beside it.
    let story = try Story(of: Trace.find(id(2, ledger), in: ledger), in: ledger)
    #expect(
      story.branches[0].steps.first?.evidence == #"{"candidates": 2, "verified": [false, true]}"#)
  }

  @Test func `clusters are shown with the texts and what differs`() throws {
    let folder = try BuildFolder()
    let ledger = try Self.fixture.build(in: folder.path)
    let clusters = try Clusters(limit: 5, in: ledger)
    #expect(clusters.total == 1)
    #expect(clusters.fallen == 3)
    let cluster = try #require(clusters.clusters.first)
    #expect(cluster.branch == "main")
    #expect(cluster.stays.sampleID == (try id(1, ledger)))
    #expect(cluster.stays.text == Self.words.joined(separator: " "))
    #expect(cluster.falls.map(\.near) == [0.6969, 0.836, 0.836])
    #expect(cluster.falls.map(\.member.row) == [3, 2, 4])
    #expect(cluster.falls.map(\.over) == [try id(2, ledger), nil, try id(2, ledger)])
    #expect(
      cluster.falls[1].difference?.pieces == [
        .both(Self.words[..<10].joined(separator: " ")), .first(Self.words[10]), .second("changed"),
        .both(Self.words[11...].joined(separator: " ")),
      ])
    #expect(try Clusters(of: "main", limit: 5, members: 1, in: ledger).clusters[0].falls.count == 1)
    #expect(throws: LedgerError.self) { try Clusters(of: "mian", limit: 5, in: ledger) }
  }

  @Test func `where the row is another by now its text is not shown`() throws {
    let folder = try BuildFolder()
    let ledger = try Self.fixture.build(in: folder.path)
    let file = folder.path + "/work/sources/pool/rows.jsonl"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try text.replacing("Else", with: "ELSE").replacing("\"w ", with: "\"W ")
      .write(toFile: file, atomically: false, encoding: .utf8)
    let cluster = try Clusters(limit: 5, in: ledger).clusters[0]
    #expect(cluster.stays.text == nil)
    #expect(cluster.falls.allSatisfy { $0.difference == nil })
  }

  private func failures(_ folder: BuildFolder, _ fixture: BuildFixture) throws -> [String] {
    var options = Verification.Options()
    options.workers = 2
    options.tool = fixture.tool
    return try Verification(folder.path + "/work", options).failures.map { failure in
      let place = failure.places.first
      return "\(failure.problem): \(place?.expected ?? "") / \(place?.found ?? "")"
    }
  }

  @Test func `an overview counts those that only resemble another one`() throws {
    let folder = try BuildFolder()
    let found = try Overview(Self.fixture.build(in: folder.path), in: folder.path).duplicates
    #expect(found.samples == 3 && found.near == 3 && found.groups == 1)
  }

  @Test func `near duplicates are looked for again by verify`() throws {
    let folder = try BuildFolder()
    let ledger = try Self.fixture.build(in: folder.path)
    #expect(try failures(folder, Self.fixture) == [])
    func change(_ sql: String) throws {
      let writer = try Ledger(writing: ledger.path, isDurable: false)
      try writer.access { try $0.execute(sql: sql) }
    }
    try change(
      "UPDATE fate SET evidence = replace(evidence, '0.6969', '0.7969') WHERE sample = 3")
    #expect(
      try failures(folder, Self.fixture) == [
        #"what decided is something else: {"near": 0.7969, "cluster": 1, "size": 3, "over": 2,"#
          + #" "over_near": 0.836, "candidates": 2, "verified": [false, true]}, took 1 of 2 /"#
          + #" {"near": 0.6969, "cluster": 1, "size": 3, "over": 2, "over_near": 0.836,"#
          + #" "candidates": 2, "verified": [false, true]}, took 1 of 2"#
      ])
    try change("UPDATE fate SET evidence = replace(evidence, '0.7969', '0.6969') WHERE sample = 3")
    #expect(try failures(folder, Self.fixture) == [])
    try change("UPDATE fate SET duplicate_of = 5 WHERE sample = 3")
    #expect(
      try failures(folder, Self.fixture) == [
        "a sample comes to something else: duplicate of sample 5 / duplicate of sample 1"
      ])
  }

  @Test func `near duplicates of a file that is another are not said to be wrong`() throws {
    let folder = try BuildFolder()
    try Self.fixture.build(in: folder.path)
    let file = folder.path + "/work/sources/pool/rows.jsonl"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try text.replacing("\"w ", with: "\"v ")
      .write(toFile: file, atomically: false, encoding: .utf8)
    let failures = try failures(folder, Self.fixture)
    #expect(
      failures.contains(
        "near duplicates cannot be looked for again:  / a source file is not the one that was read")
    )
    #expect(!failures.contains { $0.hasPrefix("a sample comes to something else") })
  }

  @Test func `a branch that loses rows to another one holds, too`() throws {
    let folder = try BuildFolder()
    var fixture = BuildFixture(rows: 60, seed: 3)
    fixture.lengthenPrompts()
    fixture.across = "{ threshold: 0.6, keep: longest, frequent_lines: compare }"
    let ledger = try fixture.build(in: folder.path)
    #expect(try failures(folder, fixture) == [])
    let clusters = try Clusters(of: "waiting", limit: 100, in: ledger)
    #expect(clusters.clusters.contains { $0.branch == "mixed" })
    #expect(clusters.clusters.flatMap(\.falls).allSatisfy { $0.branch == "waiting" })
  }
}

struct WordDifferenceTests {
  @Test(
    arguments: [
      ("", "", []), ("a b", "a  b", [.both("a b")]), ("", "x", [.second("x")]),
      ("a b c", "a x c", [.both("a"), .first("b"), .second("x"), .both("c")]),
      ("a b", "b c", [.first("a"), .both("b"), .second("c")]),
      ("a a b", "a b b", [.both("a"), .first("a"), .second("b"), .both("b")]),
    ] as [(String, String, [WordDifference.Piece])])
  func `words in common are found`(
    _ first: String, _ second: String, _ pieces: [WordDifference.Piece]
  ) {
    let found = WordDifference(first, second).pieces
    func text(_ isOf: (WordDifference.Piece) -> String?) -> [String] {
      found.compactMap(isOf).flatMap { $0.split(separator: " ").map(String.init) }
    }
    #expect(found == pieces)
    #expect(
      text {
        switch $0 {
        case .both(let text), .first(let text): text
        case .second: nil
        }
      } == first.split(separator: " ").map(String.init))
  }

  @Test func `what is in common stands in the same columns`() {
    let difference = WordDifference(
      "Find the sum of all numbers from 1 to 10 and show your work step by step in full detail",
      "Find the product of numbers from 1 to 100 and show your work step by step in full")
    let lines = difference.aligned(width: 40)
    #expect(
      lines.map { [$0.first, $0.second, $0.marks] } == [
        [
          "Find the sum     of all numbers from 1",
          "Find the product of     numbers from 1",
          "         ^^^^^^^    ^^^",
        ],
        [
          "to 10  and show your work step by step",
          "to 100 and show your work step by step",
          "   ^^^",
        ], ["in full detail", "in full", "        ^^^^^^"],
      ])
  }
}
