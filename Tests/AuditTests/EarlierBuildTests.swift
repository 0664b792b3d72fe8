import Files
import Foundation
import Lineage
import Notation
import Testing

@testable import Audit

/// A branch that was built, trained on and merged, and then built again from fewer sources.
struct EarlierBuildTests {
  private let folder = try! BuildFolder()

  private static let math = BuildFixture.Branch(
    name: "math",
    sources: [
      .init(source: "pool", filters: [], response: "{answer}"),
      .init(source: "tank", filters: ["long"]),
    ])

  private static func fixture() -> BuildFixture {
    var fixture = BuildFixture(rows: 0, seed: 1)
    fixture.files = [
      "pool": [
        "p.jsonl": [
          #"{"question": "Q 1", "uuid": "a", "answer": "1"}"#,
          #"{"question": "Q 2", "uuid": "b", "answer": "2"}"#,
        ]
      ],
      "tank": [
        "t.jsonl": [
          #"{"problem": "Q 3", "answer": "3"}"#, #"{"problem": "Q 4", "answer": "4"}"#,
          #"{"problem": "Q 1", "answer": "5"}"#, "{",
        ]
      ],
    ]
    fixture.branches = [math]
    return fixture
  }

  /// Records a training of the branch on these rows, and a merge of its expert.
  private func train(
    _ name: String, on hash: String?, leavingOut row: Int? = nil, merge: Bool = true
  )
    throws
  {
    let ledger = try Ledger(writing: folder.path + "/work/lineage.sqlite", isDurable: false)
    let command = Ledger.Command(tool: "t", recipePath: "r.yaml", line: "branchmerge run")
    func model(_ role: CheckpointEntry.Role, _ name: String) -> CheckpointEntry {
      CheckpointEntry(role: role, name: name, path: "models/" + name, parameterCount: 1, files: [])
    }
    var training = TrainingEntry(
      branch: "math", checkpoint: model(.expert, name), trainer: hash == nil ? "experts" : "command"
    )
    training.dataXXH3 = hash
    training.rowCount = hash == nil ? 0 : row == nil ? 4 : 3
    training.leftOut = row.map { [.init(row: $0, tokenCount: 9, reason: "too long")] } ?? []
    var outcome = StageOutcome([], [])
    outcome.training = training
    try ledger.finishStage(ledger.beginStage("train math", [], of: command), outcome)
    guard merge else { return }
    outcome.training = nil
    outcome.merge = MergeEntry(
      checkpoint: model(.merged, "merged"), method: "linear", config: "",
      inputs: [
        .init(
          name: name, path: "models/" + name, isBase: false, entryCount: nil,
          checkpoint: model(.expert, name))
      ], tensors: [])
    try ledger.finishStage(ledger.beginStage("merge", [], of: command), outcome)
  }

  private func rowsHash() throws -> String {
    let stream = try FileStream(folder.path + "/work/branches/math/train.jsonl")
    var buffer = ByteBuffer()
    while try stream.read(into: &buffer, upTo: 1 << 16) > 0 {}
    return stream.digest.description
  }

  /// What is told of a row after the sentence on its fate's steps, and the finish of the latest run.
  private func end(_ place: String, run: Int64? = nil, _ ledger: Ledger) throws -> String {
    let story = try Story(of: Trace.find(place, run: run, in: ledger), in: ledger)
    let text = try #require(story.paragraphs.first?.text)
    let start = try #require(
      text.firstRange(of: "It was kept") ?? text.firstRange(of: "It was dropped")
        ?? text.firstRange(of: "It was left out") ?? text.firstRange(of: "It was put aside"))
    return String(text[start.lowerBound...]).replacing(#/\(finished [^)]*\)/#, with: "(finished T)")
  }

  private func rebuilt(leavingOut row: Int? = nil) throws -> Ledger {
    var fixture = Self.fixture()
    try fixture.build(in: folder.path)
    try train("one", on: rowsHash(), leavingOut: row)
    fixture.branches[0].sources.removeLast()
    return try fixture.build(in: folder.path)
  }

  @Test func `a row that the branch has no more is told as one of the build that had it`() throws {
    let ledger = try rebuilt()
    let text =
      "It was kept and was row 3 of branches/math/train.jsonl in the build of run 1. Run 2 (finished"
      + " T) built the branch again without reading this sample for it, so that the row is no longer"
      + " in the file. The rows that the branch has now, those of run 2, have not been trained on."
      + " The expert models/one was trained on the rows of run 1 by command; this sample was row 3"
      + " there, and one of 4 rows that it saw. The expert is part of the merged model models/merged"
      + " (linear)."
    #expect(try end("t.jsonl:1", ledger) == text)
    #expect(try end("t.jsonl:1", run: 1, ledger) == text)
    let trace = try Trace.find("t.jsonl:1", in: ledger)
    let fate = try #require(trace.fates.first)
    #expect((fate.run, fate.replacedBy?.run, fate.replacedBy?.isRead) == (1, 2, false))
    #expect((fate.training?.run, fate.training?.row, fate.untrainedRun) == (1, 3, 2))
    #expect(
      try Story(of: trace, in: ledger).hashes.suffix(2).map(\.of) == [
        "row 3 of branches/math/train.jsonl in the build of run 1",
        "branches/math/train.jsonl in the build of run 1",
      ])
    let json = try JSON(parsing: Array(JSONEncoder().encode(Story(of: trace, in: ledger))))
    let told = json["fates"]?.items?.first
    #expect(told?["replacedBy"]?["run"]?.int == 2)
    #expect(told?["untrainedRun"]?.int == 2)
    #expect(
      try end("t.jsonl:3", ledger).hasSuffix(
        " and was row 1 of branches/math/train.jsonl in the build of run 1. Run 2 (finished T) built"
          + " the branch again without reading this sample for it."))
    #expect(try end("t.jsonl:4", ledger).hasSuffix("without reading this sample for it."))
  }

  @Test func `a row of both builds is told with the expert that knows the earlier one`() throws {
    let ledger = try rebuilt()
    let trained =
      "The rows that the branch has now, those of run 2, have not been trained on. The expert"
      + " models/one was trained on the rows of run 1 by command; this sample was row 1 there, and"
      + " one of 4 rows that it saw. The expert is part of the merged model models/merged (linear)."
    #expect(
      try end("p.jsonl:1", ledger)
        == "It was kept and is row 1 of branches/math/train.jsonl. \(trained)")
    #expect(
      try end("p.jsonl:1", run: 1, ledger)
        == "It was kept and was row 1 of branches/math/train.jsonl in the build of run 1. Run 2"
        + " (finished T) built the branch again, which replaced what is told here. \(trained)")
    let fate = try #require(try Trace.find("p.jsonl:1", in: ledger).fates.first)
    #expect(fate.training == nil && fate.replacedBy == nil)
    #expect(fate.otherTrainings.map(\.row) == [1] && fate.otherTrainings.map(\.run) == [1])
  }

  @Test func `a row that an expert of an earlier build did not see is told so`() throws {
    var fixture = Self.fixture()
    let rows = try #require(fixture.files["tank"]?["t.jsonl"])
    fixture.files["tank"] = ["t.jsonl": [rows[0]]]
    try fixture.build(in: folder.path)
    try train("one", on: rowsHash(), leavingOut: 3, merge: false)
    fixture.files["tank"] = ["t.jsonl": rows]
    fixture.filters["long"] = BuildFixture.filter(
      "prompt", "{ is: Q 4 }", keep: "Q 4", drop: "Q 3")
    let ledger = try fixture.build(in: folder.path)
    #expect(
      try end("t.jsonl:2", ledger)
        == "It was kept and is row 3 of branches/math/train.jsonl. The rows that the branch has now,"
        + " those of run 2, have not been trained on. The expert models/one was trained on the rows"
        + " of run 1 by command, and this sample was not among these.")
    // Dropped now, it was a row then, which the training left out.
    #expect(
      try end("t.jsonl:1", ledger).hasSuffix(
        "The training of the expert models/one on the rows of run 1 left this sample, which was row 3,"
          + " out: too long."))
    // Trained on, the branch has an expert that knows it; the other is in no merged model.
    try train("two", on: rowsHash())
    #expect(
      try end("t.jsonl:2", Ledger(reading: ledger.path))
        == "It was kept and is row 3 of branches/math/train.jsonl. The expert models/two was trained"
        + " on it by command, one of 4 rows. The expert is part of the merged model models/merged"
        + " (linear).")
  }

  @Test func `an earlier expert in the merged model is told beside the latest`() throws {
    _ = try rebuilt()
    try train("two", on: rowsHash(), merge: false)
    let ledger = try Ledger(reading: folder.path + "/work/lineage.sqlite")
    #expect(
      try end("t.jsonl:1", ledger).hasSuffix(
        " in the file. The earlier expert models/one was trained on the rows of run 1 by command;"
          + " this sample was row 3 there, and one of 4 rows that it saw. The expert is part of the"
          + " merged model models/merged (linear). The expert models/two was trained on the rows of"
          + " run 2 by command, and this sample was not among these."))
    let impact = try Impact(without: .source("tank"), in: ledger)
    #expect(impact.branches.map(\.rows) == [2])
    #expect(impact.branches.flatMap(\.experts).map(\.path) == ["models/one"])
  }

  @Test func `without what an earlier build had the experts that saw it are concerned`() throws {
    let ledger = try rebuilt(leavingOut: 4)
    let id = try #require(try Trace.find("t.jsonl:1", in: ledger).id)
    let leftOut = try #require(try Trace.find("t.jsonl:2", in: ledger).id)
    for (subject, lost) in [
      (Impact.Subject.source("tank"), 1), (.licence("CC-BY-4.0"), 1), (.sample(id), 1),
    ] {
      let impact = try Impact(without: subject, in: ledger)
      let branch = try #require(impact.branches.first)
      #expect((branch.rows, branch.lost, branch.rowsAfter) == (2, 0, 2))
      let expert = try #require(branch.experts.first)
      #expect((expert.path, expert.rows, expert.lost, expert.run) == ("models/one", 3, lost, 1))
      #expect(expert.isCurrent == false && expert.merges.map(\.path) == ["models/merged"])
    }
    #expect(try Impact(without: .sample(leftOut), in: ledger).branches.isEmpty)
    let both = try Impact(without: .source("pool"), in: ledger)
    #expect(both.branches.map(\.lost) == [2])
    #expect(both.branches.flatMap(\.experts).map(\.lost) == [2])
  }

  @Test func `without a filter an earlier build's rows that would be lost are counted`() throws {
    var fixture = Self.fixture()
    fixture.branches[0].sources[0].filters = ["known"]
    fixture.files["pool"]?["p.jsonl"]?[0] = #"{"question": "Q 1", "uuid": "a", "answer": "9"}"#
    try fixture.build(in: folder.path)
    try train("one", on: rowsHash())
    // The row in whose stead the filter's would stay, with another beside it.
    fixture.files["tank"]?["t.jsonl"]?.append(#"{"problem": "Q 7", "answer": "7"}"#)
    let ledger = try fixture.build(in: folder.path)
    let impact = try Impact(withoutFilter: "known", in: ledger, workers: 1)
    #expect(impact.branches.map(\.lost) == [1])
    let expert = try #require(impact.branches.first?.experts.first)
    #expect((expert.lost, expert.run, expert.isCurrent) == (1, 1, false))
  }

  @Test func `as JSON the subject has its kind, and what is not known is null`() throws {
    try Self.fixture().build(in: folder.path)
    try train("given", on: nil)
    let ledger = try Ledger(reading: folder.path + "/work/lineage.sqlite")
    let impact = try Impact(without: .source("tank"), in: ledger)
    let json = try JSON(parsing: Array(JSONEncoder().encode(impact)))
    #expect(json["subject"]?["kind"]?.text == "source")
    #expect(json["subject"]?["name"]?.text == "tank")
    let expert = try #require(json["branches"]?.items?.first?["experts"]?.items?.first)
    for key in ["rows", "lost", "run", "isCurrent"] { #expect(expert[key] == JSON.null) }
    let merge = try #require(expert["merges"]?.items?.first)
    for key in ["entries", "totalEntries"] { #expect(merge[key] == JSON.null) }
  }
}
