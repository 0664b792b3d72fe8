import Files
import Foundation
import GRDB
import Lineage
import Testing

@testable import Audit

struct FateMapTests {
  /// Two sources of one and of two files; of each sample any fate, in two branches that take from
  /// the first source or from both.
  private func record(
    _ random: inout SplitMix, at path: String, rows: Int
  ) throws {
    let ledger = try Ledger(writing: path, isDurable: false)
    let recorder = try RunRecorder(
      ledger,
      RunRecorder.Description(
        tool: "t", recipe: "r", recipePath: "r", recipeText: "r", options: "{}"))
    let sources = try ["one", "two"].map { name in
      try recorder.addSource(
        name: name, config: "", licence: "", homepage: "", revision: "", card: "")
    }
    var funnel = Funnel()
    var builds: [(id: Int64, output: Int64, rows: Int, steps: [[Int64]])] = []
    for name in ["first", "both"] {
      let branch = try recorder.addBranch(name: name, rowFormat: "")
      let taken = name == "first" ? sources.prefix(1) : sources[...]
      let steps = try taken.map { source in
        try ["a", "b"].enumerated().map { position, step in
          try recorder.addStep(
            branch: branch, source: source, position: position, name: step, kind: "filter", text: ""
          )
        }
      }
      var entry = Funnel.Branch(name: name)
      entry.sources = taken.indices.map { place in
        Funnel.Source(
          name: ["one", "two"][place], steps: [Funnel.Step(name: "a"), Funnel.Step(name: "b")])
      }
      funnel.branches.append(entry)
      builds.append((branch, try recorder.addOutput(branch: branch, path: name), 0, steps))
    }
    for (number, source) in [0, 1, 1].enumerated() {
      let file = try recorder.addFile(
        source: sources[source], path: "\(number)", format: "plain", publishedSHA256: nil)
      for row in 0..<rows {
        let sample = recorder.upcomingSample
        let fates = builds.indices.filter { source < builds[$0].steps.count }.map { build in
          var fate = RunRecorder.FateEntry(
            branch: builds[build].id,
            fate: sample == 1 ? .kept : Fate.allCases[Int(random.next() % 5)])
          var counts = funnel.branches[build].sources[source].counts
          counts.read += 1
          switch fate.fate {
          case .kept, .seed:
            builds[build].rows += 1
            fate.output = RunRecorder.OutputPlace(
              file: builds[build].output, row: builds[build].rows, offset: 0, byteCount: 1, hash: 0)
            if fate.fate == .kept { counts.kept += 1 } else { counts.seeds += 1 }
          case .dropped:
            let step = Int(random.next() % 2)
            fate.step = builds[build].steps[source][step]
            funnel.branches[build].sources[source].steps[step].dropped += 1
            counts.dropped += 1
          case .duplicate:
            fate.duplicateOf = 1
            counts.duplicates += 1
          case .quarantined: counts.quarantined += 1
          }
          funnel.branches[build].sources[source].counts = counts
          return fate
        }
        try recorder.record(
          [
            RunRecorder.SampleEntry(
              file: file, row: row + 1, byteOffset: 0, byteCount: 0, rowHash: nil,
              sampleID: "s:\(sample)")
          ], fates)
      }
      try recorder.finishFile(
        file, byteCount: 0, rowCount: rows, xxh3: Digest(high: 0, low: 0), sha256: nil)
    }
    for build in builds {
      try recorder.finishOutput(
        build.output, byteCount: 0, rowCount: build.rows, xxh3: Digest(high: 0, low: 0))
    }
    try recorder.commit(expecting: funnel)
  }

  /// Every list, turned page by page in both directions, is what SQL says.
  @Test func `lists are those that SQL gives`() throws {
    var random = SplitMix(state: 7)
    let scratch = try MapScratch()
    try record(&random, at: scratch.ledger, rows: 90)
    try record(&random, at: scratch.ledger, rows: 40)
    let ledger = try Ledger(reading: scratch.ledger)
    for run in [1, 2] as [Int64] {
      let map = try FateMap(run: run, in: ledger)
      #expect(map.builds.map(\.name) == ["first", "both"])
      for build in map.builds {
        for source in [nil, "one", "two", "three"] as [String?] {
          for fate in [nil] + Fate.allCases.map(Optional.some) {
            for step in [nil, "a", "b"] as [String?] {
              let filter = FateMap.Filter(source: source, fate: fate, step: step)
              let expected = try samples(filter, in: build.id, ledger)
              try #require(forward(map, build, filter) == expected, "\(filter)")
              try #require(backward(map, build, filter) == expected, "\(filter)")
            }
          }
        }
      }
    }
  }

  private func samples(_ filter: FateMap.Filter, in build: Int64, _ ledger: Ledger) throws
    -> [Int64]
  {
    let answer = Answers()
    let conditions = [
      filter.source.map { "source.name = '\($0)'" },
      filter.fate.map { "fate.kind = '\($0.rawValue)'" },
      filter.step.map { "step.name = '\($0)'" },
    ].compactMap(\.self).map { " AND " + $0 }.joined()
    _ = try Query(
      """
      SELECT fate.sample FROM fate JOIN sample ON sample.id = fate.sample
      JOIN source_file ON source_file.id = sample.file JOIN source ON source.id = source_file.source
      LEFT JOIN step ON step.id = fate.step
      WHERE fate.branch = \(build)\(conditions) ORDER BY fate.sample
      """
    ).answer(from: ledger.path, as: .csv) { answer.text += $0 }
    return answer.text.split(separator: "\r\n").dropFirst().compactMap { Int64($0) }
  }

  private final class Answers { var text = "" }

  private func forward(_ map: FateMap, _ build: FateMap.Build, _ filter: FateMap.Filter) -> [Int64]
  {
    var found: [Int64] = []
    while true {
      let page = map.page(of: build, filter, .after(found.last ?? 0), limit: 7)
      guard !page.samples.isEmpty else { return page.total == found.count ? found : [-1] }
      guard page.start == found.count + 1 else { return [-2] }
      found += page.samples
    }
  }

  private func backward(_ map: FateMap, _ build: FateMap.Build, _ filter: FateMap.Filter) -> [Int64]
  {
    var found: [Int64] = []
    while true {
      let page = map.page(of: build, filter, .before(found.first ?? Int64.max), limit: 7)
      guard !page.samples.isEmpty else { return found }
      found = page.samples + found
    }
  }

  @Test func `a ledger whose samples do not follow each other is refused before room is made`()
    throws
  {
    var random = SplitMix(state: 9)
    for change in [
      "UPDATE source_file SET row_count = 1 << 50",
      "UPDATE source_file SET first_sample = first_sample + 1",
      "DELETE FROM sample WHERE id = 5", "UPDATE source_file SET row_count = 9223372036854775807",
      "UPDATE fate SET kind = 'lost' WHERE sample = 3",
    ] {
      let scratch = try MapScratch()
      try record(&random, at: scratch.ledger, rows: 10)
      do {
        let ledger = try Ledger(writing: scratch.ledger, isDurable: false)
        try ledger.access { try $0.execute(sql: "PRAGMA foreign_keys = OFF; " + change) }
      } catch {
        Issue.record("\(change): \(error)")
      }
      #expect(throws: LedgerError.self, "\(change)") {
        try FateMap(run: 1, in: Ledger(reading: scratch.ledger))
      }
    }
  }
}

/// A temporary folder that ends with its owner.
private final class MapScratch {
  let path = FileManager.default.temporaryDirectory.path + "/map-" + UUID().uuidString

  init() throws { try Folder.create(path) }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var ledger: String { path + "/lineage.sqlite" }
}

/// Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014).
private struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
