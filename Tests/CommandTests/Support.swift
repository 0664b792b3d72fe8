import Foundation
import Testing

/// What a program that has ended left behind.
struct Ending {
  var status: Int32
  var wasKilled: Bool
  var output: String
  var errors: String
}

/// The package as it is checked out, and the built program.
enum Package {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// The one that `BRANCHMERGE_PROGRAM` names; else beside the test bundle, and where that is
  /// something else, in the package's build folder.
  static let program: String = {
    if let given = ProcessInfo.processInfo.environment["BRANCHMERGE_PROGRAM"] { return given }
    let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let beside = bundle.deletingLastPathComponent().path + "/branchmerge"
    let found = [beside, root + "/.build/debug/branchmerge", root + "/.build/release/branchmerge"]
    return found.first { FileManager.default.isExecutableFile(atPath: $0) } ?? beside
  }()

  /// What real rows are composed of; it lies beside the package where it is there at all.
  static let shared = URL(fileURLWithPath: root + "/../shared").standardizedFileURL.path

  /// The first program of this name on the path.
  static func tool(_ name: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  static let hasDuckDB = tool("duckdb") != nil
}

/// A program at work; its output goes to files, so that nobody has to drain a pipe.
final class Running {
  let process = Process()
  private let logs: TemporaryFolder

  init(
    _ program: String, _ arguments: [String], in folder: String, _ environment: [String: String]
  ) throws {
    logs = try TemporaryFolder()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    var variables = ProcessInfo.processInfo.environment
    for name in ["COLUMNS", "HF_HUB_CACHE", "XDG_CACHE_HOME", "HF_HOME"] { variables[name] = nil }
    if environment["XDG_CACHE_HOME"] == nil { variables["HF_HOME"] = logs.path + "/no-cache" }
    variables.merge(environment) { $1 }
    process.environment = variables
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try log("output")
    process.standardError = try log("errors")
    // A thread of the test runner holds back all signals, and a child inherits that.
    var (none, before) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try process.run()
  }

  private func log(_ name: String) throws -> FileHandle {
    try logs.write(name, "")
    return try #require(FileHandle(forWritingAtPath: logs / name))
  }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// What it has printed so far.
  var output: String { (try? logs.text("output")) ?? "" }
  var errors: String { (try? logs.text("errors")) ?? "" }

  func end() throws -> Ending {
    process.waitUntilExit()
    return Ending(
      status: process.terminationStatus,
      wasKilled: process.terminationReason == .uncaughtSignal,
      output: try logs.text("output"), errors: try logs.text("errors"))
  }
}

/// Runs the built program to its end.
func branchmerge(
  _ arguments: [String], in folder: String = Package.root, environment: [String: String] = [:]
) throws -> Ending {
  try Running(Package.program, arguments, in: folder, environment).end()
}

func branchmerge(
  _ arguments: String..., in folder: String = Package.root, environment: [String: String] = [:]
) throws -> Ending {
  try branchmerge(arguments, in: folder, environment: environment)
}

/// Runs a program that the tests need, and returns what it printed; its failure is the test's.
@discardableResult
func tool(_ name: String, _ arguments: String..., in folder: String = Package.root) throws
  -> String
{
  let path = name.contains("/") ? name : try #require(Package.tool(name), "\(name) is missing")
  let ending = try Running(path, arguments, in: folder, [:]).end()
  try #require(ending.status == 0, "\(name): \(ending.errors)")
  return ending.output
}

/// A folder that goes away with this object.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/branchmerge-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of something in it.
  static func / (folder: TemporaryFolder, name: String) -> String { folder.path + "/" + name }

  func write(_ name: String, _ bytes: Data) throws {
    let parent = (self / name as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    try bytes.write(to: URL(fileURLWithPath: self / name))
  }

  func write(_ name: String, _ text: String) throws { try write(name, Data(text.utf8)) }

  func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: self / name))
  }

  func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: self / name) }

  /// All files below, hidden ones too, without folders.
  func files(below name: String = ".") -> [String] {
    let names = FileManager.default.enumerator(atPath: self / name)?.compactMap { $0 as? String }
    return (names ?? []).filter { file in
      var isFolder: ObjCBool = false
      let path = "\(self / name)/\(file)"
      return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        && !isFolder.boolValue
    }.sorted()
  }

  /// Every file below a folder with its bytes.
  func contents(below name: String) throws -> [String: Data] {
    var contents: [String: Data] = [:]
    for file in files(below: name) { contents[file] = try bytes(name + "/" + file) }
    return contents
  }

  /// What a query of a workspace's ledger answers, a line a row, columns set apart by '|'.
  func ledger(_ query: String, of workspace: String = "work") throws -> [String] {
    try tool("sqlite3", self / "\(workspace)/lineage.sqlite", query)
      .split(separator: "\n").map(String.init)
  }

  /// The objects of a JSON Lines file.
  func rows(_ name: String) throws -> [JSON] {
    try text(name).split(separator: "\n").map { try JSON(parsing: Data($0.utf8)) }
  }
}

/// A JSON value that can be compared.
enum JSON: Equatable, Decodable {
  case null
  case flag(Bool)
  case number(Double)
  case text(String)
  case list([JSON])
  case object([String: JSON])

  init(parsing data: Data) throws { self = try JSONDecoder().decode(JSON.self, from: data) }

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let flag = try? value.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else if let text = try? value.decode(String.self) {
      self = .text(text)
    } else if let list = try? value.decode([JSON].self) {
      self = .list(list)
    } else {
      self = .object(try value.decode([String: JSON].self))
    }
  }

  subscript(key: String) -> JSON? {
    if case .object(let object) = self { object[key] } else { nil }
  }
  subscript(index: Int) -> JSON? { if case .list(let list) = self { list[index] } else { nil } }
  var text: String? { if case .text(let text) = self { text } else { nil } }
  var list: [JSON]? { if case .list(let list) = self { list } else { nil } }
  var number: Int? { if case .number(let number) = self { Int(number) } else { nil } }
}

/// Id, prompt and response of every row.
func shareGPTRows(_ bytes: Data) throws -> [[String]] {
  struct Row: Decodable {
    struct Turn: Decodable { var value: String }
    var id: String
    var conversations: [Turn]
  }
  return try bytes.split(separator: 0x0A).map { line in
    let row = try JSONDecoder().decode(Row.self, from: line)
    return [row.id] + row.conversations.map(\.value)
  }
}

extension String {
  /// With the moments and durations, which no two runs share, taken out.
  var withoutTimes: String {
    replacing(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/, with: "MOMENT")
      .replacing(/in [0-9.]+ s, [0-9.]+ [kMGT]?B\/s/, with: "in TIME")
      .replacing(/in [0-9.]+ s, [0-9]+ M parameters\/s/, with: "in TIME")
  }
}

/// The demo rows, each for its source.
let demoSources = ["openr1-math", "openthoughts", "s1-59k", "s1k"].flatMap {
  ["--source", "\($0)=datasets/demo/\($0).jsonl"]
}

/// Stand-ins for the benchmarks of `tinyr1-clean`.
let demoBenchmarks = [
  "aime-2024": "datasets/demo/benchmarks/aime-2024.jsonl",
  "aime-2025": "datasets/demo/benchmarks/aime-2025.jsonl",
  "gpqa-diamond": "datasets/demo/benchmarks/gpqa-diamond.hashes",
  "livecodebench": "datasets/demo/benchmarks/livecodebench.jsonl",
  "math-500": "datasets/demo/benchmarks/math-500.jsonl",
]

/// Builds the three branches from the demo rows.
func demo(in folder: TemporaryFolder, _ more: String...) throws -> Ending {
  try branchmerge(
    ["branch", "datasets/recipes/tinyr1.yaml", "-w", folder / "work", "--max-quarantined", "2%"]
      + demoSources + more)
}

/// A library of one source, one filter and one recipe in a folder of its own.
struct SmallLibrary {
  let folder: TemporaryFolder

  static let card = """
    about: Rows for tests.
    licence: CC0-1.0
    homepage: https://example.org/small
    hub: example/small
    revision: v1
    configs:
      default: { rows: 3, files: [data/*.jsonl] }
    identity: [prompt]
    fields:
      prompt: question
      response: answer
      level: { from: level, type: number }
      tags: { from: tags, type: texts }

    """
  static let filter = """
    about: Keeps what is easy.
    keep:
      level: { at_most: 5 }
    examples:
      - keep: { level: 5 }
      - drop: { level: 6 }
        because: level

    """
  static let recipe = """
    branches:
      all:
        sources:
          small:
            filters: [easy]
            response: "{response}"
        distinct: prompt

    """

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("datasets/small.yaml", Self.card)
    try folder.write("filters/easy.yaml", Self.filter)
    try folder.write("datasets/recipes/one.yaml", Self.recipe)
  }

  /// A row that is kept.
  static func row(_ number: Int) -> String {
    "{\"question\": \"Q\(number)?\", \"answer\": \"A\(number).\", \"level\": 1, \"tags\": [\"a\"]}"
  }

  /// Builds the one branch from these files.
  func branch(
    _ source: String, recipe: String = "one", _ more: String...,
    environment: [String: String] = [:]
  ) throws -> Ending {
    try branchmerge(
      ["branch", "datasets/recipes/\(recipe).yaml", "-w", "work", "--source", "small=\(source)"]
        + more, in: folder.path, environment: environment)
  }

  /// The ids and texts of the rows written.
  func kept(_ workspace: String = "work") throws -> [[String]] {
    try shareGPTRows(folder.bytes("\(workspace)/branches/all/train.jsonl"))
  }
}
