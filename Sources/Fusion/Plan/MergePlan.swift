internal import Files
internal import Notation

/// All that a merge will do, decided before any work: every output tensor with its inputs, method,
/// parameters and place, and every other file of the folder.
///
/// Made from headers and small files alone. What cannot be is told all at once.
package struct MergePlan: Sendable {
  package struct Options: Sendable {
    package var shardByteCount = 5_000_000_000
    /// Overrides the merge file's `compat` and `seed`.
    package var isCompatible: Bool?
    package var seed: Int?
    package init() {}
  }

  package let config: MergeConfig
  package let document: MergeDocument
  package let options: Options
  package let method: MethodDescription
  /// By input of the document; a model that is named twice is there twice.
  package let checkpoints: [Checkpoint]
  /// What the inputs are called in messages and in the report.
  package let labels: [String]
  /// In natural order.
  package let tensors: [PlannedTensor]
  package let layout: ShardLayout
  /// Everything but tensors.
  package let files: FolderPlan
  /// What is odd and stops nothing.
  package let warnings: [String]

  /// Plans one document of a merge file; `folders` tells where a model is that an earlier document
  /// makes.
  package init(
    _ config: MergeConfig, document index: Int? = nil, options: Options = Options(),
    folder: (ModelReference) -> String = { $0.path }
  ) throws {
    let document = config.documents[index ?? config.documents.count - 1]
    let isCompatible = options.isCompatible ?? document.isCompatible
    let type = try MethodList.method(document)
    let judged = document.checkParameters(known: MethodList.parameters, method: document.method)
    guard judged.errors.isEmpty else { throw MergeError(judged.errors.map(\.description)) }

    var problems = try Self.inputProblems(document, type.about)
    var warnings = document.warnings + judged.warnings
    var opened: [String: Checkpoint] = [:]
    for model in document.inputs {
      let path = folder(model)
      guard opened[path] == nil else { continue }
      do throws(MergeError) {
        opened[path] = try Checkpoint(path)
      } catch {
        problems += error.problems.map { "\(model.place): \($0)" }
      }
    }
    guard problems.isEmpty else { throw MergeError(problems) }
    let checkpoints = document.inputs.compactMap { opened[folder($0)] }
    let labels = Self.labels(document.inputs.map(\.path))
    for (label, checkpoint) in zip(labels, checkpoints) {
      warnings += checkpoint.notes.map { "\(label): \($0)" }
    }

    var folderPlan: FolderPlan?
    do {
      folderPlan = try FolderPlan(
        document, checkpoints: checkpoints, labels: labels, folder: folder, problems: &problems,
        warnings: &warnings)
    } catch let error as MergeError {
      problems += error.problems
    }
    var planner = TensorPlanner(
      document: document, method: type, isCompatible: isCompatible,
      seed: options.seed ?? document.seed, checkpoints: checkpoints, labels: labels,
      rowMaps: folderPlan?.tokenizer)
    let tensors = try planner.plan().inNaturalOrder(by: \.name)
    problems += planner.problems + ModelTrim(tensors).problems
    guard problems.isEmpty, let files = folderPlan else { throw MergeError(problems) }

    self.config = config
    self.document = document
    self.options = options
    self.method = type.about
    self.checkpoints = checkpoints
    self.labels = labels
    self.tensors = tensors
    self.warnings = warnings + planner.warnings
    layout = try ShardLayout(
      tensors.map { ($0.name, $0.type, $0.shape) }, shardByteCount: options.shardByteCount)
    self.files = try files.completed(
      tensors, layers: planner.layers, checkpoints: checkpoints, document: document)
  }

  /// What the numbers of inputs and bases have wrong.
  private static func inputProblems(_ document: MergeDocument, _ about: MethodDescription)
    throws -> [String]
  {
    if case .chain = document.body { return [] }
    var problems: [String] = []
    if about.base == .required && document.baseModel == nil {
      problems.append("\(document.methodPlace): \(about.name) needs 'base_model'")
    }
    for slice in document.slices {
      let sources = about.base == .none ? document.givenSources(of: slice) : slice.sources
      let experts = sources.count - (about.base != .none && slice.baseIndex != nil ? 1 : 0)
      guard !about.experts.contains(experts) else { continue }
      let (least, most) = (about.experts.lowerBound, about.experts.upperBound)
      let wanted =
        least == most
        ? "\(least)" : most == .max ? "at least \(least)" : "\(least) to \(most)"
      problems.append(
        "\(slice.place): \(about.name) takes \(wanted) model\(least == 1 && most == 1 ? "" : "s")"
          + "\(about.base == .required ? " besides the base" : ""), and here are \(experts)")
    }
    return problems
  }

  /// Short names: the last parts of the paths that tell them apart, a number where none do.
  static func labels(_ paths: [String]) -> [String] {
    let parts = paths.map { $0.split(separator: "/").map(String.init) }
    let longest = parts.map(\.count).max() ?? 0
    var labels = paths
    for depth in stride(from: longest, through: 1, by: -1) {
      let shorter = parts.map { $0.suffix(depth).joined(separator: "/") }
      guard Set(zip(shorter, paths).map { "\($0)\n\($1)" }).count == Set(shorter).count else {
        break
      }
      labels = shorter
    }
    var seen: [String: Int] = [:]
    return labels.map { label in
      seen[label, default: 0] += 1
      return seen[label] == 1 ? label : "\(label)#\(seen[label] ?? 0)"
    }
  }

  /// What all tensors of the output have together.
  package var parameterCount: Int { tensors.reduce(0) { $0 + $1.count } }
  package var byteCount: Int { layout.shards.reduce(0) { $0 + $1.byteCount } }
  package var inputByteCount: Int { tensors.reduce(0) { $0 + $1.inputByteCount } }

  /// Memory that the merge takes at most with so many workers, in bytes, the program itself apart.
  package func memoryByteCount(workers: Int) -> Int {
    let policy = TensorTask.Policy()
    let worker =
      tensors.map { tensor in
        let unit = min(max(tensor.shape.last ?? 1, Tiling.piece), Tiling.longestRow)
        let stored = tensor.inputs.reduce(tensor.type.bits / 8) { $0 + $1.tensor.type.bits / 8 }
        return max(policy.chunk, unit) * stored + unit * 8 * (2 * tensor.inputs.count + 8)
      }.max() ?? 0
    // Keys that are gathered for three quantiles, by the workers and once more together.
    return Merger.Options().cacheByteCount + workers * worker + 6 * (16 << 20)
  }

  /// Which merge this is, whatever the machine: the program's version, the merge file, the options
  /// that change bytes, and the inputs' headers.
  package func identity(version: String) -> String {
    var text = "\(version)\n\(config.text)\n\(document.name ?? "")\n\(options.shardByteCount)"
    text += "\n\(options.isCompatible ?? document.isCompatible) \(options.seed ?? document.seed)"
    for tensor in tensors {
      text += "\n\(tensor.name) \(tensor.type.rawValue) \(tensor.shape)"
      for input in tensor.inputs {
        text += " \(input.model) \(input.tensor.type.rawValue) \(input.tensor.shape)"
        text += " \(input.tensor.offset) \(input.file.byteCount)"
      }
    }
    return Digest(of: Array(text.utf8).span).description
  }

  /// Which state the inputs are in on this machine: size and time of every file.
  package var stamp: String {
    Set(checkpoints.flatMap { $0.files.map { "\($0.path) \($0.stamp)" } }).sorted()
      .joined(separator: "\n")
  }
}

extension MergeDocument {
  /// The sources of a slice without a base model that was added to them.
  func givenSources(of slice: Slice) -> [SourceEntry] {
    guard case .models(let entries) = body else { return slice.sources }
    return Array(slice.sources.prefix(entries.count))
  }
}
