/// Which tensors the output has, from which tensors each is made, and how deep it lies.
///
/// All of it comes from the names of the inputs' tensors. Where these have several towers of
/// numbered layers (a vision model before a language model), the one with most layers counts,
/// and the others lie outside the layers.
package struct LayerMap: Sendable {
  /// Tensors before the layers, then layer by layer, then those after.
  package let outputs: [Output]
  /// How many layers the output has; 0 where no tensor is numbered.
  package let layerCount: Int
  /// What stands before the layers' numbers, as `model.layers`.
  package let tower: String?

  package struct Output: Hashable, Sendable {
    package let name: String
    /// Which of the document's slices makes it.
    package let slice: Int
    /// For each source of that slice the tensor that is taken, whether it has it or not.
    package let sources: [String]
    /// The depth for gradients, 0 ... 1.
    package let t: Double
    package let position: Position
  }

  package enum Position: Hashable, Sendable {
    case before
    case layer(Int)
    case after
  }

  /// Maps the tensors of a document's inputs, given their names.
  package init(_ document: MergeDocument, names: [[String]]) throws(MergeError) {
    let slices = document.slices
    let inputs = names.map(Names.init)
    guard inputs.count == document.inputs.count, let first = slices.first, let last = slices.last
    else { throw MergeError("a merge needs the tensor names of all its inputs") }
    let leading = document.baseIndex ?? first.sources.first?.input ?? 0
    let isSliced = if case .slices = document.body { true } else { false }
    let main = inputs[isSliced ? first.sources.first?.input ?? 0 : leading].mainTower
    tower = main

    func outside(_ slice: Int, _ sources: [MergeDocument.SourceEntry], _ position: Position)
      -> [Output]
    {
      let names = Self.union(sources.map { inputs[$0.input].outside(main, position) })
      return names.map {
        Output(
          name: $0, slice: slice, sources: Array(repeating: $0, count: sources.count),
          t: position == .after ? document.postDepth : 0, position: position)
      }
    }

    var layers: [Output] = []
    var count = 0
    if isSliced {
      for (index, slice) in slices.enumerated() {
        try Self.check(slice, inputs, main)
        layers += Self.layers(of: slice, index, from: count, inputs, main)
        count += slice.sources.first?.layers?.count ?? 0
      }
    } else {
      count = inputs[leading].layers(main).count
      layers = Self.allLayers(of: first, count: count, inputs, main)
    }
    layerCount = count
    outputs =
      outside(0, first.sources, .before) + layers + outside(slices.count - 1, last.sources, .after)
  }

  /// The layers of `models` and of a chain: every tensor is made from those of its name.
  private static func allLayers(
    of slice: MergeDocument.Slice, count: Int, _ inputs: [Names], _ main: String?
  ) -> [Output] {
    let all = slice.sources.map { inputs[$0.input].layers(main) }
    return Set(all.flatMap(\.keys)).sorted().flatMap { layer in
      union(all.map { $0[layer] ?? [] }).map { suffix in
        let name = TensorName(tower: main ?? "", layer: layer, suffix: suffix).name
        return Output(
          name: name, slice: 0, sources: Array(repeating: name, count: slice.sources.count),
          t: depth(layer, of: count), position: .layer(layer))
      }
    }
  }

  /// The layers of a slice, which number `start` and on in the output.
  private static func layers(
    of slice: MergeDocument.Slice, _ index: Int, from start: Int, _ inputs: [Names],
    _ main: String?
  ) -> [Output] {
    let starts = slice.sources.map { $0.layers?.lowerBound ?? 0 }
    let length = slice.sources.first?.layers?.count ?? 0
    let all = slice.sources.map { inputs[$0.input].layers(main) }
    return (0..<length).flatMap { k in
      union(zip(all, starts).map { $0[$1 + k] ?? [] }).map { suffix in
        func name(_ layer: Int) -> String {
          TensorName(tower: main ?? "", layer: layer, suffix: suffix).name
        }
        return Output(
          name: name(start + k), slice: index, sources: starts.map { name($0 + k) },
          t: depth(k, of: length), position: .layer(start + k))
      }
    }
  }

  /// Refuses a range that goes beyond its model.
  private static func check(
    _ slice: MergeDocument.Slice, _ inputs: [Names], _ main: String?
  ) throws(MergeError) {
    for source in slice.sources {
      guard let range = source.layerRange else { continue }
      let layers = inputs[source.input].layers(main)
      guard let main, let last = layers.keys.max() else {
        let called = main.map { " called '\($0).N'" } ?? ""
        throw MergeError(
          "\(range.place): \(source.model) has no layers\(called) to take a 'layer_range' from")
      }
      if let missing = range.layers.first(where: { layers[$0] == nil }) {
        throw MergeError(
          "\(range.place): 'layer_range' takes '\(main).\(missing)', and the last layer of"
            + " \(source.model) is \(last)")
      }
    }
  }

  /// mergekit's depth: a single layer counts as the deepest.
  private static func depth(_ index: Int, of count: Int) -> Double {
    count > 1 ? min(1, Double(index) / Double(count - 1)) : 1
  }

  /// All names in the order in which they first come.
  private static func union(_ lists: [[String]]) -> [String] {
    var seen: Set<String> = []
    return lists.joined().filter { seen.insert($0).inserted }
  }

  /// The tensor names of one model, sorted into towers.
  private struct Names {
    /// By tower and layer, the suffixes in their order.
    private var towers: [String: [Int: [String]]] = [:]
    private let all: [(name: String, tower: String?)]

    init(_ names: [String]) {
      all = names.map { ($0, TensorName($0)?.tower) }
      for case let name? in names.map({ TensorName($0) }) {
        towers[name.tower, default: [:]][name.layer, default: []].append(name.suffix)
      }
    }

    /// The tower with most layers; of several such the one with most tensors.
    var mainTower: String? {
      towers.max {
        ($0.value.count, $0.value.values.joined().count, $1.key)
          < ($1.value.count, $1.value.values.joined().count, $0.key)
      }?.key
    }

    func layers(_ tower: String?) -> [Int: [String]] { tower.flatMap { towers[$0] } ?? [:] }

    /// What lies before or after the layers of a tower; other towers lie before.
    func outside(_ main: String?, _ position: Position) -> [String] {
      all.filter {
        guard $0.tower == nil || $0.tower != main else { return false }
        let isBefore = $0.tower != nil || isEmbedding($0.name)
        return isBefore == (position == .before)
      }.map(\.name)
    }
  }
}

/// Whether a tensor outside the layers stands before them: the embeddings, by all their names.
///
/// `embed_out` is GPT-NeoX's head.
private func isEmbedding(_ name: String) -> Bool {
  let parts = name.split(separator: ".")
  if parts.contains("embed_out") { return false }
  return name.contains("embed")
    || parts.contains { ["wte", "wpe", "emb", "shared", "project_in"].contains($0) }
}
