import Foundation

/// A model of a few numbers, in the file format as it is documented.
enum SmallModel {
  typealias Tensor = (name: String, shape: [Int], values: [Float])

  /// A file of tensors, as BF16 (cut, not rounded) or F32.
  static func safetensors(_ tensors: [Tensor], type: String = "BF16") throws -> Data {
    var data = Data()
    var entries: [String] = []
    for tensor in tensors {
      let start = data.count
      for value in tensor.values {
        let bytes = withUnsafeBytes(of: value.bitPattern.littleEndian) { Data($0) }
        data += type == "BF16" ? bytes.suffix(2) : bytes
      }
      let name = String(decoding: try JSONEncoder().encode(tensor.name), as: UTF8.self)
      entries.append(
        "\(name):{\"dtype\":\"\(type)\",\"shape\":\(tensor.shape),"
          + "\"data_offsets\":[\(start),\(data.count)]}")
    }
    let header = Data("{\(entries.joined(separator: ","))}".utf8)
    return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header + data
  }

  /// A folder with one file and its configuration.
  static func write(_ tensors: [Tensor], to name: String, in folder: TemporaryFolder) throws {
    try folder.write("\(name)/model.safetensors", try safetensors(tensors))
    try folder.write("\(name)/config.json", #"{"model_type": "llama"}"#)
  }

  /// Embeddings, layers and a norm, every number of which is a number of BF16.
  static func tensors(layers: Int = 2, change: Float = 0) -> [Tensor] {
    var tensors: [Tensor] = [("model.embed_tokens.weight", [3, 2], [1, 2, 3, 4, 5, 6 + change])]
    for layer in 0..<layers {
      tensors.append(("model.layers.\(layer).mlp.up_proj.weight", [1, 2], [-1, 2 + change]))
      tensors.append(("model.layers.\(layer).norm.weight", [2], [1, 1]))
    }
    return tensors + [("model.norm.weight", [2], [1, 0.5])]
  }
}
