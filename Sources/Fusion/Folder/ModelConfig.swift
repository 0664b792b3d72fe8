package import Notation

/// What a model's `config.json` says that matters for a merge.
///
/// Families spell the same thing differently, and models of text and images keep what concerns the
/// text in an object of its own; both are looked through.
package struct ModelConfig: Sendable {
  private let json: JSON

  package init(_ json: JSON) { self.json = json }

  /// The objects in which models of several kinds of input describe the part that writes text.
  static let textKeys = ["text_config", "llm_config", "language_config"]

  static let layerKeys = ["num_hidden_layers", "n_layer", "n_layers", "num_layers"]

  package var architectures: [String] { json["architectures"]?.items?.compactMap(\.text) ?? [] }
  package var modelType: String? { json["model_type"]?.text }
  package var hiddenSize: Int? { number("hidden_size", "n_embd", "d_model", "dim") }
  package var headCount: Int? { number("num_attention_heads", "n_head", "n_heads", "num_heads") }
  package var layerCount: Int? { value(Self.layerKeys)?.int }
  package var vocabularySize: Int? { number("vocab_size") }
  package var tiesEmbeddings: Bool? { value(["tie_word_embeddings"])?.flag }

  /// The type that the weights are said to have, by either of its two names.
  package var type: ElementType? {
    value(["dtype", "torch_dtype"])?.text.flatMap { ElementType(torch: $0) }
  }

  /// How the weights are quantised; nil for plain weights.
  package var quantization: String? {
    guard let description = value(["quantization_config", "compression_config"]) else { return nil }
    return description["quant_method"]?.text ?? "quantised"
  }

  /// As many as there are query heads where the config does not say.
  package var keyValueHeadCount: Int? { number("num_key_value_heads") ?? headCount }

  /// The hidden size shared out among the heads where the config does not say.
  package var headWidth: Int? {
    if let width = number("head_dim") { return width }
    guard let hiddenSize, let headCount, headCount > 0 else { return nil }
    return hiddenSize / headCount
  }

  /// The base of the rotary position embedding, as it is spelt; most families mean 10000 by none.
  private var rotaryBase: JSON? {
    guard
      let base = value(["rope_theta", "rotary_emb_base"])
        ?? value(["rope_parameters"])?["rope_theta"]
    else { return usesRotary ? .number("10000.0") : nil }
    return base
  }

  /// GPT-2 and its like count positions in a table of their own.
  private var usesRotary: Bool {
    value(["rms_norm_eps", "rope_scaling", "rope_parameters"]) != nil
  }

  /// How the rotary embedding is stretched, in one spelling for both generations of configs.
  private var rotaryScaling: JSON? {
    var scaling = value(["rope_scaling"]) ?? value(["rope_parameters"])
    scaling?["rope_theta"] = nil
    if let type = scaling?["type"], scaling?["rope_type"] == nil { scaling?["rope_type"] = type }
    scaling?["type"] = nil
    if scaling?.members?.count == 0 || scaling?["rope_type"]?.text == "default" { scaling = nil }
    return scaling ?? (usesRotary ? .string("none") : nil)
  }

  /// The first of some keys that is set, in the part that writes text before the whole.
  private func value(_ keys: [String]) -> JSON? {
    for holder in Self.textKeys.compactMap({ json[$0] }) + [json] {
      for key in keys {
        if let value = holder[key], value != .null { return value }
      }
    }
    return nil
  }

  private func number(_ keys: String...) -> Int? { value(keys)?.int }
}

// MARK: - What differs

extension ModelConfig {
  /// A property in which the inputs of a merge do not agree.
  package struct Difference: Hashable, Sendable, CustomStringConvertible {
    package enum Severity: Hashable, Sendable {
      /// The tensors cannot fit together.
      case error
      /// They fit, and the result may still be worthless.
      case warning
    }
    package var severity: Severity
    /// One line: the property, every model's value, and what follows from it.
    package var description: String
  }

  /// All that differs among configs, errors first; what only some of them state is no difference.
  ///
  /// Where slices choose the layers, the models may have different numbers of them.
  package static func differences(
    among configs: [(label: String, json: JSON)], comparingLayers: Bool = true
  ) -> [Difference] {
    let models = configs.map { (label: $0.label, config: ModelConfig($0.json)) }
    var found: [Difference] = models.compactMap { label, config in
      config.quantization.map {
        let advice = "merge the checkpoint that it was quantised from"
        return Difference(
          severity: .error, description: "quantization_config: \(label) is \($0): \(advice)")
      }
    }
    for property in properties where comparingLayers || property.name != "num_hidden_layers" {
      let values = models.map { ($0.label, property.value($0.config)) }
      guard Set(values.compactMap { $0.1.map(canonical) }).count > 1 else { continue }
      let list = values.map { "\($0) \($1.map(shown) ?? "not set")" }.joined(separator: ", ")
      found.append(
        Difference(
          severity: property.severity,
          description: "\(property.name): \(list): \(property.consequence)"))
    }
    return found.filter { $0.severity == .error } + found.filter { $0.severity == .warning }
  }

  private struct Property: Sendable {
    var name: String
    var severity: Difference.Severity
    var consequence: String
    var value: @Sendable (ModelConfig) -> JSON?

    init(
      _ name: String, _ severity: Difference.Severity, _ consequence: String,
      _ value: @escaping @Sendable (ModelConfig) -> JSON?
    ) {
      self.name = name
      self.severity = severity
      self.consequence = consequence
      self.value = value
    }

    /// One that is compared as it stands, by the first of its spellings that is set.
    init(
      _ name: String, _ severity: Difference.Severity, _ consequence: String,
      spellings: [String] = []
    ) {
      self.init(name, severity, consequence) { $0.value([name] + spellings) }
    }
  }

  private static let properties: [Property] = {
    let kind = "only models of one architecture merge"
    let shape = "tensors of other shapes do not merge"
    let advice = "say 'tokenizer_source: base' or 'union' to give all the same rows"
    let stop = "the result takes those of the model that gives config.json"
    return [
      Property("model_type", .error, kind) { $0.json["model_type"] },
      Property("architectures", .error, kind) { $0.json["architectures"] },
      Property("hidden_size", .error, shape, spellings: ["n_embd", "d_model", "dim"]),
      Property("intermediate_size", .error, shape, spellings: ["n_inner", "ffn_dim", "d_ff"]),
      Property("num_attention_heads", .error, shape) { $0.headCount.map(JSON.init) },
      Property("num_key_value_heads", .error, shape) { $0.keyValueHeadCount.map(JSON.init) },
      Property("head_dim", .error, shape) { $0.headWidth.map(JSON.init) },
      Property(
        "num_experts", .error, shape, spellings: ["num_local_experts", "n_routed_experts"]),
      Property("moe_intermediate_size", .error, shape),
      Property(
        "num_hidden_layers", .error, "name the layers to take under 'slices'",
        spellings: Array(layerKeys.dropFirst())),
      Property("rope_theta", .warning, "weights trained for another rotary base do not merge") {
        $0.rotaryBase
      },
      Property(
        "rope_scaling", .warning, "weights trained for other rotary positions do not merge"
      ) { $0.rotaryScaling },
      Property(
        "rms_norm_eps", .warning, "the result computes with the one that its config.json gets",
        spellings: ["layer_norm_eps", "layer_norm_epsilon", "norm_eps", "norm_epsilon"]),
      Property(
        "hidden_act", .warning, "weights trained for another activation do not merge",
        spellings: ["hidden_activation", "activation_function"]),
      Property(
        "tie_word_embeddings", .warning, "the result has a head of its own if any input stores one"),
      Property("vocab_size", .warning, advice),
    ] + ["bos_token_id", "eos_token_id", "pad_token_id"].map { Property($0, .warning, stop) }
  }()

  /// One spelling for equal values: `1e-6` and `1e-06`, 2 and [2], members in any order.
  private static func canonical(_ value: JSON) -> String {
    switch value {
    case .number(let spelling): Double(spelling).map { "\($0)" } ?? spelling
    case .array(let items) where items.count == 1: canonical(items[0])
    case .array(let items): "[" + items.map(canonical).joined(separator: ",") + "]"
    case .object(let members):
      "{"
        + members.map { JSON.quoted($0.key) + ":" + canonical($0.value) }.sorted()
        .joined(separator: ",") + "}"
    case .string, .bool, .null: value.compact
    }
  }

  /// A value as a message shows it: as it is spelt, on one line of bounded length.
  private static func shown(_ value: JSON) -> String {
    if let text = value.text { return String(quoted(text).dropFirst().dropLast()) }
    let line = value.compact
    return line.count > 160 ? line.prefix(160) + "…" : line
  }
}

extension JSON {
  init(_ number: Int) { self = .number(String(number)) }
}
