internal import Files
internal import Foundation
internal import Fusion

/// The checkpoints that Hugging Face's trainers leave in their output folder: `checkpoint-200`.
struct ResumePoint {
  let path: String
  let step: Int

  /// The checkpoints of an output folder, the latest first, whole or not.
  static func all(in output: String) -> [ResumePoint] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: output)) ?? []
    return names.compactMap { name in
      guard name.hasPrefix("checkpoint-"), let step = Int(name.dropFirst(11)), step >= 0 else {
        return nil
      }
      return ResumePoint(path: output + "/" + name, step: step)
    }.sorted { $0.step > $1.step }
  }

  /// Whether training can go on from here as if it had never stopped.
  ///
  /// The trainer's state is written last, so that a checkpoint that has it was not cut short by a
  /// kill; one without the optimizer's state would start it anew without a word.
  var isWhole: Bool {
    stateIsWhole && optimizerIsWhole && weightsAreWhole
  }

  private var stateIsWhole: Bool {
    guard let file = try? OpenFile(path + "/trainer_state.json"), file.byteCount < 1 << 30,
      let bytes = try? file.bytes(count: file.byteCount)
    else { return false }
    // Not read as JSON: Python writes NaN into it.
    let text = String(decoding: bytes, as: UTF8.self)
    return text.contains("\"global_step\": \(step),")
      && text.last { !$0.isWhitespace } == "}"
  }

  private var optimizerIsWhole: Bool {
    if deepSpeedFolder != nil || hasFolder("optimizer_") { return true }
    // PyTorch's file is a zip archive, whose directory stands at its end.
    guard let file = try? OpenFile(path + "/optimizer.pt"), file.byteCount > 22,
      let end = try? file.bytes(at: file.byteCount - 22, count: 4)
    else { return false }
    return end == [0x50, 0x4B, 5, 6]
  }

  private var weightsAreWhole: Bool {
    if (try? Checkpoint(path)) != nil { return true }
    return deepSpeedFolder != nil || hasFolder("pytorch_model_fsdp")
  }

  /// The folder that DeepSpeed's file `latest` names, if it is there.
  private var deepSpeedFolder: String? {
    guard let file = try? OpenFile(path + "/latest"), file.byteCount < 1 << 10,
      let bytes = try? file.bytes(count: file.byteCount)
    else { return nil }
    let name = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
    guard !name.isEmpty, !name.contains("/"), Folder.isFolder(path + "/" + name) else { return nil }
    return name
  }

  private func hasFolder(_ prefix: String) -> Bool {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.contains { $0.hasPrefix(prefix) && Folder.isFolder(path + "/" + $0) }
  }
}
