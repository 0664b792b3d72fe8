internal import Notation

/// A tokenizer that takes in tokens of others; all ids that it had stay what they are.
///
/// Tokens that another matches in the text before its algorithm runs become such here. Tokens of
/// its algorithm, byte-pair encoding, enter the vocabulary together with their merges, which rank
/// behind all that there are. (To match them in the text instead, as other tools do, would tear
/// apart words that contain them, and never find those that begin with a space.)
struct TokenizerUnion {
  struct Part {
    var json: JSON
    var vocabulary: Vocabulary
  }

  private let start: Part
  private let label: String
  private(set) var ids: [Token: Int]
  private(set) var tokens: [(token: Token, id: Int)]
  /// The id after the last.
  private(set) var end: Int
  private(set) var notes: [String] = []

  private var newTokens: [(token: Token, id: Int)] = []
  private var newAdded: [(token: Token, id: Int, entry: JSON)] = []
  private var newMerges: [Merge] = []
  private var knownMerges: Set<Merge>?

  private struct Merge: Hashable {
    var left: Token
    var right: Token
  }

  init(of start: Part, label: String) {
    self.start = start
    self.label = label
    ids = start.vocabulary.ids
    tokens = start.vocabulary.tokens
    end = start.vocabulary.end
  }

  /// Whether the algorithm's own vocabulary differs from the first tokenizer's.
  var changesModel: Bool { !newTokens.isEmpty }
  var hasGrown: Bool { !newTokens.isEmpty || !newAdded.isEmpty }

  /// Takes in all tokens of another tokenizer that are not there yet, in the order of their ids.
  mutating func take(_ part: Part, label other: String) throws(MergeError) {
    let fresh = part.vocabulary.tokens.filter { ids[$0.token] == nil }
    guard !fresh.isEmpty else { return }
    let learned = fresh.filter { part.vocabulary.added[$0.token] == nil }
    if let example = learned.first {
      try takeMerges(of: part, label: other, example: example.token)
    }
    for (token, _) in fresh {
      let id = append(token)
      if let entry = part.vocabulary.added[token] {
        newAdded.append((token, id, entry))
      } else {
        newTokens.append((token, id))
      }
    }
    let examples = fresh.prefix(5).map { quoted($0.token.text) }.joined(separator: ", ")
    notes.append(
      "tokenizer: \(fresh.count) of \(other)'s tokens are new and go behind the others:"
        + " \(examples)\(fresh.count > 5 ? ", …" : "")")
    if !learned.isEmpty {
      notes.append(
        "tokenizer: \(learned.count) of them are pieces of words; text that only \(label) knew how"
          + " to cut is now cut differently too, into tokens that it was not trained on")
    }
  }

  /// Makes a text a token of its own, if it is none.
  mutating func add(_ text: String) {
    let token = Token(text)
    guard ids[token] == nil else { return }
    newAdded.append((token, append(token), Vocabulary.plain))
    notes.append("tokenizer: \(quoted(text)) is a new token")
  }

  private mutating func append(_ token: Token) -> Int {
    let id = end
    ids[token] = id
    tokens.append((token, id))
    end += 1
    return id
  }

  private mutating func takeMerges(
    of part: Part, label other: String, example: Token
  ) throws(MergeError) {
    guard start.vocabulary.kind == "BPE", part.vocabulary.kind == "BPE" else {
      let kinds = "\(label) cuts by \(start.vocabulary.kind), \(other) by \(part.vocabulary.kind)"
      throw MergeError(
        "tokenizer: \(quoted(example.text)) of \(other) is not in \(label)'s vocabulary; a union is"
          + " made of byte-pair encodings (\(kinds)); say 'tokenizer_source: base' or name a model")
    }
    for key in ["normalizer", "pre_tokenizer"] where start.json[key] != part.json[key] {
      notes.append(
        "tokenizer: \(label) and \(other) have different '\(key)' in tokenizer.json; the first"
          + " model's is kept, so that tokens of \(other) may never occur")
    }
    for key in ["continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"]
    where start.json["model"]?[key] != part.json["model"]?[key] {
      notes.append(
        "tokenizer: \(label) and \(other) have different '\(key)' in tokenizer.json; \(label)'s is"
          + " kept")
    }
    var known: Set<Merge>
    if let knownMerges {
      known = knownMerges
    } else {
      known = Set(try Self.merges(start.json, label: label))
    }
    for merge in try Self.merges(part.json, label: other) where known.insert(merge).inserted {
      newMerges.append(merge)
    }
    knownMerges = known
  }

  /// Older files write a merge as one text with a space, newer ones as a pair.
  private static func merges(_ json: JSON, label: String) throws(MergeError) -> [Merge] {
    var merges: [Merge] = []
    for item in json["model"]?["merges"]?.items ?? [] {
      let pair =
        item.items?.compactMap(\.text)
        ?? item.text?.split(separator: " ", omittingEmptySubsequences: false).map(String.init) ?? []
      guard pair.count == 2 else {
        throw MergeError("\(label): tokenizer.json: merge \(merges.count) is no pair of tokens")
      }
      merges.append(Merge(left: Token(pair[0]), right: Token(pair[1])))
    }
    return merges
  }
}

// MARK: - Writing

extension TokenizerUnion {
  /// The files of the first tokenizer that change, with the new tokens.
  func files(replacing old: TokenizerFiles) throws(MergeError) -> [String: [UInt8]] {
    var files = ["tokenizer.json": Array(try tokenizer().formatted().utf8)]
    if let bytes = old.files["tokenizer_config.json"],
      let decoder = try old.json("tokenizer_config.json")?["added_tokens_decoder"]?.members
    {
      let keys = ["lstrip", "normalized", "rstrip", "single_word", "special"]
      let new = newAdded.map { token, id, entry in
        let flags = keys.map { JSON.Member($0, entry[$0] ?? .bool(false)) }
        return JSON.Member(String(id), .object([.init("content", .string(token.text))] + flags))
      }
      files["tokenizer_config.json"] = try JSONPatch.patched(
        bytes, [(["added_tokens_decoder"], .object(decoder + new))],
        of: "\(label): tokenizer_config.json")
    }
    if let added = try old.json("added_tokens.json")?.members {
      let new = newAdded.map { JSON.Member($0.token.text, JSON($0.id)) }
      files["added_tokens.json"] = Array((JSON.object(added + new).formatted() + "\n").utf8)
    }
    return files
  }

  private func tokenizer() throws(MergeError) -> JSON {
    var json = start.json
    var added = json["added_tokens"]?.items ?? []
    let named = Set(added.compactMap { $0["content"]?.text.map(Token.init) })
    for (token, id) in start.vocabulary.tokens where !named.contains(token) {
      if let entry = start.vocabulary.added[token] { added.append(Self.entry(token, id, entry)) }
    }
    added += newAdded.map { Self.entry($0.token, $0.id, $0.entry) }
    json["added_tokens"] = .array(added)

    guard var model = json["model"] else { return json }
    if changesModel || !areCounted(added) {
      guard var vocabulary = model["vocab"]?.members else {
        throw MergeError(
          "tokenizer: \(label)'s ids have a gap before the new tokens, and its tokenizer.json cannot"
            + " name their ids; say 'tokenizer_source: base'")
      }
      // A token that the vocabulary names too has that id for certain; others are counted on.
      let isNew = tokens.filter { !start.vocabulary.model.contains($0.token) }
      vocabulary += isNew.map { .init($0.token.text, JSON($0.id)) }
      model["vocab"] = .object(vocabulary)
    }
    if !newMerges.isEmpty {
      var merges = model["merges"]?.items ?? []
      let isPaired = merges.first?.items != nil || hasSpaces
      if isPaired { merges = try Self.merges(json, label: label).map(Self.pair) }
      merges += newMerges.map {
        isPaired ? Self.pair($0) : .string($0.left.text + " " + $0.right.text)
      }
      model["merges"] = .array(merges)
    }
    json["model"] = model
    return json
  }

  private var hasSpaces: Bool {
    newMerges.contains { $0.left.text.utf8.contains(0x20) || $0.right.text.utf8.contains(0x20) }
  }

  private static func pair(_ merge: Merge) -> JSON {
    .array([.string(merge.left.text), .string(merge.right.text)])
  }

  /// Whether loaders, which number added tokens on from the vocabulary, come to their ids.
  private func areCounted(_ added: [JSON]) -> Bool {
    var last = -1
    for entry in added {
      guard let text = entry["content"]?.text, let id = entry["id"]?.int else { return false }
      if !start.vocabulary.model.contains(Token(text)) {
        let size = start.vocabulary.model.count
        guard id == (last >= size ? last + 1 : size) else { return false }
      }
      last = max(last, id)
    }
    return true
  }

  private static func entry(_ token: Token, _ id: Int, _ entry: JSON) -> JSON {
    let flags = ["single_word", "lstrip", "rstrip", "normalized", "special"]
    return .object(
      [.init("id", JSON(id)), .init("content", .string(token.text))]
        + flags.map { .init($0, entry[$0] ?? .bool(false)) })
  }
}
