internal import Files
internal import Notation

/// Reads a `tokenizer.json`, and refuses by name what would not give the library's tokens.
struct TokenizerReader {
  private let path: String
  private let root: JSON

  init(_ path: String) throws(FileError) {
    self.path = path
    root = try JSON(file: path)
  }

  func tokenizer() throws(FileError) -> Tokenizer {
    let model = root["model"] ?? .null
    let kind = model["type"]?.text ?? (model["merges"] == nil ? "none" : "BPE")
    guard kind == "BPE" else { throw refusal("its model is \(quoted(kind))") }
    for (key, isOff) in [
      ("dropout", isOff(model["dropout"])), ("byte_fallback", isOff(model["byte_fallback"])),
      ("continuing_subword_prefix", isOff(model["continuing_subword_prefix"])),
      ("end_of_word_suffix", isOff(model["end_of_word_suffix"])),
    ] where !isOff {
      throw refusal("its model has '\(key)'")
    }
    let vocabulary = try vocabulary(model)
    let merges = try merges(model, vocabulary)
    if merges.byteTokens.contains(-1), !isOff(model["unk_token"]) {
      throw refusal("its model has 'unk_token', and no token of their own for some bytes")
    }
    let isComposing = try isComposing(root["normalizer"] ?? .null)
    var cuts = Cuts()
    try read(root["pre_tokenizer"] ?? .null, into: &cuts)
    guard cuts.isByteLevel else { throw refusal("its 'pre_tokenizer' does not end in 'ByteLevel'") }
    return Tokenizer(
      vocabulary: vocabulary, merges: merges, added: try added(vocabulary, isComposing),
      isComposing: isComposing, splits: cuts.splits, prefixedSplit: cuts.prefixed,
      keepsWholeWords: model["ignore_merges"]?.flag ?? false)
  }

  private func refusal(_ what: String) -> FileError {
    FileError(
      path,
      "\(what); byte-level BPE as Qwen2, DeepSeek, Llama 3 and GPT-2 have it is what can be read"
        + " here")
  }

  private func failure(_ message: String) -> FileError { FileError(path, message) }

  /// Null, false, nothing, zero or no letters.
  private func isOff(_ value: JSON?) -> Bool {
    switch value {
    case nil, .null?, .bool(false)?, .string("")?: true
    case .number?: value?.double == 0
    default: false
    }
  }

  private func vocabulary(_ model: JSON) throws(FileError) -> ByteVocabulary {
    guard let members = model["vocab"]?.members else {
      throw failure("has no vocabulary under 'model' and 'vocab'")
    }
    var vocabulary = ByteVocabulary(capacity: members.count)
    for member in members {
      guard let id = member.value.int, vocabulary.insert(member.key, id) else {
        throw failure(
          "the token \(quoted(member.key)) has no id of its own from 0 to"
            + " \(ByteVocabulary.idLimit - 1)")
      }
    }
    return vocabulary
  }

  private func merges(
    _ model: JSON, _ vocabulary: ByteVocabulary
  ) throws(FileError) -> MergeTable {
    guard let items = model["merges"]?.items else {
      throw failure("has no merges under 'model' and 'merges'")
    }
    let byteTokens = (0..<256).map { byte in
      vocabulary.id(of: [UInt8(byte)].span) ?? -1
    }
    var table = MergeTable(byteTokens: byteTokens, capacity: items.count)
    var joined: [UInt8] = []
    var rank: UInt32 = 0
    for (number, item) in items.enumerated() {
      // What `merges.txt` begins with.
      if let line = item.text, line.hasPrefix("#version") { continue }
      let parts =
        item.items?.compactMap(\.text)
        ?? item.text?.split(separator: " ", omittingEmptySubsequences: false).map(String.init) ?? []
      guard parts.count == 2, item.items?.count ?? 2 == 2 else {
        throw failure("merge \(number + 1) is no pair of tokens")
      }
      joined.removeAll(keepingCapacity: true)
      let isOfBytes =
        ByteAlphabet.decode(parts[0], into: &joined) && ByteAlphabet.decode(parts[1], into: &joined)
      guard let left = vocabulary.id(of: parts[0]), let right = vocabulary.id(of: parts[1]),
        let token = isOfBytes
          ? vocabulary.id(of: joined.span) : vocabulary.id(of: parts[0] + parts[1])
      else {
        throw failure(
          "merge \(number + 1), \(quoted(parts[0])) and \(quoted(parts[1])), has a part or a result"
            + " that is not in the vocabulary")
      }
      if isOfBytes { table.insert(left, right, rank: rank, token: token) }
      rank += 1
    }
    return table
  }

  /// Whether the normalizer composes letters; any other is refused.
  private func isComposing(_ normalizer: JSON) throws(FileError) -> Bool {
    switch normalizer["type"]?.text {
    case nil where normalizer == .null: return false
    case "NFC"?: return true
    case "Sequence"?:
      var isComposing = false
      for part in normalizer["normalizers"]?.items ?? [] {
        if try self.isComposing(part) { isComposing = true }
      }
      return isComposing
    case let kind: throw refusal("its normalizer is \(quoted(kind ?? "without a type"))")
    }
  }

  /// The splits in their order, as the pre-tokenizers are read one by one.
  private struct Cuts {
    var splits: [Split] = []
    var prefixed: Int?
    var isByteLevel = false
  }

  /// What `ByteLevel` itself cuts by.
  private static let byteLevelPattern =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  private func read(_ cutter: JSON, into cuts: inout Cuts) throws(FileError) {
    guard !cuts.isByteLevel else { throw refusal("in its 'pre_tokenizer' 'ByteLevel' is not last") }
    switch cutter["type"]?.text {
    case "Sequence"?:
      for part in cutter["pretokenizers"]?.items ?? [] { try read(part, into: &cuts) }
    case "Split"?: try readSplit(cutter, into: &cuts)
    case "Digits"?:
      let isSingle = cutter["individual_digits"]?.flag ?? false
      cuts.splits.append(
        Split(pattern: try pattern(isSingle ? #"\p{N}"# : #"\p{N}+"#), behaviour: .isolated))
    case "ByteLevel"?:
      if cutter["add_prefix_space"]?.flag ?? true { cuts.prefixed = cuts.splits.count }
      if cutter["use_regex"]?.flag ?? true {
        cuts.splits.append(Split(pattern: try pattern(Self.byteLevelPattern), behaviour: .isolated))
      }
      cuts.isByteLevel = true
    case let kind: throw refusal("its 'pre_tokenizer' has \(quoted(kind ?? "nothing"))")
    }
  }

  private func readSplit(_ cutter: JSON, into cuts: inout Cuts) throws(FileError) {
    let name = cutter["behavior"]?.text ?? ""
    guard let behaviour = Split.Behaviour(rawValue: name) else {
      throw refusal("its 'pre_tokenizer' has a 'Split' with the behaviour \(quoted(name))")
    }
    let found: SplitPattern
    if let regex = cutter["pattern"]?["Regex"]?.text {
      found = try pattern(regex)
    } else if let text = cutter["pattern"]?["String"]?.text, !text.isEmpty {
      found = try pattern(text, isLiteral: true)
    } else {
      throw failure("its 'pre_tokenizer' has a 'Split' without a pattern")
    }
    cuts.splits.append(
      Split(
        pattern: found, behaviour: behaviour, isInverted: cutter["invert"]?.flag ?? false))
  }

  private func pattern(
    _ text: String, isLiteral: Bool = false
  ) throws(FileError) -> SplitPattern {
    do throws(PatternFault) {
      return try isLiteral ? SplitPattern(literally: text) : SplitPattern(text)
    } catch {
      throw refusal(
        "its 'pre_tokenizer' splits by \(quoted(text)), which has \(error.reason)")
    }
  }

  /// The added tokens, with the ids that the library gives them: it does not go by those of the file.
  private func added(
    _ vocabulary: ByteVocabulary, _ isComposing: Bool
  ) throws(FileError) -> AddedTokens {
    var added = AddedTokens()
    var next = Int32(vocabulary.count)
    for entry in root["added_tokens"]?.items ?? [] {
      guard let text = entry["content"]?.text else {
        throw failure("an entry of 'added_tokens' has no 'content'")
      }
      if text.isEmpty { continue }
      let id = added.id(of: text) ?? vocabulary.id(of: text) ?? next
      next = max(next, id + 1)
      let token = AddedToken(
        id: id, text: text, isSingleWord: entry["single_word"]?.flag ?? false,
        stripsLeft: entry["lstrip"]?.flag ?? false, stripsRight: entry["rstrip"]?.flag ?? false,
        isNormalized: entry["normalized"]?.flag ?? false)
      guard added.append(token) else {
        throw failure("the added token \(quoted(text)) stands in the file in two ways")
      }
    }
    added.finish(composing: isComposing)
    return added
  }
}
