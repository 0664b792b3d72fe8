import Files
import Foundation
import Notation
import Testing
import Tokenization

@testable import Training

struct PreflightTests {
  private let folder: PreflightFolder

  init() throws { folder = try PreflightFolder() }

  /// A row's tokens as the tokenizer spells them, prompt and response of each turn.
  private func tokens(
    _ base: SmallBase, _ template: String, _ line: String, format: String = "sharegpt"
  ) throws -> [[String]] {
    try base.write(to: folder.path)
    let template = try TrainerTemplate(named: template)
    let tokens = try BaseTokenizer(folder: folder.path).tokens(for: template)
    let encoder = RowEncoder(tokens, template, limit: 10_000)
    let row = try TrainingRow(parsing: Array(line.utf8), TrainingRowFormat.named(format))
    guard case .conversation(let system, let turns) = row.content else { return [] }
    var lines: [[String]] = []
    encoder.encode(system: system, turns) { turn, _ in
      lines.append(
        [turn.source, turn.target].map { ids in
          ids.map { tokens.tokenizer.text(of: $0) ?? "#\($0)" }.joined(separator: " ")
        })
    }
    return lines
  }

  @Test func `qwen has its default system text, and the end token is learned with a line end`()
    throws
  {
    #expect(
      try tokens(.qwen, "qwen", Rows.shareGPT("the user", "<think>\nin\n</think>"))
        == [
          [
            "<|im_start|> s y s t e m Ċ Y o u Ġa r e Ġ Q w en , Ġ c r e a t e d Ġ b y Ġ A l i b a b a"
              + " Ġ C l o u d . Ġ Y o u Ġa r e Ġa Ġ h e l p f u l Ġa s s i s t an t . <|im_end|>"
              + " Ċ <|im_start|> user Ċ the Ġ user <|im_end|> Ċ <|im_start|> a s s i s t an t Ċ",
            "< th in k >Ċ in Ċ </ th in k > <|im_end|> Ċ",
          ]
        ])
    #expect(
      try tokens(.qwen, "qwen", Rows.shareGPT([("a", "b"), ("c", "d")], system: "in"))
        == [
          [
            "<|im_start|> s y s t e m Ċ in <|im_end|> Ċ <|im_start|> user Ċ a <|im_end|> Ċ"
              + " <|im_start|> a s s i s t an t Ċ", "b <|im_end|> Ċ",
          ],
          [
            "<|im_start|> user Ċ c <|im_end|> Ċ <|im_start|> a s s i s t an t Ċ",
            "d <|im_end|> Ċ",
          ],
        ])
  }

  @Test func `a stop word that the tokenizer lacks becomes one token, and no other word does`()
    throws
  {
    // The base knows 256 bytes and what its merges make.
    let new = "#\(256 + SmallBase.merges.count)"
    #expect(
      try tokens(.bare, "qwen", Rows.shareGPT("a", "b<|im_end|>", system: "in"))
        == [
          [
            "<| im _ s t a r t |> s y s t e m Ċ in \(new) Ċ <| im _ s t a r t |> user Ċ a \(new) Ċ"
              + " <| im _ s t a r t |> a s s i s t an t Ċ", "b \(new) \(new) Ċ",
          ]
        ])
  }

  @Test func `tokens that the trainer adds to the vocabulary are told`() throws {
    let row = [Rows.shareGPT("a", "b")]
    #expect(try folder.report(.qwen, row).newTokens == [])
    #expect(try folder.report(.deepseek, row).newTokens == ["<|im_end|>"])
    #expect(
      try folder.report(.bare, row, template: "llama3").newTokens == ["<|eot_id|>", "<|eom_id|>"])
    #expect(
      try folder.report(.bare, row, template: "deepseekr1").newTokens == ["<|endoftext|>"])
  }

  @Test func `deepseekr1 puts an empty thought before a response without any, to be learned`()
    throws
  {
    let start = "<｜begin▁of▁sentence｜> <｜User｜> a <｜Assistant｜>"
    let end = "<｜end▁of▁sentence｜>"
    let thought = "<think> ĊĊ </think> ĊĊ"
    for (response, expected) in [
      ("b", "\(thought) b \(end)"), ("", "\(thought) \(end)"),
      ("<think>b", "<think> b \(end)"), ("b</think>", "b </think> \(end)"),
    ] {
      #expect(
        try tokens(.deepseek, "deepseekr1", Rows.shareGPT("a", response)) == [[start, expected]])
    }
    #expect(
      try tokens(.deepseek, "deepseekr1", Rows.shareGPT("a", "<think>", system: "in"))
        == [["<｜begin▁of▁sentence｜> in <｜User｜> a <｜Assistant｜>", "<think> \(end)"]])
  }

  @Test func `llama3 ends every turn and has no system text of its own`() throws {
    #expect(
      try tokens(.llama, "llama3", Rows.alpaca("a", "b", "c"), format: "alpaca")
        == [
          [
            "<|begin_of_text|> <|start_header_id|> user <|end_header_id|> ĊĊ a Ċ b <|eot_id|>"
              + " <|start_header_id|> a s s i s t an t <|end_header_id|> ĊĊ", "c <|eot_id|>",
          ]
        ])
  }

  @Test func `the trainer's formatter fills in the turn's number where a prompt asks for it`()
    throws
  {
    let rows = try tokens(
      .deepseek, "deepseekr1",
      Rows.shareGPT([("{{idx}} {{idx}}", "{{idx}}"), ("{{idx}}", "a</think>")]))
    #expect(
      rows.map { $0[0] } == [
        "<｜begin▁of▁sentence｜> <｜User｜> 0 Ġ { { i d x } } <｜Assistant｜>",
        "<｜User｜> 1 <｜Assistant｜>",
      ])
  }

  /// What LLaMA-Factory's own `infer_seqlen` returns.
  @Test(arguments: [
    (10, 10, 100, 10, 10), (100, 10, 50, 40, 10), (10, 100, 50, 10, 40), (100, 100, 50, 25, 25),
    (26, 25, 50, 26, 24), (25, 25, 50, 25, 25), (24, 40, 50, 24, 26), (7, 5, 3, 2, 1),
    (1, 1, 1, 1, 0), (0, 9, 4, 0, 4), (9, 0, 4, 4, 0), (9000, 12000, 16383, 7022, 9361),
    (12000, 9000, 16383, 9362, 7021), (200, 100, 97, 65, 32),
  ])
  func `a turn is cut as the trainer cuts it`(
    source: Int, target: Int, limit: Int, keptSource: Int, keptTarget: Int
  ) {
    let kept = RowEncoder.kept(of: source, target, limit: limit)
    #expect(kept.source == keptSource)
    #expect(kept.target == keptTarget)
  }

  /// What LLaMA-Factory's own `greedy_knapsack` returns.
  @Test func `packs take the longest row that still fits`() {
    #expect(
      Knapsack.packs([5, 9, 3, 8, 2, 7, 1, 4, 6, 10, 10, 3], capacity: 12, processes: 1)
        == [[10, 2], [10, 1], [9, 3], [8, 4], [7, 5], [6, 3]])
    #expect(Knapsack.packs([], capacity: 12, processes: 4) == [])
    // A thousand rows are packed at a time, and never those of two processes.
    let fours = [Int](repeating: 4, count: 2001)
    #expect(Knapsack.packs(fours, capacity: 10, processes: 1).count == 1001)
    #expect(Knapsack.packs(fours, capacity: 10, processes: 2).count == 250 * 4 + 2 - 1)
    #expect(Knapsack.packs([4, 4, 4], capacity: 10, processes: 9).count == 3)
  }

  @Test(arguments: [
    (#"{"conversations": [], "system": ""}"#, Finding.noTurns),
    (#"{"conversations": [{"from": "system", "value": "a"}]}"#, .noTurns),
    (#"{"conversations": [{"from": "human", "value": "a"}]}"#, .roleOrder),
    (
      #"{"conversations": [{"from": "gpt", "value": "a"}, {"from": "human", "value": "a"}]}"#,
      .roleOrder
    ),
    (#"{"conversations": [{"from": "human", "value": null}, {"from": 1}]}"#, .roleOrder),
    (
      #"{"conversations": [{"from": "user", "value": "a"}, {"from": "assistant", "value": "b"}]}"#,
      .roleOrder
    ),
  ])
  func `a row that the trainer drops is told with its reason`(line: String, finding: Finding)
    throws
  {
    let report = try folder.report(.qwen, [line, Rows.shareGPT("a", "b")], cutoff: 1000)
    #expect(report.rows == 2)
    #expect(report.trainedRows == 1)
    #expect(report.count(finding) == 1)
    #expect(
      report.listed == [
        .init(row: 1, id: nil, tokens: 0, kept: 0, findings: [finding], isLeftOut: true)
      ])
    #expect(report.listed[0].reason == finding)
  }

  @Test func `alpaca rows without a response are dropped, and empty ones teach the end alone`()
    throws
  {
    let report = try folder.report(
      .llama, [Rows.alpaca("a", "", nil), Rows.alpaca(nil, nil, "")], template: "llama3",
      format: "alpaca", cutoff: 1000)
    #expect(report.listed.map(\.findings) == [[.noResponse], [.emptyPrompt, .emptyResponse]])
    #expect(report.learnedTokens == 1)
  }

  @Test(arguments: [
    ("{", "row 2 would stop the trainer: line 1, column 2: expected '\"', and the text ends"),
    ("7", "row 2 would stop the trainer: line 1, column 1: expected '{', and found '7'"),
    (#"{"system": ""}"#, "row 2 would stop the trainer: has no list 'conversations'"),
    (
      #"{"conversations": [{"from": "human", "value": null}, {"from": "gpt", "value": "a"}]}"#,
      "row 2 would stop the trainer: has a message whose 'value' is no text"
    ),
    (
      #"{"conversations": [{"from": "human", "value": "a"}, {"from": "function_call", "value": ""}]}"#,
      "row 2 would stop the trainer: calls tools, and such turns cannot be counted; leave such rows"
        + " out, or write what they say as text"
    ),
    (
      #"{"conversations": [], "system": 1}"#,
      "row 2 would stop the trainer: 'system' is neither a text nor null"
    ),
  ])
  func `a row that would stop the trainer stops the count`(line: String, message: String) throws {
    let error = #expect(throws: FileError.self) {
      try folder.report(.qwen, [Rows.shareGPT("a", "b"), line])
    }
    #expect(error?.message == message)
  }

  @Test func `what is cut off a row is told`() throws {
    // With deepseekr1 these are 3 + prompt tokens, and response tokens + 1 for the end.
    let long = String(repeating: "x1", count: 20)
    let rows = [
      Rows.shareGPT("a", "<think>\(long)</think>ok"),  // 4 + 45
      Rows.shareGPT("a", "<think></think>\(long)"),
      Rows.shareGPT("a", "<think></think>" + String(long.dropLast(13))),  // 4 + 30
      Rows.shareGPT(long, "<think></think>ok"),
      Rows.shareGPT(long, "<think>\(long)</think>ok"),
      Rows.shareGPT([("a", "</think>\(long)"), ("b", "c</think>")]),
      Rows.shareGPT("a", "<think></think>ok"),
    ]
    let report = try folder.report(.deepseek, rows, template: "deepseekr1", cutoff: 33)
    #expect(
      report.listed.map { "\($0.row) \($0.tokens) \($0.kept) \($0.findings)" }
        == [
          (1, 49, [Finding.overlong, .losesReasoning, .losesAnswer, .losesEnd]),
          (2, 47, [.overlong, .losesAnswer, .losesEnd]),
          (3, 34, [.overlong, .losesEnd]),
          (4, 48, [.overlong, .losesPrompt]),
          (5, 88, [.overlong, .losesPrompt, .losesReasoning, .losesAnswer, .losesEnd]),
          (6, 52, [.overlong, .losesPrompt, .losesReasoning, .losesAnswer, .losesEnd]),
        ].map { (row: Int, tokens: Int, findings: [Finding]) in "\(row) \(tokens) 33 \(findings)" })
    #expect(report.count(.losesEnd) == 5)
    // Packing lowers the cut-off by one.
    let packed = try folder.report(.deepseek, rows, template: "deepseekr1", cutoff: 35) {
      $0.packing = .packed
    }
    #expect(packed.limit == 34)
    #expect(packed.count(.overlong) == 5)
  }

  @Test func `a </think> of several tokens is lost with the last of them`() throws {
    // 18 tokens of the prompt, 40 of the thought, and "</ th in k >".
    let row = Rows.shareGPT("a", String(repeating: "x", count: 40) + "</think>b")
    for (cutoff, isLost) in [(58, true), (62, true), (63, false), (64, false)] {
      let report = try folder.report(
        SmallBase(added: SmallBase.llama.added, bos: "<|begin_of_text|>"), [row],
        template: "llama3", cutoff: cutoff)
      #expect((report.count(.losesReasoning) == 1) == isLost, "\(cutoff): \(report.listed)")
    }
  }

  @Test func `the recipe says what becomes of rows that are too long`() throws {
    let rows = [
      Rows.shareGPT([("a", "<think></think>b")], id: "short"),
      Rows.shareGPT([("a", "<think></think>" + String(repeating: "x1", count: 20))], id: "long"),
      Rows.shareGPT([("", "b</think>")], id: "empty"),
    ]
    func report(_ overlong: TrainingSettings.Overlong) throws -> PreflightReport {
      try folder.report(.deepseek, rows, template: "deepseekr1", cutoff: 20) {
        $0.overlong = overlong
      }
    }
    let kept = try report(.keep)
    #expect(kept.trainedRows == 3)
    #expect(kept.tokens == 8 + 47 + 6)
    #expect(kept.keptTokens == 8 + 20 + 6)
    #expect(kept.listed.map(\.reason) == [nil, nil])
    #expect(throws: Never.self) { try kept.check("train.jsonl") }

    let dropped = try report(.drop)
    #expect(dropped.trainedRows == 2)
    #expect(dropped.packs == 2)
    #expect(dropped.tokens == 8 + 6)
    #expect(dropped.listed.map(\.id) == ["long", "empty"])
    #expect(dropped.listed.map(\.reason) == [.overlong, nil])
    #expect(dropped.lengths == kept.lengths)
    let copied = try Preflight.copyTrainingRows(
      of: folder / "train.jsonl", dropped, to: folder / "kept.jsonl", isDurable: false)
    #expect(copied.rows == 2)
    #expect(try folder.text("kept.jsonl") == rows[0] + "\n" + rows[2] + "\n")

    let failed = #expect(throws: FileError.self) { try report(.fail).check("train.jsonl") }
    #expect(
      failed?.description
        == "train.jsonl: 1 of 3 rows have more than the 20 tokens that the trainer keeps with"
        + " 'cutoff: 20': row 2 (47 tokens); raise 'cutoff', or say 'overlong: drop' or"
        + " 'overlong: keep'")
  }

  @Test func `rows are not copied from a file that has changed`() throws {
    let report = try folder.report(.qwen, [Rows.shareGPT("a", "b")])
    try folder.write(Rows.shareGPT("a", "c") + "\n", to: "train.jsonl")
    #expect(throws: FileError.self) {
      try Preflight.copyTrainingRows(
        of: folder / "train.jsonl", report, to: folder / "kept.jsonl", isDurable: false)
    }
    #expect(!FileManager.default.fileExists(atPath: folder / "kept.jsonl"))
  }

  @Test func `steps are whole batches and the rest of each epoch`() throws {
    let rows = (0..<7).map { Rows.shareGPT("\($0)", "</think>") }
    for (batch, epochs, steps, total) in [
      (1, 1.0, 7, 7), (2, 3.0, 4, 12), (7, 2.0, 1, 2), (96, 5.0, 1, 5), (3, 0.5, 3, 2),
    ] {
      let report = try folder.report(
        .deepseek, rows, template: "deepseekr1", batch: batch, epochs: epochs)
      #expect(report.stepsPerEpoch == steps)
      #expect(report.totalSteps == total)
    }
    // 6 tokens each: 10 in a pack of 64.
    let packed = try folder.report(.deepseek, rows, template: "deepseekr1") { $0.packing = .neat }
    #expect(packed.packs == 1)
    #expect(packed.fill == 42.0 / 64)
  }

  @Test func `a file without rows has no steps`() throws {
    let report = try folder.report(.qwen, ["", "  "], epochs: 5) { $0.packing = .packed }
    #expect(report.rows + report.packs + report.stepsPerEpoch + report.totalSteps == 0)
    #expect(report.lengths == nil)
    #expect(report.histogram == [])
  }

  @Test func `any number of workers gives the same report`() throws {
    let rows = (0..<700).map { number in
      let length = (number * 7919) % 499
      return number % 50 == 7
        ? #"{"id": "\#(number)", "conversations": []}"#
        : Rows.shareGPT(
          [("\(number)", "<think>" + String(repeating: "word 1 ", count: length) + "</think>x")],
          id: "\(number)")
    }
    var reports: Set<String> = []
    for workers in [1, 2, 7] {
      let report = try folder.report(.deepseek, rows, template: "deepseekr1", cutoff: 2048) {
        $0.workers = workers
        $0.packing = .packed
      }
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      reports.insert(String(decoding: try encoder.encode(report), as: UTF8.self))
    }
    #expect(reports.count == 1)
  }

  @Test func `lengths stand in buckets of which one ends at the cut-off`() throws {
    // 5 + n tokens each: two for an x1.
    func row(_ count: Int) -> String {
      Rows.shareGPT("a", "</think>" + String(repeating: "x1", count: count))
    }
    let short = try folder.report(
      .deepseek, [0, 1, 2, 3].map(row), template: "deepseekr1", cutoff: 80)
    #expect(
      short.histogram.map { "\($0.from)-\($0.through ?? -1): \($0.rows)" }
        == [
          "0-1: 0", "2-2: 0", "3-3: 0", "4-5: 0", "6-6: 1", "7-7: 0", "8-8: 1", "9-10: 1",
          "11-11: 0", "12-12: 1",
        ])
    #expect(
      short.lengths == .init(min: 6, median: 8, p90: 12, p95: 12, p99: 12, max: 12, mean: 9))
    let long = try folder.report(
      .deepseek, [1, 36, 37, 38, 500].map(row), template: "deepseekr1", cutoff: 80)
    #expect(
      long.histogram.filter { $0.rows > 0 }
        == [
          .init(from: 0, through: 10, rows: 1), .init(from: 71, through: 80, rows: 2),
          .init(from: 81, through: 90, rows: 1), .init(from: 161, through: nil, rows: 1),
        ])
  }

  @Test func `special tokens are named by the older file where the newer lists no tokens`() throws {
    try SmallBase(added: ["<a>", "<b>"], bos: "<b>").write(to: folder.path)
    try folder.write(#"{"bos_token": {"content": "<a>"}}"#, to: "special_tokens_map.json")
    let template = try TrainerTemplate(named: "deepseekr1")
    func bos() throws -> String? {
      let tokens = try BaseTokenizer(folder: folder.path).tokens(for: template)
      return tokens.bos.flatMap { tokens.tokenizer.text(of: $0) }
    }
    #expect(try bos() == "<a>")
    try folder.write(
      #"{"bos_token": "<b>", "added_tokens_decoder": {}}"#, to: "tokenizer_config.json")
    #expect(try bos() == "<b>")
    try folder.write(#"{"bos_token": null}"#, to: "tokenizer_config.json")
    try folder.write("{}", to: "special_tokens_map.json")
    #expect(try bos() == nil)
  }

  @Test func `what nobody knows is refused with what there is`() throws {
    #expect(
      throws: PreflightError(
        "rows cannot be counted with the template 'qwen2'; did you mean 'qwen'? There are 'qwen', 'deepseekr1' and 'llama3'"
      )
    ) {
      try folder.report(.qwen, [], template: "qwen2")
    }
    #expect(
      throws: PreflightError(
        "rows cannot be counted in the format 'openai'; there are 'sharegpt', 'messages' and 'alpaca'"
      )
    ) {
      try folder.report(.qwen, [], format: "openai")
    }
    for (cutoff, batch, epochs) in [(1, 1, 1.0), (.max, 1, 1), (64, 0, 1), (64, 1, .nan)] {
      #expect(throws: PreflightError.self) {
        try folder.report(.qwen, [], cutoff: cutoff, batch: batch, epochs: epochs) {
          $0.packing = .packed
        }
      }
    }
  }
}
