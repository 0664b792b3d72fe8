internal import Notation

/// How it shows that a model's stored numbers are no weights by themselves.
enum Quantisation {
  /// The first sign of it, as a clause for a message; nil where there is none.
  static func sign(in tensors: [StoredTensor], config: JSON?) -> String? {
    for settings in [config, config?["text_config"]] {
      if let quantisation = settings?["quantization_config"], quantisation != .null {
        let method = quantisation["quant_method"]?.text.map { " of the method \(quoted($0))" } ?? ""
        return "config.json has a 'quantization_config'\(method)"
      }
    }
    if let tensor = tensors.first(where: \.type.isQuantised) {
      return "\(quoted(tensor.name)) is \(tensor.type.rawValue)"
    }
    let scaled = Set(tensors.lazy.map(\.name).filter { $0.hasSuffix("_scales") })
    let telling = tensors.first { tensor in
      suffixes.contains { tensor.name.hasSuffix($0) } || tensor.name.contains(".quant_state.")
        || tensor.name.hasSuffix("_blocks")
          && scaled.contains(tensor.name.dropLast("_blocks".count) + "_scales")
    }
    return telling.map { "\(quoted($0.name)) belongs to packed numbers" }
  }

  /// Companions of FP8 blocks, GPTQ and AWQ, bitsandbytes, compressed-tensors.
  private static let suffixes = [
    "_scale_inv", ".qweight", ".qzeros", ".SCB", ".quant_map", ".weight_packed", ".weight_scale",
  ]
}
