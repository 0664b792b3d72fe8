import Curation
import Files
import Foundation
import Lineage
import Testing

@testable import Audit

struct StoryTests {
  private let folder = try! BuildFolder()

  private var work: String { folder.path + "/work" }

  @Test func `asked again, every step of every sample decides as the ledger says`() throws {
    let ledger = try BuildFixture(rows: 50, seed: 11).build(in: folder.path)
    var counts: [String: Int] = [:]
    for (source, file, rows) in [("pool", "a", 50), ("pool", "b", 25), ("tank", "t", 50)] {
      for row in 1...rows {
        let trace = try Trace.find("\(source)/\(file).jsonl:\(row)", in: ledger)
        let story = try Story(of: trace, in: ledger)
        #expect(story.proof == .hash)
        #expect(story.unread == nil)
        #expect(story.branches.map(\.branch) == trace.fates.map(\.branch))
        for (branch, fate) in zip(story.branches, trace.fates) {
          counts[fate.fate, default: 0] += 1
          #expect(branch.steps.allSatisfy { $0.isConfirmed ?? true })
          let passed = branch.steps.filter { $0.outcome == .passed }
          #expect(passed.map(\.name) == fate.passed)
          #expect(passed.allSatisfy { $0.isConfirmed == true })
          for step in passed where step.kind == "filter" {
            let values = try #require(step.evidence)
            #expect(values.hasPrefix("{\"") && branch.text.contains("the filter \(step.name) "))
          }
          let dropping = branch.steps.first { $0.outcome == .dropped }
          #expect(dropping?.name == fate.step)
          if let dropping { #expect(dropping.evidence == fate.evidence) }
          #expect(!branch.text.contains("\n") && !branch.text.contains("decides otherwise"))
        }
      }
    }
    #expect(Set(counts.keys) == ["kept", "seed", "dropped", "duplicate", "quarantined"])
  }

  /// One row of each fate, and what is said of it after the sentences on its origin.
  @Test func `a paragraph tells the whole way`() throws {
    var fixture = BuildFixture(rows: 0, seed: 1)
    fixture.files = [
      "pool": [
        "p.jsonl": [
          #"{"question": "Q 1", "uuid": "a", "topic": "algebra", "generations": ["x", "y"], "correct": [false, true], "answer": "7"}"#,
          #"{"question": "Q  1", "uuid": "b", "topic": "physics", "generations": ["x"], "correct": [true], "answer": "8"}"#,
          #"{"question": "Q 2", "uuid": "c", "topic": "history", "answer": "8"}"#,
          #"{"question": "Q 3", "uuid": "d", "topic": "geometry", "generations": ["x"], "correct": [false], "answer": "8"}"#,
          #"{"question": "Q 4", "uuid": "e", "topic": "algebra", "generations": ["x"], "correct": [true], "answer": null}"#,
          #"{"question": 5}"#,
        ]
      ]
    ]
    fixture.branches = [
      .init(
        name: "best",
        sources: [
          .init(
            source: "pool", filters: ["topic", "long"],
            pick: "{ first: responses, where: { verified: { is: true } } }",
            response: "{responses}\\n{answer}")
        ])
    ]
    let ledger = try fixture.build(in: folder.path)
    let passed =
      "It passed the filter topic (“A filter.”): topic was \"algebra\". It passed the filter long"
      + " (“A filter.”): prompt was 3 characters long."
    let rule = "{first: responses, where: {verified: {is: true}}}"
    let templates =
      "The recipe writes its prompt by the template {prompt} and its response by the template"
      + " {responses}\\n{answer}."
    let first = try Trace.find("p.jsonl:1", in: ledger)
    let id = try #require(first.id)
    let ends = [
      "\(passed) Of its 2 answers number 2 was taken, by the rule \(rule); verified was"
        + " [false,true]. \(templates) It was kept and is row 1 of branches/best/train.jsonl. No"
        + " training on these rows is on record.",
      "\(passed.replacing("algebra", with: "physics").replacing("3 char", with: "4 char")) Its one"
        + " answer was taken, by the rule \(rule); verified was [true]. \(templates) It was left out"
        + " as a duplicate of the sample \(id), row 1 of \(work)/sources/pool/p.jsonl, which has the"
        + " same prompt, was read before it, and is row 1 of branches/best/train.jsonl.",
      "It was dropped by the filter topic (“A filter.”), whose rule is {topic: {in: [algebra,"
        + " geometry, physics]}}: topic was \"history\".",
      "\(passed.replacing("algebra", with: "geometry")) It was dropped because none of its 1 answers"
        + " satisfied the rule \(rule): verified was [false].",
      "\(passed) Its one answer was taken, by the rule \(rule); verified was [true]. The recipe"
        + " writes its prompt by the template {prompt}. It was dropped because its response could not"
        + " be written from the template {responses}\\n{answer}: answer was missing.",
      "It was put aside, because it could not be read as a sample: 'question' should be a text and is"
        + " a number (byte 533 of the file).",
    ]
    for (index, end) in ends.enumerated() {
      let trace = try Trace.find("p.jsonl:\(index + 1)", in: ledger)
      let story = try Story(of: trace, in: ledger)
      let place = trace.place
      let name = trace.id.map { "The sample \($0)" } ?? "This sample, which has no id,"
      #expect(
        story.paragraphs.map(\.text) == [
          "\(name) comes from the source pool (table default, licence \(trace.source.licence),"
            + " revision main), where it is row \(index + 1) (bytes \(place.byteOffset ?? -1) to"
            + " \((place.byteOffset ?? -1) + place.byteCount - 1)) of the file"
            + " \(work)/sources/pool/p.jsonl. The row was read again for this account, and its hash"
            + " is the one that was recorded. Run 1 (recipe recipe, finished \(trace.run.finished))"
            + " read it for the branch best. \(end)"
        ])
      #expect(story.prompt == (index == 5 ? nil : ["Q 1", "Q 1", "Q 2", "Q 3", "Q 4"][index]))
    }
    #expect(
      try Story(of: first, in: ledger).hashes.map(\.of) == [
        "source file", "row 1 of it", "row 1 of branches/best/train.jsonl",
        "branches/best/train.jsonl",
      ])
  }

  @Test func `where the row is gone or another the story goes on without its values`() throws {
    let ledger = try BuildFixture(rows: 8, seed: 4).build(in: folder.path)
    let path = work + "/sources/tank/t.jsonl"
    let trace = try Trace.find("t.jsonl:3", in: ledger)
    let bytes = try OriginalRow(of: trace, in: ledger).bytes
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.split(separator: "\n")[2] == String(decoding: bytes, as: UTF8.self))
    try text.replacing("question", with: "QUESTION").write(
      toFile: path, atomically: false, encoding: .utf8)
    let changed = try Story(of: trace, in: ledger)
    #expect(changed.unread?.contains("is not the row that was read: its hash is not ") == true)
    #expect(changed.proof == nil && changed.prompt == nil)
    for reason in ["ends before byte", "could not open it: No such file or directory"] {
      if reason.hasPrefix("ends") {
        try "{}".write(toFile: path, atomically: false, encoding: .utf8)
      } else {
        try FileManager.default.removeItem(atPath: path)
      }
      let story = try Story(of: trace, in: ledger)
      #expect(story.unread?.contains(reason) == true || story.unread?.contains("shorter") == true)
      for (branch, fate) in zip(story.branches, trace.fates) {
        #expect(branch.text.contains("The row could not be read again ("))
        #expect(branch.steps.filter { $0.outcome == .passed }.map(\.name) == fate.passed)
        #expect(branch.steps.filter { $0.kind == "filter" }.allSatisfy { $0.about == "A filter." })
      }
    }
  }

  @Test func `a branch that a later run left alone is told from the run that built it`() throws {
    var fixture = BuildFixture(rows: 12, seed: 6)
    try fixture.build(in: folder.path)
    fixture.filters["topic"] = BuildFixture.filter(
      "topic", "{ is: history }", keep: "history", drop: "algebra")
    fixture.tool = "test 2"
    let ledger = try fixture.build(in: folder.path, only: ["waiting"])
    for row in 1...12 {
      let trace = try Trace.find("a.jsonl:\(row)", in: ledger)
      guard trace.id != nil else { continue }
      let story = try Story(of: trace, in: ledger)
      let told = Dictionary(uniqueKeysWithValues: story.branches.map { ($0.branch, $0) })
      #expect(told["waiting"]?.text.contains("Run 2 (recipe recipe") == true)
      #expect(told["mixed"]?.text.contains("Run 1 (recipe recipe") == true)
      let rule = told["mixed"]?.steps.first { $0.name == "topic" }?.rule
      #expect(rule == "{topic: {in: [algebra, geometry, physics]}}")
      #expect(story.branches.allSatisfy { $0.steps.allSatisfy { $0.isConfirmed ?? true } })
    }
  }

  @Test func `nothing in a sample can hide or move a sentence`() throws {
    var fixture = BuildFixture(rows: 0, seed: 1)
    fixture.files["tank"] = [
      "t.jsonl": [
        #"{"problem": "\u001b[2J\u202e<b>&\u0000", "answer": "1", "topic": "\u2028x\u009b", "other": "o"}"#
      ]
    ]
    fixture.filters["long"] = BuildFixture.filter(
      "topic", "{ length: { at_least: 9 } }", keep: "123456789", drop: "short")
    let ledger = try fixture.build(in: folder.path)
    let story = try Story(of: Trace.find("t.jsonl:1", in: ledger), in: ledger)
    let texts = story.branches.map(\.text) + [story.prompt ?? ""] + story.hashes.map(\.of)
    for scalar in texts.joined().unicodeScalars {
      #expect(![.control, .format, .lineSeparator].contains(scalar.properties.generalCategory))
    }
    #expect(story.prompt == #"\u{1b}[2J\u{202e}<b>&\u{0}"#)
  }
}
