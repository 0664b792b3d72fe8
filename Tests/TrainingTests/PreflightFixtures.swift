import Foundation
import Notation

@testable import Training

/// A folder with the tokenizer of a base model and the rows of a branch; gone when the test ends.
final class PreflightFolder {
  let path: String

  init() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("preflight-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    path = folder.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  static func / (folder: PreflightFolder, name: String) -> String { folder.path + "/" + name }

  @discardableResult
  func write(_ text: String, to name: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: self / name))
    return self / name
  }

  func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: self / name)), as: UTF8.self)
  }

  /// What would become of these rows; the base model is `base` unless told otherwise.
  func report(
    _ base: SmallBase, _ rows: [String], template: String = "qwen", format: String = "sharegpt",
    cutoff: Int = 64, batch: Int = 1, epochs: Double = 1,
    _ change: (inout Preflight.Request) -> Void = { _ in }
  ) throws -> PreflightReport {
    try base.write(to: path)
    var request = Preflight.Request(
      dataPath: try write(rows.joined(separator: "\n") + "\n", to: "train.jsonl"),
      rowFormat: format, template: template, cutoff: cutoff, batch: batch, epochs: epochs)
    change(&request)
    return try Preflight(base: path).run(request)
  }
}

/// A byte-level tokenizer with Qwen2's pre-tokeniser, a few merges, and the given added tokens.
struct SmallBase {
  var added: [String] = []
  var bos: String?
  var eos: String?

  static let qwen = SmallBase(
    added: ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], eos: "<|endoftext|>")
  static let deepseek = SmallBase(
    added: [
      "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>", "<think>",
      "</think>",
    ], bos: "<｜begin▁of▁sentence｜>", eos: "<｜end▁of▁sentence｜>")
  static let llama = SmallBase(
    added: [
      "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
      "<|eot_id|>", "<|eom_id|>",
    ], bos: "<|begin_of_text|>", eos: "<|end_of_text|>")
  /// Knows none of any template's tokens.
  static let bare = SmallBase()

  static let merges = [
    "t h", "th e", "Ġ the", "Ġ a", "i n", "a n", "o r", "w or", "Ġ wor", "d Ċ", "> Ċ", "< /", "< |",
    "| >", "i m", "e n", "e r", "u s", "us er", "Ġ 1", "Ċ Ċ",
  ]

  /// The letters by which GPT-2 writes bytes.
  private static let alphabet: [String] = {
    var next: UInt32 = 256
    return (0..<256).compactMap { byte -> String? in
      if (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174 {
        return String(Unicode.Scalar(UInt8(byte)))
      }
      defer { next += 1 }
      return Unicode.Scalar(next).map { String($0) }
    }
  }()

  private static let pattern =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"#
    + #"|\s*[\r\n]+|\s+(?!\S)|\s+"#

  func write(to folder: String) throws {
    let merged = Self.merges.map { $0.replacing(" ", with: "") }
    let vocabulary = Self.alphabet + merged
    let entries = added.enumerated().map { index, text in
      #"{"id": \#(vocabulary.count + index), "content": \#(JSON.quoted(text)), "lstrip": false, "#
        + #""rstrip": false, "single_word": false, "normalized": false, "special": true}"#
    }
    let tokens = vocabulary.enumerated().map { "\(JSON.quoted($1)): \($0)" }
    let tokenizer = """
      {"version": "1.0", "added_tokens": [\(entries.joined(separator: ", "))],
       "normalizer": {"type": "NFC"}, "post_processor": null, "decoder": {"type": "ByteLevel",
       "add_prefix_space": false, "trim_offsets": false, "use_regex": false},
       "truncation": null, "padding": null,
       "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
         {"type": "Split", "pattern": {"Regex": \(JSON.quoted(Self.pattern))},
          "behavior": "Isolated", "invert": false},
         {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false,
          "use_regex": false}]},
       "model": {"type": "BPE", "dropout": null, "unk_token": null,
                 "continuing_subword_prefix": null, "end_of_word_suffix": null,
                 "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
                 "vocab": {\(tokens.joined(separator: ", "))},
                 "merges": [\(Self.merges.map(JSON.quoted).joined(separator: ", "))]}}
      """
    let names = [("bos_token", bos), ("eos_token", eos)].compactMap { key, token in
      token.map { ", \(JSON.quoted(key)): \(JSON.quoted($0))" }
    }
    let config = #"{"tokenizer_class": "PreTrainedTokenizerFast"\#(names.joined())}"#
    for (name, text) in [
      ("tokenizer.json", tokenizer), ("tokenizer_config.json", config),
      ("config.json", #"{"model_type": "qwen2"}"#),
    ] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
    }
  }
}

/// Rows as the formats write them.
enum Rows {
  static func shareGPT(_ turns: [(String, String)], system: String? = "", id: String = "x")
    -> String
  {
    let messages = turns.flatMap { [("human", $0.0), ("gpt", $0.1)] }
    return shareGPT(messages: messages, system: system, id: id)
  }

  static func shareGPT(_ prompt: String, _ response: String, system: String? = "") -> String {
    shareGPT([(prompt, response)], system: system)
  }

  /// Messages with their roles, in any order.
  static func shareGPT(messages: [(String, String)], system: String?, id: String) -> String {
    let list = messages.map {
      #"{"from": \#(JSON.quoted($0.0)), "value": \#(JSON.quoted($0.1))}"#
    }
    return #"{"id": \#(JSON.quoted(id)), "conversations": [\#(list.joined(separator: ", "))], "#
      + #""system": \#(system.map(JSON.quoted) ?? "null")}"#
  }

  static func messages(_ messages: [(role: String, content: String)]) -> String {
    let list = messages.map {
      #"{"role": \#(JSON.quoted($0.role)), "content": \#(JSON.quoted($0.content))}"#
    }
    return #"{"id": "x", "messages": [\#(list.joined(separator: ", "))]}"#
  }

  static func alpaca(
    _ instruction: String?, _ input: String?, _ output: String?, system: String? = ""
  ) -> String {
    let pairs = [
      ("instruction", instruction), ("input", input), ("output", output), ("system", system),
    ].map { "\(JSON.quoted($0)): \($1.map(JSON.quoted) ?? "null")" }
    return "{" + pairs.joined(separator: ", ") + "}"
  }
}
