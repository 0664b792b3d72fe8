/// A measure over the steps of a training: every value thin, and what it comes to on average.
struct Curve {
  var title: String
  /// In the order of the steps.
  var points: [(step: Int, value: Double)]
  /// What the upright axis shows, so that several curves can be held against each other.
  var range: ClosedRange<Double>
  var lastStep: Int
  var colour: String

  /// Points that are drawn at most; more are averaged in even groups.
  static let resolution = 400

  var drawing: Drawing {
    let (left, top, width, height) = (46.0, 12.0, 400.0, 150.0)
    var drawing = Drawing(title, width: left + width + 14, height: top + height + 26)
    let span = range.upperBound - range.lowerBound
    func y(_ value: Double) -> Double {
      top + height * (1 - (span > 0 ? (value - range.lowerBound) / span : 0.5))
    }
    func x(_ step: Double) -> Double { left + width * step / Double(max(lastStep, 1)) }
    for tick in Scale.ticks(from: range.lowerBound, through: range.upperBound) {
      drawing.line(left, y(tick), left + width, y(tick), "grid")
      drawing.text(
        Numerals.axis(tick), x: left - 8, y: y(tick) + 4, "soft", anchor: .end)
    }
    drawing.line(left, top + height, left + width, top + height, "axis")
    for tick in Scale.ticks(upTo: lastStep, count: 4) where tick <= lastStep {
      drawing.text(
        Numerals.grouped(tick), x: x(Double(tick)), y: top + height + 18, "soft",
        anchor: .middle)
    }
    let shown = thinned
    // The mean of the points around each, some twentieth of all.
    let reach = shown.count / 40
    let smooth = shown.indices.map { index -> (Double, Double) in
      let near = max(0, index - reach)...min(shown.count - 1, index + reach)
      return (shown[index].0, near.reduce(0) { $0 + shown[$1].1 } / Double(near.count))
    }
    func line(_ points: [(Double, Double)]) -> String {
      points.enumerated().map { index, point in
        "\(index == 0 ? "M" : "L")\(at(x(point.0))) \(at(y(point.1)))"
      }.joined()
    }
    if shown.count == 1, let point = shown.first {
      drawing.circle(x: x(point.0), y: y(point.1), radius: 3, colour)
    } else if !shown.isEmpty {
      drawing.path(line(shown), "curve raw \(colour)")
      drawing.path(line(smooth), "curve \(colour)")
    }
    return drawing
  }

  private var thinned: [(Double, Double)] {
    let size = (points.count + Self.resolution - 1) / Self.resolution
    guard size > 1 else { return points.map { (Double($0.step), $0.value) } }
    return stride(from: 0, to: points.count, by: size).map { start in
      let group = points[start..<min(start + size, points.count)]
      let sum = group.reduce((0.0, 0.0)) { ($0.0 + Double($1.step), $0.1 + $1.value) }
      return (sum.0 / Double(group.count), sum.1 / Double(group.count))
    }
  }
}
