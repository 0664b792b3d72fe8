internal import Files
internal import Foundation
internal import Fusion
internal import Notation

/// Whether a folder holds a whole checkpoint of the base's shape, and what is in it.
///
/// Only headers are read. The element type may differ; a head tied to the embedding may be left
/// out; tensors that the base does not have are a note.
package struct ExpertCheck: Sendable, Equatable {
  package let parameterCount: Int
  package let tensorCount: Int
  /// Relative to the folder, without checkpoints to resume from.
  package let files: [String]
  package let byteCount: Int
  package let notes: [String]

  /// Tells all that is wrong at once.
  package init(_ path: String, base: String, branch: String) throws {
    let expert: Checkpoint
    do {
      expert = try Checkpoint(path)
    } catch {
      throw TrainingError(branch, "\(path): holds no whole checkpoint:\n\(error)")
    }
    let model = try Checkpoint(base)
    var problems: [String] = []
    var notes = expert.notes
    let isTied = (expert.config ?? model.config)?["tie_word_embeddings"]?.flag != false
    let missing = model.tensors.filter { tensor in
      expert[tensor.name] == nil && !(isTied && tensor.name.hasSuffix("lm_head.weight"))
    }
    if !missing.isEmpty {
      problems.append(
        "of the base's \(model.tensors.count) tensors \(missing.count) are missing:"
          + " \(some(of: missing.map(\.name)))")
    }
    var extra: [String] = []
    for tensor in expert.tensors {
      guard let own = model[tensor.name] else {
        extra.append(tensor.name)
        continue
      }
      if own.shape != tensor.shape {
        problems.append("\(quoted(tensor.name)) is \(tensor.shape), the base has \(own.shape)")
      }
    }
    if !extra.isEmpty { notes.append("not in the base: \(some(of: extra))") }
    guard problems.isEmpty else {
      let shown = problems.prefix(8).map { "  " + $0 }.joined(separator: "\n")
      let more = problems.count > 8 ? "\n  and \(problems.count - 8) more" : ""
      throw TrainingError(branch, "\(path): is no expert of \(base):\n\(shown)\(more)")
    }
    parameterCount = expert.tensors.reduce(0) { $0 + $1.count }
    tensorCount = expert.tensors.count
    self.notes = notes
    if Folder.isFolder(path) {
      files = Folder.files(below: path).filter { !$0.hasPrefix("checkpoint-") }
    } else {
      files = []
    }
    byteCount = expert.files.reduce(0) { $0 + $1.byteCount }
  }
}
