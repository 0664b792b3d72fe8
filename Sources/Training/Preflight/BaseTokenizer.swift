internal import Files
internal import Foundation
internal import Notation
internal import Tokenization

/// A base model's tokenizer with the names that it has for the start and the end of a sequence.
struct BaseTokenizer: Sendable {
  let tokenizer: Tokenizer
  private let bos: String?
  private let eos: String?

  init(folder: String) throws {
    tokenizer = try Tokenizer(reading: folder + "/tokenizer.json")
    let config = try Self.json(folder + "/tokenizer_config.json")
    // Transformers reads the older file only where the newer one does not list the added tokens.
    let map = config?["added_tokens_decoder"] == nil ? folder + "/special_tokens_map.json" : nil
    let names = [try map.flatMap(Self.json), config].compactMap { $0 }
    func token(_ key: String) -> String? {
      let value = names.lazy.compactMap { $0[key] }.first
      guard let text = value?.text ?? value?["content"]?.text, !text.isEmpty else { return nil }
      return text
    }
    bos = token("bos_token")
    eos = token("eos_token")
  }

  private static func json(_ path: String) throws -> JSON? {
    FileManager.default.fileExists(atPath: path) ? try JSON(file: path) : nil
  }

  /// The tokens that the trainer works with once it has made the tokenizer fit a template.
  func tokens(for template: TrainerTemplate) -> TemplateTokens {
    // The eos token that counts is a stop word, else the tokenizer's, else one that is made up.
    let end = template.stopWords.first ?? eos ?? "<|endoftext|>"
    let encoder = TokenEncoder(tokenizer)
    var next = Int32(clamping: tokenizer.vocabularySize)
    var ids: [String: Int32] = [:]
    var added: [TemplateTokens.Added] = []
    var new: [String] = []
    for text in [bos, eos, end].compactMap({ $0 }) + template.stopWords where ids[text] == nil {
      let known = tokenizer.id(of: text)
      let id = known ?? next
      if known == nil {
        next += 1
        new.append(text)
      }
      ids[text] = id
      var found: [Int32] = []
      encoder.encode(text, into: &found)
      if found != [id] { added.append(.init(bytes: Array(text.utf8), id: id)) }
    }
    added.sort { $0.bytes.count > $1.bytes.count }
    return TemplateTokens(
      tokenizer: tokenizer, bos: bos.flatMap { ids[$0] }, eos: ids[end] ?? next, added: added,
      new: new)
  }
}

/// A tokenizer after LLaMA-Factory's `fix_special_tokens` (0.9.5, data/template.py).
struct TemplateTokens: Sendable {
  let tokenizer: Tokenizer
  let bos: Int32?
  let eos: Int32
  /// Tokens that `tokenizer.json` does not find in a text and the trainer does; longest first.
  let added: [Added]
  /// Those of them that have no id before.
  let new: [String]

  struct Added: Sendable {
    let bytes: [UInt8]
    let id: Int32
  }
}
