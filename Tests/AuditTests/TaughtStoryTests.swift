import Curation
import Files
import Foundation
import Lineage
import Notation
import Testing

@testable import Audit

struct TaughtStoryTests {
  private var branch = TaughtBranch()

  private static let seed = "It was kept as a seed, for a teacher to write the response: row"
  private static let asked =
    "The teacher lab/r1 (max_tokens 32768, temperature 0.6, top_p 0.95, prompt by the template"
    + " {prompt}) was asked for the response by the stage teach waiting, finished T."
  private static let none = "So it is no row of teach/waiting/train.jsonl."

  @Test func `what a teacher made of a seed is told in each case`() throws {
    try branch.build()
    try branch.teach()
    let ends = [
      1: "1 of branches/waiting/seeds.jsonl. \(Self.asked) Its answer from"
        + " http://127.0.0.1:8000/v1 (finish reason stop, 100 tokens, after a prompt of 11), attempt"
        + " 1 in teacher.sqlite, was accepted, and with it the sample is row 3 of"
        + " teach/waiting/train.jsonl. No training on these rows is on record.",
      3:
        "3 of branches/waiting/seeds.jsonl. \(Self.asked) None of its 3 answers was accepted; of the"
        + " last: finish reason: length. \(Self.none)",
      6: "5 of branches/waiting/seeds.jsonl. \(Self.asked) No whole answer came: no byte came in"
        + " 600 s. \(Self.none)",
      8: "7 of branches/waiting/seeds.jsonl. \(Self.asked) The server would not have the"
        + " request: this prompt is too long. \(Self.none)",
      9: "8 of branches/waiting/seeds.jsonl. \(Self.asked) One of its 2 answers from"
        + " http://127.0.0.1:8000/v1 (finish reason stop, 800 tokens, after a prompt of 18), attempt"
        + " 12 in teacher.sqlite, was accepted, and with it the sample is row 7 of"
        + " teach/waiting/train.jsonl. No training on these rows is on record.",
    ]
    for (row, end) in ends {
      #expect(try branch.end("p.jsonl:\(row)") == "\(Self.seed) \(end)")
    }
  }

  @Test func `why a seed has no answer yet is told as far as the ledger knows`() throws {
    var branch = branch
    let waits =
      "It was kept as a seed, for which a teacher is still to write the response: row 1 of"
      + " branches/waiting/seeds.jsonl."
    branch.fixture.teacher = nil
    try branch.build()
    #expect(try branch.end("p.jsonl:1") == "\(waits) The recipe names no teacher.")
    branch.fixture.teacher = BuildFixture.teacher
    try branch.build()
    #expect(
      try branch.end("p.jsonl:1")
        == "\(waits) The recipe's teacher has not been asked for it yet.")
    let ledger = try Ledger(writing: branch.work + "/lineage.sqlite", isDurable: false)
    let command = Ledger.Command(tool: "t", recipePath: "r.yaml", line: "branchmerge run")
    let stage = try ledger.beginStage("teach waiting", [], of: command)
    #expect(
      try branch.end("p.jsonl:1")
        == "\(waits) The stage teach waiting was begun at T, and did not end.")
    try ledger.endStage(stage, as: .failed, message: "401: the key is not valid")
    #expect(
      try branch.end("p.jsonl:1")
        == "\(waits) The stage teach waiting was tried at T, and failed: 401: the key is not valid."
    )
    try ledger.endStage(stage, as: .stopped, message: "interrupted")
    #expect(
      try branch.end("p.jsonl:1") == "\(waits) The stage teach waiting was stopped at T.")
  }

  @Test func `the expert that saw taught rows is told of kept and of taught ones`() throws {
    try branch.build()
    try branch.teach()
    try branch.train("one", leavingOut: 4)
    let merged = "The expert is part of the merged model models/merged (linear)."
    let saw = "The expert models/one was trained on it by command, one of 7 rows. \(merged)"
    #expect(
      try branch.end("t.jsonl:2")
        == "It was kept and is row 2 of branches/waiting/train.jsonl. \(saw)")
    #expect(try branch.end("p.jsonl:1").hasSuffix("is row 3 of teach/waiting/train.jsonl. \(saw)"))
    #expect(
      try branch.end("p.jsonl:2").hasSuffix(
        "The training of the expert models/one left this row out: too long."))
    #expect(try branch.end("p.jsonl:3").hasSuffix(Self.none))
    let kept = try #require(Trace.find("t.jsonl:2", in: branch.ledger).fates.first)
    #expect((kept.training?.row, kept.training?.teaching, kept.untrainedRun) == (2, 1, nil))
    let taught = try #require(Trace.find("p.jsonl:1", in: branch.ledger).fates.first)
    #expect((taught.training?.row, taught.teaching?.outputRow) == (3, 3))
    let file = try Data(
      contentsOf: URL(fileURLWithPath: branch.work + "/teach/waiting/train.jsonl"))
    let row = try #require(taught.teaching)
    let place = try #require(row.outputOffset)..<(row.outputOffset! + row.outputByteCount!)
    #expect(hex(fastHash(of: Array(file[place]).span)) == row.outputRowXXH3)
  }

  @Test func `rows of an earlier teaching are known by the experts that saw them`() throws {
    try branch.build()
    try branch.train("zero", on: "branches/waiting/train.jsonl", rows: 2)
    try branch.teach()
    try branch.train("one")
    // The second teaching has other answers, and none for the first seed.
    var branch = branch
    branch.fixture.teacher = "{url: 'http://127.0.0.1:1/v1', model: lab/r1, temperature: 0.7}"
    try branch.teach { seed in
      seed.number == 1
        ? [.answer(reasoning: nil, content: "no thought")]
        : [.answer(reasoning: "again", content: "\(seed.number)")]
    }
    let asked = Self.asked.replacing("0.6", with: "0.7")
    let untaught =
      "The rows that the branch has now, those of run 1 as stage 6 completed them, have not been"
      + " trained on."
    let saw =
      "The expert models/one was trained on the rows of run 1 as stage 3 completed them by command;"
      + " this sample was row"
    #expect(
      try branch.end("p.jsonl:1")
        == "\(Self.seed) 1 of branches/waiting/seeds.jsonl. \(asked) Its one answer was not"
        + " accepted: no reasoning. \(Self.none) The teacher lab/r1 wrote its response at stage 3"
        + " (finished T) too, as row 3 of teach/waiting/train.jsonl. \(untaught) \(saw) 3 there, and"
        + " one of 8 rows that it saw. The expert is part of the merged model models/merged"
        + " (linear).")
    // A seed that the earlier teaching had no row for.
    #expect(
      try branch.end("p.jsonl:3").hasSuffix(
        " \(untaught) The expert models/one was trained on the rows of run 1 as stage 3 completed"
          + " them by command, and this sample was not among these. The expert is part of the merged"
          + " model models/merged (linear)."))
    // A kept row is the same in both.
    #expect(
      try branch.end("t.jsonl:1").hasSuffix(
        " \(untaught) The expert models/one was trained on it by command, one of 8 rows. The expert is"
          + " part of the merged model models/merged (linear)."))
    let fate = try #require(Trace.find("p.jsonl:1", in: branch.ledger).fates.first)
    #expect(fate.otherTeachings.map(\.stage) == [3])
    #expect(fate.otherTrainings.map(\.teaching) == [3] && fate.training == nil)
    #expect((fate.untrainedRun, fate.untrainedTeaching) == (1, 6))
  }

  @Test func `a build of the same bytes has the teaching of the one before it`() throws {
    try branch.build()
    try branch.teach()
    try branch.train("one")
    try branch.build()
    let fate = try #require(Trace.find("p.jsonl:9", in: branch.ledger).fates.first)
    #expect((fate.run, fate.teaching?.run, fate.teaching?.outputRow) == (2, 1, 7))
    #expect((fate.training?.run, fate.training?.row, fate.untrainedRun) == (2, 7, nil))
    // With another row among the seeds it has none any more.
    var branch = branch
    branch.fixture.files["pool"]?["p.jsonl"]?[0].replace("Why", with: "How")
    try branch.build()
    #expect(
      try branch.end("p.jsonl:9").hasPrefix(
        "It was kept as a seed, for which a teacher is still to write the response: row 8 of"
          + " branches/waiting/seeds.jsonl. The teacher was last asked, at T, for other seeds. The"
          + " teacher lab/r1 wrote its response at stage 1 (finished T) too, as row 7 of"))
  }

  @Test func `facts, hashes and JSON have the teacher's part`() throws {
    try branch.build()
    try branch.teach()
    let ledger = try branch.ledger
    let story = try Story(of: Trace.find("p.jsonl:1", in: ledger), in: ledger)
    #expect(
      story.hashes.suffix(5).map(\.of) == [
        "row 1 of branches/waiting/seeds.jsonl", "branches/waiting/seeds.jsonl",
        "request to lab/r1", "row 3 of teach/waiting/train.jsonl", "teach/waiting/train.jsonl",
      ])
    let json = try JSON(parsing: Array(JSONEncoder().encode(story)))
    let told = try #require(json["fates"]?.items?.first?["teaching"])
    #expect(told["model"]?.text == "lab/r1" && told["outcome"]?.text == "taught")
    #expect(told["attempt"]?.int == 1 && told["completionTokens"]?.int == 100)
    #expect(told["request"]?.text?.count == 64)
    #expect(told["question"]?.text?.contains(#""temperature":0.6"#) == true)
    #expect(told["id"] == nil)
  }

  @Test func `nothing that a teacher says can hide or move a sentence`() throws {
    try branch.build()
    try branch.teach { _ in [.refusal("\u{1B}[2J\u{202E}gone")] }
    let text = try branch.end("p.jsonl:1")
    #expect(text.contains(#"the request: \u{1b}[2J\u{202e}gone."#))
    #expect(!text.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{202E}" })
  }
}
