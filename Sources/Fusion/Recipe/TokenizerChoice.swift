internal import Notation

/// Which tokenizer the output gets: `tokenizer`, or the short form `tokenizer_source`.
package struct TokenizerChoice: Sendable {
  package var source: Source
  /// Tokens whose embedding is not left to the rule, in the order of the file.
  package var tokens: [Token] = []
  package var padToMultipleOf: Int?
  package var place: Place

  package enum Source: Sendable {
    /// All tokens of all inputs.
    case union
    /// The base model's tokenizer.
    case base
    case model(ModelReference)
  }

  package struct Token: Sendable {
    package var text: String
    /// Where its embedding comes from; nil leaves it to the rule.
    package var source: Embedding?
    /// Whether every model's embedding gives way to the source's, also where a model has its own.
    package var isForced: Bool
    package var place: Place
  }

  package enum Embedding: Sendable {
    case zero
    /// This token's own embedding in that model.
    case model(ModelReference)
    /// The embedding of another token.
    case token(text: String, of: ModelReference)
    case tokenID(Int, of: ModelReference)
  }

  /// The models named in it, be they inputs or not.
  var models: [ModelReference] {
    var models: [ModelReference] = []
    if case .model(let model) = source { models.append(model) }
    for token in tokens {
      switch token.source {
      case .model(let model), .token(_, let model), .tokenID(_, let model): models.append(model)
      case .zero, nil: break
      }
    }
    return models
  }

  /// Reads `tokenizer_source`.
  init(source yaml: YAML) throws(RecipeError) {
    place = Place(yaml)
    source = try Self.source(yaml, "'tokenizer_source'")
  }

  /// Reads `tokenizer`.
  init(_ yaml: YAML) throws(RecipeError) {
    place = Place(yaml)
    let keys = try yaml.present("'tokenizer'", ["source", "tokens", "pad_to_multiple_of"])
    source =
      try keys["source"].map { (value) throws(RecipeError) in
        try Self.source(value, "'source'")
      } ?? .union
    padToMultipleOf = try keys["pad_to_multiple_of"]?.count("'pad_to_multiple_of'", atLeast: 1)
    guard let list = keys["tokens"] else { return }
    for (key, value) in try list.entries("'tokens'") { tokens.append(try Self.token(key, value)) }
  }

  private static func source(_ yaml: YAML, _ what: String) throws(RecipeError) -> Source {
    switch yaml.isScalar ? try yaml.text(what) : "" {
    case "union": .union
    case "base": .base
    default: .model(try ModelReference(yaml, what))
    }
  }

  private static func token(_ key: YAML, _ yaml: YAML) throws(RecipeError) -> Token {
    let keys = try yaml.present("a token's rule", ["source", "force"])
    return Token(
      text: try key.text("a token"),
      source: try keys["source"].map { (value) throws(RecipeError) in try embedding(value) },
      isForced: try keys["force"]?.flag("'force'") ?? false, place: Place(key))
  }

  private static func embedding(_ yaml: YAML) throws(RecipeError) -> Embedding {
    guard yaml.isMapping,
      let kind = try yaml.entries("'source'").first(where: { $0.key.literal == .text("kind") })
    else { return .model(try ModelReference(yaml, "a token's 'source'")) }
    switch try kind.value.text("'kind'") {
    case "zero":
      _ = try yaml.present("a 'source' of kind 'zero'", ["kind"])
      return .zero
    case "model_token":
      let what = "a 'source' of kind 'model_token'"
      let keys = try yaml.present(what, ["kind", "model", "token", "token_id"])
      guard let model = keys["model"], (keys["token"] == nil) != (keys["token_id"] == nil) else {
        throw yaml.fail("\(what) needs 'model' and either 'token' or 'token_id'")
      }
      let reference = try ModelReference(model, "'model'")
      if let token = keys["token"] { return .token(text: try token.text("'token'"), of: reference) }
      return .tokenID(try keys["token_id"]?.count("'token_id'") ?? 0, of: reference)
    case let other:
      throw kind.value.fail(
        "'kind' cannot be '\(other)'"
          + choices(for: other, among: ["zero", "model_token"], "there are"))
    }
  }
}
