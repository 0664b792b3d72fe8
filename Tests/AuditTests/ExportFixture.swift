import Curation
import Files
import Foundation
import Lineage
import Testing
import Workflow

@testable import Audit

/// A workspace with every fate, two licences, seeds, given and trained experts, a merge, and stages that
/// failed, were stopped or killed; it ends with its owner.
final class ExportFixture {
  let path: String
  var workspace: String { path + "/work" }
  var ledger: Ledger { get throws { try Ledger(reading: workspace + "/lineage.sqlite") } }

  /// With `isTaught` a teacher completes the branch `waiting`, whose expert is then trained on that.
  init(rowFormat: String = "sharegpt", isTaught: Bool = false) throws {
    path = FileManager.default.temporaryDirectory.path + "/export-" + UUID().uuidString
    try write("datasets/pool.yaml", Self.pool)
    try write("datasets/ring.yaml", Self.ring)
    try write("filters/mathematics.yaml", Self.filter)
    try write(
      "datasets/recipes/two.yaml", Self.recipe(rowFormat) + (isTaught ? Self.teacher : ""))
    try write("pool.jsonl", Self.poolRows.joined(separator: "\n") + "\n")
    try write("ring.jsonl", Self.ringRows.joined(separator: "\n") + "\n")
    try build()
    try build(only: ["waiting"])
    if isTaught { try teach() }
    try addStages(isTaught: isTaught)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  private func write(_ name: String, _ text: String) throws {
    let file = path + "/" + name
    try Folder.create(file.parentPath)
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
  }

  private func build(only: [String] = []) throws {
    let recipe = try Recipe(reading: path + "/datasets/recipes/two.yaml")
    var options = Curator.Options()
    options.workers = 1
    options.isDurable = false
    options.given = ["pool": path + "/pool.jsonl", "ring": path + "/ring.jsonl"]
    options.maxQuarantined = .count(1)
    options.computesSHA256 = true
    let curator = Curator(
      try Plan(recipe, library: Library(roots: [path]), only: only), options,
      tool: "branchmerge 0.0.9", note: { _ in }, progress: { _ in })
    _ = try curator.run(in: workspace)
  }

  /// The third of the four seeds is turned down.
  private func teach() throws {
    var teacher = FixtureTeacher(
      recipe: try ResolvedRecipe(reading: path + "/datasets/recipes/two.yaml"),
      tool: "branchmerge 0.0.9")
    teacher.replies = { seed in
      seed.number == 3
        ? [.answer(reasoning: nil, content: "Hm")]
        : [.answer(reasoning: "So \"it\" is.", content: "<b>\(seed.number)</b>")]
    }
    try teacher.teach("waiting", in: workspace)
  }

  private func addStages(isTaught: Bool) throws {
    let ledger = try Ledger(writing: workspace + "/lineage.sqlite", isDurable: false)
    let command = Ledger.Command(
      tool: "branchmerge 0.0.9", recipePath: path + "/datasets/recipes/two.yaml",
      line: "branchmerge run")
    func model(_ role: CheckpointEntry.Role, _ name: String) -> CheckpointEntry {
      CheckpointEntry(
        role: role, name: name, path: "\(path)/models/\(name)", parameterCount: 12,
        files: [
          CheckpointEntry.File(
            path: "model.safetensors", byteCount: 24, xxh3: String(repeating: "1", count: 32),
            sha256: String(repeating: "2", count: 64))
        ])
    }
    let built = try ledger.beginStage("branch waiting", [], of: command)
    try ledger.finishStage(built, StageOutcome([], [], run: 2))

    let failed = try ledger.beginStage("train math", [], of: command)
    try ledger.endStage(failed, as: .failed, message: "the disk is full \"<b>\"")
    let stopped = try ledger.beginStage("train math", [], of: command)
    try ledger.endStage(stopped, as: .stopped, message: "interrupted")
    let trained = try ledger.beginStage("train math", [], of: command)
    var training = TrainingEntry(
      branch: "math", checkpoint: model(.expert, "math"), trainer: "llama-factory")
    let rows = try Self.hash(of: workspace + "/branches/math/train.jsonl")
    training.dataXXH3 = rows
    training.rowCount = 3
    var outcome = StageOutcome([], [])
    outcome.training = training
    try ledger.finishStage(trained, outcome)

    let given = try ledger.beginStage("train waiting", [], of: command)
    var other = TrainingEntry(
      branch: "waiting", checkpoint: model(.expert, "waiting"), trainer: "experts")
    if isTaught {
      other.trainer = "trl"
      other.dataXXH3 = try Self.hash(of: workspace + "/teach/waiting/train.jsonl")
      other.rowCount = 5
    }
    outcome.training = other
    try ledger.finishStage(given, outcome)

    let merged = try ledger.beginStage("merge", [], of: command)
    outcome = StageOutcome([], [])
    outcome.merge = MergeEntry(
      checkpoint: model(.merged, "merged"), method: "linear", config: "",
      inputs: [
        MergeEntry.Input(
          name: "base", path: "base", isBase: true, entryCount: nil,
          checkpoint: model(.base, "base")),
        MergeEntry.Input(
          name: "math", path: "math", isBase: false, entryCount: 7,
          checkpoint: model(.expert, "math")),
      ], tensors: [])
    try ledger.finishStage(merged, outcome)
    // Its process was killed.
    _ = try ledger.beginStage("report", [], of: command)
  }

  private static func hash(of path: String) throws -> String {
    let stream = try FileStream(path)
    var buffer = ByteBuffer()
    while try stream.read(into: &buffer, upTo: 1 << 16) > 0 {}
    return stream.digest.description
  }

  /// The document of a format, as the command would write it into `folder`.
  func document(
    _ format: any ExportFormat.Type, branch: String? = nil, sample: String? = nil,
    folder: String? = nil
  ) throws -> String {
    let export = try Export(
      workspace, ledger: try ledger, branch: branch, sample: sample, folder: folder,
      tool: "branchmerge 0.1.0")
    var text = ""
    try format.write(export) { text += $0 }
    return text
  }

  /// Changes the ledger behind the program's back.
  func spoil(_ sql: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["sqlite3", workspace + "/lineage.sqlite", sql]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  /// What nobody would write, and the ledger can hold.
  static let strangeness = """
    UPDATE source SET card = '[', homepage = 'https://ex ample/"<b>', config = 'a "b" <c> %20 β',
      licence = 'Ask "Bob" | <b>' || char(10) || '}' WHERE name = 'pool';
    UPDATE source SET homepage = 'http://', revision = '' WHERE name = 'ring';
    UPDATE branch SET row_format = 'none such' WHERE name = 'waiting';
    UPDATE step SET text = '{', name = 'a"b' || char(0x202E) WHERE kind = 'filter';
    UPDATE run SET recipe_text = ': [', recipe = 'a} \\ b', tool = '';
    UPDATE stage SET tool = '', recipe_path = '', message = char(27) || '[2J' WHERE id = 2;
    UPDATE fate SET evidence = 'no JSON,"' || char(10) WHERE kind = 'dropped';
    UPDATE checkpoint SET name = '<b>"', path = 'a b' WHERE id = 1;
    UPDATE teaching SET model = '<b>" {' || char(27) || '}', question = '[', policy = char(10);
    UPDATE taught SET reason = char(0x202E), server = '" %20', finish_reason = '' WHERE seed_row < 9;
    """

  // MARK: - Texts

  static let pool = """
    about: A pool of problems.
    licence: Apache-2.0
    homepage: https://example.org/sets/pool
    revision: v2
    identity: [uuid]
    fields:
      prompt: question
      uuid: uuid
      topic: { from: "tags[0].name", type: text }
      answer: answer
      responses: { from: generations, type: texts }
      verified: { from: correct, type: flags }

    """

  static let ring = """
    about: A ring of problems.
    licence: CC-BY-NC-SA-4.0
    identity: [prompt]
    fields:
      prompt: q
      response: a

    """

  static let filter = """
    about: Keeps mathematics.
    keep: { topic: { in: [algebra, geometry] } }
    examples:
      - keep: { topic: algebra }
      - { drop: { topic: history }, because: topic }

    """

  static func recipe(_ rowFormat: String) -> String {
    """
    about: A recipe with two branches.
    branches:
      math:
        about: Problems with a verified solution, "quoted" & <b>bold</b>.
        sources:
          pool:
            filters: [mathematics]
            pick: { first: responses, where: { verified: { is: true } } }
            response: "<think>{responses|trim}[ so {answer}]"
          ring:
            response: "{response}"
        distinct: prompt
        row: \(rowFormat)
      waiting:
        sources:
          pool:
            filters: [mathematics]
            prompt: "Q: {prompt}"
            response: teacher
          ring:
            response: "{response}"
        row: \(rowFormat)

    """
  }

  static let teacher = """
    teacher:
      url: http://127.0.0.1:1/v1
      model: lab/r1 "<b>"

    """

  static func row(
    _ uuid: String, _ question: String, topic: String = "algebra", correct: String = "[true, true]"
  ) -> String {
    #"{"question": \#(question), "uuid": "\#(uuid)", "tags": [{"name": "\#(topic)"}],"#
      + #" "answer": "42", "generations": ["one", "two"], "correct": \#(correct)}"#
  }

  static let poolRows = [
    row("a1", #""What is <b>1+1</b>?""#, correct: "[false, true]"),
    row("a2", #""When was it?""#, topic: "history"),
    row("a3", #""Which?""#, correct: "[false, false]"),
    #"{"question": "cut"#,
    row("a1", #""Is \"it\" \u0031? 🙂""#),
    row("a6", #""Which?""#),
  ]

  static let ringRows = [
    #"{"q": "Which?", "a": "This."}"#, #"{"q": "Who, \"she\"\r\nor he?", "a": "She."}"#,
  ]
}

/// The Python with the validators that BRANCHMERGE_PYTHON names.
enum Validator {
  static let python = ProcessInfo.processInfo.environment["BRANCHMERGE_PYTHON"]
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardized.path
  /// The official schemas, which lie beside the repository where they are there at all.
  static let schemas = URL(fileURLWithPath: root + "/../shared/data/openlineage").standardized.path
  static let hasSchemas = FileManager.default.fileExists(atPath: schemas)

  static func has(_ modules: String) -> Bool {
    guard let python else { return false }
    return (try? run(python, ["-c", "import \(modules)"]))?.status == 0
  }

  /// What `Tests/Reference/exports.py` complains of.
  static func complaints(_ arguments: String...) throws -> String {
    let ending = try run(
      try #require(python), ["\(root)/Tests/Reference/exports.py"] + arguments)
    return ending.output + (ending.status > 1 ? ending.errors : "")
  }

  static func run(_ program: String, _ arguments: [String]) throws -> (
    status: Int32, output: String, errors: String
  ) {
    let folder = FileManager.default.temporaryDirectory.path + "/validator-" + UUID().uuidString
    try Folder.create(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    // A long complaint must not fill a pipe.
    for name in ["output", "errors"] {
      try Data().write(to: URL(fileURLWithPath: folder + "/" + name))
    }
    process.standardOutput = FileHandle(forWritingAtPath: folder + "/output")
    process.standardError = FileHandle(forWritingAtPath: folder + "/errors")
    var environment = ProcessInfo.processInfo.environment
    environment["HF_HUB_OFFLINE"] = "1"
    environment["HF_HOME"] = folder
    process.environment = environment
    try process.run()
    process.waitUntilExit()
    return (
      process.terminationStatus, try String(contentsOfFile: folder + "/output", encoding: .utf8),
      try String(contentsOfFile: folder + "/errors", encoding: .utf8)
    )
  }
}
