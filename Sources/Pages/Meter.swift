/// A bar in a table's cell: parts of a whole, side by side.
package struct Meter: Sendable {
  package var parts: [(colour: String, count: Int)]
  package var whole: Int
  /// What it shows, for those who do not see it; nil where the row's numbers say it.
  package var title: String?

  package init(_ parts: [(colour: String, count: Int)], of whole: Int, title: String? = nil) {
    self.parts = parts
    self.whole = whole
    self.title = title
  }

  package var html: HTML {
    var x = 0.0
    var bars: HTML = "<rect class=\"ground\" width=\"1000\" height=\"10\"/>"
    for part in parts where part.count > 0 && whole > 0 {
      // What is there at all shows.
      let width = max(4, 1000 * Double(part.count) / Double(whole))
      bars +=
        "<rect class=\"\(part.colour)\" x=\"\(at(x))\" width=\"\(at(width))\" height=\"10\"/>"
      x += width
    }
    let role: HTML = title.map { "role=\"img\" aria-label=\"\($0)\"" } ?? "aria-hidden=\"true\""
    return """
      <svg class="meter" viewBox="0 0 1000 10" preserveAspectRatio="none" \(role)>\(bars)</svg>
      """
  }
}
