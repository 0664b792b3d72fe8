internal import Files
internal import Foundation

/// The files of the output's folder that are not tensors: copied, patched or made anew.
package struct FolderPlan: Sendable {
  /// The input whose configuration and side files the output inherits.
  package let donor: Int
  /// Where the tokenizer was chosen in the merge file; nil where the donor's stays as it is.
  let tokenizer: TokenizerMerge?
  /// Copied byte for byte.
  package private(set) var copied: [SideFiles.File] = []
  /// Written by the merge: path and bytes.
  package private(set) var written: [(path: String, bytes: [UInt8])] = []
  package private(set) var notes: [String] = []
  /// In what the inputs' tokenizers differ.
  package let tokenizerDifferences: [String]
  private let folders: [String]
  private let chatTemplate: ChatTemplate?
  private let tokenizerFiles: [TokenizerFiles]

  /// Names that a merge gives to files of its own.
  static let ownNames: Set = [
    "README.md", "config.json", "merge-config.yml", "merge-report.json",
    "model.safetensors.index.json",
  ]

  /// Looks at configs and tokenizers of the inputs.
  init(
    _ document: MergeDocument, checkpoints: [Checkpoint], labels: [String],
    folder: (ModelReference) -> String, problems: inout [String], warnings: inout [String]
  ) throws {
    donor = document.baseIndex ?? 0
    folders = document.inputs.map(folder)
    let configs = zip(labels, checkpoints).compactMap { label, checkpoint in
      checkpoint.config.map { (label: label, json: $0) }
    }
    let isSliced = if case .slices = document.body { true } else { false }
    let takesAnyRows = document.tokenizer != nil || document.embedMismatch != .error
    for difference in ModelConfig.differences(among: configs, comparingLayers: !isSliced) {
      let isRows = takesAnyRows && difference.description.hasPrefix("vocab_size")
      if difference.severity == .error && !isRows {
        problems.append(difference.description)
      } else {
        warnings.append(difference.description)
      }
    }

    let files = try zip(labels, folders).compactMap { label, folder in
      Folder.isFolder(folder) ? try TokenizerFiles(label: label, folder: folder) : nil
    }
    tokenizerFiles = files
    tokenizerDifferences =
      files.count > 1 ? TokenizerComparison.sentences(among: files) : []
    guard files.count == checkpoints.count else {
      tokenizer = nil
      chatTemplate = nil
      if document.tokenizer != nil || document.chatTemplate != nil {
        problems.append("a tokenizer or chat template can only be chosen among folders of models")
      }
      return
    }
    chatTemplate = try document.chatTemplate.map { try ChatTemplate($0, inputs: files) }
    guard let choice = document.tokenizer else {
      tokenizer = nil
      return
    }
    let rows = checkpoints.map { checkpoint in
      checkpoint.tensors.first { TensorPlanner.isEmbedding($0.name, $0) }?.shape[0] ?? 0
    }
    tokenizer = try TokenizerMerge(
      models: files, rowCounts: rows, base: document.baseIndex,
      choice: try Self.choice(choice, document),
      overrides: try choice.tokens.compactMap { try Self.override($0, document) },
      padToMultipleOf: choice.padToMultipleOf)
  }

  private static func choice(_ choice: TokenizerChoice, _ document: MergeDocument) throws
    -> TokenizerMerge.Choice
  {
    switch choice.source {
    case .union: .union
    case .base: .base
    case .model(let model): .model(try input(model, document))
    }
  }

  private static func override(_ token: TokenizerChoice.Token, _ document: MergeDocument) throws
    -> TokenizerMerge.Override?
  {
    let source: TokenizerMerge.Override.Source
    switch token.source {
    case nil: return nil
    case .zero: source = .zero
    case .model(let model): source = .model(try input(model, document))
    case .token(let text, let model): source = .token(text, model: try input(model, document))
    case .tokenID(let id, let model): source = .tokenID(id, model: try input(model, document))
    }
    return .init(token: token.text, source: source, isForced: token.isForced)
  }

  private static func input(_ model: ModelReference, _ document: MergeDocument) throws -> Int {
    guard let index = document.inputs.firstIndex(where: { $0.isSame(as: model) }) else {
      throw model.place.fail("'\(model)' is none of the models that are merged; name one of them")
    }
    return index
  }

  /// Settles what is copied and what is written, now that the tensors are known.
  func completed(
    _ tensors: [PlannedTensor], layers: [Int]?, checkpoints: [Checkpoint],
    document: MergeDocument
  ) throws -> FolderPlan {
    var plan = self
    guard Folder.isFolder(folders[donor]) else { return plan }
    let source = tokenizer?.source ?? donor
    var made: [String: [UInt8]] = tokenizer?.files ?? [:]
    var leftOut = tokenizer?.leftOut ?? []
    if let chatTemplate {
      var files = tokenizerFiles[source]
      for (name, bytes) in made { files.files[name] = bytes }
      for (name, bytes) in try chatTemplate.files(for: files) { made[name] = bytes }
    }
    if let config = try patchedConfig(tensors, layers, checkpoints, document, &plan.notes) {
      made["config.json"] = config
    }
    let generation = folders[donor] + "/generation_config.json"
    if let moved = movedTokens, made["generation_config.json"] == nil,
      let data = FileManager.default.contents(atPath: generation)
    {
      let patched = try ConfigPatch(tokenID: moved)
        .applied(to: Array(data), of: "generation_config.json")
      made["generation_config.json"] = patched.bytes
      plan.notes += patched.notes
    }
    leftOut += made.keys.sorted() + Self.ownNames.sorted()
    let side = try SideFiles(
      from: folders[donor], tokenizerFrom: folders[source], written: Set(leftOut))
    plan.copied = side.files
    plan.notes += side.notes + (tokenizer?.notes ?? [])
    plan.written = made.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      .map { ($0.key, $0.value) }
    return plan
  }

  /// The donor's configuration with what the merge changes in it.
  private func patchedConfig(
    _ tensors: [PlannedTensor], _ layers: [Int]?, _ checkpoints: [Checkpoint],
    _ document: MergeDocument, _ notes: inout [String]
  ) throws -> [UInt8]? {
    let path = folders[donor] + "/config.json"
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    let config = checkpoints[donor].config.map { ModelConfig($0) }
    var patch = ConfigPatch()
    let types = Set(tensors.filter { $0.type.isWeight }.map(\.type))
    if types.count == 1, let type = types.first, type != config?.type { patch.type = type }
    if let layers, layers.count != config?.layerCount || layers != Array(layers.indices) {
      patch.layers = layers
    }
    let embedding = tensors.first { tensor in
      tensor.inputs.first.map { TensorPlanner.isEmbedding(tensor.name, $0.tensor) } ?? false
    }
    if let embedding, let donorRows = rowCount(embedding.name, checkpoints[donor]),
      embedding.shape[0] != donorRows
    {
      patch.vocabularySize = embedding.shape[0]
    }
    let hasHead = tensors.contains { $0.name.hasSuffix("lm_head.weight") }
    // A head beside which the config still says "tied" is not looked at by loaders.
    let isUntied =
      rowCount("lm_head.weight", checkpoints[donor]) == nil
      || checkpoints.contains { $0.config.flatMap { ModelConfig($0).tiesEmbeddings } == false }
    if hasHead, config?.tiesEmbeddings == true, isUntied {
      patch.tiesEmbeddings = false
      notes.append("config.json: tie_word_embeddings is now false, since there is a head")
    }
    patch.tokenID = movedTokens
    let patched = try patch.applied(to: Array(data))
    notes += patched.notes
    return patched.bytes
  }

  /// What the donor's token ids become, where the tokenizer is another model's.
  private var movedTokens: (@Sendable (Int) -> Int?)? {
    guard let tokenizer, tokenizer.source != donor else { return nil }
    let donor = donor
    return { tokenizer.newID(of: $0, in: donor) }
  }

  private func rowCount(_ name: String, _ checkpoint: Checkpoint) -> Int? {
    checkpoint[name]?.shape.first
  }
}
