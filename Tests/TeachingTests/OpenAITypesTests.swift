import Curation
import Foundation
import Notation
import StubTeacher
import Testing

@testable import Teaching

/// The official `openai` package's types accept what is asked, exported, taken back and stored.
@Suite(.enabled(if: OpenAITypes.areThere, "BRANCHMERGE_PYTHON names no Python with openai"))
struct OpenAITypesTests {
  let fixture = try! BatchFixture(seeds: 3)

  private func check(_ kind: String, _ name: String, _ more: String...) throws {
    let path = "\(fixture.folder)/\(name)"
    #expect(try OpenAITypes.complaints(kind, path, more) == "")
    #expect(try OpenAITypes.complaints(kind, path, more + ["--mutate"]) == "")
  }

  @Test(arguments: [
    "", "system: \"Think.\\nThen answer.\"", "extra: {seed: 7, max_tokens: null}",
    "extra: {stop: [\"END\"], max_completion_tokens: 9, max_tokens: null}",
  ])
  func `posted bodies and batch files are what the types say`(settings: String) throws {
    let plan = try fixture.plan(settings)
    try fixture.export("batch.jsonl", plan)
    try check("batch", "batch.jsonl")
    var bodies = ""
    let seeds = try SeedReader("\(fixture.folder)/seeds.jsonl")
    while let next = try seeds.next() {
      for request in next.flatMap({ RequestMaker(plan).requests(for: $0) ?? [] }) {
        bodies += request.body(isStreamed: true) + "\n"
      }
    }
    try fixture.write("bodies.jsonl", bodies)
    try check("bodies", "bodies.jsonl")
  }

  @Test func `what a server knows besides is named, or told`() throws {
    let plan = try fixture.plan("extra: {top_k: 20, chat_template_kwargs: {thinking: true}}")
    try fixture.export("batch.jsonl", plan)
    let complaint = try OpenAITypes.complaints("batch", "\(fixture.folder)/batch.jsonl", [])
    #expect(
      complaint.hasPrefix(
        "line 1: chat_template_kwargs is unknown\nline 1: top_k is unknown\nline 2:"))
    try check("batch", "batch.jsonl", "--extra", "top_k", "--extra", "chat_template_kwargs")
  }

  @Test func `results that are taken, and answers as they are stored, are what the types say`()
    throws
  {
    try fixture.export("batch.jsonl")
    let ids = try fixture.lines("batch.jsonl").compactMap { $0["custom_id"]?.text }
    let usage = #"{"prompt_tokens":9,"completion_tokens":7,"total_tokens":16}"#
    try fixture.write(
      "results.jsonl",
      BatchFixture.answer(ids[0], usage: usage)
        + BatchFixture.answer(ids[1], finish: "length", usage: usage)
        .replacing(#""content""#, with: #""reasoning_content":"So.","content""#)
        + BatchFixture.result(ids[2], error: #"{"code":"batch_expired","message":"late"}"#))
    try check("results", "results.jsonl")
    try fixture.take("results.jsonl")
    try check("answers", "teacher.sqlite")
  }

  @Test(arguments: Behaviour.Reasoning.allCases)
  func `what a server gets to see, and its stream as it is stored, are what the types say`(
    reasoning: Behaviour.Reasoning
  ) throws {
    var behaviour = Behaviour()
    behaviour.reasoning = reasoning
    let asker = try AskerFixture(behaviour)
    asker.recipe = "system: Think.\nextra: {seed: 1}\naccept: {reasoning: optional}\n"
    let outcome = try asker.ask((1...8).map { "What is \($0) + \"é\"?" })
    #expect(outcome.failed.isEmpty)
    let bodies = asker.stub.exchanges.map(\.body)
    #expect(bodies.count == 8)
    try fixture.write("bodies.jsonl", bodies.joined(separator: "\n") + "\n")
    try check("bodies", "bodies.jsonl")
    for more in [[], ["--mutate"]] {
      #expect(try OpenAITypes.complaints("answers", asker.storePath, more) == "")
    }
  }
}

/// `Tests/Reference/openai_types.py`, and the Python that it needs.
enum OpenAITypes {
  private static let python = ProcessInfo.processInfo.environment["BRANCHMERGE_PYTHON"]
  private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../Reference/openai_types.py").standardized.path

  static let areThere = (try? run(["-c", "import openai, pydantic"]).status) == 0

  /// What the script complains of.
  static func complaints(_ kind: String, _ path: String, _ more: [String]) throws -> String {
    let ending = try run([script, kind, path] + more)
    return ending.output + (ending.status > 1 ? ending.errors : "")
  }

  private struct NoPython: Error {}

  private static func run(_ arguments: [String]) throws -> (
    status: Int32, output: String, errors: String
  ) {
    guard let python else { throw NoPython() }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = arguments
    // A long complaint must not fill a pipe.
    let folder = FileManager.default.temporaryDirectory.path + "/types-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for name in ["output", "errors"] {
      try Data().write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
    process.standardOutput = FileHandle(forWritingAtPath: folder + "/output")
    process.standardError = FileHandle(forWritingAtPath: folder + "/errors")
    try process.run()
    process.waitUntilExit()
    return (
      process.terminationStatus, try String(contentsOfFile: folder + "/output", encoding: .utf8),
      try String(contentsOfFile: folder + "/errors", encoding: .utf8)
    )
  }
}
