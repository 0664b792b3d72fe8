import Testing

@testable import Fusion

struct LayerMapTests {
  /// The names of a small model's tensors, out of order as files have them.
  static func names(layers: Int, tower: String = "model.layers") -> [String] {
    ["lm_head.weight", "model.embed_tokens.weight"]
      + (0..<layers).reversed().flatMap {
        ["\(tower).\($0).mlp.weight", "\(tower).\($0).norm.weight"]
      }
      + ["model.norm.weight"]
  }

  static func map(_ text: String, _ names: [[String]]) throws -> LayerMap {
    try LayerMap(MergeDocumentTests.document(text), names: names)
  }

  /// Outputs as lines: name, slice, depth, sources.
  static func lines(_ map: LayerMap) -> [String] {
    map.outputs.map { "\($0.name) \($0.slice) \($0.t) \($0.sources.joined(separator: " "))" }
  }

  @Test func `models count as one slice of all layers`() throws {
    let map = try Self.map(
      "merge_method: linear\nmodels: [{model: a}, {model: b}]",
      [Self.names(layers: 2), Self.names(layers: 2) + ["model.layers.1.extra"]])
    #expect(
      Self.lines(map) == [
        "model.embed_tokens.weight 0 0.0 model.embed_tokens.weight model.embed_tokens.weight",
        "model.layers.0.mlp.weight 0 0.0 model.layers.0.mlp.weight model.layers.0.mlp.weight",
        "model.layers.0.norm.weight 0 0.0 model.layers.0.norm.weight model.layers.0.norm.weight",
        "model.layers.1.mlp.weight 0 1.0 model.layers.1.mlp.weight model.layers.1.mlp.weight",
        "model.layers.1.norm.weight 0 1.0 model.layers.1.norm.weight model.layers.1.norm.weight",
        "model.layers.1.extra 0 1.0 model.layers.1.extra model.layers.1.extra",
        "lm_head.weight 0 0.0 lm_head.weight lm_head.weight",
        "model.norm.weight 0 0.0 model.norm.weight model.norm.weight",
      ])
    #expect(map.layerCount == 2)
    #expect(map.tower == "model.layers")
    #expect(
      map.outputs.map(\.position) == [
        .before, .layer(0), .layer(0), .layer(1), .layer(1), .layer(1), .after, .after,
      ])
  }

  // A weight of [1, 2] gave the same depths in mergekit 0.1.5.
  @Test func `depth runs from the first layer to the last`() throws {
    let text = "merge_method: linear\nmodels: [{model: a}]\n"
    let five = try Self.map(text, [Self.names(layers: 5)])
    #expect(five.outputs.map(\.t) == [0, 0, 0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75, 1, 1, 0, 0])
    let one = try Self.map(text, [Self.names(layers: 1)])
    #expect(one.outputs.map(\.t) == [0, 1, 1, 0, 0])
    let deep = try Self.map(text + "post_t: 1", [Self.names(layers: 2)])
    #expect(deep.outputs.map(\.t) == [0, 0, 0, 1, 1, 1, 1])
  }

  @Test func `a base model that is not listed is a source too`() throws {
    let map = try Self.map(
      "merge_method: ties\nbase_model: base\nmodels: [{model: a}]",
      [Self.names(layers: 3), Self.names(layers: 2)])
    #expect(map.layerCount == 2)
    #expect(map.outputs.allSatisfy { $0.sources == [$0.name, $0.name] })
    // The third layer, which the base lacks, is not dropped.
    #expect(map.outputs.map(\.t) == [0, 0, 0, 1, 1, 1, 1, 0, 0])
  }

  @Test func `24 layers are stacked from twice 12`() throws {
    let map = try Self.map(
      """
      merge_method: passthrough
      slices:
        - sources: [{model: a, layer_range: [0, 12]}]
        - sources: [{model: b, layer_range: [0, 12]}]
      """, [Self.names(layers: 12), Self.names(layers: 12)])
    #expect(map.layerCount == 24)
    #expect(map.outputs.count == 3 + 24 * 2)
    for output in map.outputs {
      guard case .layer(let layer) = output.position else { continue }
      let source = try #require(TensorName(output.sources[0]))
      #expect(TensorName(output.name)?.layer == layer)
      #expect(output.slice == layer / 12)
      #expect(source.layer == layer % 12)
      #expect(output.name.hasSuffix(source.suffix))
      #expect(output.t == Double(layer % 12) / 11)
    }
    #expect(Set(map.outputs.map(\.name)).count == map.outputs.count)
    #expect(map.outputs.first { $0.name == "model.embed_tokens.weight" }?.slice == 0)
    #expect(map.outputs.first { $0.name == "model.norm.weight" }?.slice == 1)
    #expect(map.outputs.first { $0.name == "lm_head.weight" }?.slice == 1)
  }

  @Test func `a slice takes different layers of its sources`() throws {
    let map = try Self.map(
      """
      merge_method: slerp
      base_model: a
      slices:
        - sources: [{model: a, layer_range: [0, 1]}, {model: b, layer_range: [2, 3]}]
        - sources: [{model: b, layer_range: [1, 3]}, {model: b, layer_range: [0, 2]}]
      """, [Self.names(layers: 2), Self.names(layers: 3)])
    #expect(
      Self.lines(map).filter { $0.contains("mlp") } == [
        "model.layers.0.mlp.weight 0 1.0 model.layers.0.mlp.weight model.layers.2.mlp.weight",
        "model.layers.1.mlp.weight 1 0.0 model.layers.1.mlp.weight model.layers.0.mlp.weight",
        "model.layers.2.mlp.weight 1 1.0 model.layers.2.mlp.weight model.layers.1.mlp.weight",
      ])
  }

  @Test func `the tower with most layers counts, and others pass through`() throws {
    let vision =
      ["visual.patch_embed.proj.weight", "visual.merger.mlp.0.weight"]
      + (0..<2).map { "visual.blocks.\($0).norm.weight" }
    let map = try Self.map(
      """
      merge_method: passthrough
      slices:
        - sources: [{model: a, layer_range: [0, 3]}]
        - sources: [{model: b, layer_range: [1, 3]}]
      """, [vision + Self.names(layers: 3), vision + Self.names(layers: 3)])
    #expect(map.tower == "model.layers")
    #expect(map.layerCount == 5)
    let others = map.outputs.filter { $0.name.hasPrefix("visual") }
    #expect(others.map(\.name) == vision)
    #expect(others.allSatisfy { $0.slice == 0 && $0.t == 0 && $0.sources == [$0.name] })
  }

  @Test func `a model without layers has all its tensors outside`() throws {
    let map = try Self.map("merge_method: linear\nmodels: [{model: a}]", [["w", "embed.b"]])
    #expect(map.tower == nil)
    #expect(map.layerCount == 0)
    #expect(map.outputs.map(\.name) == ["embed.b", "w"])
  }

  static let embeddings: [(String, LayerMap.Position)] = [
    ("wte.weight", .before), ("transformer.wpe.weight", .before),
    ("tok_embeddings.weight", .before), ("shared.weight", .before),
    ("embeddings.LayerNorm.weight", .before), ("embed_out.weight", .after),
    ("ln_f.weight", .after), ("output.weight", .after), ("score.weight", .after),
  ]

  @Test(arguments: embeddings)
  func `embeddings stand before the layers`(name: String, expected: LayerMap.Position) throws {
    let map = try Self.map("merge_method: linear\nmodels: [{model: a}]", [["h.0.w", name]])
    #expect(map.outputs.first { $0.name == name }?.position == expected)
  }

  static let slice = "merge_method: linear\nslices:\n  - sources: "

  @Test(
    arguments: [
      (
        "[{model: a, layer_range: [0, 3]}]", names(layers: 2),
        "merge.yml:3:39: 'layer_range' takes 'model.layers.2', and the last layer of a is 1"
      ),
      (
        "[{model: a, layer_range: [0, 9223372036854775807]}]", ["h.999999.w", "h.0.w"],
        "merge.yml:3:39: 'layer_range' takes 'h.1', and the last layer of a is 999999"
      ),
      (
        "[{model: a, layer_range: [0, 1]}]", ["embed.weight"],
        "merge.yml:3:39: a has no layers to take a 'layer_range' from"
      ),
    ])
  func `a range beyond its model is refused`(text: String, names: [String], expected: String) throws
  {
    let error = #expect(throws: MergeError.self) { try Self.map(Self.slice + text, [names]) }
    #expect(error?.description == expected)
  }

  @Test func `sources whose layers are called otherwise are refused`() throws {
    let error = #expect(throws: MergeError.self) {
      try Self.map(
        Self.slice + "[{model: a, layer_range: [0, 1]}, {model: b, layer_range: [0, 1]}]",
        [Self.names(layers: 2), Self.names(layers: 2, tower: "transformer.h")])
    }
    #expect(
      error?.description
        == "merge.yml:3:72: b has no layers called 'model.layers.N' to take a 'layer_range' from")
  }

  static let names: [(String, String?)] = [
    ("model.layers.3.mlp.up_proj.weight", "model.layers|3|mlp.up_proj.weight"),
    ("h.0.attn.bias", "h|0|attn.bias"),
    ("model.layers.0.mlp.experts.7.w1", "model.layers|0|mlp.experts.7.w1"),
    ("blocks.12", "blocks|12|"),
    ("0.layers.1.w", "0.layers|1|w"),
    ("0.1.w", nil), ("lm_head.weight", nil), ("a.01.w", nil), ("a.+1.w", nil), ("", nil),
    ("a.9999999.w", nil), ("..1.a", nil), ("a.٣.w", nil),
  ]

  @Test(arguments: names)
  func `the first number after a word is the layer`(name: String, expected: String?) {
    let parsed = TensorName(name)
    #expect(parsed.map { "\($0.tower)|\($0.layer)|\($0.suffix)" } == expected)
    if let parsed { #expect(parsed.name == name) }
  }
}
