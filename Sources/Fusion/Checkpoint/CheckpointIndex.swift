internal import Notation

/// What `model.safetensors.index.json` says: which file has which tensor.
struct CheckpointIndex {
  static let fileName = "model.safetensors.index.json"

  /// The file's name of each tensor.
  private(set) var files: [String: String] = [:]
  /// The tensors of each file.
  private(set) var names: [String: Set<String>] = [:]
  /// How many bytes all tensors are said to have; advice only.
  private(set) var totalSize: Int?

  /// `path` is the index's own, for messages.
  init(_ json: JSON, path: String) throws(MergeError) {
    guard let map = json["weight_map"]?.members else {
      throw MergeError(
        "\(path): has no 'weight_map' from names of tensors to names of files; fetch it again")
    }
    var problems: [String] = []
    var strange: [String] = []
    for member in map {
      guard let file = member.value.text, Self.isPlain(file) else {
        strange.append(member.value.text ?? member.value.compact)
        continue
      }
      if files.updateValue(file, forKey: member.key) != nil {
        problems.append("\(path): has the tensor \(quoted(member.key)) twice; fetch it again")
      }
      names[file, default: []].insert(member.key)
    }
    if !strange.isEmpty {
      let shown = some(of: Set(strange).sorted())
      problems.append(
        "\(path): names \(shown), and a file of a model is called NAME.safetensors and lies in the"
          + " same folder; fetch it again from where you trust it")
    } else if map.isEmpty {
      problems.append("\(path): names no tensors; fetch it again")
    }
    guard problems.isEmpty else { throw MergeError(Array(problems.prefix(20))) }
    totalSize = json["metadata"]?["total_size"]?.int
  }

  /// Whether a name stays in the folder, whatever the system makes of it.
  private static func isPlain(_ name: String) -> Bool {
    let forbidden: Set<UInt8> = [0, UInt8(ascii: "/"), UInt8(ascii: "\\")]
    return name.hasSuffix(".safetensors") && !name.hasPrefix(".")
      && !name.utf8.contains(where: forbidden.contains)
  }
}
