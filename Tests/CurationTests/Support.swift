import Files
import Foundation
import Lineage
import Samples
import Testing

@testable import Curation
@testable import Notation

/// The folder of `Package.swift`.
let repository: String = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

/// A temporary folder that ends with its owner.
final class Scratch {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/curation-" + UUID().uuidString
    try Folder.create(path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, with its folders, and returns its path.
  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    let file = path + "/" + name
    try Folder.create((file as NSString).deletingLastPathComponent)
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    return file
  }

  func text(_ name: String) throws -> String {
    try String(contentsOfFile: path + "/" + name, encoding: .utf8)
  }

  func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path + "/" + name) }

  /// All files but the ledger and the lock, which differ from run to run.
  func outputs(below folder: String) throws -> [String: String] {
    try Dictionary(
      uniqueKeysWithValues: Folder.files(below: path + "/" + folder).map {
        ($0, try text(folder + "/" + $0))
      })
  }
}

/// The message of the error that is thrown; nil where none is.
func message(_ body: () throws -> Void) -> String? {
  do {
    try body()
    return nil
  } catch {
    return "\(error)"
  }
}

/// The words of a program's output; its failure is the test's.
@discardableResult
func output(of program: String, _ arguments: [String]) throws -> String {
  let process = Process()
  let pipe = Pipe()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = [program] + arguments
  process.standardOutput = pipe
  process.standardError = pipe
  try process.run()
  let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  try #require(process.terminationStatus == 0, "\(program): \(text)")
  return text
}

/// The rows that a query gives, columns set apart by bars.
func query(_ sql: String, in workspace: String) throws -> [String] {
  try output(of: "sqlite3", [workspace + "/lineage.sqlite", sql])
    .split(separator: "\n").map(String.init)
}

/// Fields with their types, each lying in the row under its own name.
struct Scope: FieldScope {
  var fields: [Field]

  init(_ types: [String: FieldType]) {
    fields = types.sorted { $0.key < $1.key }
      .map { Field(name: $0.key, path: FieldPath(key: $0.key), type: $0.value) }
  }

  func field(named name: String, at place: YAML) throws(RecipeError) -> Field {
    guard let field = fields.first(where: { $0.name == name }) else {
      throw place.fail("the scope has no '\(name)'")
    }
    return field
  }
}

/// Reads a row of JSON and lends it as a sample.
func withSample<Result>(
  _ row: String, _ projection: Projection, _ body: (borrowing Sample) throws -> Result
) throws -> Result {
  var scanner = RowScanner(projection)
  var buffer = ByteBuffer()
  buffer.append(row)
  let fault = scanner.scan(buffer.bytes)
  try #require(fault == nil, "\(row): \(fault!)")
  return try body(scanner.sample(of: buffer.bytes))
}

/// A rule in its YAML, with the fields that it is about.
struct RuleInHand {
  let rule: Rule
  let projection: Projection

  init(_ text: String, _ types: [String: FieldType]) throws {
    var projection = Projection()
    rule = try Rule(YAML(parsing: text, file: "f.yaml"), in: Scope(types), &projection)
    self.projection = projection
  }

  func holds(_ row: String) throws -> Bool {
    try withSample(row, projection) { rule.holds($0) }
  }

  /// Names of the fields that decided.
  func deciding(_ row: String) throws -> [String] {
    try withSample(row, projection) { rule.deciding($0).map(\.field.name) }
  }
}

/// A recipe with its cards, filters and source files in a temporary folder.
struct Kitchen {
  let folder: Scratch
  var workspace: String { folder.path + "/work" }

  /// Texts of cards and filters by their names.
  init(recipe: String, cards: [String: String], filters: [String: String] = [:]) throws {
    folder = try Scratch()
    try Folder.create(folder.path + "/filters")
    for (name, text) in cards { try folder.write("datasets/\(name).yaml", text) }
    for (name, text) in filters { try folder.write("filters/\(name).yaml", text) }
    try folder.write("datasets/recipes/test.yaml", recipe)
  }

  var recipePath: String { folder.path + "/datasets/recipes/test.yaml" }

  func plan(only: [String] = []) throws -> Plan {
    try Plan(Recipe(reading: recipePath), library: Library(roots: [folder.path]), only: only)
  }

  /// What is wrong with the recipe, with paths below the folder.
  func complaint(only: [String] = []) -> String? {
    message { _ = try plan(only: only) }?.replacing(folder.path + "/", with: "")
  }

  /// Builds the branches; what the curator says on the way is returned as well.
  @discardableResult
  func run(
    only: [String] = [], in workspace: String? = nil, given: [String: String] = [:],
    _ change: (inout Curator.Options) -> Void = { _ in }
  ) throws -> (outcome: Curator.Outcome, notes: [String]) {
    var options = Curator.Options()
    options.workers = 2
    options.isDurable = false
    options.given = given
    change(&options)
    let notes = Notes()
    let curator = Curator(
      try plan(only: only), options, tool: "test 1", note: notes.add, progress: { _ in })
    return (try curator.run(in: workspace ?? self.workspace), notes.lines)
  }

  private final class Notes {
    var lines: [String] = []
    func add(_ line: String) { lines.append(line) }
  }
}

/// A sample's id, put together by hand: the first 24 digits of the XXH3-128 of the source's name
/// and, for each value of the identity, a zero byte, its length in eight bytes and its text.
func id(_ source: String, _ values: String?...) -> String {
  var bytes = ByteBuffer()
  bytes.append(source)
  for value in values {
    bytes.append(UInt8(0))
    guard let value else { continue }
    var length = value.utf8.count
    for _ in 0..<8 {
      bytes.append(UInt8(length & 0xFF))
      length >>= 8
    }
    bytes.append(value)
  }
  return source + ":" + "\(Digest(of: bytes.bytes))".prefix(24)
}

/// Cards, filters and a recipe that bring every fate about.
enum Pool {
  static let card = """
    about: A pool of problems.
    licence: Apache-2.0
    homepage: https://example.org/pool
    identity: [uuid]
    fields:
      prompt: question
      uuid: uuid
      topic: topic
      answer: answer
      responses: { from: generations, type: texts }
      verified: { from: correct, type: flags }

    """

  static let filter = """
    about: Keeps mathematics.
    keep: { topic: { in: [algebra, geometry] } }
    examples:
      - keep: { topic: algebra }
      - { drop: { topic: history }, because: topic }

    """

  static let recipe = """
    about: A recipe with two branches.
    branches:
      math:
        about: Problems with a verified solution.
        sources:
          pool:
            filters: [mathematics]
            pick: { first: responses, where: { verified: { is: true } } }
            response: "<think>{responses|trim}"
        distinct: prompt
      waiting:
        sources:
          pool:
            filters: [mathematics]
            prompt: "Q: {prompt}"
            response: teacher
        row: messages

    """

  static func kitchen(recipe: String = recipe) throws -> Kitchen {
    try Kitchen(recipe: recipe, cards: ["pool": card], filters: ["mathematics": filter])
  }

  static func row(
    _ uuid: String, _ question: String, topic: String = "algebra",
    generations: String = #"["one", "two"]"#, correct: String = "[true, true]"
  ) -> String {
    #"{"question": \#(question), "uuid": "\#(uuid)", "topic": "\#(topic)", "answer": "42","#
      + #" "generations": \#(generations), "correct": \#(correct)}"#
  }

  static let rows = [
    row("a1", #""What is 1+1?""#, correct: "[false, true]"),
    row("a2", #""\u00a0What  is\n1+1?""#),
    row("a3", #""When was it?""#, topic: "history"),
    row("a4", #""Which?""#, generations: #"["x", "y", "z"]"#, correct: "[false, null, false]"),
    #"{"question": "cut"#,
    row("a6", "null"),
    row(
      "a1", #""Is \"it\" \u0031?""#, generations: #"["\n <\/think>\u0021 \t"]"#, correct: "[true]"),
    row("a8", #""Why?""#, generations: "[]", correct: "[true]"),
  ]

  static let text = rows.joined(separator: "\n") + "\n"
}
