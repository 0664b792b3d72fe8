internal import Files
internal import Notation

/// In what the tokenizers of a merge's inputs differ, told in short sentences.
package enum TokenizerComparison {
  /// Compares every model with the first; empty where all files are the same.
  package static func sentences(among models: [TokenizerFiles]) -> [String] {
    guard let first = models.first else { return [] }
    return models.dropFirst().flatMap { compare(first, $0) } + settings(of: models)
  }

  private static func compare(_ first: TokenizerFiles, _ other: TokenizerFiles) -> [String] {
    let names = Set(first.files.keys).union(other.files.keys).sorted()
    let different = names.filter { name in
      guard let a = first.files[name], let b = other.files[name] else { return false }
      return Digest(of: a.span) != Digest(of: b.span)
    }
    var sentences: [String] = []
    if !different.isEmpty {
      sentences.append("\(other.label): \(listed(different)) not as in \(first.label)")
    }
    for (one, another) in [(first, other), (other, first)] {
      let only = names.filter { one.files[$0] != nil && another.files[$0] == nil }
      if !only.isEmpty { sentences.append("only \(one.label) has \(listed(only))") }
    }
    if !first.hasSameVocabulary(as: other) { sentences += vocabularies(first, other) }
    return sentences
  }

  private static func vocabularies(_ first: TokenizerFiles, _ other: TokenizerFiles) -> [String] {
    let a: Vocabulary
    let b: Vocabulary
    do {
      guard let one = try first.json("tokenizer.json"),
        let another = try other.json("tokenizer.json")
      else { return [] }
      a = try Vocabulary(first, tokenizer: one)
      b = try Vocabulary(other, tokenizer: another)
    } catch {
      return error.problems
    }
    var sentences: [String] = []
    for (one, another, label, than) in [
      (a, b, first.label, other.label), (b, a, other.label, first.label),
    ] {
      let only = one.tokens.map(\.token).filter { another.ids[$0] == nil }
      guard !only.isEmpty else { continue }
      sentences.append(
        "\(only.count) of \(label)'s \(one.tokens.count) tokens are not among \(than)'s"
          + " \(another.tokens.count): \(examples(only))")
    }
    let moved = a.tokens.filter { b.ids[$0.token] != nil && b.ids[$0.token] != $0.id }
    if let example = moved.first {
      sentences.append(
        "tokens with another id in \(other.label) than in \(first.label): \(moved.count), as"
          + " \(quoted(example.token.text)): \(b.ids[example.token] ?? 0), not \(example.id)")
    }
    let added = a.tokens.map(\.token).filter {
      b.ids[$0] != nil && (a.added[$0] == nil) != (b.added[$0] == nil)
    }
    if !added.isEmpty {
      sentences.append(
        "\(first.label) and \(other.label) do not both have as added tokens: \(examples(added))")
    }
    return sentences
  }

  private static func examples(_ tokens: [Token]) -> String {
    tokens.prefix(5).map { quoted($0.text) }.joined(separator: ", ")
      + (tokens.count > 5 ? ", …" : "")
  }

  /// The settings of how to write and when to stop, with every model's value.
  private static func settings(of models: [TokenizerFiles]) -> [String] {
    func values(_ name: String) -> [JSON?] {
      models.map { $0.files[name].flatMap { try? JSON(parsing: $0) } }
    }
    var sentences: [String] = []
    let templates = models.map { ChatTemplate.inUse(by: $0) }
    if Set(templates).count > 1 {
      let list = zip(models, templates).map { model, template in
        let other = templates.firstIndex(of: template).map { models[$0].label } ?? ""
        if template == nil { return "\(model.label) has none" }
        return other == model.label ? "\(model.label) has its own" : "\(model.label) has \(other)'s"
      }
      sentences.append("chat templates differ: " + list.joined(separator: ", "))
    }
    let configs = values("tokenizer_config.json")
    let keys = ["bos_token", "eos_token", "pad_token", "add_bos_token", "tokenizer_class"]
    for key in keys {
      let texts = configs.map { $0?[key].map { $0["content"] ?? $0 } }
      sentences += difference(of: key, texts, models)
    }
    let generation = values("generation_config.json")
    var generationKeys: [String] = []
    for key in generation.flatMap({ $0?.members?.map(\.key) ?? [] })
    where key != "transformers_version" && !key.hasPrefix("_") && !generationKeys.contains(key) {
      generationKeys.append(key)
    }
    for key in generationKeys {
      sentences += difference(
        of: "generation_config.json: \(key)", generation.map { $0?[key] }, models)
    }
    return sentences
  }

  private static func difference(
    of name: String, _ values: [JSON?], _ models: [TokenizerFiles]
  ) -> [String] {
    guard Set(values.map { $0 ?? .null }).count > 1 else { return [] }
    let list = zip(models, values).map { model, value in
      let shown = value.map { $0.text.map(quoted) ?? String($0.compact.prefix(80)) } ?? "not set"
      return "\(model.label) \(shown)"
    }
    return ["\(name): " + list.joined(separator: ", ")]
  }
}
