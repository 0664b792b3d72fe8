import Files
import Foundation
import Notation
import Testing

@testable import Fusion

struct CheckpointTests {
  let scratch: Scratch
  let folder: String

  init() throws {
    scratch = try Scratch()
    folder = scratch.path + "/model"
    try Folder.create(folder)
  }

  static let tensors = [
    FixtureTensor("lm_head.weight", .bf16, [1, 2], [1, 2]),
    FixtureTensor("model.embed_tokens.weight", .bf16, [1, 2], [3, 4]),
    FixtureTensor("model.layers.10.mlp.up_proj.weight", .f16, [2], [5, -6.5]),
    FixtureTensor("model.layers.2.mlp.up_proj.weight", .f32, [], [0.1]),
    FixtureTensor("model.norm.weight", .f64, [1], [7]),
  ]
  static let names = [
    "model.embed_tokens.weight", "model.layers.2.mlp.up_proj.weight",
    "model.layers.10.mlp.up_proj.weight", "model.norm.weight", "lm_head.weight",
  ]

  /// All that is said about a model that cannot be opened, our folder's path left out.
  private func complaint(_ path: String) -> String {
    #expect(throws: MergeError.self) { try Checkpoint(path) }?.description
      .replacing(scratch.path + "/", with: "") ?? ""
  }

  private func one(_ name: String, _ type: ElementType = .u8) -> [UInt8] {
    ModelFixture.safetensors([FixtureTensor(name, type, [1], [1])])
  }

  private func index(_ map: [String: String], more: String = "") -> String {
    let entries = map.sorted { $0.key < $1.key }
      .map { "\(JSON.quoted($0.key)): \(JSON.quoted($0.value))" }
    return "{\(more)\"weight_map\": {\(entries.joined(separator: ", "))}}"
  }

  @Test(arguments: [1, 2, 3, 5])
  func `a model is read from any number of files, in natural order`(files: Int) throws {
    try ModelFixture(folder).write(Self.tensors, files: files, config: #"{"a": 1}"#)
    let checkpoint = try Checkpoint(folder)
    #expect(checkpoint.tensors.map(\.name) == Self.names)
    #expect(checkpoint.files.count == files)
    #expect(checkpoint.notes == [])
    #expect(checkpoint.config == .object([.init("a", .number("1"))]))
    for tensor in Self.tensors {
      #expect(checkpoint[tensor.name]?.shape == tensor.shape)
      #expect(checkpoint[tensor.name]?.type == tensor.type)
    }
    #expect(try checkpoint.values("model.layers.10.mlp.up_proj.weight") == [5, -6.5])
    #expect(try checkpoint.values("model.layers.2.mlp.up_proj.weight") == [Double(Float(0.1))])
    #expect(try checkpoint.values("lm_head.weight") == [1, 2])
    #expect(checkpoint["model"] == nil)
  }

  @Test func `one file is opened by itself, or as the only one of its folder`() throws {
    let path = try scratch.write("model/other.safetensors", one("a"))
    #expect(try Checkpoint(path).tensors.map(\.name) == ["a"])
    #expect(try Checkpoint(path).config == nil)
    #expect(try Checkpoint(folder + "/").tensors.map(\.name) == ["a"])
  }

  @Test func `an index is preferred, and what it does not name is told and left out`() throws {
    try scratch.write("model/1.safetensors", ModelFixture.safetensors(Array(Self.tensors[0...2])))
    try scratch.write("model/2.safetensors", ModelFixture.safetensors(Array(Self.tensors[2...4])))
    try scratch.write("model/model.safetensors", [1])
    try scratch.write("model/adapter_config.json", "{}")
    try scratch.write("model/consolidated.safetensors", [1])
    try scratch.write(
      "model/model.safetensors.index.json",
      index(
        [
          Self.tensors[0].name: "1.safetensors", Self.tensors[2].name: "2.safetensors",
          Self.tensors[3].name: "2.safetensors",
        ], more: #""metadata": {"total_size": 13}, "#))
    let checkpoint = try Checkpoint(folder)
    #expect(
      checkpoint.tensors.map(\.name) == [
        "model.layers.2.mlp.up_proj.weight", "model.layers.10.mlp.up_proj.weight", "lm_head.weight",
      ])
    #expect(checkpoint["model.layers.10.mlp.up_proj.weight"]?.file == 1)
    #expect(
      checkpoint.notes == [
        "left out, as the index does not name it: 'model.safetensors'",
        "there is a LoRA adapter beside the model; it is left out",
        "in more than one file, taken from where the index says:"
          + " 'model.layers.10.mlp.up_proj.weight'",
        "left out, as the index does not name them: 'model.embed_tokens.weight' and"
          + " 'model.norm.weight'",
        "the index says that its tensors have 13 bytes, and they have 12",
      ])
  }

  @Test(
    arguments: [
      ([], "holds no model: neither model.safetensors.index.json nor a file .safetensors is in it"),
      (
        ["config.json", "pytorch_model-00001-of-00002.bin", "training_args.bin"],
        "has its weights as a pickle, 'pytorch_model-00001-of-00002.bin', which can run code of its"
          + " own when it is read; save the model as safetensors with transformers, and give that"
          + " folder"
      ),
      (
        ["model-Q4_K_M.gguf"],
        "has its weights as GGUF, 'model-Q4_K_M.gguf', a form for running a model; give the folder of"
          + " the model that it was made from"
      ),
      (
        ["tf_model.h5"],
        "has its weights as 'tf_model.h5', a form of another framework; save the model as safetensors"
          + " with transformers, and give that folder"
      ),
      (
        ["a.safetensors", "b.safetensors"],
        "has several safetensors files, 'a.safetensors' and 'b.safetensors', and neither an index nor"
          + " model.safetensors; give the path of the one that is meant"
      ),
      (
        ["model-00001-of-00002.safetensors"],
        "has shards of a model and no model.safetensors.index.json, which says what belongs to it;"
          + " fetch the model again"
      ),
      (
        ["adapter_model.safetensors", "adapter_config.json"],
        "is a LoRA adapter, not a whole model; merge it into its base, 'org/base', first, with"
          + " merge_and_unload of PEFT, and give the folder where the result is saved"
      ),
      (
        ["consolidated.00.safetensors"],
        "has the model only as 'consolidated' files with other names for the tensors; fetch"
          + " model*.safetensors of the same model"
      ),
      (
        ["blobs/1", "refs/main", "snapshots/abc/x"],
        "is a folder of the hub's cache; give the path of a snapshot in it: model/snapshots/abc"
      ),
    ] as [([String], String)])
  func `a folder without a model is refused with what to do`(files: [String], message: String)
    throws
  {
    for file in files {
      try scratch.write("model/" + file, #"{"base_model_name_or_path": "org/base"}"#)
    }
    #expect(complaint(folder) == "model: " + message)
  }

  @Test(arguments: [
    (
      "Qwen/Qwen2.5-32B",
      "Qwen/Qwen2.5-32B: there is no such folder; if a model of the Hugging Face hub is meant, run"
        + " `hf download Qwen/Qwen2.5-32B --local-dir Qwen2.5-32B` and give the path of that folder"
    ),
    (
      "org/name@v1",
      "org/name@v1: there is no such folder; if a model of the Hugging Face hub is meant, run"
        + " `hf download org/name --revision v1 --local-dir name` and give the path of that folder"
    ),
    (
      "/none/here",
      "/none/here: there is no such file or folder; give the path of a model's folder"
    ),
    (
      "../none", "../none: there is no such file or folder; give the path of a model's folder"
    ),
    (
      "a/b; rm -r c",
      "a/b; rm -r c: there is no such file or folder; give the path of a model's folder"
    ),
    (
      "model.gguf",
      "model.gguf: has its weights as GGUF, 'model.gguf', a form for running a model; give the"
        + " folder of the model that it was made from"
    ),
  ]) func `a path where nothing is gets advice`(path: String, message: String) {
    #expect(complaint(path) == message)
  }

  @Test func `a broken file is refused by its name, and all that is wrong is told at once`() throws
  {
    try scratch.write("model/config.json", "{\n  \"a\": 1,\n}")
    try scratch.write("model/1.safetensors", [1, 2])
    try scratch.write("model/2.safetensors", one("b"))
    try scratch.write(
      "model/model.safetensors.index.json",
      index([
        "a": "1.safetensors", "b": "2.safetensors", "c": "2.safetensors", "d": "3.safetensors",
      ]))
    #expect(
      complaint(folder) == """
        model: lacks '3.safetensors', which the index names; fetch the model again
        model/config.json: line 3, column 1: expected '"', and found '}'
        model/1.safetensors: has 2 bytes, and the shortest safetensors file has 10; it was cut \
        short: fetch it again
        model/2.safetensors: lacks 'c', which the index has there: the two are not of one model; \
        fetch it again
        """)
  }

  @Test(arguments: [
    "/etc/passwd.safetensors", "../1.safetensors", "a/1.safetensors", "a\\1.safetensors", "..", "",
    ".hidden.safetensors", "1.safetensors\0", "pytorch_model.bin", "/etc/passwd",
  ])
  func `an index that leads elsewhere is refused`(name: String) throws {
    try scratch.write("model/1.safetensors", one("a"))
    try scratch.write("1.safetensors", one("b"))
    try scratch.write(
      "model/model.safetensors.index.json", index(["a": "1.safetensors", "b": name]))
    #expect(
      complaint(folder) == "model/model.safetensors.index.json: names \(quoted(name)), and a file"
        + " of a model is called NAME.safetensors and lies in the same folder; fetch it again from"
        + " where you trust it")
  }

  @Test(arguments: [
    ("[]", "has no 'weight_map' from names of tensors to names of files; fetch it again"),
    (
      #"{"weight_map": []}"#,
      "has no 'weight_map' from names of tensors to names of files; fetch it again"
    ),
    (#"{"weight_map": {}}"#, "names no tensors; fetch it again"),
    (
      #"{"weight_map": {"a": 1, "b": null}}"#,
      "names '1' and 'null', and a file of a model is called NAME.safetensors and lies in the same"
        + " folder; fetch it again from where you trust it"
    ),
    (
      #"{"weight_map": {"a": "1.safetensors", "a": "1.safetensors"}}"#,
      "line 1, column 39: the key 'a' stands twice in one object"
    ),
    (
      #"{"weight_map": {"\u00c5": "1.safetensors", "A\u030a": "1.safetensors"}}"#,
      "has the tensor 'A\u{30A}' twice; fetch it again"
    ),
    ("", "line 1, column 1: expected a value, and the text ends"),
  ]) func `an index that is none is refused`(text: String, message: String) throws {
    try scratch.write("model/1.safetensors", one("a"))
    try scratch.write("model/model.safetensors.index.json", text)
    #expect(complaint(folder) == "model/model.safetensors.index.json: " + message)
  }

  @Test(arguments: [
    ("layer.weight", ElementType.f8e4m3, "'layer.weight' is F8_E4M3"),
    ("layer.weight_scale_inv", .f32, "'layer.weight_scale_inv' belongs to packed numbers"),
    ("layer.qweight", .i32, "'layer.qweight' belongs to packed numbers"),
    ("layer.qzeros", .i32, "'layer.qzeros' belongs to packed numbers"),
    (
      "layer.weight.quant_state.bitsandbytes__nf4", .u8,
      "'layer.weight.quant_state.bitsandbytes__nf4' belongs to packed numbers"
    ),
    ("experts.up_proj_blocks", .u8, "'experts.up_proj_blocks' belongs to packed numbers"),
  ]) func `quantised weights are refused`(name: String, type: ElementType, sign: String) throws {
    try ModelFixture(folder).write([
      FixtureTensor(name, type, [1], [1]), FixtureTensor("experts.up_proj_scales", .u8, [1], [1]),
    ])
    #expect(
      complaint(folder) == "model: is quantised, and what is quantised does not add up: \(sign);"
        + " merge the models that these were made from, in BF16 or F16, and quantise the result")
    #expect(try Checkpoint(folder, allowingQuantised: true).notes == [sign])
  }

  @Test func `a quantisation that only the configuration tells of is refused`() throws {
    let model = try ModelFixture(folder)
    try model.write(
      Self.tensors, config: #"{"quantization_config": {"quant_method": "gptq", "bits": 4}}"#)
    #expect(
      complaint(folder) == "model: is quantised, and what is quantised does not add up: config.json"
        + " has a 'quantization_config' of the method 'gptq'; merge the models that these were made"
        + " from, in BF16 or F16, and quantise the result")
    try model.write(Self.tensors, config: #"{"quantization_config": null}"#)
    #expect(try Checkpoint(folder).tensors.count == 5)
  }

  @Test func `names that only look quantised are taken`() throws {
    let names = ["logit_scale", "blocks.0.scales", "vision_blocks", "layer_scale.weight"]
    try ModelFixture(folder).write(names.map { FixtureTensor($0, .bf16, [1], [1]) })
    #expect(try Checkpoint(folder).tensors.count == names.count)
  }

  @Test func `a file without tensors is no model`() throws {
    try ModelFixture(folder).write([])
    #expect(complaint(folder) == "model: holds no tensors; give the folder of a model")
  }

  @Test(.enabled(if: Folder.isFolder("/dev/shm")))
  func `a file that no disk can hold is refused`() throws {
    // A file system in memory agrees to a length that nothing could store.
    let memory = try Scratch(in: "/dev/shm")
    let header =
      #"{"a":{"dtype":"U8","shape":[\#(1 << 57)],"data_offsets":[0,\#(1 << 57)]}}"#
    let path = try memory.write("model.safetensors", ModelFixture.safetensors(header: header))
    try #require(truncate(path, 8 + header.utf8.count + (1 << 57)) == 0)
    #expect(
      complaint(path) == path + ": its tensors have more bytes than any disk: it is no model")
  }
}
