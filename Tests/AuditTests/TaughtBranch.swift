import Curation
import Files
import Foundation
import Lineage
import Testing

@testable import Audit

/// A branch with two kept rows and nine seeds, whose teacher taught six of them, and what was trained
/// on its rows.
struct TaughtBranch {
  let folder = try! BuildFolder()
  var fixture: BuildFixture

  var work: String { folder.path + "/work" }
  var ledger: Ledger { get throws { try Ledger(reading: work + "/lineage.sqlite") } }

  init() {
    fixture = BuildFixture(rows: 0, seed: 1)
    fixture.files = [
      "pool": [
        "p.jsonl": (1...10).map { number in
          #"{"question": "Why \#(number)?", "uuid": "u\#(number)", "topic": "physics","#
            + #" "answer": "\#(number == 4 ? 9 : 1 + number % 3)"}"#
        }
      ],
      "tank": [
        "t.jsonl": [
          #"{"problem": "Q 1", "answer": "3"}"#, #"{"problem": "Q 2", "answer": "2"}"#,
        ]
      ],
    ]
    fixture.branches = [BuildFixture.waiting]
    fixture.teacher = BuildFixture.teacher
  }

  func build() throws { try fixture.build(in: folder.path) }

  func teach(_ replies: @escaping (SeedRow) -> [FixtureTeacher.Reply] = FixtureTeacher.everyKind)
    throws
  { try fixture.teach(in: folder.path, replies: replies) }

  /// Records a training on the rows of a file, and a merge of its expert.
  func train(
    _ name: String, on file: String = "teach/waiting/train.jsonl", rows: Int = 8,
    leavingOut row: Int? = nil, merge: Bool = true
  ) throws {
    let ledger = try Ledger(writing: work + "/lineage.sqlite", isDurable: false)
    let command = Ledger.Command(tool: "t", recipePath: "r.yaml", line: "branchmerge run")
    func model(_ role: CheckpointEntry.Role, _ name: String) -> CheckpointEntry {
      CheckpointEntry(role: role, name: name, path: "models/" + name, parameterCount: 1, files: [])
    }
    var training = TrainingEntry(
      branch: "waiting", checkpoint: model(.expert, name), trainer: "command")
    training.dataXXH3 = try FixtureTeacher.hash(work + "/" + file)
    training.rowCount = row == nil ? rows : rows - 1
    training.leftOut = row.map { [.init(row: $0, tokenCount: 9, reason: "too long")] } ?? []
    var outcome = StageOutcome([], [])
    outcome.training = training
    try ledger.finishStage(ledger.beginStage("train waiting", [], of: command), outcome)
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

  /// What is told of a row from its fate on, with times as T.
  func end(_ place: String, run: Int64? = nil) throws -> String {
    let ledger = try ledger
    let story = try Story(of: Trace.find(place, run: run, in: ledger), in: ledger)
    let text = try #require(story.paragraphs.first?.text)
    let start = try #require(text.firstRange(of: "It was kept"))
    return String(text[start.lowerBound...])
      .replacing(#/\d{4}-\d\d-\d\dT[\d:]*Z/#, with: "T")
  }
}
