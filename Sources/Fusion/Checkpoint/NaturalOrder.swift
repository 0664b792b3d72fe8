/// The order in which a model is used: embeddings, layers by their numbers, the head.
///
/// Names are compared by their bytes, but runs of digits as numbers: `layers.2` comes before
/// `layers.10`. No two different names have the same place.
package struct NaturalOrder: Comparable, Sendable {
  private let part: Int
  private let bytes: [UInt8]

  package init(_ name: String) {
    bytes = Array(name.utf8)
    let components = name.utf8.split(separator: UInt8(ascii: ".")).map { Substring($0) }
    let isHead =
      name == "output.weight" || components.contains { $0 == "lm_head" || $0 == "embed_out" }
    // An embedding inside a layer belongs to that layer.
    let beforeLayers = components.prefix { Int($0) == nil }
    let isEmbedding = beforeLayers.contains { component in
      component == "wte" || component == "wpe" || component.hasPrefix("embed")
        || component.hasSuffix("embedding") || component.hasSuffix("embeddings")
    }
    part = isHead ? 2 : isEmbedding ? 0 : 1
  }

  package static func == (a: NaturalOrder, b: NaturalOrder) -> Bool { a.bytes == b.bytes }

  package static func < (a: NaturalOrder, b: NaturalOrder) -> Bool {
    guard a.part == b.part else { return a.part < b.part }
    var (i, j) = (0, 0)
    while i < a.bytes.count, j < b.bytes.count {
      let (x, y) = (digits(of: a.bytes, from: i), digits(of: b.bytes, from: j))
      if x.isEmpty || y.isEmpty {
        guard a.bytes[i] == b.bytes[j] else { return a.bytes[i] < b.bytes[j] }
        (i, j) = (i + 1, j + 1)
      } else {
        // Of two numbers without leading zeros the longer is the larger.
        let (p, q) = (a.bytes[x].drop { $0 == 0x30 }, b.bytes[y].drop { $0 == 0x30 })
        guard p.count == q.count else { return p.count < q.count }
        guard p.elementsEqual(q) else { return p.lexicographicallyPrecedes(q) }
        (i, j) = (x.upperBound, y.upperBound)
      }
    }
    guard i == a.bytes.count && j == b.bytes.count else { return i == a.bytes.count }
    return a.bytes.lexicographicallyPrecedes(b.bytes)
  }

  private static func digits(of bytes: [UInt8], from start: Int) -> Range<Int> {
    var end = start
    while end < bytes.count, 0x30...0x39 ~= bytes[end] { end += 1 }
    return start..<end
  }
}

extension Sequence {
  /// The elements in the natural order of their names.
  package func inNaturalOrder(by name: (Element) -> String) -> [Element] {
    map { (NaturalOrder(name($0)), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
  }
}
