internal import Files
package import Notation

/// A model on disk: its tensors, from however many files, and its configuration.
///
/// Opening reads and checks the headers only. What is no whole model in plain numbers (pickles,
/// GGUF, adapters, quantised weights) is refused with what to do instead.
package struct Checkpoint: Sendable {
  /// As it was given.
  package let path: String
  package let files: [SafetensorsFile]
  /// In natural order; no two have the same name.
  package let tensors: [StoredTensor]
  /// What is not as it should be and does no harm: tensors that no loader would see, a wrong sum.
  package let notes: [String]
  /// What `config.json` says; nil where there is none.
  package let config: JSON?
  private let places: [String: Int]

  /// Opens a model's folder, or one safetensors file, and tells all that is wrong with it at once.
  ///
  /// With `allowingQuantised` quantised weights are a note: to look at them does no harm.
  package init(_ path: String, allowingQuantised: Bool = false) throws(MergeError) {
    var content = Content(of: try WeightFiles(at: path))
    content.readConfig()
    content.readHeaders()
    content.compareWithIndex()
    content.checkSize(path)
    if let sign = Quantisation.sign(in: content.tensors, config: content.config) {
      if allowingQuantised {
        content.notes.append(sign)
      } else {
        content.problems.append(
          "\(path): is quantised, and what is quantised does not add up: \(sign); merge the models"
            + " that these were made from, in BF16 or F16, and quantise the result")
      }
    }
    guard content.problems.isEmpty else { throw MergeError(content.problems) }

    self.path = path
    files = content.files
    tensors = content.tensors.inNaturalOrder(by: \.name)
    notes = content.notes
    config = content.config
    var places: [String: Int] = [:]
    for (index, tensor) in tensors.enumerated() { places[tensor.name] = index }
    self.places = places
  }

  package subscript(name: String) -> StoredTensor? { places[name].map { tensors[$0] } }
}

/// What is found on the way through a checkpoint's files, good and bad.
private struct Content {
  let weights: WeightFiles
  var config: JSON?
  var files: [SafetensorsFile] = []
  var tensors: [StoredTensor] = []
  var problems: [String]
  var notes: [String]
  /// What the index promises of each file that could be opened, and the file does not have.
  private var missing: [String: Set<String>] = [:]
  private var unlisted: [String] = []
  private var doubles: [String] = []

  init(of weights: WeightFiles) {
    self.weights = weights
    problems = weights.problems
    notes = weights.notes
  }

  mutating func readConfig() {
    guard let path = weights.config else { return }
    do throws(FileError) {
      config = try JSON(file: path)
    } catch {
      problems.append(error.description)
    }
  }

  mutating func readHeaders() {
    for name in weights.files {
      do throws(FileError) {
        take(try SafetensorsFile(weights.folder + name), named: name)
      } catch {
        problems.append(error.description)
      }
    }
  }

  /// Takes the tensors that the index has in this file, or all where there is no index.
  private mutating func take(_ file: SafetensorsFile, named name: String) {
    missing[name] = weights.index?.names[name]
    for var tensor in file.header.tensors {
      if let index = weights.index, missing[name]?.remove(tensor.name) == nil {
        if index.files[tensor.name] == nil {
          unlisted.append(tensor.name)
        } else {
          doubles.append(tensor.name)
        }
        continue
      }
      tensor.file = files.count
      tensors.append(tensor)
    }
    files.append(file)
  }

  mutating func compareWithIndex() {
    for name in weights.files {
      guard let names = missing[name], !names.isEmpty else { continue }
      problems.append(
        "\(weights.folder)\(name): lacks \(some(of: names.sorted())), which the index has there:"
          + " the two are not of one model; fetch it again")
    }
    if !doubles.isEmpty {
      notes.append("in more than one file, taken from where the index says: \(some(of: doubles))")
    }
    if !unlisted.isEmpty {
      notes.append("left out, as the index does not name them: \(some(of: unlisted))")
    }
  }

  /// Afterwards all sums over the tensors' bytes and elements are known to fit.
  mutating func checkSize(_ path: String) {
    var byteCount = 0
    for tensor in tensors where byteCount <= ShardLayout.byteLimit {
      byteCount += tensor.byteCount
    }
    if byteCount > ShardLayout.byteLimit {
      problems.append("\(path): its tensors have more bytes than any disk: it is no model")
    } else if problems.isEmpty, tensors.isEmpty {
      problems.append("\(path): holds no tensors; give the folder of a model")
    } else if problems.isEmpty, let total = weights.index?.totalSize, total != byteCount {
      notes.append(
        "the index says that its tensors have \(total) bytes, and they have \(byteCount)")
    }
  }
}
