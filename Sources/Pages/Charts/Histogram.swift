/// Bars side by side, one for each class, drawn from a shared base line.
struct Histogram {
  struct Bar {
    /// Below its left edge; empty for most.
    var label: String
    /// All rows, and then parts of these, each drawn before the one after it.
    var counts: [Int]
    var note: String
  }

  var title: String
  var bars: [Bar]
  /// Classes of the style sheet, one for each count of a bar.
  var colours: [String]
  /// Below the labels of the bars; their heights are rows.
  var unit: String
  /// An upright line before this bar, and what it means.
  var mark: (bar: Int, text: String)?

  var drawing: Drawing {
    let (left, width, height) = (46.0, 400.0, 130.0)
    let top = mark == nil ? 24.0 : 38.0
    var drawing = Drawing(title, width: left + width + 14, height: top + height + 44)
    drawing.text("rows", x: left - 8, y: 11, "soft", anchor: .end)
    drawing.text(unit, x: left + width / 2, y: top + height + 37, "soft", anchor: .middle)
    let ticks = Scale.ticks(upTo: bars.flatMap(\.counts).max() ?? 0)
    let most = Double(ticks.last ?? 1)
    for tick in ticks {
      let y = top + height * (1 - Double(tick) / most)
      drawing.line(left, y, left + width, y, tick == 0 ? "axis" : "grid")
      drawing.text(Numerals.grouped(tick), x: left - 8, y: y + 4, "soft", anchor: .end)
    }
    let step = width / Double(max(bars.count, 1))
    for (index, bar) in bars.enumerated() {
      let x = left + step * Double(index)
      // One note for the whole bar, whatever stands before it.
      for (place, (count, colour)) in zip(bar.counts, colours).enumerated() where count > 0 {
        let full = max(1, height * Double(count) / most)
        drawing.rectangle(
          x: x + 0.5, y: top + height - full, width: max(1, step - 1), height: full,
          place == 0 ? colour : colour + " through", note: place == 0 ? bar.note : nil)
      }
      if !bar.label.isEmpty {
        drawing.line(x, top + height, x, top + height + 4, "axis")
        drawing.text(bar.label, x: x, y: top + height + 18, "soft", anchor: .middle)
      }
    }
    if let mark {
      let x = left + step * Double(mark.bar)
      drawing.line(x, top - 8, x, top + height, "mark-line")
      drawing.text(mark.text, x: x - 5, y: top - 8, "soft", anchor: .end)
    }
    return drawing
  }
}
