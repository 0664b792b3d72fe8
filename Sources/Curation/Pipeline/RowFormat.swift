internal import Notation

/// How a kept sample is written: the fixed bytes around its id, prompt and response.
///
/// A new format is one type and one line in `RowFormats`.
protocol RowFormat: Sendable {
  static var name: String { get }
  /// What stands before the id, before the prompt, before the response and after it.
  static var frame: RowFrame { get }
  /// What LLaMA-Factory's `dataset_info.json` says of such a file, as JSON.
  ///
  /// Every key is written out: once `columns` or `tags` is there, its parser takes a key that is
  /// not listed as absent, whatever its documented default (data/parser.py).
  static var datasetInfo: [(key: String, json: String)] { get }
}

/// The fixed bytes of a row.
struct RowFrame: Sendable {
  let start, afterID, afterPrompt, end: [UInt8]

  init(start: String, afterID: String, afterPrompt: String, end: String) {
    self.start = Array(start.utf8)
    self.afterID = Array(afterID.utf8)
    self.afterPrompt = Array(afterPrompt.utf8)
    self.end = Array(end.utf8)
  }
}

enum RowFormats {
  static let all: [any RowFormat.Type] = [ShareGPT.self, Messages.self, Alpaca.self]
}

/// `conversations` of `human` and `gpt`, as ShareGPT and LLaMA-Factory have it.
enum ShareGPT: RowFormat {
  static let name = "sharegpt"
  static let frame = RowFrame(
    start: #"{"id": ""#,
    afterID: #"", "conversations": [{"from": "human", "value": ""#,
    afterPrompt: #""}, {"from": "gpt", "value": ""#,
    end: #""}], "system": ""}"# + "\n"
  )
  static let datasetInfo = [
    (key: "formatting", json: #""sharegpt""#),
    (key: "columns", json: #"{"messages": "conversations", "system": "system"}"#),
    (
      key: "tags",
      json: #"{"role_tag": "from", "content_tag": "value", "user_tag": "human", "#
        + #""assistant_tag": "gpt", "observation_tag": "observation", "#
        + #""function_tag": "function_call", "system_tag": "system"}"#
    ),
  ]
}

/// `messages` of `user` and `assistant`, as OpenAI and TRL have it.
enum Messages: RowFormat {
  static let name = "messages"
  static let frame = RowFrame(
    start: #"{"id": ""#,
    afterID: #"", "messages": [{"role": "user", "content": ""#,
    afterPrompt: #""}, {"role": "assistant", "content": ""#,
    end: #""}]}"# + "\n"
  )
  static let datasetInfo = [
    (key: "formatting", json: #""sharegpt""#),
    (key: "columns", json: #"{"messages": "messages"}"#),
    (
      key: "tags",
      json: #"{"role_tag": "role", "content_tag": "content", "user_tag": "user", "#
        + #""assistant_tag": "assistant", "observation_tag": "tool", "#
        + #""function_tag": "function_call", "system_tag": "system"}"#
    ),
  ]
}

/// `instruction`, `input` and `output`, as Alpaca has it.
enum Alpaca: RowFormat {
  static let name = "alpaca"
  static let frame = RowFrame(
    start: #"{"id": ""#,
    afterID: #"", "instruction": ""#,
    afterPrompt: #"", "input": "", "output": ""#,
    end: #"", "system": ""}"# + "\n"
  )
  static let datasetInfo = [
    (key: "formatting", json: #""alpaca""#),
    (
      key: "columns",
      json: #"{"prompt": "instruction", "query": "input", "response": "output", "#
        + #""system": "system"}"#
    ),
  ]
}
