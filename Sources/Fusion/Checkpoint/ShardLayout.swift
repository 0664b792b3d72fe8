package import Notation

/// Where every tensor of a checkpoint will lie, known before any of it is written.
///
/// Tensors fill one shard after another in natural order; inside a shard they lie as the format's
/// reference writer puts them, to the byte. The layout depends on the set of tensors only, not on
/// the order in which they are given.
package struct ShardLayout: Sendable {
  package let shards: [Shard]
  /// For each tensor as given its shard, and its first byte counted from the start of that file.
  package let places: [(shard: Int, offset: Int)]
  /// What `model.safetensors.index.json` says; nil where one file holds all.
  package let index: JSON?

  package struct Shard: Sendable {
    package let fileName: String
    /// The first bytes of the file, those that say its length included.
    package let header: [UInt8]
    /// Of the whole file.
    package let byteCount: Int
    /// Which of the tensors as given it holds, in the order of their bytes.
    package let tensors: [Int]
  }

  /// A shard is closed before the tensor that would bring its data above `shardByteCount`; a
  /// tensor above that has a shard of its own. Throws where no reader could read the result.
  package init(
    _ tensors: [(name: String, type: ElementType, shape: [Int])], shardByteCount: Int,
    metadata: [(String, String)] = [("format", "pt")]
  ) throws(MergeError) {
    var byteCounts: [Int] = []
    var total = 0
    var parameters = 0
    for tensor in tensors {
      guard let bits = tensor.type.bitCount(of: tensor.shape), bits % 8 == 0,
        total + bits / 8 < Self.byteLimit
      else {
        throw MergeError(
          "tensor \(quoted(tensor.name)) of \(tensor.type.rawValue) \(tensor.shape) would have more"
            + " bytes than a machine can count, or end inside one")
      }
      byteCounts.append(bits / 8)
      total += bits / 8
      parameters += tensor.shape.reduce(1, *)
    }

    var parts: [[Int]] = [[]]
    var filled = 0
    for index in tensors.indices.inNaturalOrder(by: { tensors[$0].name }) {
      if !parts[parts.count - 1].isEmpty, byteCounts[index] > shardByteCount - filled {
        parts.append([])
        filled = 0
      }
      parts[parts.count - 1].append(index)
      filled += byteCounts[index]
    }

    var places = Array(repeating: (shard: 0, offset: 0), count: tensors.count)
    var shards: [Shard] = []
    for (number, part) in parts.enumerated() {
      let order = part.map { ($0, ElementType.allCases.firstIndex(of: tensors[$0].type) ?? 0) }
        .sorted { a, b in
          if a.1 != b.1 { return a.1 > b.1 }
          return tensors[a.0].name.utf8.lexicographicallyPrecedes(tensors[b.0].name.utf8)
        }
        .map(\.0)
      let header = Self.header(of: order.map { (tensors[$0], byteCounts[$0]) }, metadata: metadata)
      guard header.count - 8 <= SafetensorsHeader.byteLimit else {
        throw MergeError(
          "a shard would have a header of \(header.count - 8) bytes, and readers take at most"
            + " \(SafetensorsHeader.byteLimit); make the shards smaller")
      }
      var end = header.count
      for index in order {
        places[index] = (number, end)
        end += byteCounts[index]
      }
      let name = parts.count == 1 ? "model" : "model-\(five(number + 1))-of-\(five(parts.count))"
      shards.append(
        Shard(fileName: name + ".safetensors", header: header, byteCount: end, tensors: order))
    }
    self.shards = shards
    self.places = places

    guard shards.count > 1 else {
      index = nil
      return
    }
    let map = tensors.indices
      .sorted { tensors[$0].name.utf8.lexicographicallyPrecedes(tensors[$1].name.utf8) }
      .map { JSON.Member(tensors[$0].name, .string(shards[places[$0].shard].fileName)) }
    index = .object([
      JSON.Member(
        "metadata",
        .object([
          JSON.Member("total_parameters", .number("\(parameters)")),
          JSON.Member("total_size", .number("\(total)")),
        ])),
      JSON.Member("weight_map", .object(map)),
    ])
  }

  /// More than any disk has, and little enough for a few such numbers to be added.
  static let byteLimit = 1 << 56

  /// The bytes of a file before its data, as the reference writer makes them.
  private static func header(
    of tensors: [((name: String, type: ElementType, shape: [Int]), byteCount: Int)],
    metadata: [(String, String)]
  ) -> [UInt8] {
    var entries: [String] = []
    if !metadata.isEmpty {
      let members = metadata.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
        .map { JSON.Member($0.0, .string($0.1)) }
      entries.append("\"__metadata__\":" + JSON.object(members).compact)
    }
    var end = 0
    for (tensor, byteCount) in tensors {
      let start = end
      end += byteCount
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      entries.append(
        "\(JSON.quoted(tensor.name)):{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(start),\(end)]}")
    }
    var json = Array("{".utf8)
    json.append(contentsOf: entries.joined(separator: ",").utf8)
    json.append(UInt8(ascii: "}"))
    while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
    return (0..<8).map { UInt8(truncatingIfNeeded: json.count >> (8 * $0)) } + json
  }
}

/// A number with at least five digits.
private func five(_ number: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
}
