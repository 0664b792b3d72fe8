import Foundation
import Testing

@testable import Curation

struct RowFormatTests {
  /// Each format's row with an id, a prompt and a response, and its entry for LLaMA-Factory, as
  /// that trainer's data/README.md has them.
  static let published: [(name: String, row: String, info: String)] = [
    (
      "sharegpt",
      #"{"id": "s:1", "conversations": [{"from": "human", "value": "P"}, {"from": "gpt", "#
        + #""value": "R"}], "system": ""}"#,
      #"""
      {
        "b": {
          "file_name": "train.jsonl",
          "formatting": "sharegpt",
          "columns": {"messages": "conversations", "system": "system"},
          "tags": {"role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt", "observation_tag": "observation", "function_tag": "function_call", "system_tag": "system"}
        }
      }

      """#
    ),
    (
      "messages",
      #"{"id": "s:1", "messages": [{"role": "user", "content": "P"}, {"role": "assistant", "#
        + #""content": "R"}]}"#,
      #"""
      {
        "b": {
          "file_name": "train.jsonl",
          "formatting": "sharegpt",
          "columns": {"messages": "messages"},
          "tags": {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant", "observation_tag": "tool", "function_tag": "function_call", "system_tag": "system"}
        }
      }

      """#
    ),
    (
      "alpaca",
      #"{"id": "s:1", "instruction": "P", "input": "", "output": "R", "system": ""}"#,
      #"""
      {
        "b": {
          "file_name": "train.jsonl",
          "formatting": "alpaca",
          "columns": {"prompt": "instruction", "query": "input", "response": "output", "system": "system"}
        }
      }

      """#
    ),
  ]

  @Test func `the formats are these three`() {
    #expect(RowFormats.all.map { $0.name } == Self.published.map(\.name))
  }

  @Test(arguments: published)
  func `a row and its dataset_info are as published`(name: String, row: String, info: String) throws
  {
    let format = try #require(RowFormats.all.first { $0.name == name })
    let frame = format.frame
    let bytes =
      frame.start + Array("s:1".utf8) + frame.afterID + Array("P".utf8) + frame.afterPrompt
      + Array("R".utf8) + frame.end
    let line = String(decoding: bytes, as: UTF8.self)
    #expect(line == row + "\n")
    #expect(DataCard.datasetInfo("b", format) == info)

    // Every column that dataset_info names is in the row.
    let parsed = try #require(
      JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    let entries = try #require(
      JSONSerialization.jsonObject(with: Data(info.utf8)) as? [String: [String: Any]])
    let columns = try #require(entries["b"]?["columns"] as? [String: String])
    #expect(columns.values.allSatisfy { parsed[$0] != nil })
  }
}
