import Foundation
import Notation
import Testing

@testable import Fusion

/// What is decided, and what is refused, before a byte is merged.
struct MergePlanTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  static let config =
    #"{"model_type": "llama", "num_hidden_layers": 3, "num_attention_heads": 4, "vocab_size": 6,"#
    + #" "rope_theta": 10000.0, "tie_word_embeddings": false}"#

  /// A model of three layers; every value tells its model and row.
  private func model(
    _ name: String, _ number: Double, rows: Int = 6, columns: Int = 4, config: String = config,
    head: Bool = true, change: ([FixtureTensor]) -> [FixtureTensor] = { $0 }
  ) throws {
    func matrix(_ name: String, _ rows: Int, _ columns: Int) -> FixtureTensor {
      let values = (0..<rows * columns).map { number * 1000 + Double($0 / columns) }
      return FixtureTensor(name, .f32, [rows, columns], values)
    }
    var tensors = [matrix("model.embed_tokens.weight", rows, columns)]
    for layer in 0..<3 {
      tensors.append(matrix("model.layers.\(layer).mlp.weight", 3, 4))
      let norm = (0..<4).map { number * 1000 + Double(100 * layer + $0) }
      tensors.append(FixtureTensor("model.layers.\(layer).norm.weight", .f32, [4], norm))
    }
    if head { tensors.append(matrix("lm_head.weight", rows, columns)) }
    try ModelFixture(scratch.path + "/" + name).write(change(tensors), config: config)
  }

  private func text(_ more: String = "", models: [String] = ["a", "b"]) -> String {
    "merge_method: arcee_fusion\nbase_model: \(scratch.path)/a\nmodels:\n"
      + models.map { "  - model: \(scratch.path)/\($0)\n" }.joined() + more + "\n"
  }

  private func plan(_ text: String, shards: Int? = nil) throws -> MergePlan {
    var options = MergePlan.Options()
    if let shards { options.shardByteCount = shards }
    return try MergePlan(MergeConfig(parsing: text, file: "merge.yml"), options: options)
  }

  private func merge(_ plan: MergePlan) throws -> Checkpoint {
    var options = Merger.Options()
    options.isDurable = false
    _ = try Merge(plan, to: scratch.path + "/out", version: "test").run(options)
    return try Checkpoint(scratch.path + "/out")
  }

  private func problems(_ text: String) -> [String] {
    do {
      _ = try plan(text)
      return []
    } catch let error as MergeError {
      return error.problems
    } catch {
      return ["\(error)"]
    }
  }

  // ---- what is wrong ----

  @Test func `everything that is wrong is told at once`() throws {
    try model("a", 1)
    let other = Self.config.replacing("10000.0", with: "500000")
      .replacing(#"heads": 4"#, with: #"heads": 8"#)
    try model("b", 2, rows: 7, config: other) { tensors in
      tensors.filter { $0.name != "model.layers.1.norm.weight" && $0.name != "lm_head.weight" }.map
      {
        $0.name == "model.layers.2.mlp.weight"
          ? FixtureTensor($0.name, .f32, [4, 3], $0.values)
          : $0.name == "model.layers.0.norm.weight"
            ? FixtureTensor($0.name, .i32, [4], [1, 2, 3, 4]) : $0
      } + [FixtureTensor("model.layers.1.extra", .f32, [1], [0])]
    }
    let found = problems(text())
    for words in [
      "num_attention_heads",
      "model.layers.1.norm.weight: missing in b, present in a",
      "model.layers.1.extra: missing in a, present in b", "lm_head.weight: missing in b",
      "model.embed_tokens.weight: shapes differ: a [6, 4], b [7, 4]; 'embed_mismatch'",
      "model.layers.2.mlp.weight: shapes differ: a [3, 4], b [4, 3]; 'shape_mismatch: skip'",
      "model.layers.0.norm.weight: these types do not merge: a F32, b I32",
    ] {
      #expect(found.contains { $0.contains(words) }, "\(words)")
    }
    #expect(Set(found).count == found.count)
  }

  @Test func `what the configs differ in and stops nothing is a warning`() throws {
    try model("a", 1)
    try model("b", 2, config: Self.config.replacing("10000.0", with: "500000"))
    #expect(try plan(text()).warnings.contains { $0.hasPrefix("rope_theta: a 10000.0, b 500000:") })
  }

  @Test func `what the tokenizers have wrong is told beside the rest`() throws {
    try model("a", 1)
    try model("b", 2) { $0.filter { $0.name != "model.layers.1.norm.weight" } }
    try tokenizer("a", ["x", "y"])
    try scratch.write("b/tokenizer.json", "{")
    let found = problems(text("tokenizer_source: union"))
    #expect(found.contains { $0.contains("tokenizer.json") })
    #expect(found.contains { $0.contains("model.layers.1.norm.weight: missing in b") })
  }

  @Test func `unknown methods and parameters are refused at their place`() throws {
    try model("a", 1)
    try model("b", 2)
    #expect(
      problems(text().replacing("arcee_fusion", with: "arcee_fusoin")).first?
        .hasPrefix(
          "merge.yml:1:15: no merge method is called 'arcee_fusoin'; did you mean 'arcee_fusion'?")
        == true)
    let found = problems(text("parameters:\n  lamda_iqr: 1\n  gait: hard\n"))
    #expect(found.count == 2)
    #expect(
      found.first?.hasPrefix("merge.yml:7:3: ") == true
        && found.first?.contains("'lambda_iqr'") == true, "\(found)")
    let values = problems(text("parameters: {gate: soft, lambda_iqr: -1}"))
    #expect(values.contains { $0.contains("'gate' is 'soft'; it can be 'hard'") }, "\(values)")
    #expect(values.count == 1, "once, not for every tensor")
  }

  @Test func `inputs that are not there are all told`() throws {
    try model("a", 1)
    let found = problems(text(models: ["a", "none"]) + "dtype: float32\n")
    #expect(found.count == 1 && found[0].hasPrefix("merge.yml:5:12: "), "\(found)")
    let both = problems(
      "merge_method: arcee_fusion\nbase_model: gone\nmodels: [{model: gone}, {model: missing}]")
    #expect(both.count == 2, "\(both)")
    #expect(problems(text(models: ["a"])).first?.contains("takes 1 model besides the base") == true)
    try model("b", 2)
    try model("c", 2)
    #expect(problems(text(models: ["a", "b", "c"])).first?.contains("here are 2") == true)
  }

  // ---- rows of embeddings ----

  @Test(arguments: [("submatrix", 5), ("pad_base", 6), ("union", 8)])
  func `embeddings of different sizes are brought together as asked`(rule: String, rows: Int)
    throws
  {
    for isLarger in [false, true] {
      let other = isLarger ? 8 : 5
      try model("a", 1)
      try model("b", 2, rows: other)
      let expected = rule == "submatrix" ? min(6, other) : rule == "union" ? max(6, other) : 6
      let plan = try plan(
        text("embed_mismatch: \(rule)\nparameters: {lambda_iqr: 0, kl_scope: none}"))
      let merged = try merge(plan)
      #expect(merged["model.embed_tokens.weight"]?.shape == [expected, 4])
      #expect(merged.config?["vocab_size"]?.int == expected)
      let values = try merged.values("lm_head.weight")
      let firsts = stride(from: 0, to: values.count, by: 4).map { values[$0] }
      // Differences are the same in all common rows, so all of the expert is taken.
      let both = min(6, other)
      let tail = (both..<max(both, expected)).map { Double($0) + (other > 6 ? 2000 : 1000) }
      #expect(firsts == (0..<both).map { 2000 + Double($0) } + tail)
      try FileManager.default.removeItem(atPath: scratch.path + "/out")
    }
  }

  @Test func `a tied head is the embedding of its model`() throws {
    try model("a", 1, head: false) {  // Ties.
      $0
    }
    try scratch.write("a/config.json", Self.config.replacing(": false", with: ": true"))
    try model("b", 2)
    let plan = try plan(text("parameters: {lambda_iqr: 0, kl_scope: none}"))
    #expect(plan.tensors.last?.name == "lm_head.weight")
    #expect(
      plan.tensors.last?.inputs.map(\.tensor.name) == [
        "model.embed_tokens.weight", "lm_head.weight",
      ])
    let merged = try merge(plan)
    #expect(merged.config?["tie_word_embeddings"]?.flag == false)
    #expect(try merged.values("lm_head.weight").first == 2000)
  }

  // ---- slices ----

  @Test func `slices rename layers and change the config`() throws {
    try model("a", 1)
    try model("b", 2)
    let (a, b) = (scratch.path + "/a", scratch.path + "/b")
    let plan = try plan(
      """
      merge_method: arcee_fusion
      base_model: \(a)
      parameters: {lambda_iqr: 0, kl_scope: none}
      slices:
        - sources: [{model: \(a), layer_range: [0, 2]}, {model: \(b), layer_range: [1, 3]}]
        - sources: [{model: \(a), layer_range: [1, 3]}, {model: \(b), layer_range: [0, 2]}]
      """)
    #expect(
      plan.tensors.map(\.name) == ["model.embed_tokens.weight"]
        + (0..<4).flatMap { ["model.layers.\($0).mlp.weight", "model.layers.\($0).norm.weight"] }
        + ["lm_head.weight"])
    let third = try #require(plan.tensors.first { $0.name == "model.layers.2.norm.weight" })
    #expect(
      third.inputs.map(\.tensor.name)
        == ["model.layers.1.norm.weight", "model.layers.0.norm.weight"])
    let merged = try merge(plan)
    #expect(merged.config?["num_hidden_layers"]?.int == 4)
    #expect(try merged.values("model.layers.2.norm.weight") == [2000, 2001, 2002, 2003])
  }

  // ---- names, shards ----

  @Test func `inputs are called by what tells them apart`() {
    #expect(MergePlan.labels(["/x/a", "/x/b"]) == ["a", "b"])
    #expect(MergePlan.labels(["/x/a/model", "/x/b/model"]) == ["a/model", "b/model"])
    #expect(MergePlan.labels(["a", "a"]) == ["a", "a#2"])
    #expect(MergePlan.labels(["/"]) != [])
    #expect(Set(MergePlan.labels(["a/b", "/a/b", "b", "a", "a"])).count == 5)
  }

  @Test func `a base that is not listed is an input`() throws {
    try model("a", 1)
    try model("b", 2)
    let listed = try plan(text())
    let unlisted = try plan(text(models: ["b"]))
    #expect(unlisted.labels == ["b", "a"])
    #expect(unlisted.tensors.map { $0.base } == unlisted.tensors.map { _ in 1 })
    _ = try merge(listed)
    let bytes = try scratch.bytes("out/model.safetensors")
    try FileManager.default.removeItem(atPath: scratch.path + "/out")
    _ = try merge(unlisted)
    #expect(try scratch.bytes("out/model.safetensors") == bytes)
  }

  @Test func `shards are as small as asked and their index lists every tensor`() throws {
    try model("a", 1)
    try model("b", 2)
    let plan = try plan(text(), shards: 100)
    #expect(plan.layout.shards.count > 3)
    let merged = try merge(plan)
    let index = try JSON(parsing: scratch.bytes("out/model.safetensors.index.json"))
    let names = Set(index["weight_map"]?.members?.map(\.key) ?? [])
    #expect(names == Set(plan.tensors.map(\.name)))
    #expect(Set(merged.tensors.map(\.name)) == names)
    #expect(merged.notes == [])
    #expect(index["metadata"]?["total_size"]?.int == plan.tensors.reduce(0) { $0 + $1.byteCount })
  }

  @Test func `types are those asked for, else the base's`() throws {
    try model("a", 1)
    try model("b", 2) { $0.map { FixtureTensor($0.name, .bf16, $0.shape, $0.values) } }
    #expect(Set(try plan(text()).tensors.map(\.type)) == [.f32])
    #expect(Set(try plan(text("dtype: bfloat16")).tensors.map(\.type)) == [.bf16])
    let both = try plan(text("dtype: bfloat16\nout_dtype: float16"))
    #expect(Set(both.tensors.map(\.type)) == [.f16])
    let config = try merge(both).config
    #expect((config?["torch_dtype"] ?? config?["dtype"])?.text == "float16")
  }

  // ---- tokenizers ----

  /// A tokenizer of whole words, which need no merges where each is an added token.
  private func tokenizer(_ model: String, _ tokens: [String]) throws {
    let added = tokens.enumerated().map {
      "{\"id\": \($0), \"content\": \"\($1)\", \"single_word\": false, \"lstrip\": false,"
        + " \"rstrip\": false, \"normalized\": false, \"special\": true}"
    }
    try scratch.write(
      model + "/tokenizer.json",
      "{\"version\": \"1.0\", \"added_tokens\": [\(added.joined(separator: ", "))],"
        + " \"model\": {\"type\": \"BPE\", \"vocab\": {}, \"merges\": []}}")
  }

  @Test func `rows go by their tokens where a tokenizer is asked for`() throws {
    try model("a", 1, rows: 3)
    try model("b", 2, rows: 3)
    try tokenizer("a", ["x", "y", "z"])
    try tokenizer("b", ["z", "new", "x"])
    let plan = try plan(
      text("tokenizer_source: union\nparameters: {lambda_iqr: 0, kl_scope: none}"))
    #expect(plan.tensors[0].shape == [4, 4])
    #expect(plan.tensors[0].inputs.map { $0.rows == nil } == [false, false])
    let merged = try merge(plan)
    #expect(merged.config?["vocab_size"]?.int == 4)
    let values = try merged.values("model.embed_tokens.weight")
    // Rows of b: x is its third, y stands in from a, z its first, new its second.
    let column = stride(from: 0, to: 16, by: 4).map { values[$0] }
    // |differences| by row: 1002, 0, 998, 0: the median is 0 or 998.
    #expect([column[0], column[1], column[3]] == [2002, 1001, 2001])
    #expect([1002, 2000].contains(column[2]))
    #expect(try scratch.text("out/tokenizer.json").contains("new"))
  }

  @Test func `a row that is not finite is refused also where rows are gathered`() throws {
    try model("a", 1, rows: 3)
    try model("b", 2, rows: 3) { tensors in
      tensors.map { tensor in
        var tensor = tensor
        if tensor.name.hasPrefix("model.embed") { tensor.values[5] = .nan }
        return tensor
      }
    }
    try tokenizer("a", ["x", "y", "z"])
    try tokenizer("b", ["z", "new", "x"])
    let plan = try plan(text("tokenizer_source: union"))
    let error = #expect(throws: MergeError.self) { try merge(plan) }
    // Its second row stands for 'new', the result's fourth.
    #expect(
      error?.description.hasPrefix("b: model.embed_tokens.weight[3, 1] is nan;") == true
        || error?.description.hasPrefix("a: model.embed_tokens.weight[3, 1] is nan;") == true)
  }
}
