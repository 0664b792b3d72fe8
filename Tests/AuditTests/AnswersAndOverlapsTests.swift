import Curation
import Files
import Foundation
import Lineage
import Notation
import Testing

@testable import Audit

/// `verify` and `without` as they are told, asked again and compared.
struct AnswersAndOverlapsTests {
  private let folder = try! BuildFolder()

  private static let question = "A farmer has seventeen sheep and all but nine of them run away."

  private func row(_ id: String, _ question: String, _ response: String, _ correct: String = "true")
    -> String
  {
    #"{"question": "\#(question)", "uuid": "\#(id)", "topic": "algebra", "answer": "9","#
      + #" "generations": ["\#(response)"], "correct": [\#(correct)]}"#
  }

  private func fixture() throws -> BuildFixture {
    var fixture = BuildFixture(rows: 0, seed: 1)
    fixture.files = [
      "pool": [
        "p.jsonl": [
          row("a", "Three squared?", #"<think>3·3</think> \\boxed{9}"#, "false"),
          row("b", "Two cubed?", #"So \\boxed{8}."#),
          row("c", Self.question, #"\\boxed{9}"#),
          row("d", "Why?", "Nobody knows.\\nReally."),
        ]
      ]
    ]
    fixture.branches = [
      .init(
        name: "best",
        sources: [
          .init(
            source: "pool", filters: ["topic"], pick: "{ first: responses }", without: "[quiz]",
            response: "{responses}", verify: "math")
        ])
    ]
    let benchmarks = folder.path + "/work/benchmarks"
    for (path, text) in [
      (
        folder.path + "/datasets/benchmarks/quiz.yaml",
        "about: A quiz.\nlicence: MIT\nfields: { id: number, prompt: question }\n"
      ),
      (benchmarks + "/quiz.jsonl", #"{"number": 7, "question": "\#(Self.question)"}"# + "\n"),
    ] {
      try Folder.create(path.parentPath)
      try text.write(toFile: path, atomically: false, encoding: .utf8)
    }
    return fixture
  }

  @Test func `a paragraph tells what was found, and the steps are asked again`() throws {
    let ledger = try fixture().build(in: folder.path)
    let passed =
      "It passed the filter topic (“A filter.”): topic was \"algebra\". Its one answer was taken, by"
      + " the rule {first: responses}."
    let free =
      "\(passed) Its prompt overlaps with no item of quiz by words, tokens, whole, fuzzy."
    let templates =
      "The recipe writes its prompt by the template {prompt} and its response by the template"
      + " {responses}."
    let ends = [
      "\(free) Worked out anew, its answer \"9\" is the reference answer \"9\"; the source's own"
        + " verifier says false. \(templates) It was kept and is row 1 of"
        + " branches/best/train.jsonl. No training on these rows is on record.",
      "\(free) \(templates) It was dropped because its answer \"8\" is not the reference answer"
        + " \"9\"; the source's own verifier says true.",
      "\(passed) The recipe writes its prompt by the template {prompt}. It was dropped because its"
        + " prompt overlaps with the item 7 of the benchmark quiz, by the rule words:"
        + " \"\(Self.question)\".",
      "\(free) Worked out anew, it has no final answer to hold against the reference answer \"9\";"
        + " the source's own verifier says true. \(templates) It was kept and is row 2 of"
        + " branches/best/train.jsonl. No training on these rows is on record.",
    ]
    for (index, end) in ends.enumerated() {
      let trace = try Trace.find("p.jsonl:\(index + 1)", in: ledger)
      let story = try Story(of: trace, in: ledger)
      let branch = try #require(story.branches.first)
      #expect(branch.text.hasSuffix("for the branch best. " + end), "\(branch.text)")
      #expect(branch.steps.allSatisfy { $0.isConfirmed ?? true })
      #expect(branch.steps.map(\.kind).suffix(4) == ["prompt", "without", "response", "verify"])
    }
    let kept = try Story(of: Trace.find("p.jsonl:1", in: ledger), in: ledger).branches[0].steps
    #expect(kept.first { $0.kind == "pick" }?.evidence == #"{"candidates":1}"#)
    #expect(
      kept.first { $0.kind == "verify" }?.evidence
        == #"{"verify":"equal","found":"9","expected":"9","source_says":false}"#)
  }

  @Test func `an overview groups what fell by benchmark and item, and by verdict`() throws {
    let overview = try Overview(fixture().build(in: folder.path), in: folder.path)
    #expect(
      overview.removals.map { "\($0.step): \($0.values.map { $0.evidence ?? "" })" } == [
        #"without: ["{\"benchmark\":\"quiz\",\"item\":\"7\",\"rule\":\"words\"}"]"#,
        #"verify: ["{\"verify\":\"different\",\"source_says\":true}"]"#,
      ])
  }

  private func document(_ format: any ExportFormat.Type, _ ledger: Ledger) throws -> String {
    let export = try Export(
      folder.path + "/work", ledger: ledger, branch: nil, sample: nil, folder: nil, tool: "test 1")
    var text = ""
    try format.write(export) { text += $0 }
    return text
  }

  @Test func `exports name the benchmark among what a build used`() throws {
    let ledger = try fixture().build(in: folder.path)
    let benchmark = try #require(ledger.benchmarks(of: 1).first)
    let events = try document(OpenLineage.self, ledger)
    let last = try #require(
      events.split(separator: "\n").map { try JSON(parsing: Array($0.utf8)) }
        .last { $0["job"]?["name"]?.text?.hasSuffix(".branch.best") == true })
    let input = try #require(last["inputs"]?.items?.first { $0["name"]?.text == benchmark.path })
    #expect(
      input["facets"]?["version"]?["datasetVersion"]?.text == "xxh3:\(benchmark.xxh3)")
    let graph = try document(PROV.self, ledger)
    #expect(graph.contains("\"bm:fingerprint\": \"\(benchmark.fingerprint)\""))
    for (kind, text) in [("openlineage", events), ("prov", graph)] {
      guard
        kind == "prov"
          ? Validator.has("prov.model")
          : Validator.hasSchemas && Validator.has("jsonschema, referencing, openlineage.client")
      else { continue }
      let path = "\(folder.path)/\(kind).\(kind == "prov" ? "json" : "jsonl")"
      try text.write(toFile: path, atomically: false, encoding: .utf8)
      #expect(
        try Validator.complaints(kind, path, kind == "prov" ? "--" : Validator.schemas) == "")
    }
  }

  @Test func `without the benchmark's file the story stays, and that step is not asked`() throws {
    let ledger = try fixture().build(in: folder.path)
    try FileManager.default.removeItem(atPath: folder.path + "/work/benchmarks/quiz.jsonl")
    let steps = try Story(of: Trace.find("p.jsonl:1", in: ledger), in: ledger).branches[0].steps
    #expect(steps.map(\.outcome) == Array(repeating: .passed, count: 6))
    #expect(steps.map(\.isConfirmed) == [true, true, true, nil, true, true])
  }

  @Test func `what was decided is proved, and a benchmark of other questions is missed`() throws {
    _ = try fixture().build(in: folder.path)
    let work = folder.path + "/work"
    let proved = try Verification(work)
    #expect(proved.failures == [])
    #expect(proved.proved.first { $0.matter == .fate }?.count == 4)
    let benchmark = work + "/benchmarks/quiz.jsonl"
    try #"{"number": 7, "question": "Something else?"}"#.write(
      toFile: benchmark, atomically: false, encoding: .utf8)
    let missed = try Verification(work)
    #expect(missed.failures.map(\.problem) == ["a run's recipe cannot be resolved any more"])
    #expect(
      missed.failures.first?.places.first?.found?.contains(
        "is not the benchmark that the run read: its fingerprint is") == true)
  }

  private static let changes: [(String, String?, String?, String?)] = [
    ("", "{ math: { unknown: drop } }", "[quiz]", "removed: verify changed"),
    ("", nil, "[quiz]", "added: verify left out"),
    ("", "math", nil, "added: without left out"),
    ("", "math", "{ benchmarks: [quiz], rules: [fuzzy] }", nil),
    ("Something else?", "math", "[quiz]", "added: without changed"),
  ]

  @Test(arguments: changes)
  func `a change is due to the step, or to the benchmark's questions`(
    questions: String, verify: String?, without: String?, expected: String?
  ) throws {
    var fixture = try fixture()
    let before = try fixture.build(in: folder.path)
    let other = try BuildFolder()
    for name in ["datasets", "work/benchmarks"] {
      try Folder.create((other.path + "/" + name).parentPath)
      try FileManager.default.copyItem(
        atPath: folder.path + "/" + name, toPath: other.path + "/" + name)
    }
    if !questions.isEmpty {
      try #"{"number": 7, "question": "\#(questions)"}"#.write(
        toFile: other.path + "/work/benchmarks/quiz.jsonl", atomically: false, encoding: .utf8)
    }
    fixture.branches[0].sources[0].verify = verify
    fixture.branches[0].sources[0].without = without
    let after = try fixture.build(in: other.path)
    let difference = try Difference(before: Build(before), after: Build(after))
    let groups = difference.branches.flatMap(\.groups).filter { $0.change != .changed }
    #expect(groups.map { "\($0.change.rawValue): \($0.cause)" } == [expected].compactMap { $0 })
  }

  @Test func `the impact of a filter asks the other steps again`() throws {
    var fixture = try fixture()
    fixture.files["pool"]?["p.jsonl"]?.append(
      row("e", "And this?", #"\\boxed{9}"#).replacing("algebra", with: "history"))
    let ledger = try fixture.build(in: folder.path)
    let impact = try Impact(withoutFilter: "topic", in: ledger, workers: 2)
    #expect(impact.branches.map(\.gained) == [1])
  }
}
