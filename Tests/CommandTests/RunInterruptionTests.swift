import Foundation
import Testing

/// Runs of a whole recipe that are ended from outside, and go on.
@Suite(.serialized)
struct RunInterruptionTests {
  let library = try! SmallLibrary()
  private var folder: TemporaryFolder { library.folder }

  /// Trains by copying the base, changing a number by branch and rows, and taking its time.
  static let trainer = """
    set -e
    echo "step 1"
    cp "$1"/config.json "$2"/config.json
    sleep 0.3
    head -c -2 "$1"/model.safetensors > "$2"/part
    printf "${3:0:1}$(( $(wc -l < "$4") % 10 ))" >> "$2"/part
    mv "$2"/part "$2"/model.safetensors
    echo "step 2"

    """

  private static let recipe =
    String(RunTests.recipe.prefix(upTo: RunTests.recipe.range(of: "train:")!.lowerBound)) + """
      base: models/base
      train:
        with: command
        command: "bash train.sh {base} {output} {branch} {data}"
        cutoff: 64
        epochs: 1
        batch: 1
      merge:
        merge_method: arcee_fusion
        chain:
          - model: experts/odd
          - { model: experts/even, kept: existing }
        parameters: { preset: paper }

      """

  init() throws {
    try folder.write("datasets/recipes/two.yaml", Self.recipe)
    try folder.write("train.sh", Self.trainer)
    try folder.write(
      "filters/short.yaml",
      SmallLibrary.filter.replacing("easy", with: "short").replacing("5", with: "3")
        .replacing("level: 6", with: "level: 4"))
    let rows = (1...3000).map { SmallLibrary.row($0) + "\n" }.joined()
    try folder.write("sources/small.jsonl", rows)
    try SmallModel.write(SmallModel.tensors(), to: "models/base", in: folder)
  }

  private func arguments(_ workspace: String) -> [String] {
    [
      "run", "datasets/recipes/two.yaml", "-w", workspace, "--source", "small=sources/small.jsonl",
    ]
  }

  /// What stays of a run, bytes by name.
  private func results(_ workspace: String) throws -> [String: Data] {
    var results: [String: Data] = [:]
    for part in ["branches", "merged", "train/odd/output", "train/even/output"] {
      for (name, bytes) in try folder.contents(below: "\(workspace)/\(part)") {
        results["\(part)/\(name)"] = bytes
      }
    }
    for name in ["report.md", "report.json", "recipe.lock.yaml"] {
      results[name] = try folder.bytes("\(workspace)/\(name)")
    }
    return results
  }

  @Test(arguments: [
    "work/branches/odd/train.jsonl", "work/train/odd/train.log", "work/train/odd/output/part",
    "work/train/odd/output/model.safetensors", "work/train/even/train.log", "work/.merge",
    "work/merged", "work/report.md.new", "work/report.json",
  ])
  func `a run that is killed goes on to the same bytes`(moment: String) throws {
    let whole = try branchmerge(arguments("whole"), in: folder.path)
    #expect(whole.status == 0, "\(whole.errors)")
    let running = try Running(Package.program, arguments("work"), in: folder.path, [:])
    let deadline = Date.now + 30
    while !folder.exists(moment), running.process.isRunning, Date.now < deadline { usleep(200) }
    running.send(SIGKILL)
    _ = try running.end()
    let next = try branchmerge(arguments("work"), in: folder.path)
    #expect(next.status == 0, "\(next.errors)")
    let (found, expected) = (try results("work"), try results("whole"))
    #expect(found.keys.sorted() == expected.keys.sorted())
    for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }
    #expect(!folder.exists("work/.merge"))
    #expect(
      try folder.ledger("SELECT count(*) FROM stage WHERE state = 'done'").first == "6")
    let again = try branchmerge(arguments("work"), in: folder.path)
    #expect(again.errors.components(separatedBy: ": up to date").count == 7)
  }

  @Test(arguments: [
    ("filters/easy.yaml", "at_most: 5", "at_most: 4", ["branch odd", "train odd", "merge"]),
    ("filters/easy.yaml", "at_most: 5", "at_most: 9", ["branch odd"]),
    // Experts that come out the same leave the merge alone.
    ("datasets/recipes/two.yaml", "epochs: 1", "epochs: 2", ["train odd", "train even"]),
    ("train.sh", "step 2", "step two", ["train odd", "train even"]),
    ("datasets/recipes/two.yaml", "preset: paper", "preset: tinyr1", ["merge"]),
  ])
  func `a change does again what it changes, down to the merge, and nothing else`(
    file: String, old: String, new: String, done: [String]
  ) throws {
    try folder.write("sources/small.jsonl", (1...5).map { Self.row($0) + "\n" }.joined())
    #expect(try branchmerge(arguments("work"), in: folder.path).status == 0)
    try folder.write(file, folder.text(file).replacing(old, with: new))
    let ending = try branchmerge(arguments("work"), in: folder.path)
    #expect(ending.status == 0, "\(ending.errors)")
    for stage in RunTests.stages.dropLast() {
      #expect(ending.errors.contains("\(stage): up to date") != done.contains(stage), "\(stage)")
    }
  }

  private static func row(_ number: Int) -> String {
    SmallLibrary.row(number).replacing("\"level\": 1", with: "\"level\": \(number)")
  }

  @Test func `a trainer that fails stops the recipe with its last words`() throws {
    try folder.write("train.sh", "echo 'CUDA out of memory' >&2\nexit 3\n")
    let ending = try branchmerge(arguments("work"), in: folder.path)
    #expect(ending.status == 2)
    #expect(ending.errors.contains("the trainer failed with status 3"))
    #expect(ending.errors.contains("  | CUDA out of memory"))
    #expect(ending.errors.contains("to repeat it alone: "))
    let status = try branchmerge("status", "work", in: folder.path)
    #expect(status.output.contains("train odd failed:\n  odd: the trainer failed with status 3"))
    // Mended, it goes on, and what was done is not done again.
    try folder.write("train.sh", Self.trainer)
    let next = try branchmerge(arguments("work"), in: folder.path)
    #expect(next.status == 0, "\(next.errors)")
    #expect(next.errors.contains("branch odd: up to date"))
  }

  @Test func `a trainer that leaves a broken checkpoint is told from one that did its work`() throws
  {
    try folder.write(
      "train.sh",
      Self.trainer + "head -c 100 \"$2\"/model.safetensors > \"$2\"/short\n"
        + "mv \"$2\"/short \"$2\"/model.safetensors\n")
    let ending = try branchmerge(arguments("work"), in: folder.path)
    #expect(ending.status == 2)
    #expect(ending.errors.contains("the trainer ended well, and what it left cannot be used"))
    #expect(try folder.ledger("SELECT state FROM stage WHERE name = 'train odd'") == ["failed"])
    #expect(!folder.exists("work/merged"))
  }

  @Test func `a second Ctrl-C ends a trainer that will not end`() throws {
    try folder.write(
      "train.sh", "trap '' INT TERM\necho $$ > \"$2\"/pid\nwhile :; do sleep 0.1; done\n")
    let running = try Running(Package.program, arguments("work"), in: folder.path, [:])
    let file = "work/train/odd/output/pid"
    let deadline = Date.now + 30
    while (try? folder.text(file))?.hasSuffix("\n") != true, Date.now < deadline { usleep(10_000) }
    let trainer = try #require(pid_t(try folder.text(file).dropLast()))
    running.send(SIGINT)
    usleep(500_000)
    #expect(running.process.isRunning)
    running.send(SIGINT)
    let ending = try running.end()
    #expect(ending.status == 130)
    #expect(ending.errors.contains("a second Ctrl-C kills it"))
    #expect(kill(trainer, 0) != 0)
    let status = try branchmerge("status", "work", in: folder.path)
    #expect(status.output.contains("train odd    stopped"))
  }

  @Test func `an expert that was changed after its training is not taken for its result`() throws {
    _ = try branchmerge(arguments("work"), in: folder.path)
    let made = try folder.bytes("work/train/odd/output/model.safetensors")
    try folder.write("work/train/odd/output/model.safetensors", made.dropLast(2) + Data([1, 2]))
    let ending = try branchmerge(arguments("work"), in: folder.path)
    #expect(ending.status == 2)
    #expect(ending.errors.contains("train/odd/output/model.safetensors was changed"))
    // Removed, it is trained again, to the same bytes.
    try FileManager.default.removeItem(atPath: folder / "work/train/odd")
    let again = try branchmerge(arguments("work"), in: folder.path)
    #expect(again.status == 0, "\(again.errors)")
    #expect(again.errors.contains("merge: up to date"))
    #expect(try folder.bytes("work/train/odd/output/model.safetensors") == made)
  }

  @Test func `a row is followed into the expert that it trained and the model that holds it`()
    throws
  {
    _ = try branchmerge(arguments("work"), in: folder.path)
    let id = try #require(try folder.rows("work/branches/odd/train.jsonl")[0]["id"]?.text)
    let why = try branchmerge("why", id, "--workspace", "work", in: folder.path)
    let text = why.output.replacing("\n", with: " ")
    #expect(
      text.contains(
        "The expert work/train/odd/output was trained on it by command, one of 3000 rows. The expert"
          + " is part of the merged model work/merged (arcee_fusion); "))
    let json = try branchmerge("why", id, "-w", "work", "--json", in: folder.path)
    let fates = try #require(JSON(parsing: Data(json.output.utf8))["fates"]?.list)
    #expect(fates.count == 2)
    #expect(fates[0]["training"]?["merges"]?[0]?["method"]?.text == "arcee_fusion")
  }
}
