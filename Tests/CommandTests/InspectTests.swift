import Foundation
import Testing

struct InspectTests {
  let folder = try! TemporaryFolder()

  @Test func `a model is counted by type, layer and module`() throws {
    let other: SmallModel.Tensor = ("decoder.layers.0.norm.weight", [4], [1, 2, 3, 4])
    try SmallModel.write(SmallModel.tensors(layers: 12) + [other], to: "model", in: folder)
    let ending = try branchmerge("inspect", "model", in: folder.path)
    #expect(
      ending.output == """
        model: 27 tensors, 60 parameters, 120 B in 1 file

        type  tensors  parameters     share   size
        BF16       27          60  100.00 %  120 B

        layer                      tensors  parameters   share  size
        decoder.layers.0                 1           4  6.67 %   8 B
        model.layers.0 … 11, each        2           4  6.67 %   8 B

        module        tensors  parameters    share  size
        embed_tokens        1           6  10.00 %  12 B
        norm               14          30  50.00 %  60 B
        mlp.up_proj        12          24  40.00 %  48 B

        """)
    #expect(ending.errors == "")
    #expect(ending.status == 0)
  }

  @Test func `a few tensors are shown one by one`() throws {
    try folder.write("a.safetensors", try SmallModel.safetensors(SmallModel.tensors(layers: 1)))
    let ending = try branchmerge("inspect", "a.safetensors", in: folder.path)
    #expect(
      ending.output
        == """
        a.safetensors: 4 tensors, 12 parameters, 24 B in 1 file

        type  tensors  parameters     share  size
        BF16        4          12  100.00 %  24 B

        tensor                             type  shape   parameters  size
        model.embed_tokens.weight          BF16  [3, 2]           6  12 B
        model.layers.0.mlp.up_proj.weight  BF16  [1, 2]           2   4 B
        model.layers.0.norm.weight         BF16  [2]              2   4 B
        model.norm.weight                  BF16  [2]              2   4 B

        """)
    #expect(ending.status == 0)
  }

  @Test func `one table of a sharded model`() throws {
    try folder.write(
      "model/model-00001-of-00002.safetensors",
      try SmallModel.safetensors([("a.0.x", [2], [1, 2])]))
    try folder.write(
      "model/model-00002-of-00002.safetensors",
      try SmallModel.safetensors([("a.1.x", [1], [1]), ("b", [1], [1])], type: "F32"))
    try folder.write(
      "model/model.safetensors.index.json",
      #"{"metadata": {"total_size": 9}, "weight_map": {"a.0.x": "model-00001-of-00002.safetensors","#
        + #" "a.1.x": "model-00002-of-00002.safetensors","#
        + #" "b": "model-00002-of-00002.safetensors"}}"#)
    let shards = try branchmerge("inspect", "model", "--by", "shard", in: folder.path)
    #expect(
      shards.output == """
        model: 3 tensors, 4 parameters, 12 B in 2 files

        shard                             tensors  parameters    share  size
        model-00001-of-00002.safetensors        1           2  50.00 %   4 B
        model-00002-of-00002.safetensors        2           2  50.00 %   8 B

        note: the index says that its tensors have 9 bytes, and they have 12

        """)
    let layers = try branchmerge(
      "inspect", "model", "--by", "layer", "--tensors", in: folder.path)
    #expect(
      layers.output == """
        model: 3 tensors, 4 parameters, 12 B in 2 files

        layer  tensors  parameters    share  size
        a.0          1           2  50.00 %   4 B
        a.1          1           1  25.00 %   4 B

        tensor  type  shape  parameters  size                             shard
        a.0.x   BF16  [2]             2   4 B  model-00001-of-00002.safetensors
        a.1.x   F32   [1]             1   4 B  model-00002-of-00002.safetensors
        b       F32   [1]             1   4 B  model-00002-of-00002.safetensors

        note: the index says that its tensors have 9 bytes, and they have 12

        """)
    let json = try JSON(
      parsing: Data(try branchmerge("inspect", "model", "--json", in: folder.path).output.utf8))
    #expect(json["total"]?["parameters"]?.number == 4)
    #expect(json["types"]?.list?.count == 2)
    #expect(json["tensors"]?[1]?["file"]?.text == "model-00002-of-00002.safetensors")
  }

  @Test func `names out of a file do not move the cursor`() throws {
    try folder.write("a.safetensors", try SmallModel.safetensors([("a\u{1B}[2J\n", [1], [1])]))
    let ending = try branchmerge("inspect", "a.safetensors", "--tensors", in: folder.path)
    #expect(ending.output.contains("\na\\u{1b}[2J\\u{a}  BF16  [1] "))
  }

  @Test(arguments: [
    (
      ["nowhere"],
      "error: nowhere: there is no such file or folder; give the path of a model's folder"
    ),
    (
      ["model", "--by", "layers"],
      "Error: The value 'layers' is invalid for '--by <part>'. Please provide one of 'type',"
        + " 'shard', 'layer' or 'module'."
    ),
  ])
  func `what cannot be inspected is refused`(arguments: [String], message: String) throws {
    let ending = try branchmerge(["inspect"] + arguments, in: folder.path)
    #expect(ending.errors.split(separator: "\n").first.map(String.init) == message)
    #expect(ending.output == "")
    #expect(ending.status == 2)
  }
}
