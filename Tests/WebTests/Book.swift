import Files
import Foundation
import Lineage

@testable import Web

/// A workspace that was recorded row by row: one source of one file, two branches with a step each.
struct Book {
  let workspace: Scratch
  /// What stands wherever a name or a text can.
  var name = "pool"
  var rows: [String] = []
  /// Whether the first branch lies where branches do, so that its seeds can be taught.
  let isTaught: Bool

  init(name: String = "pool", isTaught: Bool = false) throws {
    workspace = try Scratch()
    self.name = name
    self.isTaught = isTaught
  }

  /// Where a branch's rows are, the first being number 0.
  private func path(_ branch: Int, seeds: Bool) -> String {
    isTaught && branch == 0
      ? "branches/math/\(seeds ? "seeds" : "train").jsonl"
      : "\(branch)\(seeds ? "-seeds" : "").jsonl"
  }

  var path: String { workspace.path }
  var ledgerPath: String { path + "/lineage.sqlite" }

  /// What becomes of the rows in the first branch, one after the other again and again.
  static let course: [Fate] = [.kept, .dropped, .duplicate, .quarantined, .seed, .dropped]

  /// Records a run that read these rows; the second branch keeps all that can be read.
  func record(_ rows: [String], file: String = "pool.jsonl") throws {
    let source = try workspace.write(file, rows.map { $0 + "\n" }.joined())
    let ledger = try Ledger(writing: ledgerPath, isDurable: false)
    let recorder = try RunRecorder(
      ledger,
      RunRecorder.Description(
        tool: "test \(name)", recipe: name, recipePath: name, recipeText: name, options: name))
    let pool = try recorder.addSource(
      name: name, config: "default", licence: name, homepage: name, revision: name, card: name)
    var funnel = Funnel()
    var branches: [Branch] = []
    for (number, branch) in [
      "math" + (name == "pool" || isTaught ? "" : name), "all",
    ].enumerated() {
      let id = try recorder.addBranch(name: branch, rowFormat: name)
      let output = try recorder.addOutput(branch: id, path: path(number, seeds: false))
      let seeds = try recorder.addOutput(branch: id, path: path(number, seeds: true))
      let step = try recorder.addStep(
        branch: id, source: pool, position: 0, name: name, kind: "filter", text: name)
      branches.append(Branch(name: branch, id: id, output: output, seeds: seeds, step: step))
    }
    let fileID = try recorder.addFile(
      source: pool, path: source, format: "plain", publishedSHA256: name)
    var offset = 0
    var first = recorder.upcomingSample
    for (index, row) in rows.enumerated() {
      let bytes = Array(row.utf8)
      let sample = recorder.upcomingSample
      let course = Self.course[index % Self.course.count]
      let entries = branches.indices.map { place -> RunRecorder.FateEntry in
        let fate =
          place == 0 || course == .quarantined ? course : Fate.kept
        var entry = RunRecorder.FateEntry(branch: branches[place].id, fate: fate)
        branches[place].take(fate, row, of: sample, first, name, &entry)
        return entry
      }
      try recorder.record(
        [
          RunRecorder.SampleEntry(
            file: fileID, row: index + 1, byteOffset: offset, byteCount: bytes.count,
            rowHash: fastHash(of: bytes.span),
            sampleID: course == .quarantined ? nil : "\(name):\(sample)")
        ], entries)
      if course == .kept { first = sample }
      offset += bytes.count + 1
    }
    try recorder.finishFile(
      fileID, byteCount: offset, rowCount: rows.count,
      xxh3: Digest(of: Array("".utf8).span), sha256: nil)
    for (number, branch) in branches.enumerated() {
      for (output, rows, file) in [
        (branch.output, branch.rows, path(number, seeds: false)),
        (branch.seeds, branch.seedRows, path(number, seeds: true)),
      ] {
        let text = rows.joined()
        _ = try workspace.write(file, text)
        try recorder.finishOutput(
          output, byteCount: text.utf8.count, rowCount: rows.count,
          xxh3: Digest(of: Array(text.utf8).span))
      }
      var entry = Funnel.Branch(name: branch.name)
      var counted = Funnel.Source(
        name: name, steps: [Funnel.Step(name: name, dropped: branch.counts.dropped)])
      counted.counts = branch.counts
      entry.sources.append(counted)
      funnel.branches.append(entry)
    }
    try recorder.commit(expecting: funnel)
    for run in try ledger.unpublishedRuns() { try ledger.markPublished(run: run) }
  }

  private struct Branch {
    var name: String
    var id, output, seeds, step: Int64
    var rows: [String] = []
    var seedRows: [String] = []
    var counts = Funnel.Counts()

    mutating func take(
      _ fate: Fate, _ row: String, of sample: Int64, _ first: Int64, _ name: String,
      _ entry: inout RunRecorder.FateEntry
    ) {
      counts.read += 1
      switch fate {
      case .kept:
        counts.kept += 1
        entry.output = place(row, in: &rows, output)
      case .seed:
        counts.seeds += 1
        entry.output = place(row, in: &seedRows, seeds)
      case .dropped:
        counts.dropped += 1
        entry.step = step
        entry.evidence = "{\"\(name)\": 1}"
      case .duplicate:
        counts.duplicates += 1
        entry.duplicateOf = first
      case .quarantined:
        counts.quarantined += 1
        entry.evidence = "{\"reason\": \"\(name)\"}"
      }
    }

    private func place(_ row: String, in rows: inout [String], _ output: Int64)
      -> RunRecorder.OutputPlace
    {
      let offset = rows.reduce(0) { $0 + $1.utf8.count }
      rows.append(row + "\n")
      let bytes = Array((row + "\n").utf8)
      return RunRecorder.OutputPlace(
        file: output, row: rows.count, offset: offset, byteCount: bytes.count,
        hash: fastHash(of: bytes.span))
    }
  }
}
