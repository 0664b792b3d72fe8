import Foundation
import Testing

/// Near duplicates as a user meets them: the funnel, `clusters`, and the error that stops a run.
struct ClustersTests {
  let library = try! SmallLibrary()
  private var folder: TemporaryFolder { library.folder }

  private static let problem =
    "A train leaves the station at noon and travels north at forty miles per hour. A second train"
    + " leaves the same station an hour later and travels north at sixty miles per hour."

  private static func row(_ question: String) -> String {
    "{\"question\": \"\(question)\", \"answer\": \"A.\", \"level\": 1, \"tags\": []}\n"
  }

  private func build(_ near: String, _ rows: [String]) throws -> Ending {
    try folder.write(
      "datasets/recipes/one.yaml",
      SmallLibrary.recipe.replacing(
        "distinct: prompt", with: "distinct: {on: prompt, near: \(near)}"))
    try folder.write("in.jsonl", rows.joined())
    return try library.branch("in.jsonl")
  }

  private func ids() throws -> [String] {
    let answer = try branchmerge(
      "query", "SELECT sample_id FROM sample ORDER BY id", "-w", "work", "--csv", in: folder.path)
    return answer.output.split(whereSeparator: \.isNewline).dropFirst().map(String.init)
  }

  @Test func `clusters are shown beside the row that stayed`() throws {
    let ending = try build(
      "{threshold: 0.6}",
      [
        Self.row(Self.problem + " When do they meet?"), Self.row("Else?"),
        Self.row(Self.problem + " When do the two meet?"),
        Self.row("**Problem.** " + Self.problem + " When do they meet?"),
      ])
    #expect(ending.status == 0)
    #expect(
      ending.output.hasPrefix(
        """
        all                small  total
        read                   4      4
        − quarantined          0      0
        − easy                 0      0
        − duplicates           0      0
        − near duplicates      2      2
        = kept                 2      2

        """))
    let ids = try ids()
    #expect(
      try branchmerge("clusters", "work", in: folder.path).output == """
        2 samples fell in 1 cluster.

        all: 2 samples fell for \(ids[0]) (row 1 of in.jsonl), by the prompt
          86.1 %  \(ids[2]) (row 3 of in.jsonl)
            stays  A train leaves the … and travels north at sixty miles per hour. When do they     meet?
            falls  A train leaves the … and travels north at sixty miles per hour. When do the  two meet?
                                                                                           ^^^^ ^^^
          97.0 %  \(ids[3]) (row 4 of in.jsonl)
            stays               A train leaves the station at noon and travels north … When do they meet?
            falls  **Problem.** A train leaves the station at noon and travels north … When do they meet?
                   ^^^^^^^^^^^^

        """)
    let json = try branchmerge("clusters", "work", "--json", in: folder.path)
    #expect(json.output.contains(#""both" : "A train leaves"#))
    #expect(json.output.contains(#""falls" : "the two""#))
    #expect(
      try branchmerge("clusters", "work", "--branch", "al", in: folder.path).errors
        == "error: no branch is called 'al'; did you mean 'all'? There are 'all'\n")
  }

  @Test func `branches that are compared with each other are built again together`() throws {
    try folder.write(
      "datasets/recipes/two.yaml",
      """
      branches:
        hard: { sources: { small: { response: teacher } } }
        easy: { sources: { small: { filters: [easy], response: "{response}" } } }
      distinct: { near: { threshold: 0.7 }, across: branches }

      """)
    try folder.write("in.jsonl", Self.row("One?") + Self.row("Two?"))
    // What is done is told on the error stream.
    func run(_ more: String...) throws -> Ending {
      try branchmerge(
        ["run", "datasets/recipes/two.yaml", "-w", "work", "--source", "small=in.jsonl"]
          + ["--until", "branch"] + more, in: folder.path)
    }
    #expect(try run().status == 0)
    #expect(try run().errors.contains("branch easy: up to date"))
    try FileManager.default.removeItem(atPath: folder.path + "/work/branches/hard/seeds.jsonl")
    let plan = try branchmerge(
      "plan", "datasets/recipes/two.yaml", "-w", "work", "--source", "small=in.jsonl",
      in: folder.path)
    #expect(
      plan.output.contains(
        "branch easy is stale:\n  branch hard, which it is compared with, is not up to date\n"))
    #expect(
      try run("--only", "hard").errors
        == "error: datasets/recipes/two.yaml: 'distinct' compares the branches with each other, so"
        + " that all are built together; 'easy' is left out\n")
    let again = try run().errors
    #expect(again.contains("branch easy: 0 rows") && again.contains("branch hard: 0 rows"))
    #expect(folder.exists("work/branches/hard/seeds.jsonl"))
  }

  @Test func `a workspace without near duplicates says so`() throws {
    try folder.write("in.jsonl", Self.row("One?"))
    try #require(try library.branch("in.jsonl").status == 0)
    #expect(
      try branchmerge("clusters", "work", in: folder.path).output
        == "No sample fell as a near duplicate.\n")
  }

  @Test func `a cluster that is too large stops the run and leaves nothing`() throws {
    let rows = ["one", "two", "three", "four"].map { Self.row(Self.problem + " Take \($0).") }
    let ending = try build("{threshold: 0.6, limit: 3}", rows)
    #expect(ending.status == 2)
    #expect(ending.output == "")
    #expect(
      ending.errors.hasPrefix(
        "error: branch 'all': 4 rows would become one, as each prompt resembles another; that is more"
          + " than the limit of 3, and more likely a template than a duplicate."))
    #expect(
      ending.errors.hasSuffix(
        """
        They begin alike. Take this off by 'near' with
          prefixes: ["\(Self.problem) Take"]
        or, if they are one text indeed, raise its 'limit'; nothing was written

        """))
    #expect(!folder.exists("work/branches"))
  }
}
