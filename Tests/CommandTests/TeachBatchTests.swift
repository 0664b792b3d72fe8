import Foundation
import Testing

/// `teach export` and `teach import`, from seeds to rows without a server.
struct TeachBatchTests {
  private let library = try! SmallLibrary()
  private var folder: TemporaryFolder { library.folder }

  private static let recipe = """
    branches:
      all:
        sources:
          small:
            response: teacher
    teacher:
      url: http://127.0.0.1:9/v1
      model: r1
      max_tokens: 100
      prices: { prompt: 2, completion: 8 }

    """

  /// Builds the branch, so that it has so many seeds.
  private func build(seeds: Int) throws {
    try folder.write("datasets/recipes/taught.yaml", Self.recipe)
    try folder.write("in.jsonl", (1...seeds).map { SmallLibrary.row($0) + "\n" }.joined())
    let ending = try branchmerge(
      "run", "datasets/recipes/taught.yaml", "-w", "work", "--source", "small=in.jsonl", "--until",
      "branch", in: folder.path)
    try #require(ending.status == 0, "\(ending.errors)")
  }

  private func export(_ file: String, _ more: String...) throws -> Ending {
    try branchmerge(
      ["teach", "export", "datasets/recipes/taught.yaml", file, "-w", "work"] + more,
      in: folder.path)
  }

  private func take(_ files: String...) throws -> Ending {
    try branchmerge(["teach", "import"] + files + ["-w", "work"], in: folder.path)
  }

  private func store(_ query: String) throws -> [String] {
    try tool("sqlite3", folder / "work/teacher.sqlite", query).split(separator: "\n")
      .map(String.init)
  }

  /// What a batch gives back for a line of it.
  private func answer(_ request: JSON, id: Int = 1) throws -> String {
    let name = try #require(request["custom_id"]?.text)
    let prompt = try #require(request["body"]?["messages"]?[0]?["content"]?.text)
    return #"{"id":"b-\#(id)","custom_id":"\#(name)","response":{"status_code":200,"#
      + #""request_id":"r-\#(id)","body":{"id":"c-\#(id)","object":"chat.completion","created":1,"#
      + #""model":"r1","choices":[{"index":0,"message":{"role":"assistant","content":"#
      + #""<think>Hm, \#(prompt)</think>Yes."},"finish_reason":"stop"}],"#
      + #""usage":{"prompt_tokens":9,"completion_tokens":7,"total_tokens":16}}},"error":null}"#
      + "\n"
  }

  @Test func `a batch goes out, comes back, and is the rows of the branch`() throws {
    try build(seeds: 3)
    let exported = try export("batch.jsonl")
    #expect(exported.errors == "")
    #expect(
      exported.output == """
        \(folder / "batch.jsonl"): 3 requests, 723 B, 3,471 tokens at most, 0.01 USD at most
        what comes of it is taken back with
          branchmerge teach import RESULTS -w work

        """)
    #expect(exported.status == 0)
    let requests = try folder.rows("batch.jsonl")
    try folder.write(
      "results.jsonl", requests.enumerated().map { try answer($1, id: $0) }.joined())
    let taken = try take("results.jsonl")
    #expect(taken.errors == "")
    #expect(
      taken.output == """
                       read  answered  already there  failed  unknown  unreadable
        results.jsonl     3         3              0       0        0           0

        """)
    #expect(taken.status == 0)
    let taught = try branchmerge(
      "teach", "datasets/recipes/taught.yaml", "-w", "work", "--replay-only", in: folder.path)
    #expect(taught.status == 0, "\(taught.errors)")
    #expect(
      try shareGPTRows(folder.bytes("work/teach/all/train.jsonl")).map { Array($0.dropFirst()) }
        == (1...3).map { ["Q\($0)?", "<think>\nHm, Q\($0)?\n</think>\n\nYes."] })
    let nothing = try export("more.jsonl")
    #expect(nothing.output == "nothing is left to export\n")
    #expect(nothing.status == 0)
    #expect(!folder.exists("more.jsonl"))
  }

  @Test func `what is wrong with results is told, and the rest is taken`() throws {
    try build(seeds: 4)
    #expect(try export("batch.jsonl").status == 0)
    let requests = try folder.rows("batch.jsonl")
    let good = try answer(requests[0])
    let failure =
      #"{"id":"b","custom_id":"\#(requests[1]["custom_id"]?.text ?? "")","response":null,"#
      + #""error":{"code":"batch_expired","message":"too late"}}"# + "\n"
    let stranger = try answer(requests[0]).replacing(
      requests[0]["custom_id"]?.text ?? "", with: "task-7")
    try folder.write("results.jsonl", good + stranger + String(try answer(requests[2]).prefix(80)))
    try folder.write("errors.jsonl", failure + good)
    let ending = try take("results.jsonl", "errors.jsonl")
    #expect(
      ending.output == """
                       read  answered  already there  failed  unknown  unreadable
        results.jsonl     3         1              0       0        1           1
        errors.jsonl      2         0              1       1        0           0
        total             5         1              1       1        1           1

        not read:
          results.jsonl:3: is cut short (byte \(good.utf8.count + stranger.utf8.count + 80))

        requests that were never exported here:
          task-7

        still out:
          2 requests of \(folder / "batch.jsonl")

        """)
    #expect(ending.status == 1)
    let json = try branchmerge(
      "teach", "import", "results.jsonl", "-w", "work", "--json", in: folder.path)
    #expect(json.status == 1)
    let report = try JSON(parsing: Data(json.output.utf8))
    #expect(report["total"]?["alreadyThere"]?.number == 1)
    #expect(report["files"]?[0]?["file"] == .text("results.jsonl"))
    #expect(report["problems"]?[0]?["line"]?.number == 3)
    #expect(report["unknown"] == .list([.text("task-7")]))
    #expect(report["out"]?[0]?["requests"]?.number == 2)
  }

  @Test func `an export is told as JSON, and its limits in words`() throws {
    try build(seeds: 3)
    let first = try export("a.jsonl", "--limit", "2", "--json")
    let report = try JSON(parsing: Data(first.output.utf8))
    #expect(report["file"] == .text(folder / "a.jsonl"))
    #expect(report["requests"]?.number == 2)
    #expect(report["bytes"]?.number == (try folder.bytes("a.jsonl").count))
    #expect(report["stoppedBy"] == .text("--limit"))
    let second = try export("b.jsonl", "--set", "teacher.budget.requests=2")
    #expect(
      second.output
        == "the budget of requests: 2 of 2 does not allow another request; 2 requests in other"
        + " batches\n")
    let again = try export("a.jsonl")
    #expect(
      again.output
        == "\(folder / "a.jsonl"): 2 requests, 482 B; exported before, and the file is as it was\n")
  }

  @Test func `what cannot be is refused`() throws {
    try folder.write("datasets/recipes/taught.yaml", Self.recipe)
    func words(_ ending: Ending) -> String {
      #expect(ending.status == 2)
      #expect(ending.output == "")
      return ending.errors.replacing(folder.path + "/", with: "")
    }
    #expect(
      words(try export("a.jsonl"))
        == "error: the branch 'all' was never built here; run 'branchmerge run"
        + " datasets/recipes/taught.yaml --workspace work --until branch' first\n")
    #expect(!folder.exists("work"))
    #expect(
      words(try take("in.jsonl"))
        == "error: work/teacher.sqlite: is not there, so nothing was ever exported from this"
        + " workspace\n")
    #expect(!folder.exists("work"))
    try build(seeds: 2)
    #expect(words(try export("a.jsonl", "--limit", "0")).contains("--limit must be at least 1"))
    #expect(
      words(try export("a.jsonl", "--only", "al")).hasPrefix(
        "error: --only al: no branch with seeds has this name"))
    #expect(
      words(try export("missing/a.jsonl"))
        == "error: missing/a.jsonl: cannot be written: there is no folder missing\n")
    try folder.write("mine.txt", "mine")
    #expect(
      words(try export("mine.txt"))
        == "error: mine.txt: is there already, with other content; name another file\n")
    #expect(try folder.text("mine.txt") == "mine")
    #expect(try export("a.jsonl").status == 0)
    // Nothing is taken where one of the files is not there.
    try folder.write("results.jsonl", try answer(folder.rows("a.jsonl")[0]))
    #expect(
      words(try take("results.jsonl", "nowhere.jsonl"))
        == "error: nowhere.jsonl: could not open it: No such file or directory\n")
    #expect(try store("SELECT count(*) FROM attempt WHERE state = 'answered'") == ["0"])
    try folder.write("work/branches/all/seeds.jsonl", "")
    #expect(
      words(try export("b.jsonl")).hasPrefix(
        "error: work/branches/all/seeds.jsonl: is not what the branch wrote;"))
  }

  @Test func `a workspace in which another process is at work is left alone`() throws {
    try build(seeds: 2)
    #expect(try export("a.jsonl").status == 0)
    try folder.write("results.jsonl", try answer(folder.rows("a.jsonl")[0]))
    let holder = try Running(
      try #require(Package.tool("flock")),
      ["--no-fork", "work/.lock", "sh", "-c", "echo held; exec sleep 600"], in: folder.path, [:])
    defer { holder.send(SIGKILL) }
    while !holder.output.contains("held") { usleep(10_000) }
    for ending in [try export("b.jsonl"), try take("results.jsonl")] {
      #expect(ending.status == 2)
      #expect(ending.errors.contains("another run is at work in this workspace"))
    }
    #expect(!folder.exists("b.jsonl"))
    #expect(try store("SELECT DISTINCT state FROM attempt") == ["begun"])
  }

  /// Moments of an export, told by what there is of it.
  enum Moment: CaseIterable {
    case start, store, staged, written, recorded, named
  }

  @Test(arguments: Moment.allCases)
  func `an export that is killed loses nothing, and gives nothing out twice`(moment: Moment) throws
  {
    try build(seeds: 2000)
    let running = try Running(
      Package.program,
      ["teach", "export", "datasets/recipes/taught.yaml", "a.jsonl", "-w", "work"],
      in: folder.path, [:])
    func size(_ name: String) -> Int {
      let attributes = try? FileManager.default.attributesOfItem(atPath: folder / name)
      return (attributes?[.size] as? Int) ?? -1
    }
    func isReached() -> Bool {
      switch moment {
      case .start: true
      case .store: size("work/teacher.sqlite") >= 0
      case .staged: size("a.jsonl.new") >= 0
      case .written: size("a.jsonl.new") >= 400_000
      case .recorded: size("work/teacher.sqlite-wal") > 300_000
      case .named: size("a.jsonl") >= 0
      }
    }
    while !isReached() && running.process.isRunning {}
    running.send(SIGKILL)
    _ = try running.end()

    let next = try export("b.jsonl")
    #expect(next.status == 0, "\(next.errors)")
    var ids: [String] = []
    for name in ["a.jsonl", "b.jsonl"] where folder.exists(name) {
      ids += try folder.rows(name).compactMap { $0["custom_id"]?.text }
    }
    #expect(ids.count == 2000)
    #expect(Set(ids).count == 2000)
    #expect(try store("SELECT count(*), count(DISTINCT request) FROM attempt") == ["2000|2000"])
    #expect(try store("SELECT count(*) FROM asking WHERE finished IS NULL") == ["0"])
    #expect(try store("PRAGMA integrity_check") == ["ok"])
    #expect(!folder.exists("b.jsonl.new"))
  }

  @Test func `an import that is killed is taken again to the same end`() throws {
    try build(seeds: 400)
    #expect(try export("a.jsonl").status == 0)
    let filler = String(repeating: "Long thoughts. ", count: 4000)
    let results = try folder.rows("a.jsonl").enumerated().map {
      try answer($1, id: $0).replacing("Hm, ", with: "Hm, " + filler)
    }
    try folder.write("results.jsonl", results.joined())
    for kilobytes in [1000, 4000, 9000] {
      let running = try Running(
        Package.program, ["teach", "import", "results.jsonl", "-w", "work"], in: folder.path, [:])
      while running.process.isRunning {
        let attributes = try? FileManager.default.attributesOfItem(
          atPath: folder / "work/teacher.sqlite-wal")
        if (attributes?[.size] as? Int) ?? 0 > kilobytes << 10 { break }
      }
      running.send(SIGKILL)
      _ = try running.end()
    }
    let ending = try take("results.jsonl")
    #expect(ending.status == 0)
    #expect(try store("SELECT state, count(*) FROM attempt GROUP BY 1") == ["answered|400"])
    #expect(
      try store("SELECT count(DISTINCT json_extract(CAST(response AS TEXT), '$.id')) FROM attempt")
        == ["400"])
    #expect(
      try store("SELECT sum(prompt_tokens), sum(completion_tokens) FROM attempt")
        == ["3600|2800"])
  }
}
