import Notation
import Testing

@testable import Fusion

struct MergeDocumentTests {
  static func document(_ text: String) throws -> MergeDocument {
    try #require(try MergeConfig(parsing: text, file: "merge.yml").documents.last)
  }

  @Test func `models with a base that is not listed`() throws {
    let document = try Self.document(
      """
      models:
        - model: experts/math
          parameters:
            weight: 0.6
            density: [1, 0.7, 0.1]
        - model: experts/coding
          parameters:
            weight:
              - filter: mlp
                value: 0.5
              - value: 0
      merge_method: dare_ties
      base_model: backbone
      parameters:
        normalize: true
        int8_mask: true
      dtype: torch.bfloat16
      out_dtype: float16
      tokenizer_source: union
      chat_template: chatml
      """)
    #expect(document.method == "dare_ties")
    #expect(document.inputs.map(\.path) == ["experts/math", "experts/coding", "backbone"])
    #expect(document.baseIndex == 2)
    #expect(document.type == .bf16)
    #expect(document.outputType == .f16)
    #expect(document.chatTemplate == "chatml")
    #expect(document.name == nil)
    #expect(document.warnings.isEmpty)
    guard case .union = document.tokenizer?.source else {
      Issue.record("not the union of tokenizers")
      return
    }
    guard case .models(let entries) = document.body else {
      Issue.record("no models")
      return
    }
    #expect(entries.map(\.input) == [0, 1])
    #expect(entries[0].parameters.map(\.name) == ["weight", "density"])
    #expect(entries[0].parameters.map(\.place.description) == ["merge.yml:4:7", "merge.yml:5:7"])
    #expect(document.slices.map { $0.sources.map(\.input) } == [[0, 1, 2]])
    #expect(document.slices[0].baseIndex == 2)
  }

  @Test func `our own keys have mergekit's or the careful defaults`() throws {
    let plain = try Self.document("merge_method: linear\nmodels: [{model: a}]")
    #expect(!plain.isCompatible)
    #expect(plain.seed == 0)
    #expect(plain.embedMismatch == .error)
    #expect(plain.shapeMismatch == .error)
    #expect(plain.integers == .equal)
    #expect(plain.postDepth == 0)
    #expect(plain.intermediateType == nil)
    #expect(plain.tokenizer == nil)

    let set = try Self.document(
      """
      merge_method: linear
      models: [{model: a}]
      compat: mergekit
      seed: 9007199254740993
      embed_mismatch: pad_base
      shape_mismatch: skip
      int_tensors: base
      post_t: 1
      intermediate_dtype: bfloat16
      """)
    #expect(set.isCompatible)
    #expect(set.seed == 9_007_199_254_740_993)
    #expect(set.embedMismatch == .padBase)
    #expect(set.shapeMismatch == .skip)
    #expect(set.integers == .base)
    #expect(set.postDepth == 1)
    #expect(set.intermediateType == .bf16)

    let compatible = try Self.document(
      "merge_method: linear\nmodels: [{model: a}]\ncompat: mergekit")
    #expect(compatible.embedMismatch == .submatrix)
  }

  @Test func `keys that are left empty count as left out`() throws {
    let document = try Self.document(
      """
      merge_method: linear
      base_model:
      dtype: null
      tokenizer: ~
      parameters:
      models: [{model: a, parameters: }]
      """)
    #expect(document.baseModel == nil)
    #expect(document.type == nil)
    #expect(document.parameters.isEmpty)
  }

  @Test func `the tokenizer's tokens are read`() throws {
    let document = try Self.document(
      """
      merge_method: linear
      models: [{model: a}]
      tokenizer:
        source: b
        tokens:
          <|im_start|>: {source: {kind: model_token, model: a, token: <s>}, force: true}
          <|im_end|>: {source: {kind: model_token, model: a, token_id: 2}}
          <pad>: {source: {kind: zero}}
          <unk>: {source: c}
          <eos>: {force: no}
        pad_to_multiple_of: 64
      """)
    let tokenizer = try #require(document.tokenizer)
    #expect(tokenizer.padToMultipleOf == 64)
    #expect(tokenizer.models.map(\.path) == ["b", "a", "a", "c"])
    #expect(
      tokenizer.tokens.map(\.text) == ["<|im_start|>", "<|im_end|>", "<pad>", "<unk>", "<eos>"])
    #expect(tokenizer.tokens.map(\.isForced) == [true, false, false, false, false])
    let sources = tokenizer.tokens.map { token in
      switch token.source {
      case .token(let text, let model): "\(text) of \(model)"
      case .tokenID(let id, let model): "\(id) of \(model)"
      case .zero: "zero"
      case .model(let model): "its own of \(model)"
      case nil: "by rule"
      }
    }
    #expect(sources == ["<s> of a", "2 of a", "zero", "its own of c", "by rule"])
    // A tokenizer's model is none of the merge's inputs.
    #expect(document.inputs.map(\.path) == ["a"])
  }

  @Test func `slices share their inputs`() throws {
    let document = try Self.document(
      """
      merge_method: slerp
      base_model: a
      slices:
        - sources:
            - {model: a, layer_range: [0, 8]}
            - {model: b, layer_range: [4, 12], parameters: {t: 1}}
        - sources:
            - {model: c, layer_range: [8, 12]}
            - {model: ./b/, layer_range: [8, 12]}
          base_model: b
          residual_weight: 0.5
          parameters: {t: 0.25}
      """)
    #expect(document.inputs.map(\.path) == ["a", "b", "c"])
    #expect(document.baseIndex == 0)
    #expect(document.slices.map { $0.sources.map(\.input) } == [[0, 1], [2, 1]])
    #expect(
      document.slices.map { $0.sources.map(\.layers) } == [[0..<8, 4..<12], [8..<12, 8..<12]])
    #expect(document.slices.map(\.baseIndex) == [0, 1])
    #expect(
      document.warnings == [
        "merge.yml:11:22: 'residual_weight' has no effect, as in mergekit"
      ])
  }

  @Test func `a chain says which side is kept at every step`() throws {
    let document = try Self.document(
      """
      merge_method: arcee_fusion
      chain:
        - model: experts/math
        - model: experts/science
          kept: incoming
          parameters: {lambda_iqr: 1.5}
        - model: experts/coding
          kept: existing
      parameters: {preset: tinyr1}
      dtype: bfloat16
      """)
    guard case .chain(let links) = document.body else {
      Issue.record("no chain")
      return
    }
    #expect(links.map(\.model.path) == ["experts/math", "experts/science", "experts/coding"])
    #expect(links.map(\.kept) == [nil, .incoming, .existing])
    #expect(links.map(\.parameters.count) == [0, 1, 0])
    #expect(document.inputs.count == 3)
    #expect(document.slices.map { $0.sources.map(\.input) } == [[0, 1, 2]])
    #expect(document.tables[0].value("lambda_iqr", forModel: 1, tensor: "a", t: 0) == .number(1.5))
    #expect(document.tables[0].value("preset", forModel: 1, tensor: "a", t: 0) == .text("tinyr1"))
  }

  @Test func `a single module is the whole model`() throws {
    let document = try Self.document(
      """
      merge_method: linear
      modules:
        text_decoder:
          models: [{model: a}, {model: b}]
          parameters: {weight: 0.5}
      """)
    #expect(document.inputs.map(\.path) == ["a", "b"])
    #expect(document.moduleParameters.map(\.name) == ["weight"])
  }

  @Test func `a model that is listed twice is two inputs, or one as in mergekit`() throws {
    let text = """
      merge_method: linear
      models:
        - {model: a, parameters: {weight: 1}}
        - {model: b, parameters: {weight: 2}}
        - {model: a/, parameters: {weight: 3}}

      """
    let ours = try Self.document(text)
    #expect(ours.inputs.map(\.path) == ["a", "b", "a/"])
    #expect(
      ours.warnings == [
        "merge.yml:5:13: 'a/' is listed twice and counts as two inputs; mergekit would not take"
          + " the second"
      ])
    #expect(ours.tables[0].value("weight", forModel: 2, tensor: "x", t: 0) == .number(3))

    let theirs = try Self.document(text + "compat: mergekit\nbase_model: b")
    #expect(theirs.inputs.map(\.path) == ["a", "b"])
    #expect(theirs.baseIndex == 1)
    #expect(
      theirs.warnings == [
        "merge.yml:5:13: 'a/' is listed twice; as in mergekit only the first entry counts"
      ])
  }

  @Test func `a folder with a plus or an at sign is named by its path`() throws {
    let document = try Self.document(
      "merge_method: linear\nmodels: [{model: {model: {path: runs/a+b@3}}}, {model: {model: c}}]")
    #expect(document.inputs.map(\.path) == ["runs/a+b@3", "c"])
  }

  static let mapping = " (one with '@' or '+' in it is written {model: {path: PATH}})"

  /// What stands behind `model:`, and what is said of it.
  static let models: [(String, String)] = [
    ("''", "2:18: '' names no model; a model is the path of its folder\(mapping)"),
    ("'@@@@@'", "2:18: '@@@@@' names no model; a model is the path of its folder\(mapping)"),
    ("a+b+c", "2:18: 'a+b+c' names no model; a model is the path of its folder\(mapping)"),
    ("a@", "2:18: 'a@' names no model; a model is the path of its folder\(mapping)"),
    ("+b", "2:18: '+b' names no model; a model is the path of its folder\(mapping)"),
    (
      "a+b@s",
      "2:18: a LoRA adapter is not applied here: merge 'b@s' into its model first, and name the"
        + " folder of the result\(mapping)"
    ),
    (
      "org/a@main",
      "2:18: a revision is not fetched here: download 'main' of 'org/a', and name its folder"
        + mapping
    ),
    (
      "{model: {path: a, revision: main}}",
      "2:46: a revision is not fetched here: download 'main' of 'a', and name its folder"
    ),
    (
      "{model: a, lora: {path: b}}",
      "2:35: a LoRA adapter is not applied here: merge 'the adapter' into its model first, and name"
        + " the folder of the result"
    ),
    (
      "{model: a, override_architecture: LlamaForCausalLM}",
      "2:52: 'override_architecture' is not supported: a merge goes by the names of the tensors,"
        + " whatever the architecture; leave it out"
    ),
    (
      "{path: a}",
      "2:19: 'model' has no 'path'; it has 'model', 'lora' and"
        + " 'override_architecture'"
    ),
    ("{lora: }", "2:18: 'model' needs 'model'"),
    ("{model: {revision: }}", "2:26: 'model' needs 'path'"),
    ("[a]", "2:18: 'model' should be a text, and is a list"),
  ]

  @Test(arguments: models)
  func `a model that is no folder's path is refused with advice`(text: String, expected: String)
    throws
  {
    let error = #expect(throws: RecipeError.self) {
      try Self.document("merge_method: linear\nmodels: [{model: \(text)}]")
    }
    #expect(error?.description == "merge.yml:" + expected)
  }

  /// Top-level keys below a valid `merge_method` and `models`, from line 3 on.
  static let keys: [(String, String)] = [
    (
      "base_modle: a",
      "3:1: a merge has no 'base_modle'; did you mean 'base_model'? It has 'merge_method',"
        + " 'base_model', 'models', 'slices', 'modules', 'chain', 'parameters', 'dtype', 'out_dtype',"
        + " 'tokenizer_source', 'tokenizer', 'chat_template', 'name', 'compat', 'seed',"
        + " 'embed_mismatch', 'shape_mismatch', 'int_tensors', 'post_t' and 'intermediate_dtype'"
    ),
    (
      "dtype: int64",
      "3:8: 'dtype' cannot be 'int64'; there are 'float32', 'float16' and"
        + " 'bfloat16'"
    ),
    (
      "out_dtype: bfloat",
      "3:12: 'out_dtype' cannot be 'bfloat'; did you mean 'bfloat16'? There are 'float32',"
        + " 'float16' and 'bfloat16'"
    ),
    ("dtype: [bfloat16]", "3:8: 'dtype' should be a text, and is a list"),
    ("compat: none", "3:9: 'compat' cannot be 'none'; there are 'mergekit'"),
    ("seed: -1", "3:7: 'seed' should be a whole number of 0 or more, and is '-1'"),
    ("seed: 1.5", "3:7: 'seed' should be a whole number of 0 or more, and is '1.5'"),
    (
      "embed_mismatch: cut",
      "3:17: 'embed_mismatch' cannot be 'cut'; there are 'error', 'submatrix', 'pad_base' and"
        + " 'union'"
    ),
    (
      "shape_mismatch: skpi",
      "3:17: 'shape_mismatch' cannot be 'skpi'; did you mean 'skip'? There are 'error' and 'skip'"
    ),
    ("int_tensors: first", "3:14: 'int_tensors' cannot be 'first'; there are 'equal' and 'base'"),
    ("post_t: 2", "3:9: 'post_t' cannot be '2'; did you mean '0'? There are '0' and '1'"),
    ("parameters: [a]", "3:13: 'parameters' should be a mapping, and is a list"),
    ("models: []", "2:1: the key 'models' stands twice in one mapping"),
    (
      "slices: [{sources: []}]", "3:9: a merge has one body, and this one has 'models' and 'slices'"
    ),
    (
      "tokenizer_source: union\ntokenizer: {source: base}",
      "4:12: a merge has 'tokenizer_source' or 'tokenizer', and not both; 'tokenizer: {source: …}'"
        + " says the same as the first"
    ),
    ("tokenizer: union", "3:12: 'tokenizer' should be a mapping, and is 'union'"),
    (
      "tokenizer: {tokens: {<s>: }}",
      "3:27: a token's rule should be a mapping, and is ''"
    ),
    (
      "tokenizer: {pad_to_multiple_of: 0}",
      "3:33: 'pad_to_multiple_of' should be a whole number of 1 or more, and is '0'"
    ),
    ("tokenizer: {tokens: {<s>: {force: 2}}}", "3:35: 'force' should be true or false, and is '2'"),
    (
      "tokenizer: {tokens: {<s>: {source: {kind: model_token, model: a}}}}",
      "3:36: a 'source' of kind 'model_token' needs 'model' and either 'token' or 'token_id'"
    ),
    (
      "tokenizer: {tokens: {<s>: {source: {kind: one}}}}",
      "3:43: 'kind' cannot be 'one'; there are 'zero' and 'model_token'"
    ),
    (
      "tokenizer: {tokens: {<s>: {source: {kind: zero, model: a}}}}",
      "3:49: a 'source' of kind 'zero' has no 'model'; it has 'kind'"
    ),
    (
      "tokenizer_source: a+b",
      "3:19: a LoRA adapter is not applied here: merge 'b' into its model first, and name the folder"
        + " of the result\(mapping)"
    ),
  ]

  @Test(arguments: keys)
  func `a key or value that is none is refused there`(text: String, expected: String) throws {
    let error = #expect(throws: RecipeError.self) {
      try Self.document("merge_method: linear\nmodels: [{model: a}]\n" + text)
    }
    #expect(error?.description == "merge.yml:" + expected)
  }

  static let bodies: [(String, String)] = [
    ("", "1:1: a merge needs 'models' or 'slices' or 'modules' or 'chain'"),
    ("models: []", "2:9: 'models' is empty"),
    ("models: [a]", "2:10: an entry of 'models' should be a mapping, and is 'a'"),
    ("models: [{parameters: {}}]", "2:10: an entry of 'models' needs 'model'"),
    (
      "models: [{model: a, weight: 1}]",
      "2:21: an entry of 'models' has no 'weight'; it has 'model' and"
        + " 'parameters'"
    ),
    ("slices: []", "2:9: 'slices' is empty"),
    ("slices: [{}]", "2:10: a slice needs 'sources'"),
    ("slices: [{sources: []}]", "2:20: 'sources' is empty"),
    ("slices: [{sources: [{model: a}]}]", "2:21: an entry of 'sources' needs 'layer_range'"),
    (
      "slices: [{sources: [{model: a, layer_range: [0, 1, 2]}]}]",
      "2:45: 'layer_range' should be [FIRST, END], END not included, and has 3 entries"
    ),
    (
      "slices: [{sources: [{model: a, layer_range: [3, 3]}]}]",
      "2:45: 'layer_range' takes no layer: [3, 3]; give [FIRST, END] with FIRST below END"
    ),
    (
      "slices: [{sources: [{model: a, layer_range: [-1, 3]}]}]",
      "2:46: the first layer of 'layer_range' should be a whole number of 0 or more, and is '-1'"
    ),
    (
      "slices: [{sources: [{model: a, layer_range: [0, 99999999999999999999]}]}]",
      "2:49: the end of 'layer_range' should be a whole number of 0 or more, and is"
        + " '99999999999999999999'"
    ),
    (
      "slices: [{sources: [{model: a, layer_range: [0, 4]}, {model: b, layer_range: [0, 3]}]}]",
      "2:78: 'layer_range' takes 3 layers, and the first source of the slice 4; all sources of a"
        + " slice give equally many"
    ),
    (
      "slices: [{sources: [{model: a, layer_range: [0, 4]}], residual_weight: much}]",
      "2:72: 'residual_weight' should be a number, and is 'much'"
    ),
    ("modules: {}", "2:10: 'modules' needs a module"),
    ("modules: {text: {}}", "2:17: a module needs 'models' or 'slices'"),
    (
      "modules: {text: {models: [{model: a}]}, vision: {models: [{model: a}]}}",
      "2:41: modules ('text' and 'vision') are not merged one by one; list 'models' at the top"
        + " level, and set what differs by 'filter' on the tensors' names"
    ),
    (
      "chain: [{model: a}, {model: b}]",
      "1:15: a chain is fused with 'arcee_fusion', and not with 'linear'"
    ),
  ]

  @Test(arguments: bodies)
  func `a body that is none is refused there`(text: String, expected: String) throws {
    let error = #expect(throws: RecipeError.self) {
      try Self.document("merge_method: linear\n" + text)
    }
    #expect(error?.description == "merge.yml:" + expected)
  }

  static let chains: [(String, String)] = [
    ("chain: [{model: a}]", "2:8: 'chain' needs at least two models"),
    (
      "chain: [{model: a}, {model: b}]",
      "2:21: an entry of 'chain' after the first needs 'kept': 'existing' keeps the chain so far"
        + " where nothing is salient, 'incoming' keeps this model"
    ),
    (
      "chain: [{model: a}, {model: b, kept: left}]",
      "2:38: 'kept' cannot be 'left'; there are 'existing' and 'incoming'"
    ),
    (
      "chain: [{model: a, kept: incoming}, {model: b, kept: incoming}]",
      "2:26: the first model of a chain joins nothing; 'kept' and 'parameters' belong to those"
        + " after it"
    ),
    (
      "chain: [{model: a}, {model: b, kept: incoming}]\nbase_model: a",
      "3:13: a chain has no 'base_model': 'kept' says for every step which side is kept"
    ),
  ]

  @Test(arguments: chains)
  func `a chain that is none is refused there`(text: String, expected: String) throws {
    let error = #expect(throws: RecipeError.self) {
      try Self.document("merge_method: arcee_fusion\n" + text)
    }
    #expect(error?.description == "merge.yml:" + expected)
  }

  @Test func `a merge without a method is refused`() throws {
    let error = #expect(throws: RecipeError.self) { try Self.document("models: [{model: a}]") }
    #expect(error?.description == "merge.yml:1:1: a merge needs 'merge_method'")
  }
}
