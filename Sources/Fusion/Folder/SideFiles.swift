package import Files
internal import Foundation
internal import Notation

/// The files of a model's folder that a merge hands on as they are.
///
/// The rule names what stays behind, not what is copied: a file that nobody here has heard of may
/// be what a loader needs.
package struct SideFiles: Sendable {
  package struct File: Hashable, Sendable {
    /// The path relative to the folder, the same in both.
    package var path: String
    package var source: String
  }

  package let files: [File]
  /// What stays behind although a reader might miss it, with the reason.
  package let notes: [String]

  /// Looks through the donor's folder; `tokenizer` is another folder whose tokenizer is used.
  ///
  /// `written` are the paths that the merge writes itself. Links to files are followed, as in the
  /// cache of Hugging Face's hub; one that leads nowhere is an error.
  package init(
    from donor: String, tokenizerFrom tokenizer: String? = nil, written: Set<String> = []
  ) throws(MergeError) {
    var found: [File] = []
    var notes: [String] = []
    var problems: [String] = []
    let tokenizer = tokenizer == donor ? nil : tokenizer
    for (root, wantsTokenizer) in [(donor, tokenizer == nil), (tokenizer, true)] {
      guard let root else { continue }
      let isDonor = root == donor
      let paths = Folder.files(below: root + "/.")
      let models = Set(paths.filter { Self.isWeight($0) }.compactMap(Self.topFolder))
        .filter { !Self.isLeftFolder($0) }
      if isDonor {
        notes += models.sorted().map {
          "\(root)/\($0): has weights of its own, which are not merged; the folder stays behind"
        }
      }
      for path in paths where !written.contains(path) && !Self.isLeft(path) {
        let isTokenizer = TokenizerFiles.owns(path)
        guard isTokenizer ? wantsTokenizer : isDonor else { continue }
        if let top = Self.topFolder(path), models.contains(top) { continue }
        let source = root + "/" + path
        if !FileManager.default.fileExists(atPath: source) {
          problems.append("\(source): is a link to a file that is not there; fetch the model again")
        }
        found.append(File(path: path, source: source))
      }
    }
    guard problems.isEmpty else { throw MergeError(problems) }
    files = found.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    self.notes = notes
  }

  /// Copies one file byte for byte and returns the hash of what was written.
  package static func copy(
    _ file: File, into folder: String, isDurable: Bool
  ) throws(FileError) -> Digest {
    let target = folder + "/" + file.path
    try Folder.create(target.parentPath)
    let input = try FileStream(file.source)
    var output = try OutputFile(target, isDurable: isDurable)
    var buffer = ByteBuffer(capacity: chunk)
    while try input.read(into: &buffer, upTo: chunk) > 0 {
      try output.append(buffer.bytes)
      buffer.removeAll()
    }
    return try output.finish()
  }

  /// Writes one file that the merge makes itself.
  package static func write(
    _ bytes: [UInt8], as path: String, into folder: String, isDurable: Bool
  ) throws(FileError) -> Digest {
    var output = try OutputFile(folder + "/" + path, isDurable: isDurable)
    try output.append(bytes.span)
    return try output.finish()
  }

  private static let chunk = 1 << 20
}

// MARK: - The rule

extension SideFiles {
  /// Whether a file of a model's folder, named relative to it, stays behind.
  static func isLeft(_ path: String) -> Bool {
    let parts = path.split(separator: "/").map { $0.lowercased() }
    guard let name = parts.last else { return true }
    if parts.contains(where: { $0.hasPrefix(".") }) { return true }
    if let top = topFolder(path), isLeftFolder(top) { return true }
    if isWeight(path) || leftEndings.contains(where: { name.hasSuffix($0) }) { return true }
    return parts.count == 1
      && (leftNames.contains(name) || leftPrefixes.contains { name.hasPrefix($0) })
  }

  private static func topFolder(_ path: String) -> String? {
    guard let slash = path.firstIndex(of: "/") else { return nil }
    return String(path[..<slash])
  }

  /// Whether a file holds weights, of whatever format.
  private static func isWeight(_ path: String) -> Bool {
    let name = path.lowercased()
    return weightEndings.contains { name.hasSuffix($0) }
  }

  private static let weightEndings = [
    ".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".ggml", ".h5", ".msgpack", ".onnx",
    ".onnx_data", ".tflite", ".npz", ".ot", ".nemo", ".mlmodel", ".mlpackage", ".engine",
    ".distcp", ".pkl", ".pickle", ".llamafile",
  ]

  /// Indexes of weights, locks, and what Python leaves.
  private static let leftEndings = [".index.json", ".lock", ".pyc", ".tmp", ".incomplete"]

  /// What trainers leave, and what belongs to other formats.
  private static let leftPrefixes = [
    "consolidated", "optimizer", "scheduler", "scaler", "rng_state", "random_states",
    "events.out.tfevents", "training_args", "trainer_", "adapter_",
    "openvino_",
  ]

  private static let leftNames: Set = [
    // Written anew for every merge.
    "config.json", "readme.md", "mergekit_config.yml", "merge-report.json", "lineage.sqlite",
    "sha256sums",
    // Of the training run.
    "all_results.json", "train_results.json", "eval_results.json", "training_loss.png",
    "training_eval_loss.png", "latest", "zero_to_fp32.py",
    // Of other formats of the weights: Meta's and Mistral's own, and quantised ones.
    "params.json", "quantize_config.json", "quant_config.json", "hf_quant_config.json",
  ]

  /// Folders of checkpoints, logs and other formats.
  private static func isLeftFolder(_ name: String) -> Bool {
    let name = name.lowercased()
    return leftFolders.contains(name) || name.hasPrefix("checkpoint-")
      || name.hasPrefix("global_step")
  }

  private static let leftFolders: Set = [
    "original", "onnx", "openvino", "coreml", "gguf", "metal", "runs", "logs", "wandb", "mlruns",
    "__pycache__",
  ]
}
