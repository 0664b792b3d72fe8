internal import Notation

/// The text that LLaMA-Factory puts around the turns of a conversation (0.9.5, data/template.py).
///
/// Its other templates are more values like these; what needs another rule for `<think>` needs more.
package struct TrainerTemplate: Sendable {
  package let name: String
  /// Whether the tokenizer's `bos_token`, where it has one, comes first.
  let startsWithBOS: Bool
  /// What stands before and after the system text; it is tokens of its own.
  let system: (before: String, after: String)
  let user: (before: String, after: String)
  /// The text that follows a response; nil for the tokenizer's `eos_token` alone.
  let afterResponse: String?
  /// Where a row has no system text or an empty one.
  let defaultSystem: String
  /// Made special tokens of the tokenizer, and the first its `eos_token`, even where it has none of
  /// them.
  let stopWords: [String]
  /// Whether a response with neither `<think>` nor `</think>` gets an empty thought before it, which
  /// is then learned.
  let addsEmptyThought: Bool

  static let emptyThought = "<think>\n\n</think>\n\n"

  package static let all = [
    TrainerTemplate(
      name: "qwen", startsWithBOS: false,
      system: ("<|im_start|>system\n", "<|im_end|>\n"),
      user: ("<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"),
      afterResponse: "<|im_end|>\n",
      defaultSystem: "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
      stopWords: ["<|im_end|>"], addsEmptyThought: false),
    TrainerTemplate(
      name: "deepseekr1", startsWithBOS: true, system: ("", ""),
      user: ("<｜User｜>", "<｜Assistant｜>"), afterResponse: nil, defaultSystem: "", stopWords: [],
      addsEmptyThought: true),
    TrainerTemplate(
      name: "llama3", startsWithBOS: true,
      system: ("<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>"),
      user: (
        "<|start_header_id|>user<|end_header_id|>\n\n",
        "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
      ),
      afterResponse: "<|eot_id|>", defaultSystem: "", stopWords: ["<|eot_id|>", "<|eom_id|>"],
      addsEmptyThought: false),
  ]

  package init(named name: String) throws(PreflightError) {
    guard let template = Self.all.first(where: { $0.name == name }) else {
      throw PreflightError(
        "rows cannot be counted with the template \(quoted(name))"
          + choices(for: name, among: Self.all.map(\.name), "there are"))
    }
    self = template
  }

  private init(
    name: String, startsWithBOS: Bool, system: (String, String), user: (String, String),
    afterResponse: String?, defaultSystem: String, stopWords: [String], addsEmptyThought: Bool
  ) {
    self.name = name
    self.startsWithBOS = startsWithBOS
    self.system = system
    self.user = user
    self.afterResponse = afterResponse
    self.defaultSystem = defaultSystem
    self.stopWords = stopWords
    self.addsEmptyThought = addsEmptyThought
  }
}

/// Why rows cannot be counted: what is wrong, and what to do.
package struct PreflightError: Error, Equatable, CustomStringConvertible {
  package var description: String

  init(_ description: String) { self.description = description }
}
