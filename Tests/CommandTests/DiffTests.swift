import Foundation
import Testing

/// `diff` and `impact` as a user meets them.
struct DiffTests {
  let library = try! SmallLibrary()
  private var folder: TemporaryFolder { library.folder }

  private static func row(_ number: Int, level: Int = 1, answer: String? = nil) -> String {
    "{\"question\": \"Q\(number)?\", \"answer\": \"\(answer ?? "A\(number).")\", \"level\": \(level),"
      + " \"tags\": [\"a\"]}\n"
  }

  /// Two runs in one workspace: between them the filter and a row have changed, and a row is new.
  private func build() throws {
    try folder.write(
      "in.jsonl", (1...6).map { Self.row($0, level: $0) }.joined() + Self.row(1, answer: "again"))
    try #require(try library.branch("in.jsonl").status == 0)
    try folder.write(
      "filters/easy.yaml",
      SmallLibrary.filter.replacing("at_most: 5", with: "at_most: 3")
        .replacing("level: 5", with: "level: 3"))
    try folder.write(
      "in.jsonl",
      Self.row(1, level: 1) + Self.row(2, level: 2, answer: "Another.") + Self.row(8)
        + (3...6).map { Self.row($0, level: $0) }.joined() + Self.row(1, answer: "again"))
    try #require(try library.branch("in.jsonl").status == 0)
  }

  private func id(_ number: Int) throws -> String {
    let answer = try branchmerge(
      "query",
      "SELECT sample_id FROM sample JOIN source_file ON source_file.id = file"
        + " WHERE source = 1 AND row = \(number)", "-w", "work", "--csv", in: folder.path)
    return String(answer.output.split(whereSeparator: \.isNewline)[1])
  }

  @Test func `a difference is a table of changes with their causes, and both texts`() throws {
    try build()
    let ending = try branchmerge("diff", "1", "2", "-w", "work", in: folder.path)
    let hashes = #/before  [0-9a-f]{32}\n  after   [0-9a-f]{32}/#
    #expect(ending.errors == "")
    #expect(
      ending.output.withoutTimes.replacing(hashes, with: "HASHES") == """
        before  1  run 1 of MOMENT  recipe one
        after   2  run 2 of MOMENT  recipe one

        branch  source  change   cause                      example                         rows
        all     small   added    file in.jsonl changed      \(try #require(try newID()))     1
        all     small   removed  filter easy changed        \(try id(4))     2
        all     small   changed  row changed in the source  \(try id(2))     1

        branch  source  before  removed  added  after  same  changed  moved
        all     small        5        2      1      4     2        1      0

        all: small: file in.jsonl changed
          HASHES
        all: small: filter easy changed
          before  {level: {at_most: 5}}
          after   {level: {at_most: 3}}

        """)
    #expect(ending.status == 1)
  }

  private func newID() throws -> String? {
    try library.kept().map { $0[0] }.first { kept in try !(1...7).map(id).contains(kept) }
  }

  @Test func `rows are listed as CSV and JSON, each with one cause`() throws {
    try build()
    let csv = try branchmerge("diff", "1", "2", "-w", "work", "--rows", "--csv", in: folder.path)
    let lines = csv.output.split(separator: "\r\n")
    #expect(lines.count == 5)
    #expect(
      lines[2]
        == "all,small,removed,filter easy changed,\(try id(4)),\(folder.path)/in.jsonl,4,kept,,,"
        + "branches/all/train.jsonl,4,\(folder.path)/in.jsonl,5,dropped,easy,,,")
    let json = try branchmerge("diff", "1", "2", "-w", "work", "--rows", "--json", in: folder.path)
    let rows = try #require(
      try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
    #expect(
      rows.compactMap { $0["change"] as? String } == ["added", "removed", "removed", "changed"])
    let whole = try branchmerge("diff", "1", "2", "-w", "work", "--json", in: folder.path)
    let branches = try #require(
      try JSONSerialization.jsonObject(with: Data(whole.output.utf8)) as? [String: [[String: Any]]])
    #expect((branches["branches"]?.first?["groups"] as? [Any])?.count == 3)
    #expect([csv, json, whole].map(\.status) == [1, 1, 1])
  }

  @Test func `nothing that differs ends with status 0`() throws {
    try build()
    let ending = try branchmerge("diff", "work", "work", in: folder.path)
    #expect(!ending.output.contains("change  cause"))
    #expect(ending.status == 0)
    let empty = try branchmerge("diff", "work", "work", "--rows", "--json", in: folder.path)
    #expect(empty.output == "[]\n")
  }

  @Test(arguments: [
    (["diff", "1", "2"], "1: is no folder; runs go by number with --workspace DIR"),
    (["diff", "1", "7", "-w", "work"], "work/lineage.sqlite: there is no run 7; there are 1, 2"),
    (
      ["diff", "1", "2", "-w", "work", "--branch", "al"],
      "no branch is called 'al'; did you mean 'all'? There are 'all'"
    ),
    (
      ["impact", "-w", "work", "--filter", "eazy"],
      "work/lineage.sqlite: no branch as it is has a filter 'eazy'; did you mean 'easy'? There are 'easy'"
    ),
    (
      ["impact", "-w", "nowhere", "--source", "small"],
      "nowhere/lineage.sqlite: there is no ledger here; 'branchmerge run' makes one"
    ),
  ])
  func `what cannot be told is an error that says what can`(arguments: [String], message: String)
    throws
  {
    try build()
    let ending = try branchmerge(arguments, in: folder.path)
    #expect(ending.errors == "error: \(message)\n")
    #expect(ending.output == "")
    #expect(ending.status == 2)
  }

  @Test func `the impact of a filter and of a sample add up`() throws {
    try build()
    let filter = try branchmerge("impact", "-w", "work", "--filter", "easy", in: folder.path)
    #expect(filter.errors == "")
    #expect(
      filter.output == """
        without the filter easy:

        branch  source  drops  lost  gained  duplicates  dropped later
        all     small       3     0       3           0              0

        all: 4 - 0 lost + 3 gained = 7 rows

        """)
    let sample = try branchmerge("impact", "-w", "work", "--id", id(1), in: folder.path)
    #expect(
      sample.output == """
        without the sample \(try id(1)):

        branch  source  samples  lost  step in
        all     small         1     1        1

        all: 4 - 1 lost + 1 gained = 4 rows
          1 row of small would have another number at the end of the id

        """)
    #expect([filter, sample].map(\.status) == [0, 0])
  }

  /// What is taken out of the demo's recipe, and what is asked of the build with it.
  @Test(arguments: [
    (["          - answered"], ["--filter", "answered"]),
    (["          - contest-source"], ["--filter", "contest-source"]),
    (["      s1-59k:"], ["--source", "s1-59k"]),
  ])
  func `of the demo rows the impact is what a build without it differs by`(
    lines: [String], question: [String]
  ) throws {
    struct Told: Decodable {
      struct Branch: Decodable { var name: String, rowsAfter, lost, gained: Int }
      var branches: [Branch]
    }
    struct Found: Decodable {
      struct Side: Decodable { var rows: Int }
      struct Source: Decodable { var removed, added: Int }
      struct Branch: Decodable { var name: String, after: Side, sources: [Source] }
      var branches: [Branch]
    }
    let text = try String(
      contentsOfFile: Package.root + "/datasets/recipes/tinyr1.yaml", encoding: .utf8)
    var recipe = text.components(separatedBy: "\n").prefix { !$0.hasPrefix("base:") }
    try folder.write("recipe.yaml", recipe.joined(separator: "\n"))
    if question[0] == "--source" {
      let start = try #require(recipe.firstIndex { $0.hasPrefix(lines[0]) })
      let end = try #require(recipe[(start + 1)...].firstIndex { $0.hasPrefix("      s1k:") })
      recipe.removeSubrange(start..<end)
    } else {
      recipe.removeAll { line in lines.contains { line.hasPrefix($0) } }
    }
    try folder.write("without.yaml", recipe.joined(separator: "\n"))
    for name in ["recipe", "without"] {
      try FileManager.default.createDirectory(
        atPath: folder / "library", withIntermediateDirectories: true)
      for kind in ["datasets", "filters"] where !folder.exists("library/\(kind)") {
        try FileManager.default.copyItem(
          atPath: Package.root + "/" + kind, toPath: folder / "library/\(kind)")
      }
      try folder.write("library/\(name).yaml", folder.text("\(name).yaml"))
      let text = try folder.text("\(name).yaml")
      let sources = ["openr1-math", "openthoughts", "s1-59k", "s1k"]
        .filter { text.contains("      \($0)") }
        .flatMap { ["--source", "\($0)=datasets/demo/\($0).jsonl"] }
      let ending = try branchmerge(
        ["branch", folder / "library/\(name).yaml", "-w", folder / name, "--max-quarantined", "2%"]
          + sources)
      try #require(ending.status == 0, "\(ending.errors)")
    }
    let told = try JSONDecoder().decode(
      Told.self,
      from: Data(
        try branchmerge(["impact", "-w", folder / "recipe", "--json"] + question).output.utf8))
    let found = try JSONDecoder().decode(
      Found.self,
      from: Data(
        try branchmerge("diff", folder / "recipe", folder / "without", "--json").output.utf8))
    #expect(!told.branches.isEmpty)
    for branch in found.branches {
      let counts = [
        branch.sources.reduce(0) { $0 + $1.removed }, branch.sources.reduce(0) { $0 + $1.added },
      ]
      let answer = told.branches.first { $0.name == branch.name }
      #expect(counts == [answer?.lost ?? 0, answer?.gained ?? 0])
      if let answer { #expect(answer.rowsAfter == branch.after.rows) }
    }
  }
}
