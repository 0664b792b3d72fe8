import Files
import Foundation
import Testing

@testable import Lineage

/// A temporary folder that ends with its owner.
final class Scratch {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/lineage-" + UUID().uuidString
    try Folder.create(path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var ledger: String { path + "/lineage.sqlite" }
}

/// The message of the error that is thrown; nil where none is.
func message(_ body: () throws -> Void) -> String? {
  do {
    try body()
    return nil
  } catch {
    return "\(error)"
  }
}

/// What `sqlite3` says to a statement, and whether it was content.
func sqlite(_ sql: String, _ path: String) throws -> (lines: [String], isFine: Bool) {
  let process = Process()
  let pipe = Pipe()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["sqlite3", path, sql]
  process.standardOutput = pipe
  process.standardError = pipe
  try process.run()
  let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  return (text.split(separator: "\n").map(String.init), process.terminationStatus == 0)
}

/// The rows that a query gives, columns set apart by bars.
func query(_ sql: String, _ path: String) throws -> [String] {
  let answer = try sqlite(sql, path)
  try #require(answer.isFine, "\(answer.lines)")
  return answer.lines
}

/// A run being recorded: one source of one file, one branch with two steps and one output file.
struct Book {
  let recorder: RunRecorder
  let source, file, branch, filter, response, output: Int64

  init(_ ledger: Ledger, tool: String = "test 1") throws {
    recorder = try RunRecorder(
      ledger,
      RunRecorder.Description(
        tool: tool, recipe: "r", recipePath: "r.yaml", recipeText: "branches: …", options: "{}"))
    source = try recorder.addSource(
      name: "pool", config: "default", licence: "MIT", homepage: "https://example.org",
      revision: "main", card: "about: …")
    branch = try recorder.addBranch(name: "math", rowFormat: "sharegpt")
    output = try recorder.addOutput(branch: branch, path: "branches/math/train.jsonl")
    filter = try recorder.addStep(
      branch: branch, source: source, position: 0, name: "short", kind: "filter", text: "keep: …")
    response = try recorder.addStep(
      branch: branch, source: source, position: 1, name: "response", kind: "response", text: "{r}")
    file = try recorder.addFile(
      source: source, path: "pool.jsonl", format: "plain", publishedSHA256: "ab")
  }

  func sample(_ row: Int, id: String?) -> RunRecorder.SampleEntry {
    RunRecorder.SampleEntry(
      file: file, row: row, byteOffset: row * 10, byteCount: 9, rowHash: UInt64.max - UInt64(row),
      sampleID: id)
  }

  func fate(_ kind: Fate, _ change: (inout RunRecorder.FateEntry) -> Void = { _ in })
    -> RunRecorder.FateEntry
  {
    var fate = RunRecorder.FateEntry(branch: branch, fate: kind)
    change(&fate)
    return fate
  }

  func kept(_ row: Int) -> RunRecorder.FateEntry {
    fate(.kept) {
      $0.output = RunRecorder.OutputPlace(
        file: output, row: row, offset: 40 * (row - 1), byteCount: 40, hash: UInt64(row))
    }
  }

  func dropped(because evidence: String = #"{"topic": "x"}"#) -> RunRecorder.FateEntry {
    fate(.dropped) {
      $0.step = filter
      $0.evidence = evidence
    }
  }

  func duplicate(of sample: Int64) -> RunRecorder.FateEntry {
    fate(.duplicate) { $0.duplicateOf = sample }
  }

  /// Four samples: one kept, one dropped, one duplicate, one quarantined.
  func recordFour() throws {
    let first = recorder.upcomingSample
    try recorder.record(
      [
        sample(1, id: "pool:aa"), sample(2, id: "pool:ab"), sample(3, id: "pool:aa#2"),
        sample(4, id: nil),
      ],
      [
        kept(1), dropped(), duplicate(of: first),
        fate(.quarantined) { $0.evidence = #"{"reason": "truncated"}"# },
      ])
    try finish(rows: 4, kept: 1)
  }

  func finish(rows: Int, kept: Int) throws {
    let digest = Digest(high: 1, low: 2)
    try recorder.finishFile(file, byteCount: 50, rowCount: rows, xxh3: digest, sha256: "cd")
    try recorder.finishOutput(output, byteCount: 7, rowCount: kept, xxh3: digest)
  }

  /// The funnel of `recordFour`.
  var funnelOfFour: Funnel {
    funnel {
      $0.read = 4
      $0.kept = 1
      $0.dropped = 1
      $0.duplicates = 1
      $0.quarantined = 1
    }
  }

  func funnel(_ change: (inout Funnel.Counts) -> Void) -> Funnel {
    var counts = Funnel.Counts()
    change(&counts)
    var source = Funnel.Source(
      name: "pool",
      steps: [Funnel.Step(name: "short", dropped: counts.dropped), Funnel.Step(name: "response")])
    source.counts = counts
    var branch = Funnel.Branch(name: "math")
    branch.sources = [source]
    var funnel = Funnel()
    funnel.branches = [branch]
    return funnel
  }
}
