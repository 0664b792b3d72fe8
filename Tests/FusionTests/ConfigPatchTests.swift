import Notation
import Testing

@testable import Fusion

struct ConfigPatchTests {
  /// Odd on purpose: spellings of numbers, order, spacing, escapes, and no line end.
  static let config = """
    {
      "architectures": [ "Qwen2ForCausalLM" ],
      "rms_norm_eps": 1e-06, "rope_theta": 1000000.0,
      "unknown": {"deep": [1, 2.50, "é\\u00e9"]},
        "torch_dtype": "bfloat16",
      "num_hidden_layers": 3,
      "layer_types": [
        "full",
        "sliding",
        "last"
      ],
      "no_rope_layers": [1, 1, 0],
      "mlp_only_layers": [0, 2],
      "eos_token_id": [16, 3],
      "tie_word_embeddings": true,
      "vocab_size": 32
    }
    """

  func patched(_ patch: ConfigPatch, _ config: String = config) throws -> String {
    String(decoding: try patch.applied(to: Array(config.utf8)).bytes, as: UTF8.self)
  }

  @Test func `what nothing changes comes out byte for byte`() throws {
    #expect(try patched(ConfigPatch()) == Self.config)
    let same = ConfigPatch(
      type: .bf16, layers: [0, 1, 2], vocabularySize: 32, tiesEmbeddings: true, tokenID: { $0 })
    #expect(try patched(same) == Self.config)
  }

  @Test func `values change in their places and nothing around them does`() throws {
    let patch = ConfigPatch(
      type: .f32, layers: [0, 2, 1, 2], vocabularySize: 40, tiesEmbeddings: false,
      tokenID: { $0 == 3 ? 3 : $0 + 2 })
    let expected = """
      {
        "architectures": [ "Qwen2ForCausalLM" ],
        "rms_norm_eps": 1e-06, "rope_theta": 1000000.0,
        "unknown": {"deep": [1, 2.50, "é\\u00e9"]},
          "torch_dtype": "float32",
        "num_hidden_layers": 4,
        "layer_types": [
          "full",
          "last",
          "sliding",
          "last"
        ],
        "no_rope_layers": [1, 0, 1, 0],
        "mlp_only_layers": [0, 1, 3],
        "eos_token_id": [18, 3],
        "tie_word_embeddings": false,
        "vocab_size": 40
      }
      """
    #expect(try patched(patch) == expected)
  }

  @Test(arguments: [
    (#"{"torch_dtype": "float32"}"#, #"{"torch_dtype": "bfloat16"}"#),
    (#"{"dtype": "float32"}"#, #"{"dtype": "bfloat16"}"#),
    (#"{"dtype": null}"#, #"{"dtype": "bfloat16"}"#),
    (#"{"torch_dtype": "torch.bfloat16"}"#, #"{"torch_dtype": "torch.bfloat16"}"#),
    (#"{"a": 1}"#, #"{"a": 1,"torch_dtype": "bfloat16"}"#),
    ("{}", #"{"torch_dtype": "bfloat16"}"#),
    ("{\n    \"a\": 1\n}\n", "{\n    \"a\": 1,\n    \"torch_dtype\": \"bfloat16\"\n}\n"),
    (
      #"{"dtype": "float16", "text_config": {"dtype": "float16"}, "quantization_config": {"dtype": "x"}}"#,
      #"{"dtype": "bfloat16", "text_config": {"dtype": "bfloat16"}, "quantization_config": {"dtype": "x"}}"#
    ),
    (
      #"{"text_config": {"torch_dtype": "float16"}}"#,
      #"{"text_config": {"torch_dtype": "bfloat16"}}"#
    ),
  ])
  func `the type is written under the name that the config has for it`(
    before: String, after: String
  ) throws {
    #expect(try patched(ConfigPatch(type: .bf16), before) == after)
  }

  @Test func `a part for text is patched along with the whole`() throws {
    let config = """
      {"text_config": {"n_layer": 2, "layer_types": ["a", "b"], "vocab_size": 9},
       "vision_config": {"num_hidden_layers": 2, "layer_types": ["v", "w"]}}
      """
    let expected = """
      {"text_config": {"n_layer": 1, "layer_types": ["b"], "vocab_size": 10},
       "vision_config": {"num_hidden_layers": 2, "layer_types": ["v", "w"]}}
      """
    #expect(try patched(ConfigPatch(layers: [1], vocabularySize: 10), config) == expected)
  }

  @Test func `a layer that the donor has not is an error`() {
    #expect(
      throws: MergeError(
        "config.json: 'layer_types' has 3 entries, and the slices take layer 5; name as base_model"
          + " the one that has all layers")
    ) { try patched(ConfigPatch(layers: [0, 5])) }
  }

  @Test func `layers told by their number, and tokens that are gone, are noted`() throws {
    let config = #"{"num_hidden_layers": 4, "decoder_sparse_step": 2, "pad_token_id": 7}"#
    let notes = try ConfigPatch(layers: [0, 2], tokenID: { _ in nil })
      .applied(to: Array(config.utf8)).notes
    #expect(
      notes == [
        "config.json: 'decoder_sparse_step' describes layers by their number, and the slices"
          + " renumber them; check that each still is of its kind",
        "config.json: 'pad_token_id' 7 is a token that the result's tokenizer has not; set it by"
          + " hand",
      ])
  }

  @Test(arguments: [
    ("", "config.json: line 1, column 1: expected a value, and the text ends"),
    ("[1]", "config.json: is JSON, but no object"),
  ])
  func `what is no config is an error`(text: String, message: String) {
    #expect(throws: MergeError(message)) { try patched(ConfigPatch(), text) }
  }

  @Test func `no truncation of a config makes it trap`() {
    let bytes = Array(Self.config.utf8)
    let patch = ConfigPatch(type: .f16, layers: [2, 9], vocabularySize: 1, tiesEmbeddings: false)
    for count in bytes.indices {
      #expect(throws: MergeError.self) { try patch.applied(to: Array(bytes[..<count])) }
    }
  }
}
