/// Numbers in a grid of columns and named rows, as strengths of one colour.
struct HeatMap {
  struct Cell {
    var value: Double
    var note: String
    /// Shown by a dot.
    var isMarked: Bool
  }

  struct Line {
    var name: String
    /// One for each column, nil where there is nothing; a single one fills the whole line.
    var cells: [Cell?]
  }

  var title: String
  var columnCount: Int
  var lines: [Line]
  var colour: String
  /// What is weakest and strongest; values beyond are drawn as these.
  var range: ClosedRange<Double>
  var isLogarithmic = false
  /// How a value is written under the colours.
  var label: (Double) -> String

  var drawing: Drawing {
    let left = 12 + 6.4 * Double(lines.map(\.name.count).max() ?? 0)
    let cell = min(26, max(7, (940 - left) / Double(max(columnCount, 1))))
    let low = label(range.lowerBound)
    let words = 7 * Double(low.count + label(range.upperBound).count)
    let width = max(words + 90, cell * Double(max(columnCount, 1)))
    let line = 17.0
    let top = 20.0
    let height = line * Double(lines.count)
    var drawing = Drawing(
      title, width: left + width + 8, height: top + height + 34,
      classes: columnCount > 24 ? "map wide" : "map")
    let step = width / Double(max(columnCount, 1))
    drawing.text("layer", x: left - 8, y: top - 6, "soft", anchor: .end)
    let every = max(1, Int((28 / step).rounded(.up)))
    for column in stride(from: 0, to: columnCount, by: every) {
      drawing.text(
        "\(column)", x: left + step * (Double(column) + 0.5), y: top - 6, "soft", anchor: .middle)
    }
    for (index, row) in lines.enumerated() {
      let y = top + line * Double(index)
      drawing.text(row.name, x: left - 8, y: y + 12, "soft", anchor: .end)
      let room = row.cells.count == 1 ? width : step
      for (column, cell) in row.cells.enumerated() {
        guard let cell else { continue }
        let x = left + room * Double(column)
        drawing.rectangle(
          x: x + 0.5, y: y + 0.5, width: room - 1, height: line - 1, "cell \(colour)",
          opacity: strength(cell.value), note: cell.note)
        if cell.isMarked {
          drawing.circle(x: x + room / 2, y: y + line / 2, radius: 2, "degenerate")
        }
      }
    }
    legend(&drawing, x: left, y: top + height + 12)
    return drawing
  }

  private func legend(_ drawing: inout Drawing, x: Double, y: Double) {
    let low = label(range.lowerBound)
    drawing.text(low, x: x, y: y + 10, "soft")
    let start = x + 6.6 * Double(low.count) + 6
    for part in 0..<6 {
      drawing.rectangle(
        x: start + 12 * Double(part), y: y, width: 12, height: 11, colour,
        opacity: 0.1 + 0.9 * Double(part) / 5)
    }
    drawing.text(label(range.upperBound), x: start + 78, y: y + 10, "soft")
  }

  /// From 0.1, so that the least still shows, to 1.
  private func strength(_ value: Double) -> Double {
    func place(_ value: Double) -> Double { isLogarithmic ? logarithm(value) : value }
    let (low, high) = (place(range.lowerBound), place(range.upperBound))
    guard high > low, value.isFinite else { return value == range.upperBound ? 1 : 0.1 }
    return 0.1 + 0.9 * min(1, max(0, (place(value) - low) / (high - low)))
  }

  /// To base 2, good enough for a colour, and the same everywhere.
  private func logarithm(_ value: Double) -> Double {
    guard value > 0, value.isFinite else { return -1074 }
    return Double(value.exponent) + (value.significand - 1)
  }
}
