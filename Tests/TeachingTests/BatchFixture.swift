import Curation
import Files
import Foundation
import Notation

@testable import Teaching

/// A folder with seeds, a recipe's teacher and a store, and a batch runner that answers by rules.
final class BatchFixture {
  let folder = FileManager.default.temporaryDirectory.path + "/batch-" + UUID().uuidString
  let store: TeacherStore
  let seedCount: Int

  static let teacher = """
    url: http://localhost:8000/v1
    model: r1
    max_tokens: 100
    prices: {prompt: 2, completion: 8}
    """

  init(seeds: Int = 5) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    store = try TeacherStore(writing: folder + "/teacher.sqlite", isDurable: false)
    seedCount = seeds
    try write("seeds.jsonl", (0..<seeds).map { Self.seed($0) }.joined())
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  static func seed(_ number: Int, prompt: String? = nil) -> String {
    let prompt = JSON.quoted(prompt ?? "What is \(number) + \"é\"?")
    return #"{"id": "pool:\#(number)", "prompt": \#(prompt), "answer": null}"# + "\n"
  }

  func plan(_ more: String = "") throws -> TeacherPlan {
    try TeacherPlan(
      YAML(parsing: Self.teacher + "\n" + more, file: "recipe.yaml"), library: Library(roots: []))
  }

  func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
  }

  func text(_ name: String) -> String? {
    FileManager.default.contents(atPath: "\(folder)/\(name)")
      .map { String(decoding: $0, as: UTF8.self) }
  }

  func lines(_ name: String) throws -> [JSON] {
    try (text(name) ?? "").split(separator: "\n").map { try JSON(parsing: Array($0.utf8)) }
  }

  @discardableResult
  func export(
    _ name: String, _ plan: TeacherPlan? = nil, limit: Int? = nil, seeds: String = "seeds.jsonl"
  ) throws -> BatchExport.Outcome {
    try BatchExport(plan ?? self.plan(), store, tool: "test 1", recipe: "small").run(
      [.init("science", seeds: "\(folder)/\(seeds)")], to: "\(folder)/\(name)", limit: limit)
  }

  @discardableResult
  func take(_ names: String...) throws -> BatchImport.Outcome {
    var sum = BatchImport.Outcome()
    for name in names {
      let outcome = try BatchImport(store, tool: "test 1").take("\(folder)/\(name)") { _, _, _ in }
      sum.tally = sum.tally + outcome.tally
      sum.problems += outcome.problems
      sum.unknown += outcome.unknown
    }
    return sum
  }

  /// All rows of all tables, as text.
  func dump() throws -> String { try sqlite(".dump") }

  @discardableResult
  func sqlite(_ commands: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/sqlite3")
    process.arguments = [store.path, commands]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }

  func rows(_ query: String) throws -> [String] {
    try sqlite(query).split(separator: "\n").map(String.init)
  }

  // MARK: - Results

  /// A line with an answer, as the batch APIs write it.
  static func answer(
    _ request: String, id: String = "1", text: String = "<think>So.</think>Four.",
    finish: String = "stop", usage: String = #"{"prompt_tokens":9,"completion_tokens":7}"#
  ) -> String {
    let body =
      #"{"id":"chatcmpl-\#(id)","object":"chat.completion","created":1,"model":"r1","choices":"#
      + #"[{"index":0,"message":{"role":"assistant","content":\#(JSON.quoted(text))},"#
      + #""finish_reason":"\#(finish)"}],"usage":\#(usage)}"#
    return result(request, id: id, response: response(body, id: id))
  }

  static func response(_ body: String, status: Int = 200, id: String = "1") -> String {
    #"{"status_code":\#(status),"request_id":"req-\#(id)","body":\#(body)}"#
  }

  static func result(
    _ request: String, id: String = "1", response: String = "null", error: String = "null"
  ) -> String {
    #"{"id":"batch-\#(id)","custom_id":"\#(request)","response":\#(response),"error":\#(error)}"#
      + "\n"
  }
}

/// SplitMix64, from a fixed seed.
struct SeededNumbers: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
