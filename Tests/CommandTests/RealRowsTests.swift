import Foundation
import Testing

/// Real problems in rows of the published schemas, against a count in another language.
@Suite(
  .enabled(
    if: FileManager.default.fileExists(atPath: Package.shared + "/data")
      && FileManager.default.fileExists(atPath: Package.shared + "/tools/compose_rows.py")
      && FileManager.default.fileExists(atPath: Package.root + "/" + reference),
    "real rows are composed of ../shared/data, which is not beside the package"))
struct RealRowsTests {
  let folder = try! TemporaryFolder()

  @Test func `the three branches hold what the reference in Python counts`() throws {
    try tool(
      "python3", Package.shared + "/tools/compose_rows.py", Package.shared + "/data", folder.path)
    let files = [
      "openr1-math": "openr1_math_default", "openthoughts": "openthoughts_metadata",
      "s1-59k": "s1_full59k", "s1k": "s1k",
    ].mapValues { folder / "\($0).jsonl" }
    let ending = try branchmerge(
      ["branch", "datasets/recipes/tinyr1.yaml", "-w", folder / "work", "--json"]
        + files.flatMap { ["--source", "\($0.key)=\($0.value)"] })
    #expect(ending.errors == "")
    #expect(ending.status == 0)

    let python = try #require(Package.tool("python3"))
    let counted = try Running(
      python, [reference] + files.flatMap { ["--\($0.key)", $0.value] }, in: Package.root, [:]
    ).end()
    #expect(counted.errors == "")
    let expected = try JSONDecoder().decode(
      [String: Branch].self, from: Data(counted.output.utf8))
    #expect(expected.keys.sorted() == ["coding", "math", "science"])

    let report = try JSON(parsing: Data(ending.output.utf8))
    for (name, branch) in expected {
      let rows = try folder.bytes("work/branches/\(name)/train.jsonl")
      #expect(try shareGPTRows(rows).map { Array($0.dropFirst()) } == branch.rows)
      var seeds: [[String?]] = []
      if folder.exists("work/branches/\(name)/seeds.jsonl") {
        for line in try folder.bytes("work/branches/\(name)/seeds.jsonl").split(separator: 0x0A) {
          let seed = try JSONDecoder().decode(Seed.self, from: line)
          seeds.append([seed.prompt, seed.answer])
        }
      }
      #expect(seeds == branch.seeds)
      let funnel = try #require(
        report["funnel"]?["branches"]?.list?.first { $0["name"]?.text == name })
      for (source, counts) in branch.sources {
        let ours = try #require(
          funnel["sources"]?.list?.first { $0["name"]?.text == source })
        let steps = (ours["steps"]?.list ?? []).compactMap { $0["dropped"]?.number }
        // The templates come after the steps that the reference counts, and drop nothing here.
        #expect(steps.prefix(counts.dropped.count) == counts.dropped[...])
        #expect(steps.dropFirst(counts.dropped.count).allSatisfy { $0 == 0 })
        #expect(ours["counts"]?["read"]?.number == counts.read)
        #expect(ours["counts"]?["quarantined"]?.number == counts.quarantined)
        #expect(ours["counts"]?["duplicates"]?.number == counts.duplicates)
        #expect(ours["counts"]?["kept"]?.number == counts.kept)
        #expect(ours["counts"]?["seeds"]?.number == counts.seeds)
      }
    }
  }

  private struct Branch: Decodable {
    struct Counts: Decodable {
      var read, quarantined, duplicates, kept, seeds: Int
      var dropped: [Int]
    }
    var sources: [String: Counts]
    var rows: [[String]]
    var seeds: [[String?]]
  }

  private struct Seed: Decodable {
    var prompt: String
    var answer: String?
  }
}

private let reference = "Tests/Reference/count_branches.py"
