internal import Notation

/// The tokens of a `tokenizer.json`, with those that the files beside it add.
struct Vocabulary {
  /// The algorithm that cuts text: `BPE`, `Unigram`, `WordPiece`, `WordLevel`.
  let kind: String
  /// Every token's id.
  private(set) var ids: [Token: Int] = [:]
  /// All tokens by id; of several with one id the first that the file names comes first.
  private(set) var tokens: [(token: Token, id: Int)] = []
  /// What the file says of each token that is matched in the text before the algorithm runs.
  private(set) var added: [Token: JSON] = [:]
  /// Those that the algorithm itself knows.
  private(set) var model: Set<Token> = []

  /// Far above any published vocabulary, and low enough that a table by id fits in memory.
  static let idLimit = 1 << 24

  /// Reads what `tokenizer.json`, `tokenizer_config.json` and `added_tokens.json` say.
  init(_ files: TokenizerFiles, tokenizer json: JSON) throws(MergeError) {
    let place = "\(files.label): tokenizer.json"
    kind = json["model"]?["type"]?.text ?? (json["model"]?["merges"] == nil ? "unknown" : "BPE")
    switch json["model"]?["vocab"] {
    case .object(let members)?:
      for member in members { try insert(member.key, member.value.int, of: place) }
    case .array(let pairs)?:
      for (id, pair) in pairs.enumerated() {
        guard let text = pair.items?.first?.text else {
          throw MergeError("\(place): entry \(id) of 'vocab' is no pair of a text and a number")
        }
        try insert(text, id, of: place)
      }
    default:
      throw MergeError("\(place): has no vocabulary under 'model' and 'vocab'")
    }
    model = Set(ids.keys)
    for entry in json["added_tokens"]?.items ?? [] {
      guard let text = entry["content"]?.text else {
        throw MergeError("\(place): an entry of 'added_tokens' has no 'content'")
      }
      try insert(text, entry["id"]?.int, of: place)
      added[Token(text)] = entry
    }
    for member in try files.json("tokenizer_config.json")?["added_tokens_decoder"]?.members ?? [] {
      guard let text = member.value["content"]?.text, ids[Token(text)] == nil else { continue }
      try insert(text, Int(member.key), of: "\(files.label): tokenizer_config.json")
      added[Token(text)] = member.value
    }
    for member in try files.json("added_tokens.json")?.members ?? []
    where ids[Token(member.key)] == nil {
      try insert(member.key, member.value.int, of: "\(files.label): added_tokens.json")
      added[Token(member.key)] = Self.plain
    }
    tokens = ids.map { ($0.key, $0.value) }
    tokens.sort { ($0.id, $0.token) < ($1.id, $1.token) }
  }

  private mutating func insert(_ text: String, _ id: Int?, of place: String) throws(MergeError) {
    guard let id, id >= 0, id < Self.idLimit else {
      throw MergeError("\(place): the token \(quoted(text)) has no id from 0 to \(Self.idLimit)")
    }
    let token = Token(text)
    guard ids[token] == nil || ids[token] == id else {
      throw MergeError(
        "\(place): the token \(quoted(text)) has two ids, \(ids[token] ?? id) and \(id)")
    }
    ids[token] = id
  }

  /// The id after the last.
  var end: Int { (tokens.last?.id ?? -1) + 1 }

  /// How a token is matched that somebody asked for by its text alone.
  static let plain = JSON.object([
    .init("single_word", .bool(false)), .init("lstrip", .bool(false)),
    .init("rstrip", .bool(false)), .init("normalized", .bool(false)),
    .init("special", .bool(false)),
  ])
}

/// A token's text, told apart by its bytes.
///
/// Vocabularies hold a letter both composed and decomposed, which are one and the same for Swift.
struct Token: Hashable, Comparable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (a: Token, b: Token) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

  static func < (a: Token, b: Token) -> Bool {
    a.text.utf8.lexicographicallyPrecedes(b.text.utf8)
  }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
