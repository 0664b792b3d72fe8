import Notation
import Testing

@testable import Fusion

struct ShardLayoutTests {
  typealias Tensor = (name: String, type: ElementType, shape: [Int])

  private func header(_ tensors: [Tensor], metadata: [(String, String)] = []) throws -> [UInt8] {
    try ShardLayout(tensors, shardByteCount: .max, metadata: metadata).shards[0].header
  }

  @Test func `a header is the reference writer's, to the byte`() throws {
    // Both from the reference's own tests, where the tensors hold 0 to 5 and to 23.
    let unpadded =
      #"{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}"#
    #expect(
      try header([("attn.0", .f32, [1, 2, 3])]) == littleEndian(64 as UInt64) + Array(unpadded.utf8)
    )
    let padded =
      #"{"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}       "#
    #expect(
      try header([("attn0", .f32, [1, 1, 2, 3])]) == littleEndian(72 as UInt64)
        + Array(padded.utf8))
  }

  @Test func `a shard has wide types first, then names by their bytes, after its metadata`() throws
  {
    let layout = try ShardLayout(
      [
        ("b", .bf16, [3]), ("a\"\n\u{1}ä/", .bf16, [1]), ("c", .bool, [1]), ("d", .i64, []),
        ("e", .f16, [2]), ("f", .f32, [0, 7]),
      ], shardByteCount: .max, metadata: [("z", "1"), ("format", "pt")])
    let json =
      #"{"__metadata__":{"format":"pt","z":"1"},"d":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"#
      + #""f":{"dtype":"F32","shape":[0,7],"data_offsets":[8,8]},"#
      + #""a\"\n\u0001ä/":{"dtype":"BF16","shape":[1],"data_offsets":[8,10]},"#
      + #""b":{"dtype":"BF16","shape":[3],"data_offsets":[10,16]},"#
      + #""e":{"dtype":"F16","shape":[2],"data_offsets":[16,20]},"#
      + #""c":{"dtype":"BOOL","shape":[1],"data_offsets":[20,21]}}"#
    #expect(layout.shards.count == 1)
    let shard = layout.shards[0]
    let text = String(decoding: shard.header.dropFirst(8), as: UTF8.self)
    #expect(text == json + String(repeating: " ", count: (8 - json.utf8.count % 8) % 8))
    #expect(shard.fileName == "model.safetensors")
    #expect(shard.tensors == [3, 5, 1, 0, 4, 2])
    #expect(shard.byteCount == shard.header.count + 21)
    #expect(layout.places.map { $0.offset - shard.header.count } == [10, 8, 20, 0, 16, 8])
    #expect(layout.index == nil)
  }

  @Test func `shards are filled in natural order, and the index says where everything is`() throws {
    let layout = try ShardLayout(
      [
        ("lm_head.weight", .bf16, [4]), ("model.layers.10.w", .bf16, [4]),
        ("model.layers.2.w", .bf16, [4]), ("model.layers.2.huge", .f32, [100]),
        ("model.embed_tokens.weight", .bf16, [4]), ("model.norm.weight", .f32, [2]),
      ], shardByteCount: 16)
    #expect(
      layout.shards.map(\.fileName) == (1...4).map { "model-0000\($0)-of-00004.safetensors" })
    #expect(layout.shards.map(\.tensors) == [[4], [3], [1, 2], [5, 0]])
    #expect(layout.places.map(\.shard) == [3, 2, 2, 1, 0, 3])
    #expect(layout.shards.map { $0.byteCount - $0.header.count } == [8, 400, 16, 16])
    #expect(
      layout.index?.formatted() == """
        {
          "metadata": {
            "total_parameters": 118,
            "total_size": 440
          },
          "weight_map": {
            "lm_head.weight": "model-00004-of-00004.safetensors",
            "model.embed_tokens.weight": "model-00001-of-00004.safetensors",
            "model.layers.10.w": "model-00003-of-00004.safetensors",
            "model.layers.2.huge": "model-00002-of-00004.safetensors",
            "model.layers.2.w": "model-00003-of-00004.safetensors",
            "model.norm.weight": "model-00004-of-00004.safetensors"
          }
        }
        """)
  }

  @Test func `the order in which tensors are given decides nothing`() throws {
    let tensors: [Tensor] = (0..<40).map { ("layers.\($0).w", $0 % 3 == 0 ? .f32 : .bf16, [$0]) }
    let straight = try ShardLayout(tensors, shardByteCount: 300)
    let turned = try ShardLayout(tensors.reversed(), shardByteCount: 300)
    #expect(straight.shards.map(\.header) == turned.shards.map(\.header))
    #expect(straight.index == turned.index)
    #expect(straight.places.map(\.offset) == turned.places.map(\.offset).reversed())
  }

  @Test func `what is laid out is read back as it was given`() throws {
    let tensors: [Tensor] = ElementType.allCases.map { ("t.\($0.rawValue)", $0, [2, 4]) }
    let layout = try ShardLayout(tensors, shardByteCount: 100)
    for (number, shard) in layout.shards.enumerated() {
      let header = try SafetensorsHeader(file: shard.header, byteCount: shard.byteCount)
      let expected = shard.tensors.map { index in
        StoredTensor(
          name: tensors[index].name, type: tensors[index].type, shape: tensors[index].shape,
          file: 0, offset: layout.places[index].offset, byteCount: tensors[index].type.bits)
      }
      #expect(header.tensors == expected)
      #expect(shard.tensors.allSatisfy { layout.places[$0].shard == number })
    }
  }

  @Test func `no tensors are one file that says so`() throws {
    let layout = try ShardLayout([], shardByteCount: 10)
    #expect(layout.shards.map(\.fileName) == ["model.safetensors"])
    #expect(try SafetensorsHeader(file: layout.shards[0].header).tensors.isEmpty)
  }

  @Test(arguments: [
    ("F32", [1 << 62, 4]), ("F32", [1 << 55]), ("F4", [3]),
  ]) func `what no file can hold is refused`(type: String, shape: [Int]) throws {
    let type = try #require(ElementType(rawValue: type))
    let error = #expect(throws: MergeError.self) {
      try ShardLayout([("a", type, shape)], shardByteCount: 10)
    }
    #expect(
      error?.description == "tensor 'a' of \(type.rawValue) \(shape) would have more bytes than a"
        + " machine can count, or end inside one")
  }
}
