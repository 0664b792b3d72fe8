internal import Files
internal import Notation

/// The files of a model's folder by which its text becomes tokens, as they stand there.
package struct TokenizerFiles: Sendable {
  /// What messages call the model.
  package var label: String
  /// The bytes by file name.
  package var files: [String: [UInt8]]

  package init(label: String, files: [String: [UInt8]]) {
    self.label = label
    self.files = files
  }

  /// Reads those that the folder has, and `generation_config.json`, which names tokens too.
  package init(label: String, folder: String) throws(MergeError) {
    var files: [String: [UInt8]] = [:]
    for name in Folder.files(below: folder + "/.")
    where (Self.owns(name) && !name.contains("/")) || name == "generation_config.json" {
      do {
        let stream = try FileStream(folder + "/" + name)
        guard stream.byteCount <= Self.sizeLimit else {
          throw FileError(stream.path, "has \(stream.byteCount) bytes; that is no tokenizer file")
        }
        files[name] = try stream.bytes(at: 0, count: stream.byteCount)
      } catch {
        throw MergeError("\(error)")
      }
    }
    self.init(label: label, files: files)
  }

  /// The largest published vocabularies have files of some 40 MB.
  private static let sizeLimit = 1 << 30

  /// Whether a file, named relative to its model's folder, belongs to the tokenizer.
  package static func owns(_ path: String) -> Bool {
    names.contains(path) || vocabularyNames.contains(path) || path.hasSuffix(".tiktoken")
      || path.hasPrefix("additional_chat_templates/")
      || (path.hasPrefix("tokenization_") && path.hasSuffix(".py"))
  }

  private static let names: Set = [
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "chat_template.jinja", "chat_template.json",
  ]

  /// Other forms of the vocabulary in `tokenizer.json`, each with all of its tokens.
  private static let vocabularyNames: Set = [
    "vocab.json", "merges.txt", "vocab.txt", "vocab.bpe", "encoder.json", "tokenizer.model",
    "spiece.model", "sentencepiece.bpe.model", "tekken.json",
  ]

  /// The names of files that no longer say the truth once the vocabulary has changed.
  var otherVocabularies: [String] {
    files.keys.filter { Self.vocabularyNames.contains($0) || $0.hasSuffix(".tiktoken") }.sorted()
  }

  /// A file as JSON; nil where the model has none of that name.
  func json(_ name: String) throws(MergeError) -> JSON? {
    guard let bytes = files[name] else { return nil }
    return try JSON(reading: bytes, of: "\(label): \(name)")
  }

  /// Whether the same texts surely become the same token ids as with another model's files.
  func hasSameVocabulary(as other: TokenizerFiles) -> Bool {
    let names = ["tokenizer.json", "added_tokens.json"]
    let mine = files["tokenizer.json"] == nil ? names + otherVocabularies : names
    guard mine.contains(where: { files[$0] != nil }) else { return false }
    return mine.allSatisfy { files[$0] == other.files[$0] }
      && addedTokens?.compact == other.addedTokens?.compact
  }

  /// The tokens that `tokenizer_config.json` adds; nil also where it cannot be read.
  private var addedTokens: JSON? {
    guard let bytes = files["tokenizer_config.json"] else { return nil }
    return (try? JSON(parsing: bytes))?["added_tokens_decoder"]
  }
}
