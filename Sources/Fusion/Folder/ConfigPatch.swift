internal import Notation

/// What a merge changes in the `config.json` that its result inherits from one of its inputs.
///
/// Nothing else changes: keys, their order and the spelling of numbers stay, and without a change
/// the bytes come out as they went in. Merging tools that read a config into their own idea of it
/// and write that lose what they do not know.
package struct ConfigPatch: Sendable {
  /// The type of the weights that are written; nil leaves what the config says.
  package var type: ElementType?
  /// For every layer of the result, the layer of the donor whose entry in lists it takes.
  package var layers: [Int]?
  package var vocabularySize: Int?
  package var tiesEmbeddings: Bool?
  /// What a token's id becomes, nil for a token that is gone; without it all ids stay.
  package var tokenID: (@Sendable (Int) -> Int?)?

  package init(
    type: ElementType? = nil, layers: [Int]? = nil, vocabularySize: Int? = nil,
    tiesEmbeddings: Bool? = nil, tokenID: (@Sendable (Int) -> Int?)? = nil
  ) {
    self.type = type
    self.layers = layers
    self.vocabularySize = vocabularySize
    self.tiesEmbeddings = tiesEmbeddings
    self.tokenID = tokenID
  }

  /// The patched text, with sentences on what its reader should look at.
  ///
  /// `name` is the file's name for messages. `generation_config.json` is patched by the same call
  /// with nothing set but `tokenID`.
  package func applied(
    to bytes: [UInt8], of name: String = "config.json"
  ) throws(MergeError) -> (bytes: [UInt8], notes: [String]) {
    var edits = Edits(json: try JSON(reading: bytes, of: name), name: name)
    if let name = type?.torchName { edits.setType(name) }
    if let layers { try edits.gather(layers) }
    if let vocabularySize { edits.setEverywhere("vocab_size", JSON(vocabularySize)) }
    if let tiesEmbeddings { edits.setEverywhere("tie_word_embeddings", .bool(tiesEmbeddings)) }
    if let tokenID { edits.moveTokens(tokenID) }
    return (try JSONPatch.patched(bytes, edits.list, of: name), edits.notes)
  }
}

/// The values to be replaced, gathered before the text is touched.
private struct Edits {
  let json: JSON
  let name: String
  var list: [(path: [String], value: JSON)] = []
  var notes: [String] = []

  init(json: JSON, name: String) {
    self.json = json
    self.name = name
  }

  /// The whole and the part that describes the writing of text.
  private var holders: [(path: [String], json: JSON)] {
    [([], json)] + ModelConfig.textKeys.compactMap { key in json[key].map { ([key], $0) } }
  }

  private mutating func set(_ path: [String], _ value: JSON, was old: JSON?) {
    if old != value { list.append((path, value)) }
  }

  /// Where a key stands, for text; on top where it stands nowhere.
  mutating func setEverywhere(_ key: String, _ value: JSON) {
    let found = holders.filter { $0.json[key] != nil }
    for (path, holder) in found { set(path + [key], value, was: holder[key]) }
    if found.isEmpty { set([key], value, was: nil) }
  }

  /// The type has one name until transformers 4 and another since 5, and parts repeat it.
  mutating func setType(_ type: String) {
    var found = false
    func visit(_ json: JSON, _ path: [String], _ change: (JSON, [String]) -> Void) {
      for key in ["torch_dtype", "dtype"] where path.isEmpty || json[key]?.text != nil {
        if let old = json[key] { change(old, path + [key]) }
      }
      guard path.count < 8 else { return }
      for member in json.members ?? []
      where member.key.hasSuffix("_config") && member.key != "quantization_config" {
        visit(member.value, path + [member.key], change)
      }
    }
    var changes: [[String]] = []
    visit(json, []) { old, path in
      found = true
      let isSame = old.text.map { $0 == type || $0 == "torch." + type } ?? false
      if !isSame { changes.append(path) }
    }
    list += changes.map { ($0, .string(type)) }
    if !found { list.append((["torch_dtype"], .string(type))) }
  }

  /// Lists with an entry for every layer are gathered anew, lists of layer numbers renumbered.
  mutating func gather(_ layers: [Int]) throws(MergeError) {
    let isRenumbered = layers.enumerated().contains { $0 != $1 }
    for (path, holder) in holders {
      guard let key = ModelConfig.layerKeys.first(where: { holder[$0]?.int != nil }),
        let count = holder[key]?.int
      else { continue }
      set(path + [key], JSON(layers.count), was: holder[key])
      guard layers.count != count || isRenumbered else { continue }
      for member in holder.members ?? [] {
        guard let items = member.value.items, !items.isEmpty else { continue }
        if Self.numberLists.contains(member.key) {
          let numbers = Set(items.compactMap(\.int))
          let places = layers.indices.filter { numbers.contains(layers[$0]) }
          set(path + [member.key], .array(places.map { JSON($0) }), was: member.value)
        } else if items.count == count, Self.isPerLayer(member.key) {
          if let beyond = layers.first(where: { !items.indices.contains($0) }) {
            throw MergeError(
              "\(name): '\(member.key)' has \(count) entries, and the slices take layer \(beyond);"
                + " name as base_model the one that has all layers")
          }
          set(path + [member.key], .array(layers.map { items[$0] }), was: member.value)
        }
      }
      let rhythms = Self.rhythms.filter { holder[$0] != nil && holder[$0] != .null }
      if !rhythms.isEmpty && isRenumbered {
        notes.append(
          "\(name): \(listed(rhythms)) describes layers by their number, and the slices renumber"
            + " them; check that each still is of its kind")
      }
    }
  }

  /// Keys whose lists hold the numbers of some layers.
  private static let numberLists: Set = [
    "mlp_only_layers", "moe_layers", "cross_attention_layers", "attn_layer_indices",
    "full_attn_idxs",
  ]

  /// Whether a list that is as long as there are layers is so because of that.
  private static func isPerLayer(_ key: String) -> Bool {
    key.contains("layer") || key.contains("block") || key.hasSuffix("_pattern")
  }

  /// Keys by which loaders tell the kind of a layer from its number.
  private static let rhythms = [
    "sliding_window_pattern", "full_attention_interval", "attn_layer_period", "attn_layer_offset",
    "expert_layer_period", "interleave_moe_layer_step", "decoder_sparse_step",
    "first_k_dense_replace", "no_rope_layer_interval", "global_attn_every_n_layers",
  ]

  mutating func moveTokens(_ tokenID: (Int) -> Int?) {
    for (path, holder) in holders {
      for member in holder.members ?? []
      where member.key.hasSuffix("_token_id") || member.key.hasSuffix("_token_index") {
        var gone: [Int] = []
        func moved(_ value: JSON) -> JSON {
          guard let id = value.int, id >= 0 else { return value }
          guard let new = tokenID(id) else {
            gone.append(id)
            return value
          }
          return JSON(new)
        }
        let value = member.value.items.map { .array($0.map(moved)) } ?? moved(member.value)
        set(path + [member.key], value, was: member.value)
        for id in gone {
          notes.append(
            "\(name): '\(member.key)' \(id) is a token that the result's tokenizer has not; set it"
              + " by hand")
        }
      }
    }
  }
}
