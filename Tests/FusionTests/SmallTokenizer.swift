import Notation

@testable import Fusion

/// A byte-pair tokenizer of some twenty tokens, as the files of a model have it.
struct SmallTokenizer {
  var letters = "abcdefghij".map(String.init) + ["Ġ"]
  var merges = [["a", "b"], ["c", "d"], ["ab", "cd"], ["e", "f"]]
  var added = ["<s>", "</s>"]
  var kind = "BPE"
  var more: [String: String] = [:]

  /// The algorithm's tokens in the order of their ids; added tokens follow.
  var vocabulary: [String] { letters + merges.map { $0.joined() } }

  var json: String {
    let vocabulary = vocabulary
    let entries = added.enumerated().map { index, text in
      """
      {"id": \(vocabulary.count + index), "content": \(JSON.quoted(text)), "single_word": false, \
      "lstrip": false, "rstrip": false, "normalized": false, "special": true}
      """
    }
    let tokens = vocabulary.enumerated().map { "\(JSON.quoted($1)): \($0)" }
    let pairs = merges.map { "[\($0.map { JSON.quoted($0) }.joined(separator: ", "))]" }
    return """
      {"version": "1.0", "added_tokens": [\(entries.joined(separator: ", "))],
       "normalizer": null, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
       "model": {"type": "\(kind)", "vocab": {\(tokens.joined(separator: ", "))},
                 "merges": [\(pairs.joined(separator: ", "))]}}
      """
  }

  func files(_ label: String) -> TokenizerFiles {
    var files = ["tokenizer.json": Array(json.utf8)]
    for (name, text) in more { files[name] = Array(text.utf8) }
    return TokenizerFiles(label: label, files: files)
  }
}

extension TokenizerFiles {
  func text(_ name: String) -> String? { files[name].map { String(decoding: $0, as: UTF8.self) } }
}
