import Testing

@testable import Fusion

struct NaturalOrderTests {
  @Test func `embeddings come first, layers by their numbers, the head last`() {
    let names = [
      "model.embed_tokens.weight",
      "model.visual.patch_embedding.weight",
      "transformer.wte.weight",
      "model.layers.0.self_attn.q_proj.weight",
      "model.layers.2.embed_gate.weight",
      "model.layers.2.mlp.experts.9.up_proj.weight",
      "model.layers.2.mlp.experts.10.up_proj.weight",
      "model.layers.10.mlp.up_proj.bias",
      "model.layers.10.mlp.up_proj.weight",
      "model.layers.18446744073709551616.weight",
      "model.layers.18446744073709551617.weight",
      "model.norm.weight",
      "language_model.lm_head.weight",
      "lm_head.bias",
      "lm_head.weight",
      "output.weight",
    ]
    #expect(names.shuffled().inNaturalOrder { $0 } == names)
  }

  @Test func `different names have different places, whatever they are`() {
    let names = ["", ".", "0", "00", "a", "a0", "a00", "a01", "a1", "a1b", "a10", "a1.", "ä", "Å"]
    for a in names {
      for b in names where a != b {
        #expect((NaturalOrder(a) < NaturalOrder(b)) != (NaturalOrder(b) < NaturalOrder(a)))
        for c in names where NaturalOrder(a) < NaturalOrder(b) && NaturalOrder(b) < NaturalOrder(c)
        {
          #expect(NaturalOrder(a) < NaturalOrder(c))
        }
      }
    }
  }
}
