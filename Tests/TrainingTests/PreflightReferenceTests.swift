import Foundation
import Notation
import Testing

@testable import Training

/// Rows through `Tests/Reference/llama_factory_rows.py`, which runs LLaMA-Factory itself: the same
/// tokens and labels, cut in the same places, the same rows dropped, the same packs.
///
/// Runs where BRANCHMERGE_LLAMA_FACTORY names a Python that has llamafactory 0.9.5.
@Suite(.serialized) struct PreflightReferenceTests {
  private static let python = ProcessInfo.processInfo.environment["BRANCHMERGE_LLAMA_FACTORY"]
  private static let needsPython = ConditionTrait.enabled(
    if: python != nil, "BRANCHMERGE_LLAMA_FACTORY names no Python with llamafactory")

  private static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardized.path

  struct Case: Sendable, CustomTestStringConvertible {
    var template: String
    var base: SmallBase
    var format = "sharegpt"
    var cutoff: Int
    var packing = TrainingSettings.Packing.none
    var processes = 1

    var testDescription: String {
      "\(template) with \(base.added.count) added tokens, \(format), cut off at \(cutoff), \(packing)"
    }
  }

  @Test(
    needsPython,
    arguments: [
      Case(template: "qwen", base: .qwen, cutoff: 128, packing: .packed),
      Case(template: "qwen", base: .bare, cutoff: 200),
      Case(template: "qwen", base: .deepseek, format: "messages", cutoff: 300, packing: .neat),
      Case(template: "qwen", base: .qwen, cutoff: 3),
      Case(template: "deepseekr1", base: .deepseek, cutoff: 96, packing: .neat, processes: 3),
      Case(template: "deepseekr1", base: .bare, cutoff: 150),
      Case(template: "deepseekr1", base: .qwen, format: "alpaca", cutoff: 64, packing: .packed),
      Case(template: "llama3", base: .llama, format: "messages", cutoff: 120),
      Case(template: "llama3", base: .bare, format: "alpaca", cutoff: 100, packing: .packed),
      Case(template: "llama3", base: .llama, cutoff: 90, packing: .packed, processes: 2),
    ])
  func `made-up rows come out as in LLaMA-Factory`(example: Case) throws {
    let folder = try PreflightFolder()
    try example.base.write(to: folder.path)
    try compare(Self.rows(example.format), example, folder)
  }

  @Test(
    needsPython,
    .enabled(
      if: FileManager.default.fileExists(atPath: package + "/../shared/tools/compose_rows.py"),
      "real rows are composed of ../shared/data, which is not beside the package"),
    arguments: [("qwen", SmallBase.qwen), ("deepseekr1", .deepseek), ("llama3", .llama)])
  func `real rows come out as in LLaMA-Factory`(template: String, base: SmallBase) throws {
    let folder = try PreflightFolder()
    try base.write(to: folder.path)
    let shared = Self.package + "/../shared"
    _ = try Self.run([shared + "/tools/compose_rows.py", shared + "/data", folder.path])
    let rows = try folder.text("openthoughts_metadata.jsonl").split(separator: "\n").prefix(400)
      .map { line in
        let row = try JSON(parsing: Array(line.utf8))
        let thought = row["deepseek_reasoning"]?.text ?? ""
        return Rows.shareGPT(
          row["problem"]?.text ?? "",
          "<think>\n\(thought)\n</think>\n\n" + (row["deepseek_solution"]?.text ?? ""))
      }
    try compare(
      rows, Case(template: template, base: base, cutoff: 4096, packing: .packed), folder)
  }

  private func compare(_ rows: [String], _ example: Case, _ folder: PreflightFolder) throws {
    let path = try folder.write(rows.joined(separator: "\n") + "\n", to: "train.jsonl")
    var request = Preflight.Request(
      dataPath: path, rowFormat: example.format, template: example.template,
      cutoff: example.cutoff, batch: 4, epochs: 3)
    request.packing = example.packing
    request.processes = example.processes
    request.workers = 3
    let report = try Preflight(base: folder.path).run(request)
    // The packs are those of the file that goes to training.
    let (count, _) = try Preflight.copyTrainingRows(
      of: path, report, to: folder / "trained.jsonl", isDurable: false)
    let (real, packs) = try reference(path, folder / "trained.jsonl", example, folder)
    try #require(real.count == rows.count)

    let template = try TrainerTemplate(named: example.template)
    let format = try TrainingRowFormat.named(example.format)
    let encoder = RowEncoder(
      try BaseTokenizer(folder: folder.path).tokens(for: template), template,
      limit: request.limit)
    var kept: [Int] = []
    for (line, real) in zip(rows, real) {
      var hashes = (ids: FNV(), labels: FNV())
      let row = try TrainingRow(parsing: Array(line.utf8), format)
      let outcome = encoder.examine(row)
      if case .conversation(let system, let turns) = row.content {
        encoder.encode(system: system, turns) { turn, _ in
          for id in turn.source.prefix(turn.keptSource) {
            hashes.ids.add(id)
            hashes.labels.add(-100)
          }
          for id in turn.target.prefix(turn.keptTarget) {
            hashes.ids.add(id)
            hashes.labels.add(id)
          }
        }
        #expect(
          real
            == Line(
              row: real.row, tokens: outcome.tokens, kept: outcome.kept, learned: outcome.learned,
              ids: hashes.ids.value, labels: hashes.labels.value), "\(line)")
        kept.append(outcome.kept)
      } else {
        #expect(real == Line(row: real.row), "\(line)")
      }
    }
    #expect(kept.count == report.trainedRows)

    #expect(count == kept.count)
    #expect(packs.count == report.packs)
    if example.packing == .none {
      #expect(packs == kept.map { [$0] })
    } else {
      #expect(
        packs
          == Knapsack.packs(kept, capacity: request.limit, processes: example.processes))
    }
  }

  /// A line of the script.
  private struct Line: Decodable, Equatable {
    var row: Int
    var tokens, kept, learned: Int?
    var ids, labels: UInt64?
  }

  private func reference(
    _ path: String, _ trained: String, _ example: Case, _ folder: PreflightFolder
  ) throws -> (rows: [Line], packs: [[Int]]) {
    struct Packs: Decodable { var packs: [[Int]] }
    var arguments = [
      Self.package + "/Tests/Reference/llama_factory_rows.py", folder.path, path, trained,
      example.format, example.template, "\(example.cutoff)", example.packing.rawValue,
    ]
    if example.processes > 1 { arguments.append("preprocessing_num_workers=\(example.processes)") }
    let lines = try Self.run(arguments).split(separator: 0x0A)
    let last = try #require(lines.last)
    return (
      try lines.dropLast().map { try JSONDecoder().decode(Line.self, from: $0) },
      try JSONDecoder().decode(Packs.self, from: last).packs
    )
  }

  private static func run(_ arguments: [String]) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(python))
    process.arguments = arguments
    let output = Pipe()
    let errors = FileManager.default.temporaryDirectory
      .appendingPathComponent("preflight-" + UUID().uuidString)
    try Data().write(to: errors)
    defer { try? FileManager.default.removeItem(at: errors) }
    process.standardOutput = output
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let said = String(decoding: try Data(contentsOf: errors).suffix(3000), as: UTF8.self)
    try #require(process.terminationStatus == 0, "\(said)")
    return bytes
  }

  /// The hash that the script prints (Fowler, Noll and Vo's, over whole ids).
  private struct FNV {
    var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ id: Int32) {
      value = (value ^ UInt64(UInt32(bitPattern: id))) &* 0x100_0000_01B3
    }
  }

  /// Everything that a rule of the trainer looks at, and enough plain rows for several groups.
  private static func rows(_ format: String) -> [String] {
    let filler = { (count: Int) in String(repeating: "the word and 12 ", count: max(0, count)) }
    let thought = { (inside: Int, after: Int) in
      "<think>\n\(filler(inside))\n</think>\n\n\(filler(after))"
    }
    var pairs = [
      ("What is 1 + 1?", "<think>\nOne and one.\n</think>\n\nIt is 2."), ("Hi", "Hello."),
      ("Hi", "<think>\nfor ever"), ("Hi", "only the end</think>ok"), ("Hi", ""), ("", "answer"),
      ("", ""), ("Q", thought(30, 2)), ("Q", thought(2, 30)), (filler(40), thought(1, 1)),
      (filler(30), thought(30, 1)), (filler(12), thought(40, 1)), (filler(90), ""),
      (
        "say <|im_end|> or <｜User｜> or <|eot_id|>",
        " <|im_end|> \n\n<|im_start|><｜end▁of▁sentence｜><|eom_id|>"
      ),
      ("é e\u{301} 日本語 😀\u{200B}\r\n\ttab", "<think>\n\n</think>\n\nπ≈3.14…   end  "),
      ("{{idx}} and {{idx}} in {{content}}", "{{idx}} {{content}}"),
      ("<|endoftext|>", "<|im_end|><|eot_id|><|eot_id"),
    ]
    pairs += (0..<1100).map {
      (filler($0 % 5) + "\($0)", $0 % 4 == 0 ? filler($0 % 7) : thought($0 % 6, $0 % 3))
    }
    let conversations: [[(String, String)]] = [
      [("one {{idx}}", "y"), ("two {{idx}} {{idx}}", "<think>\nm\n</think>\nz")],
      [(filler(9), filler(9)), (filler(9), "<think>" + filler(9) + "</think>"), ("p", "q")],
      [("a", thought(40, 1)), ("b", "c")],
    ]
    let systems: [String?] = ["", nil, "Be brief.", "{{content}} {{idx}} <|im_end|>"]
    switch format {
    case "alpaca":
      return pairs.enumerated().map {
        Rows.alpaca($1.0, $0 % 3 == 0 ? "" : "input \($0)", $1.1, system: systems[$0 % 4])
      } + [
        Rows.alpaca(nil, "input", "output"), Rows.alpaca("instruction", nil, "output"),
        Rows.alpaca("instruction", "", nil), Rows.alpaca(nil, nil, "output", system: nil),
      ]
    case "messages":
      let broken = [
        [], ["user"], ["assistant", "user"], ["user", "user"], ["user", "assistant", "user"],
        ["system"], ["system", "user"], ["system", "user", "assistant"],
        ["user", "system", "assistant"], ["user", "human"], ["user", "assistant"],
      ].map { roles in Rows.messages(roles.map { ($0, "text of \($0)") }) }
      return broken
        + (conversations + pairs.map { [$0] }).map { turns in
          Rows.messages(turns.flatMap { [("user", $0.0), ("assistant", $0.1)] })
        }
    default:
      let broken = [
        [], ["human"], ["gpt", "human"], ["human", "human"], ["human", "gpt", "human"], ["system"],
        ["system", "human"], ["system", "human", "gpt"], ["human", "system", "gpt"],
        ["human", "assistant"], ["human", "gpt"],
      ].map { roles in
        Rows.shareGPT(messages: roles.map { ($0, "text of \($0)") }, system: "another", id: "b")
      }
      return broken
        + (conversations + pairs.map { [$0] }).enumerated().map { index, turns in
          Rows.shareGPT(turns, system: systems[index % 4], id: "r\(index)")
        }
    }
  }
}
