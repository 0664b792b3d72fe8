import Foundation
import Testing

/// A whole recipe: two branches from one source, two experts, a merge.
@Suite(.serialized)
struct RunTests {
  let library = try! SmallLibrary()
  private var folder: TemporaryFolder { library.folder }

  static let recipe = """
    # A comment.
    branches:
      odd:
        sources:
          small:
            filters: [easy]
            response: "{response}"
      even:
        sources:
          small:
            filters: [short]
            response: "{response}"
    train:
      with: experts
      experts: { odd: models/odd, even: models/even }
    merge:
      merge_method: linear
      models:
        - { model: experts/odd, parameters: { weight: 0.5 } }
        - { model: experts/even, parameters: { weight: 0.5 } }

    """

  static let stages = [
    "branch odd", "branch even", "train odd", "train even", "merge", "report",
  ]

  init() throws {
    try folder.write("datasets/recipes/two.yaml", Self.recipe)
    try folder.write(
      "filters/short.yaml",
      SmallLibrary.filter.replacing("easy", with: "short").replacing("5", with: "3")
        .replacing("level: 6", with: "level: 4"))
    try folder.write("work/sources/small.jsonl", (1...20).map { Self.row($0) + "\n" }.joined())
    try SmallModel.write(SmallModel.tensors(), to: "models/odd", in: folder)
    try SmallModel.write(SmallModel.tensors(change: 2), to: "models/even", in: folder)
  }

  private static func row(_ number: Int) -> String {
    SmallLibrary.row(number).replacing("\"level\": 1", with: "\"level\": \(number % 8)")
  }

  private func run(_ more: String...) throws -> Ending {
    try branchmerge(
      ["run", "datasets/recipes/two.yaml", "-w", "work", "--no-fsync"] + more, in: folder.path)
  }

  /// Stage and state of a plan.
  private func plan(_ more: String...) throws -> [String: String] {
    let ending = try branchmerge(
      ["plan", "datasets/recipes/two.yaml", "-w", "work", "--json"] + more, in: folder.path)
    #expect(ending.errors == "")
    let stages = try #require(JSON(parsing: Data(ending.output.utf8))["stages"]?.list)
    return Dictionary(
      uniqueKeysWithValues: stages.map { ($0["stage"]?.text ?? "", $0["state"]?.text ?? "") })
  }

  @Test func `a recipe is done from source to merged model, and then there is nothing to do`()
    throws
  {
    #expect(Set(try plan().values) == ["to do"])
    let first = try run()
    #expect(first.status == 0, "\(first.errors)")
    #expect(
      first.errors.replacing(/in [0-9.]+ s/, with: "in TIME") == """
        branch odd: 16 rows kept of 20 in TIME
        branch even: 11 rows kept of 20 in TIME
        train odd: given: models/odd in TIME
        train even: given: models/even in TIME
        merge: linear, 6 tensors in TIME
        report: report.md, report.json in TIME
        in pictures: work/report.html

        """)
    let made = try folder.contents(below: "work/merged")
    #expect(made["model.safetensors"] != nil)
    #expect(try folder.text("work/report.html").hasPrefix("<!DOCTYPE html>"))
    #expect(Set(try plan().values) == ["up to date"])

    let before = try folder.ledger("SELECT count(*) FROM stage")
    let second = try run()
    #expect(second.errors.components(separatedBy: ": up to date").count == 7)
    #expect(try folder.ledger("SELECT count(*) FROM stage") == before)
    #expect(try folder.contents(below: "work/merged") == made)
  }

  /// A change of something, and the stages that it makes to do again.
  struct Change: CustomTestStringConvertible {
    var testDescription: String
    var stale: Set<String>
    var undecided: Set<String>
    var make: @Sendable (TemporaryFolder) throws -> Void

    static func replace(
      _ file: String, _ old: String, _ new: String, _ stale: Set<String>,
      undecided: Set<String> = ["report"]
    ) -> Change {
      Change(
        testDescription: "\(file): \(old) becomes \(new)", stale: stale, undecided: undecided
      ) { folder in
        let text = try folder.text(file)
        try #require(text.contains(old))
        try folder.write(file, text.replacing(old, with: new))
      }
    }
  }

  @Test(arguments: [
    Change.replace("datasets/recipes/two.yaml", "# A comment.", "# Another.", [], undecided: []),
    .replace("filters/easy.yaml", "about: Keeps", "about: Still keeps", [], undecided: []),
    .replace("filters/easy.yaml", "at_most: 5", "at_most: 4", ["branch odd"]),
    .replace("filters/short.yaml", "at_most: 3", "at_most: 2", ["branch even"]),
    .replace("datasets/recipes/two.yaml", "filters: [short]", "filters: []", ["branch even"]),
    .replace(
      "datasets/small.yaml", "licence: CC0-1.0", "licence: MIT", ["branch odd", "branch even"]),
    .replace("datasets/small.yaml", "about: Rows", "about: Some rows", [], undecided: []),
    .replace("work/sources/small.jsonl", "Q1?", "Q0?", ["branch odd", "branch even"]),
    .replace(
      "models/odd/config.json", ": ", ":  ", ["train odd"], undecided: ["merge", "report"]),
    .replace(
      "datasets/recipes/two.yaml", "weight: 0.5 } }\n    -", "weight: 0.6 } }\n    -", ["merge"]),
    .replace("work/branches/odd/train.jsonl", "Q1?", "Q7?", ["branch odd"]),
    .replace("work/merged/config.json", "llama", "qwen2", ["merge"]),
    .replace("work/report.md", "two", "three", ["report"], undecided: []),
  ])
  func `a change makes stale what depends on it, and nothing else`(change: Change) throws {
    _ = try run()
    try change.make(folder)
    let plan = try plan()
    #expect(Set(plan.filter { $0.value == "stale" }.keys) == change.stale)
    #expect(Set(plan.filter { $0.value == "undecided" }.keys) == change.undecided)
    let again = try run()
    #expect(again.status == 0, "\(again.errors)")
    for stage in Self.stages where !change.stale.union(change.undecided).contains(stage) {
      #expect(again.errors.contains("\(stage): up to date"))
    }
    for stage in change.stale { #expect(!again.errors.contains("\(stage): up to date")) }
    #expect(Set(try self.plan().values) == ["up to date"])
  }

  @Test func `a file that only looks new is read again, and nothing else happens`() throws {
    _ = try run()
    try tool("touch", folder / "work/sources/small.jsonl")
    #expect(Set(try plan().values) == ["up to date"])
    #expect(Set(try plan("--rehash").values) == ["up to date"])
    // With --rehash a change shows that neither size nor time betrays.
    let path = folder / "work/sources/small.jsonl"
    try tool("cp", "-p", path, folder / "kept-time")
    let handle = try #require(FileHandle(forUpdatingAtPath: path))
    let text = try folder.text("work/sources/small.jsonl").replacing("Q1?", with: "Q0?")
    try handle.write(contentsOf: Data(text.utf8))
    try handle.close()
    try tool("touch", "-r", folder / "kept-time", path)
    #expect(try plan("--rehash")["branch odd"] == "stale")
  }

  @Test func `the plan says which change is to blame`() throws {
    _ = try run()
    let filter = try folder.text("filters/easy.yaml")
    try folder.write("filters/easy.yaml", filter.replacing("at_most: 5", with: "at_most: 4"))
    let ending = try branchmerge(
      "plan", "datasets/recipes/two.yaml", "-w", "work", "--set", "branches.even.row=alpaca",
      in: folder.path)
    #expect(
      ending.output.replacing(/[0-9.]+ [kMGT]?B/, with: "SIZE") == """
        stage        state       reads                      writes                  figures
        branch odd   stale       small                      branches/odd            16 rows kept of 20
        branch even  stale       small                      branches/even           11 rows kept of 20
        train odd    up to date  models/odd                                         given: models/odd
        train even   up to date  models/even                                        given: models/even
        merge        up to date  experts/even, experts/odd  merged                  linear, 6 tensors
        report       undecided   lineage.sqlite             report.md, report.json  report.md, report.json

        branch odd is stale:
          filter easy: {"level": {"at_most": 5}} became {"level": {"at_most": 4}}

        branch even is stale:
          row: sharegpt became alpaca

        report is undecided:
          after branch odd, branch even

        disk: at most SIZE needed, SIZE free

        """)
  }

  @Test func `from, until and only choose stages`() throws {
    let branches = try run("--until", "branch", "--only", "odd")
    #expect(
      branches.errors.replacing(/in [0-9.]+ s/, with: "") == "branch odd: 16 rows kept of 20 \n")
    let early = try run("--from", "merge")
    #expect(
      early.errors == "error: --from merge: the stage 'branch even' before it was never done; run"
        + " without --from\n")
    #expect(early.status == 2)
    #expect(try run("--until", "train").status == 0)
    let filter = try folder.text("filters/easy.yaml")
    try folder.write("filters/easy.yaml", filter.replacing("at_most: 5", with: "at_most: 4"))
    let late = try run("--from", "merge")
    #expect(late.status == 0)
    #expect(
      late.errors.hasPrefix("'branch odd' is not up to date, and is taken as it is (--from)\n"))
    #expect(late.errors.contains("merge: linear, 6 tensors in "))
    // Of what is there nothing has changed since.
    #expect(try run("--from", "merge").errors.contains("merge: up to date"))
    #expect(try run("--from", "report", "--until", "train").status != 0)
    #expect(
      try run("--only", "od").errors == "error: --only od: the recipe has no branch of this name\n")
  }

  @Test(arguments: [
    ("train.experts.odd=models/none", "the expert of odd, models/none, is no folder here"),
    ("train.with=expert", "--set: no trainer is called 'expert'; did you mean 'experts'?"),
    ("trian.with=experts", "a recipe has no 'trian'; did you mean 'train'?"),
    (
      "branches.odd.distinct=answer",
      "--set: 'distinct' can be 'prompt', {on: prompt, near: …}, or left out"
    ),
    ("merge.models.0.model=experts/od", "no branch is called 'od'; did you mean 'odd'?"),
    ("train", "--set: 'train' should be KEY=VALUE, as in train.epochs=3"),
    ("merge.models.7.model=x", "there is a list of 2 before '7'"),
    ("branches.odd.sources.small.response.x=1", "a value stands before 'x'"),
  ])
  func `a value that is set is judged as one of the file`(setting: String, message: String) throws {
    let ending = try run("--set", setting)
    #expect(ending.status == 2)
    #expect(ending.errors.contains(message), "\(ending.errors)")
    #expect(!folder.exists("work/branches"))
  }

  @Test func `locked inputs are the only ones that are taken`() throws {
    let without = try run("--locked")
    #expect(without.status == 2)
    #expect(without.errors.contains("recipe.lock.yaml: --locked needs this file"))
    _ = try run()
    let lock = try folder.text("work/recipe.lock.yaml")
    #expect(lock.contains("\"input small/small.jsonl\": \""))
    #expect(lock.contains("\"expert odd/model.safetensors\": \""))
    #expect(try run("--locked").status == 0)
    let rows = try folder.text("work/sources/small.jsonl")
    try folder.write("work/sources/small.jsonl", rows + Self.row(99) + "\n")
    let changed = try run("--locked")
    #expect(changed.status == 2)
    #expect(changed.errors.contains("\n  input small/small.jsonl changed\n"))
    #expect(try folder.text("work/recipe.lock.yaml") == lock)
  }

  @Test func `what is missing is told before anything is done`() throws {
    try FileManager.default.removeItem(atPath: folder / "models/even")
    try FileManager.default.removeItem(atPath: folder / "work/sources/small.jsonl")
    let ending = try run()
    #expect(ending.status == 2)
    #expect(ending.errors.contains("the files of the source 'small' are neither given"))
    #expect(ending.errors.contains("the expert of even, models/even, is no folder here"))
    #expect(!folder.exists("work/branches"))
  }

  @Test func `two runs on one workspace are refused, and status tells who is at work`() throws {
    try folder.write("train.sh", "#!/bin/sh\nsleep 60\n")
    let running = try Running(
      Package.program,
      [
        "run", "datasets/recipes/two.yaml", "-w", "work", "--set", "base=models/odd", "--set",
        sleeping,
      ],
      in: folder.path, [:])
    let deadline = Date.now + 30
    while !folder.exists("work/train/odd/train.log"), Date.now < deadline { usleep(10_000) }
    let second = try run()
    #expect(second.status == 2)
    let number = running.process.processIdentifier
    #expect(second.errors.contains("another run is at work in this workspace, process \(number)"))
    let status = try branchmerge("status", "work", in: folder.path)
    #expect(status.output.contains("train odd    running  -"))
    #expect(status.output.contains("process \(number) is at work"))
    running.send(SIGINT)
    let ending = try running.end()
    #expect(ending.status == 130)
    #expect(ending.errors.contains("The same command goes on from there."))
    let after = try branchmerge("status", "work", in: folder.path)
    #expect(after.output.contains("train odd    stopped"))
    #expect(after.output.contains("go on with\n  branchmerge run datasets/recipes/two.yaml"))
  }

  private let sleeping =
    "train={with: command, command: sh train.sh, cutoff: 64, epochs: 1, batch: 1}"
}
