internal import Files
internal import Tokenization

/// Makes tokens of texts as the trainer's tokenizer does, once a template's tokens are added to it.
struct TemplateEncoder: ~Copyable {
  private let encoder: TokenEncoder
  private let added: [TemplateTokens.Added]
  private var text = ByteBuffer(capacity: 1 << 16)

  init(_ tokens: TemplateTokens) {
    encoder = TokenEncoder(tokens.tokenizer)
    added = tokens.added
  }

  /// Appends the tokens of parts that are one text together.
  mutating func encode(_ parts: String..., into ids: inout [Int32]) {
    text.removeAll()
    for part in parts { text.append(part) }
    let bytes = text.bytes
    var start = 0
    var place = added.isEmpty ? bytes.count : 0
    while place < bytes.count {
      guard let token = token(in: bytes, at: place) else {
        place += 1
        continue
      }
      encoder.encode(bytes.extracting(start..<place), into: &ids)
      ids.append(token.id)
      place += token.bytes.count
      start = place
    }
    encoder.encode(bytes.extracting(start..<bytes.count), into: &ids)
  }

  private func token(in bytes: Span<UInt8>, at place: Int) -> TemplateTokens.Added? {
    for token in added where bytes.has(token.bytes, at: place) { return token }
    return nil
  }
}

extension Span<UInt8> {
  /// Whether a word stands at a place.
  func has(_ word: [UInt8], at place: Int) -> Bool {
    guard self[place] == word[0], place + word.count <= count else { return false }
    for offset in word.indices where self[place + offset] != word[offset] { return false }
    return true
  }
}
