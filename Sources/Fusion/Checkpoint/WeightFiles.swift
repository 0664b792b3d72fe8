internal import Files
internal import Foundation
internal import Notation

/// Which files of a folder hold its model, as loaders look for them.
///
/// An index decides; else the file `model.safetensors`, or the only one of another name.
struct WeightFiles {
  /// With its last slash; empty where the file lies in the working folder.
  let folder: String
  /// The names of the safetensors files, in natural order.
  let files: [String]
  let index: CheckpointIndex?
  /// The path of `config.json`, where there is one.
  let config: String?
  /// What is wrong, though the files can still be looked at for more of it.
  let problems: [String]
  let notes: [String]

  init(at path: String) throws(MergeError) {
    if Folder.isFolder(path) {
      try self.init(folder: path)
    } else {
      try self.init(file: path)
    }
  }

  private init(folder path: String) throws(MergeError) {
    let folder = path.hasSuffix("/") ? path : path + "/"
    let listing: [String]
    do {
      listing = try FileManager.default.contentsOfDirectory(atPath: path)
        .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    } catch {
      throw MergeError("\(path): its files cannot be listed; you need the right to read it")
    }
    let known = Set(listing)
    // Loaders take none of these for the model.
    let candidates = listing.filter {
      $0.hasSuffix(".safetensors") && !$0.hasPrefix(".") && !$0.hasPrefix("consolidated")
        && !$0.hasPrefix("adapter_")
    }
    var problems: [String] = []
    var notes: [String] = []
    if known.contains(CheckpointIndex.fileName) {
      let indexPath = folder + CheckpointIndex.fileName
      let json: JSON
      do throws(FileError) { json = try JSON(file: indexPath) } catch {
        throw MergeError(error.description)
      }
      let index = try CheckpointIndex(json, path: indexPath)
      let absent = index.names.keys.filter { !known.contains($0) }.sorted()
      if !absent.isEmpty {
        problems.append(
          "\(path): lacks \(some(of: absent)), which the index names; fetch the model again")
      }
      files = index.names.keys.filter(known.contains).inNaturalOrder { $0 }
      self.index = index
      let others = candidates.filter { index.names[$0] == nil }
      if !others.isEmpty {
        notes.append("left out, as the index does not name it: \(some(of: others))")
      }
    } else {
      let file =
        candidates.contains("model.safetensors")
        ? "model.safetensors" : candidates.count == 1 ? candidates[0] : nil
      guard let file, !Self.isShard(file) else {
        throw MergeError(
          "\(path): \(Self.refusal(of: listing, candidates: candidates, in: folder))")
      }
      files = [file]
      index = nil
      let others = candidates.filter { $0 != file }
      if !others.isEmpty { notes.append("left out, as it has no index: \(some(of: others))") }
    }
    if known.contains("adapter_config.json") {
      notes.append("there is a LoRA adapter beside the model; it is left out")
    }
    config = known.contains("config.json") ? folder + "config.json" : nil
    self.folder = folder
    self.problems = problems
    self.notes = notes
  }

  /// One file by itself, without a configuration.
  private init(file path: String) throws(MergeError) {
    if let refusal = Self.foreign([path.fileName]) {
      throw MergeError("\(path): \(refusal)")
    }
    guard FileManager.default.fileExists(atPath: path) else {
      throw MergeError("\(path): \(Self.advice(forMissing: path))")
    }
    let name = path.fileName
    folder = String(path.dropLast(name.count))
    files = [name]
    index = nil
    config = nil
    problems = []
    notes = []
  }

  /// Why a folder holds no model that can be opened, and what to do.
  private static func refusal(
    of listing: [String], candidates: [String], in folder: String
  ) -> String {
    if candidates.contains(where: isShard) {
      return "has shards of a model and no \(CheckpointIndex.fileName), which says what belongs to"
        + " it; fetch the model again"
    }
    if candidates.count > 1 {
      return "has several safetensors files, \(some(of: candidates)), and neither an index nor"
        + " model.safetensors; give the path of the one that is meant"
    }
    if listing.contains("adapter_config.json") || listing.contains("adapter_model.safetensors") {
      let base = (try? JSON(file: folder + "adapter_config.json"))?["base_model_name_or_path"]?.text
      return "is a LoRA adapter, not a whole model; merge it into its base"
        + (base.map { ", \(quoted($0))," } ?? "") + " first, with merge_and_unload of PEFT, and"
        + " give the folder where the result is saved"
    }
    if listing.contains(where: { $0.hasPrefix("consolidated") && $0.hasSuffix(".safetensors") }) {
      return "has the model only as 'consolidated' files with other names for the tensors; fetch"
        + " model*.safetensors of the same model"
    }
    if let refusal = foreign(listing) { return refusal }
    if listing.contains("snapshots") {
      let snapshots = (try? FileManager.default.contentsOfDirectory(atPath: folder + "snapshots"))
      return "is a folder of the hub's cache; give the path of a snapshot in it"
        + (snapshots?.sorted().first.map { ": \(folder)snapshots/\($0)" } ?? "")
    }
    return "holds no model: neither \(CheckpointIndex.fileName) nor a file .safetensors is in it"
  }

  private static func foreign(_ names: [String]) -> String? {
    for name in names {
      switch name.split(separator: ".").last {
      case "bin" where name.hasPrefix("pytorch_model") || names.count == 1,
        "pt", "pth", "ckpt", "pkl":
        return "has its weights as a pickle, \(quoted(name)), which can run code of its own when it"
          + " is read; save the model as safetensors with transformers, and give that folder"
      case "gguf":
        return "has its weights as GGUF, \(quoted(name)), a form for running a model; give the"
          + " folder of the model that it was made from"
      case "h5", "msgpack", "onnx":
        return "has its weights as \(quoted(name)), a form of another framework; save the model as"
          + " safetensors with transformers, and give that folder"
      default: continue
      }
    }
    return nil
  }

  /// What to do about a path where nothing is.
  private static func advice(forMissing path: String) -> String {
    let parts = path.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let names = (parts.first ?? "").split(separator: "/", omittingEmptySubsequences: false)
    let isHubName =
      names.count == 2
      && names.allSatisfy { name in
        name.utf8.first.map { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "~") } ?? false
          && name.utf8.allSatisfy { byte in
            byte < 0x80 && (Character(Unicode.Scalar(byte)).isLetter || 0x30...0x39 ~= byte)
              || "._-".utf8.contains(byte)
          }
      }
    guard isHubName else {
      return "there is no such file or folder; give the path of a model's folder"
    }
    let revision = parts.count == 2 ? " --revision \(parts[1])" : ""
    return "there is no such folder; if a model of the Hugging Face hub is meant, run"
      + " `hf download \(parts[0])\(revision) --local-dir \(names[1])` and give the path of that"
      + " folder"
  }

  /// Whether a file calls itself one of several: `model-00002-of-00017.safetensors`.
  private static func isShard(_ name: String) -> Bool {
    let parts = name.dropLast(".safetensors".count).split(separator: "-")
    return parts.count >= 3 && parts[parts.count - 2] == "of" && Int(parts[parts.count - 3]) != nil
      && (Int(parts[parts.count - 1]) ?? 0) > 1
  }
}
