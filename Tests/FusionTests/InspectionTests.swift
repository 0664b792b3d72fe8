import Foundation
import Testing

@testable import Fusion

struct InspectionTests {
  @Test(
    arguments: [
      ("model.layers.12.mlp.down_proj.weight", "model.layers.12", "mlp.down_proj"),
      ("model.layers.1.self_attn.q_proj.bias", "model.layers.1", "self_attn.q_proj"),
      ("model.layers.1.mlp.experts.7.up_proj.weight", "model.layers.1", "mlp.experts.*.up_proj"),
      ("transformer.h.0.ln_1.weight", "transformer.h.0", "ln_1"),
      ("backbone.layers.3.mixer.A_log", "backbone.layers.3", "mixer.A_log"),
      ("model.embed_tokens.weight", nil, "embed_tokens"), ("lm_head.weight", nil, "lm_head"),
      ("model.weight", nil, "model"), ("classifier.0.weight", nil, "classifier.0"),
      ("weight", nil, "weight"), ("", nil, ""), ("1", nil, "1"), ("..", nil, ".."),
    ] as [(String, String?, String)])
  func `a name is taken apart into layer and module`(name: String, layer: String?, module: String) {
    #expect(ModuleName(name).layer == layer)
    #expect(ModuleName(name).module == module)
  }

  @Test func `a checkpoint is counted by type, file, layer and module`() throws {
    let scratch = try Scratch()
    try ModelFixture(scratch.path).write(
      [
        FixtureTensor("lm_head.weight", .bf16, [2, 3], [1, 2, 3, 4, 5, 6]),
        FixtureTensor("model.layers.1.norm.weight", .f32, [1], [1]),
        FixtureTensor("model.layers.0.mlp.up_proj.weight", .bf16, [2], [1, 2]),
        FixtureTensor("model.layers.1.mlp.up_proj.weight", .bf16, [], [1]),
      ], files: 2)
    let inspection = try Inspection(Checkpoint(scratch.path))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(inspection), as: UTF8.self)
    func total(_ bytes: Int, _ name: String, _ parameters: Int, _ tensors: Int) -> String {
      #"{"bytes":\#(bytes),"name":"\#(name)","parameters":\#(parameters),"tensors":\#(tensors)}"#
    }
    func tensor(
      _ bytes: Int, _ file: Int, _ name: String, _ count: Int, _ shape: String, _ type: String
    ) -> String {
      #"{"bytes":\#(bytes),"file":"model-0000\#(file)-of-00002.safetensors","name":"\#(name)","#
        + #""parameters":\#(count),"shape":\#(shape),"type":"\#(type)"}"#
    }
    #expect(
      text == #"{"files":["# + total(16, "model-00001-of-00002.safetensors", 7, 2) + ","
        + total(6, "model-00002-of-00002.safetensors", 3, 2) + #"],"layers":["#
        + total(4, "model.layers.0", 2, 1) + "," + total(6, "model.layers.1", 2, 2)
        + #"],"modules":["# + total(6, "mlp.up_proj", 3, 2) + "," + total(4, "norm", 1, 1) + ","
        + total(12, "lm_head", 6, 1) + #"],"notes":[],"path":"\#(scratch.path)","tensors":["#
        + tensor(4, 2, "model.layers.0.mlp.up_proj.weight", 2, "[2]", "BF16") + ","
        + tensor(2, 2, "model.layers.1.mlp.up_proj.weight", 1, "[]", "BF16") + ","
        + tensor(4, 1, "model.layers.1.norm.weight", 1, "[1]", "F32") + ","
        + tensor(12, 1, "lm_head.weight", 6, "[2,3]", "BF16") + #"],"total":"#
        + total(22, "all", 10, 4) + #","types":["# + total(18, "BF16", 9, 3) + ","
        + total(4, "F32", 1, 1) + "]}")
  }
}
