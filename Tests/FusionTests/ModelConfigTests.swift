import Notation
import Testing

@testable import Fusion

struct ModelConfigTests {
  func differences(_ configs: String..., comparingLayers: Bool = true) throws -> [String] {
    let labels = ["math", "coding", "science"]
    return ModelConfig.differences(
      among: try zip(labels, configs).map { ($0, try JSON(parsing: Array($1.utf8))) },
      comparingLayers: comparingLayers
    ).map { "\($0.severity): \($0)" }
  }

  static let plain = """
    {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": 64,
     "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 2,
     "rope_theta": 1000000.0, "rms_norm_eps": 1e-06, "vocab_size": 32, "eos_token_id": 5,
     "tie_word_embeddings": false}
    """

  @Test func `what is spelt in another way is no difference`() throws {
    let other = """
      {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": 64,
       "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 2, "head_dim": 16,
       "rope_parameters": {"rope_theta": 1000000, "rope_type": "default"}, "rms_norm_eps": 0.000001,
       "vocab_size": 32, "eos_token_id": [5], "pad_token_id": null}
      """
    #expect(try differences(Self.plain, other) == [])
  }

  @Test func `differences are told with every model's value, errors first`() throws {
    let other = """
      {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 128,
       "num_attention_heads": 4, "num_key_value_heads": 4, "num_hidden_layers": 3,
       "rope_scaling": {"type": "linear", "factor": 2.0}, "rms_norm_eps": 1e-5, "vocab_size": 34,
       "eos_token_id": [5, 6], "tie_word_embeddings": true}
      """
    #expect(
      try differences(Self.plain, other, Self.plain) == [
        "error: model_type: math qwen2, coding llama, science qwen2: only models of one"
          + " architecture merge",
        #"error: architectures: math ["Qwen2ForCausalLM"], coding ["LlamaForCausalLM"], science"#
          + #" ["Qwen2ForCausalLM"]: only models of one architecture merge"#,
        "error: hidden_size: math 64, coding 128, science 64: tensors of other shapes do not merge",
        "error: num_key_value_heads: math 2, coding 4, science 2: tensors of other shapes do not"
          + " merge",
        "error: head_dim: math 16, coding 32, science 16: tensors of other shapes do not merge",
        "error: num_hidden_layers: math 2, coding 3, science 2: name the layers to take under"
          + " 'slices'",
        "warning: rope_theta: math 1000000.0, coding 10000.0, science 1000000.0: weights trained"
          + " for another rotary base do not merge",
        #"warning: rope_scaling: math none, coding {"factor":2.0,"rope_type":"linear"}, science"#
          + " none: weights trained for other rotary positions do not merge",
        "warning: rms_norm_eps: math 1e-06, coding 1e-5, science 1e-06: the result computes with"
          + " the one that its config.json gets",
        "warning: tie_word_embeddings: math false, coding true, science false: the result has a"
          + " head of its own if any input stores one",
        "warning: vocab_size: math 32, coding 34, science 32: say 'tokenizer_source: base' or"
          + " 'union' to give all the same rows",
        "warning: eos_token_id: math 5, coding [5,6], science 5: the result takes those of the"
          + " model that gives config.json",
      ])
  }

  @Test func `slices may take from models of any depth`() throws {
    let other = Self.plain.replacing("\"num_hidden_layers\": 2", with: "\"num_hidden_layers\": 9")
    #expect(try differences(Self.plain, other, comparingLayers: false) == [])
  }

  @Test func `a quantised model is an error by itself`() throws {
    let other = #"{"quantization_config": {"quant_method": "gptq"}, "model_type": "qwen2"}"#
    #expect(
      try differences(Self.plain, other) == [
        "error: quantization_config: coding is gptq: merge the checkpoint that it was quantised from"
      ])
  }

  @Test func `a nested text part is looked through`() throws {
    let nested = """
      {"text_config": {"hidden_size": 8, "num_attention_heads": 2, "n_layer": 3, "dtype": "float16",
       "vocab_size": 7}, "hidden_size": 5, "tie_word_embeddings": true}
      """
    let config = ModelConfig(try JSON(parsing: Array(nested.utf8)))
    #expect(config.hiddenSize == 8)
    #expect(config.headWidth == 4)
    #expect(config.keyValueHeadCount == 2)
    #expect(config.layerCount == 3)
    #expect(config.type == .f16)
    #expect(config.vocabularySize == 7)
    #expect(config.tiesEmbeddings == true)
    #expect(config.quantization == nil)
  }
}
