import Curation
import Files
import Foundation
import GRDB
import Lineage
import Notation
import Teaching

@testable import Workflow

/// A library of two sources and a recipe with a teacher, in a workspace of its own; answers are put
/// into the store by hand, so that nobody is ever asked.
final class Classroom {
  let folder = FileManager.default.temporaryDirectory.path + "/classroom-\(UUID().uuidString)"
  private(set) var notes: [String] = []

  static let card = """
    about: Rows for tests.
    licence: CC0-1.0
    homepage: https://example.org/NAME
    hub: example/NAME
    revision: v1
    configs:
      default: { rows: 3, files: [data/*.jsonl] }
    identity: [prompt]
    fields:
      prompt: question
      response: solution
      answer: answer

    """
  static let recipe = """
    branches:
      science:
        about: Questions.
        sources:
          written:
            response: "{response}"
          asked:
            response: teacher
    teacher:
      url: http://127.0.0.1:9/v1
      model: r1

    """

  init(seeds: Int = 3, recipe: String = Classroom.recipe) throws {
    try write("datasets/written.yaml", Self.card.replacing("NAME", with: "written"))
    try write(
      "datasets/asked.yaml",
      Self.card.replacing("NAME", with: "asked").replacing("CC0-1.0", with: "MIT"))
    try write("datasets/recipes/one.yaml", recipe)
    try write(
      "work/sources/written.jsonl",
      (1...2).map {
        #"{"question": "W\#($0)?", "solution": "S\#($0).", "answer": "\#($0)"}"# + "\n"
      }
      .joined())
    try write("work/sources/asked.jsonl", (1..<1 + seeds).map(Self.seed).joined())
    try write(
      "filters/terse.yaml",
      """
      about: Keeps short solutions.
      keep:
        solution: { length: { at_most: 12 } }
      examples:
        - keep: { solution: short }
        - drop: { solution: as long as it gets }
          because: solution

      """)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  static func seed(_ number: Int) -> String {
    #"{"question": "Q\#(number) \"quoted\" \u00e9?", "solution": null, "answer": "\#(number)"}"#
      + "\n"
  }

  static func prompt(_ number: Int) -> String { "Q\(number) \"quoted\" é?" }

  // MARK: - Files

  var workspace: String { folder + "/work" }

  func write(_ name: String, _ text: String) throws {
    try Folder.create("\(folder)/\(name)".parentPath)
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
  }

  func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")), as: UTF8.self)
  }

  func exists(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(folder)/\(name)")
  }

  func files(below name: String) -> [String] {
    let names = FileManager.default.enumerator(atPath: "\(folder)/\(name)")
    return (names?.compactMap { $0 as? String } ?? [])
      .filter { !Folder.isFolder("\(folder)/\(name)/\($0)") }.sorted()
  }

  // MARK: - Runs

  func recipe(_ settings: [String] = [], name: String = "one") throws -> ResolvedRecipe {
    try ResolvedRecipe(reading: "\(folder)/datasets/recipes/\(name).yaml", setting: settings)
  }

  /// Runs the recipe, from the store alone if nothing else is said.
  @discardableResult
  func run(
    _ settings: String..., recipe: String = "one", from: Stage.Kind = .branch,
    until: Stage.Kind = .teach,
    _ change: (inout Runner.Options) -> Void = { $0.teaching.replaysOnly = true }
  ) throws -> [String: StageSummary] {
    try run(settings, recipe, from, until, change)
  }

  /// The error that a run ends with.
  func failure(
    _ settings: String..., recipe: String = "one", from: Stage.Kind = .branch,
    until: Stage.Kind = .teach,
    _ change: (inout Runner.Options) -> Void = { $0.teaching.replaysOnly = true }
  ) -> String {
    do {
      _ = try run(settings, recipe, from, until, change)
      return "nothing"
    } catch {
      return "\(error)".replacing(folder + "/", with: "")
    }
  }

  private func run(
    _ settings: [String], _ name: String, _ from: Stage.Kind, _ until: Stage.Kind,
    _ change: (inout Runner.Options) -> Void
  ) throws -> [String: StageSummary] {
    var options = Runner.Options()
    options.from = from
    options.until = until
    options.curation.workers = 1
    options.curation.isDurable = false
    change(&options)
    let box = Box()
    let runner = Runner(
      try recipe(settings, name: name), in: workspace, options, version: "0",
      commandLine: "branchmerge run",
      Runner.Listener(
        note: { box.notes.append($0) }, progress: { _, _ in }, began: { _ in }, ended: { _ in }))
    defer { notes = box.notes }
    return Dictionary(
      uniqueKeysWithValues: try runner.run().map { ($0.stage.description, $0) })
  }

  private final class Box: @unchecked Sendable {
    var notes: [String] = []
  }

  /// Whether a plan of the recipe finds a stage up to date, and if not, why.
  func state(
    of stage: Stage, _ settings: String..., recipe name: String = "one"
  ) throws -> StagePlan.State? {
    let ledger = try ledger()
    return try StagePlanner(
      recipe(settings, name: name), workspace: workspace, Curator.Options(),
      shardByteCount: Runner.Options().shardByteCount, tool: "branchmerge 0", ledger,
      ContentHashes(ledger)
    ).plan().items.first { $0.stage == stage }?.state
  }

  func ledger() throws -> Ledger { try Ledger(reading: Workspace.ledgerPath(in: workspace)) }

  // MARK: - Answers

  /// All verdicts of the store: attempt and what it came to.
  func verdicts() throws -> [String] {
    try DatabaseQueue(path: "\(workspace)/\(TeacherStore.fileName)").read { database in
      try String.fetchAll(
        database,
        sql: """
          SELECT attempt || iif(is_accepted, ' accepted', ' rejected') FROM verdict
          ORDER BY attempt, policy
          """)
    }
  }

  func store() throws -> TeacherStore {
    try Folder.create(workspace)
    return try TeacherStore(
      writing: "\(workspace)/\(TeacherStore.fileName)", isDurable: false)
  }

  /// What a server might say, as the store keeps it.
  static func completion(
    _ content: String, reasoning: String? = "So it is.", finish: String = "stop",
    tokens: Int? = 7
  ) -> String {
    JSON.object([
      .init(
        "choices",
        .array([
          .object([
            .init("index", .whole(0)),
            .init(
              "message",
              .object([
                .init("role", .string("assistant")), .init("content", .string(content)),
                .init("reasoning_content", reasoning.map(JSON.string) ?? .null),
              ])), .init("finish_reason", .string(finish)),
          ])
        ])),
      .init(
        "usage",
        tokens.map {
          .object([.init("prompt_tokens", .whole(3)), .init("completion_tokens", .whole($0))])
        } ?? .null),
    ]).compact
  }

  enum Reply {
    case answered(String)
    case refused(String)
    case failed(String)
    case inBatch(String)
  }

  /// Seeds that were taught, in words of the ledger: row, kind, reason, output row.
  func taught() throws -> [String] {
    try ledger().access { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT seed_row, kind, reason, output_row, output_offset, output_byte_count, attempts,
            server, finish_reason, prompt_tokens, completion_tokens
          FROM taught WHERE teaching = (SELECT max(id) FROM teaching) ORDER BY seed_row
          """
      ).map { row in
        row.databaseValues.compactMap { value in
          switch value.storage {
          case .string(let text): text
          case .int64(let number): "\(number)"
          default: nil
          }
        }.joined(separator: " ")
      }
    }
  }

  /// Records what came back for a prompt, whose reference answer is a number, as by one who asked with the recipe's settings.
  @discardableResult
  func reply(
    _ replies: Reply..., to prompt: String, number: String? = nil, answer: Int = 1,
    settings: [String] = []
  ) throws -> TeacherRequest {
    let store = try store()
    let plan = try recipe(settings).teacher!
    let row = SeedRow(
      number: 1, id: "by hand", promptBytes: Array(JSON.quoted(prompt).utf8.dropFirst().dropLast()),
      prompt: prompt, answer: number)
    let request = RequestMaker(plan).requests(for: row)![answer - 1]
    for reply in replies {
      var origin = TeacherStore.Origin.server
      if case .inBatch = reply { origin = .batch }
      let (asking, number) = try store.beginAsking(
        origin, tool: "test", recipe: "by hand", branch: "science")
      var attempt = Attempt(
        id: number, asking: asking, request: request, seed: row.id, server: "http://test/v1",
        started: "2026-01-01T00:00:00Z",
        tokens: .init(prompt: 100, completion: 1000, usage: .reserved), cost: nil)
      switch reply {
      case .answered(let text):
        let json = try JSON(parsing: Array(text.utf8))
        let completion = try Completion(json)
        try store.record([.begun(attempt)])
        attempt.state = .answered
        attempt.status = 200
        attempt.response = Array(text.utf8)
        attempt.finishReason = completion.finishReason
        attempt.tokens = .init(
          prompt: completion.promptTokens ?? 3, completion: completion.completionTokens ?? 5,
          usage: completion.completionTokens == nil ? .estimated : .server)
      case .refused(let words):
        try store.record([.begun(attempt)])
        attempt.state = .refused
        attempt.status = 400
        attempt.problem = words
        attempt.tokens = .init(prompt: 0, completion: 0, usage: .none)
      case .failed(let words):
        try store.record([.begun(attempt)])
        attempt.state = .failed
        attempt.problem = words
        attempt.tokens = .init(prompt: 0, completion: 0, usage: .none)
      case .inBatch(let file):
        attempt.server = file
        try store.record([.begun(attempt)])
        continue
      }
      try store.record([.ended(attempt)])
      try store.endAsking(asking, seconds: 2)
    }
    return request
  }

  /// Answers seeds of these numbers well.
  func answer(_ numbers: ClosedRange<Int>) throws {
    for number in numbers {
      try reply(.answered(Self.completion("It is \(number).")), to: Self.prompt(number))
    }
  }
}
