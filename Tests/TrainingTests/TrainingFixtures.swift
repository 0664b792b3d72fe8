import Files
import Foundation
import Notation
import Testing

@testable import Training

/// A temporary folder that ends with its owner.
final class Scratch {
  let path = FileManager.default.temporaryDirectory.path + "/training-" + UUID().uuidString

  init() throws { try Folder.create(path) }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = path + "/" + name
    try Folder.create(file.parentPath)
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  func append(_ name: String, _ text: String) throws {
    try write(name, (has(name) ? try self.text(name) : "") + text)
  }

  func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: path + "/" + name)), as: UTF8.self)
  }

  func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path + "/" + name) }

  /// A model's folder with tensors of F32 zeros, written by rules of its own.
  @discardableResult
  func model(
    _ name: String, _ tensors: [(name: String, shape: [Int])] = small,
    config: String = #"{"model_type": "qwen2", "tie_word_embeddings": false}"#
  ) throws -> String {
    var entries: [String] = []
    var offset = 0
    for tensor in tensors {
      let end = offset + tensor.shape.reduce(4, *)
      entries.append(
        #""\#(tensor.name)":{"dtype":"F32","shape":\#(tensor.shape),"data_offsets":[\#(offset),\#(end)]}"#
      )
      offset = end
    }
    let header = "{" + entries.joined(separator: ",") + "}"
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
    let bytes = length + Array(header.utf8) + [UInt8](repeating: 0, count: offset)
    try write(name + "/model.safetensors", bytes)
    try write(name + "/config.json", config)
    return path + "/" + name
  }

  /// A checkpoint as Hugging Face's trainers leave it.
  func checkpoint(_ folder: String, step: Int) throws {
    try model(folder)
    try write(
      folder + "/optimizer.pt",
      [UInt8](repeating: 0, count: 40) + [0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 18))
    try write(
      folder + "/trainer_state.json",
      "{\n  \"epoch\": 1.0,\n  \"global_step\": \(step),\n  \"grad_norm\": NaN\n}\n")
  }

  /// A job in the folder `job` on the model `base`, with settings that every trainer takes.
  func job(
    rowFormat: String = "sharegpt", _ change: (inout TrainingSettings) -> Void = { _ in }
  ) -> TrainingJob {
    var settings = TrainingSettings()
    settings.template = "qwen"
    settings.cutoff = 16384
    settings.batch = 8
    settings.epochs = 5
    settings.learningRate = 1e-5
    change(&settings)
    return TrainingJob(
      branch: "math", dataPath: path + "/train.jsonl", rowFormat: rowFormat,
      datasetInfo: datasetInfo(rowFormat), rowCount: 3, basePath: path + "/base",
      folder: path + "/job", settings: settings)
  }
}

let small: [(name: String, shape: [Int])] = [
  ("lm_head.weight", [4, 2]), ("model.embed_tokens.weight", [4, 2]), ("model.norm.weight", [2]),
]

func datasetInfo(_ rowFormat: String) -> JSON {
  let text =
    switch rowFormat {
    case "messages":
      #"{"formatting": "sharegpt", "columns": {"messages": "messages"}, "tags": {"role_tag": "role", "#
        + #""content_tag": "content", "user_tag": "user", "assistant_tag": "assistant", "#
        + #""observation_tag": "tool", "function_tag": "function_call", "system_tag": "system"}}"#
    default:
      #"{"file_name": "train.jsonl", "formatting": "sharegpt", "#
        + #""columns": {"messages": "conversations", "system": "system"}, "#
        + #""tags": {"role_tag": "from", "content_tag": "value", "user_tag": "human", "#
        + #""assistant_tag": "gpt", "observation_tag": "observation", "#
        + #""function_tag": "function_call", "system_tag": "system"}}"#
    }
  return (try? JSON(parsing: Array(text.utf8))) ?? .null
}

func plan(_ text: String, _ branches: [String] = ["math", "science"]) throws -> TrainingPlan {
  try TrainingPlan(try YAML(parsing: text, file: "recipe.yaml"), branches: branches)
}
