internal import Notation

/// The tokenizer of a merge's result, and the rows that each model gives to its embedding.
package struct TokenizerMerge: Sendable {
  /// Whose vocabulary the result gets.
  package enum Choice: Hashable, Sendable {
    case base
    case model(Int)
    /// The base model's, with the tokens of all others behind it.
    case union
  }

  /// What one token's row is to be, instead of what the rule says.
  package struct Override: Hashable, Sendable {
    package enum Source: Hashable, Sendable {
      case zero
      /// The row of this very token in a model.
      case model(Int)
      /// The row of another token in a model.
      case token(String, model: Int)
      case tokenID(Int, model: Int)
    }
    package var token: String
    package var source: Source
    /// Also for the models that have the token themselves.
    package var isForced: Bool

    package init(token: String, source: Source, isForced: Bool = false) {
      self.token = token
      self.source = source
      self.isForced = isForced
    }
  }

  /// The model whose tokenizer files the result's are: to be copied but for those named below.
  package let source: Int
  /// Tokenizer files to be written in place of the source's; none where nothing changes.
  package private(set) var files: [String: [UInt8]] = [:]
  /// Files of the source that are not to be copied, since they would contradict the new ones.
  package private(set) var leftOut: [String] = []
  /// Sentences for whoever reads the plan.
  package private(set) var notes: [String] = []

  let labels: [String]
  let rowCounts: [Int]
  let multiple: Int?
  /// The base model, where the merge has one.
  let base: Int?
  /// By model and by the result's id: the model's id of the same token, or -1.
  private(set) var columns: [[Int]]
  /// By the result's id: whether a token has it.
  private(set) var isToken: [Bool] = []
  /// By model: the ids that stand for a token.
  private(set) var used: [Set<Int>]
  /// By the result's id: the row to take, nil for zeros, and whether by force.
  private(set) var overrides: [Int: (place: RowMap.Place?, isForced: Bool)] = [:]

  /// Decides on the tokenizer; `base` is the base model's place among the models, if it has one.
  ///
  /// `rowCounts` is what the models' embeddings have. Throws where the vocabularies cannot be
  /// brought together, and where an override names what a model has not.
  package init(
    models: [TokenizerFiles], rowCounts: [Int], base: Int? = nil, choice: Choice,
    overrides: [Override] = [], padToMultipleOf multiple: Int? = nil
  ) throws(MergeError) {
    precondition(!models.isEmpty && models.count == rowCounts.count)
    if let multiple, !(1...Vocabulary.idLimit ~= multiple) {
      throw MergeError("pad_to_multiple_of: \(multiple) is not from 1 to \(Vocabulary.idLimit)")
    }
    labels = models.map(\.label)
    self.rowCounts = rowCounts
    self.multiple = multiple
    self.base = base
    source = if case .model(let model) = choice { model } else { base ?? 0 }
    columns = Array(repeating: [], count: models.count)
    used = Array(repeating: [], count: models.count)

    let first = models[source]
    let isUniform = models.allSatisfy { first.hasSameVocabulary(as: $0) }
    let needsNoIDs = first.files["tokenizer.json"] == nil || Set(rowCounts).count == 1
    if isUniform && needsNoIDs && overrides.isEmpty && multiple == nil { return }

    let parts = try Self.read(models)
    var union = TokenizerUnion(of: parts[source], label: first.label)
    if choice == .union {
      for (model, part) in parts.enumerated() where model != source {
        try union.take(part, label: models[model].label)
      }
    }
    for override in overrides { union.add(override.token) }
    if union.hasGrown {
      files = try union.files(replacing: first)
      leftOut = first.otherVocabularies.filter { union.changesModel || $0 == "tekken.json" }
      notes = union.notes
      if !leftOut.isEmpty {
        notes.append(
          "tokenizer: \(listed(leftOut)) of \(first.label) would lack tokens; not copied, since"
            + " tokenizer.json has them all")
      }
    }
    isToken = Array(repeating: false, count: union.end)
    columns = Array(repeating: Array(repeating: -1, count: union.end), count: parts.count)
    used = parts.map { Set($0.vocabulary.tokens.map(\.id)) }
    for (token, id) in union.tokens {
      isToken[id] = true
      for (model, part) in parts.enumerated() where columns[model][id] < 0 {
        columns[model][id] = part.vocabulary.ids[token] ?? -1
      }
    }
    let vocabularies = parts.map(\.vocabulary)
    try resolve(overrides, ids: union.ids, vocabularies: vocabularies)
  }

  /// Reads every vocabulary; equal files are read once.
  private static func read(
    _ models: [TokenizerFiles]
  ) throws(MergeError) -> [TokenizerUnion.Part] {
    var parts: [Int: TokenizerUnion.Part] = [:]
    var problems: [String] = []
    for (index, model) in models.enumerated() {
      let twin = models[..<index].firstIndex { $0.hasSameVocabulary(as: model) }
      if let twin {
        parts[index] = parts[twin]
        continue
      }
      do {
        if let json = try model.json("tokenizer.json") {
          parts[index] = TokenizerUnion.Part(
            json: json, vocabulary: try Vocabulary(model, tokenizer: json))
        } else {
          problems.append(
            "\(model.label): has no tokenizer.json, without which its tokens are not known here;"
              + " load it with transformers' AutoTokenizer and save it again, which writes one")
        }
      } catch {
        problems += error.problems
      }
    }
    guard problems.isEmpty else { throw MergeError(problems) }
    return models.indices.compactMap { parts[$0] }
  }

  private mutating func resolve(
    _ list: [Override], ids: [Token: Int], vocabularies: [Vocabulary]
  ) throws(MergeError) {
    var problems: [String] = []
    for override in list {
      guard let id = ids[Token(override.token)] else { continue }
      let wanted = "tokens: \(quoted(override.token)) is to get the row of"
      func place(_ text: String, _ model: Int) -> RowMap.Place? {
        guard let row = vocabularies[model].ids[Token(text)] else {
          let known = vocabularies[model].added.keys.map(\.text).sorted()
          problems.append(
            "\(wanted) \(quoted(text)) in \(labels[model]), which has no such token"
              + suggestion(for: text, among: known))
          return nil
        }
        return RowMap.Place(model: model, row: row)
      }
      let place: RowMap.Place? =
        switch override.source {
        case .zero: nil
        case .model(let model): place(override.token, model)
        case .token(let text, let model): place(text, model)
        case .tokenID(let row, let model): RowMap.Place(model: model, row: row)
        }
      if let place, !(0..<rowCounts[place.model] ~= place.row) {
        problems.append(
          "\(wanted) id \(place.row) in \(labels[place.model]), whose embedding has"
            + " \(rowCounts[place.model]) rows")
      }
      overrides[id] = (place, override.isForced)
    }
    guard problems.isEmpty else { throw MergeError(problems) }
  }

  /// What an id of a model's tokenizer is in the result's; nil for a token that it has not.
  package func newID(of id: Int, in model: Int) -> Int? {
    if columns[model].isEmpty || !used[model].contains(id) { return id }
    return columns[model].firstIndex(of: id)
  }
}
