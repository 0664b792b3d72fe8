internal import Audit

/// The tensors of a merge by layer and module; those of one place, such as the experts of a
/// mixture, are taken together.
struct MergeGrid {
  private let layerCount: Int
  /// Modules in the order of their first tensor; those outside of the layers have one place.
  private var lines: [(module: String, isLayered: Bool, places: [Int: [Overview.Merge.Tensor]])] =
    []

  init(_ merge: Overview.Merge) {
    // A number that is no layer must not make the drawing endless.
    let layers = merge.tensors.compactMap(\.layer).filter { $0 < 1000 }
    layerCount = (layers.max() ?? -1) + 1
    var known: [String: Int] = [:]
    for tensor in merge.tensors {
      let layer = tensor.layer.flatMap { $0 < 1000 ? $0 : nil }
      let key = "\(layer == nil)\(tensor.module)"
      if known[key] == nil {
        known[key] = lines.count
        lines.append((tensor.module, layer != nil, [:]))
      }
      lines[known[key] ?? 0].places[layer ?? 0, default: []].append(tensor)
    }
  }

  func shares(of input: String, colour: String) -> HeatMap? {
    map("Share of \(input) by layer and module", colour) { tensor in
      guard let own = tensor.shares.first(where: { $0.input == input })?.entries else { return nil }
      return (Double(own), Double(tensor.entries))
    } note: {
      "\(Numerals.share(Int($0), of: Int($1)))"
    } label: {
      Numerals.decimal(100 * $0, places: 1) + " %"
    }
  }

  func distances(to input: String, colour: String) -> HeatMap? {
    map("Distance to \(input) by layer and module", colour) { tensor in
      guard let distance = tensor.shares.first(where: { $0.input == input })?.distance,
        let norm = tensor.norm, norm > 0
      else { return nil }
      return (distance, norm)
    } note: {
      Numerals.significant($0 / $1)
    } label: {
      Numerals.significant($0)
    }
  }

  func thresholds(of input: String) -> HeatMap? {
    var map = map("Thresholds of \(input) by layer and module", "neutral") { tensor in
      guard let step = tensor.steps.first(where: { $0.incoming == input }), step.threshold > 0
      else { return nil }
      return (step.threshold, 1)
    } note: {
      Numerals.significant($0 / $1)
    } label: {
      Numerals.significant($0)
    }
    map?.isLogarithmic = true
    return map
  }

  /// A cell's value is the sum of the parts over the sum of the wholes of its tensors.
  private func map(
    _ title: String, _ colour: String,
    _ value: (Overview.Merge.Tensor) -> (part: Double, whole: Double)?,
    note: (Double, Double) -> String, label: @escaping (Double) -> String
  ) -> HeatMap? {
    var inner: [Double] = []
    var all: [Double] = []
    let drawn = lines.map { line -> HeatMap.Line in
      let cells = (0..<(line.isLayered ? layerCount : 1)).map { layer -> HeatMap.Cell? in
        guard let tensors = line.places[layer] else { return nil }
        let values = tensors.compactMap(value)
        guard !values.isEmpty else { return nil }
        let part = values.reduce(0) { $0 + $1.part }
        let whole = values.reduce(0) { $0 + $1.whole }
        guard whole > 0 else { return nil }
        let isMarked = tensors.contains(where: \.isDegenerate)
        all.append(part / whole)
        if !isMarked { inner.append(part / whole) }
        let place = line.isLayered ? "layer \(layer), \(line.module)" : line.module
        return HeatMap.Cell(
          value: part / whole,
          note: "\(place): \(note(part, whole))\(isMarked ? ", degenerate" : "")",
          isMarked: isMarked)
      }
      return HeatMap.Line(name: line.module, cells: cells)
    }
    // Degenerate tensors are all or nothing, and would make the others look alike.
    let values = inner.isEmpty ? all : inner
    guard let low = values.min(), let high = values.max() else { return nil }
    return HeatMap(
      title: title, columnCount: layerCount, lines: drawn, colour: colour, range: low...high,
      label: label)
  }
}
