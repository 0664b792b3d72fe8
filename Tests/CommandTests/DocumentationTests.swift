import Foundation
import Testing

/// What the documentation shows is what the program does.
struct DocumentationTests {
  let folder = try! TemporaryFolder()
  private let readme = text("README.md").withoutTimes

  @Test func `the funnel in the README is that of the demo rows`() throws {
    let output = try demo(in: folder).output.withoutTimes
    #expect(readme.contains("```\n" + output.replacing(folder / "work", with: "work") + "```"))
  }

  @Test func `the why in the README is that of a demo row`() throws {
    _ = try demo(in: folder)
    let command = try #require(readme.firstMatch(of: /branchmerge why (\S+) --workspace work/))
    let ending = try branchmerge("why", String(command.output.1), "-w", folder / "work")
    #expect(ending.status == 0)
    #expect(readme.contains("```\n" + ending.output.withoutTimes + "```"))
  }

  @Test func `the merge in the README is that of the demo's experts`() throws {
    let experts = Process()
    experts.executableURL = URL(fileURLWithPath: Package.root + "/scripts/make-experts")
    experts.arguments = [folder / "experts"]
    try experts.run()
    experts.waitUntilExit()
    try folder.write("merge.yml", text("datasets/recipes/tinyr1/merge-paper.yml"))
    let ending = try branchmerge("merge", "merge.yml", "merged", in: folder.path)
    #expect(ending.status == 0)
    #expect(readme.contains("```\n" + ending.output.withoutTimes + "```"))
  }

  @Test func `the card, the filter and the recipe in the README hold`() throws {
    let blocks = readme.matches(of: /```yaml\n((?s).*?)```/).map { String($0.output.1) }
    let library = try SmallLibrary()
    for (name, mark) in [
      ("datasets/shown.yaml", "identity:"), ("filters/word-problem.yaml", "examples:"),
      ("datasets/recipes/shown.yaml", "branches:"),
    ] {
      try library.folder.write(name, try #require(blocks.first { $0.contains(mark) }))
    }
    for name in ["datasets/openr1-math.yaml", "filters/contest-source.yaml"] {
      try library.folder.write(name, text(name))
    }
    let ending = try branchmerge("check", in: library.folder.path)
    #expect(ending.errors == "")
    #expect(ending.output == "3 sources, 3 filters with 8 examples, 2 recipes: all hold\n")
  }

  @Test func `the queries for the ledger are answered`() throws {
    _ = try demo(in: folder)
    _ = try demo(in: folder)
    let values = [
      "id": "openr1-math:8131718b39eb2a0bda49bb1e", "step": "pick", "branch": "math", "row": "1",
    ]
    let queries = text("docs/queries.md").matches(of: /```sql\n((?s).*?)```/)
      .map { String($0.output.1) }
    #expect(queries.count >= 10)
    for query in queries {
      let query = values.reduce(query) { $0.replacing(":" + $1.key, with: "'\($1.value)'") }
      let rows = try folder.ledger(query)
      // Nothing differs between two runs over the same rows, no model was made, and this recipe
      // verifies no answers, knows no benchmarks and looks for no near duplicates.
      let isEmpty = [
        "before", "stage", "training", "merge_input", "FROM taught\n", "'$.verify'", "'without'",
        "'$.near'",
      ].contains { query.contains($0) }
      #expect(rows.isEmpty == isEmpty, "\(query)")
    }
  }
}

private func text(_ path: String) -> String {
  String(
    decoding: FileManager.default.contents(atPath: Package.root + "/" + path) ?? Data(),
    as: UTF8.self)
}
