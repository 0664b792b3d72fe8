/// A picture in SVG that grows piece by piece; lengths are CSS pixels at full size.
///
/// Colours are classes of the style sheet, so that it follows light, dark and print: `c0` … `c7`
/// for branches and experts, `lost` for what was removed, `neutral` for the rest.
package struct Drawing: Sendable {
  /// What it shows, for those who do not see it.
  package let title: String
  package let width, height: Double
  /// More classes of the whole.
  package var classes: String
  private(set) var body: HTML = ""

  package init(_ title: String, width: Double, height: Double, classes: String = "") {
    self.title = title
    self.width = width
    self.height = height
    self.classes = classes
  }

  package var svg: HTML {
    """
    <svg class="drawing \(classes)" role="img" aria-label="\(title)" \
    viewBox="0 0 \(at(width)) \(at(height))" width="\(at(width))" height="\(at(height))">
    \(body)</svg>
    """
  }

  /// A note on a piece shows when the pointer rests on it.
  package mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, radius: Double = 0, _ classes: String,
    opacity: Double? = nil, note: String? = nil
  ) {
    let round: HTML = radius > 0 ? " rx=\"\(at(radius))\"" : ""
    let faint: HTML = opacity.map { " fill-opacity=\"\(at($0))\"" } ?? ""
    element(
      """
      rect class="\(classes)" x="\(at(x))" y="\(at(y))" width="\(at(width))" \
      height="\(at(height))"\(round)\(faint)
      """, "rect", note)
  }

  package mutating func path(_ path: String, _ classes: String, note: String? = nil) {
    element("path class=\"\(classes)\" d=\"\(path)\"", "path", note)
  }

  package mutating func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ classes: String
  ) {
    element(
      """
      line class="\(classes)" x1="\(at(x1))" y1="\(at(y1))" x2="\(at(x2))" y2="\(at(y2))"
      """, "line", nil)
  }

  package mutating func circle(
    x: Double, y: Double, radius: Double, _ classes: String, note: String? = nil
  ) {
    element(
      "circle class=\"\(classes)\" cx=\"\(at(x))\" cy=\"\(at(y))\" r=\"\(at(radius))\"", "circle",
      note)
  }

  /// Where on the line the text's place is.
  package enum Anchor: String, Sendable { case start, middle, end }

  package mutating func text(
    _ text: String, x: Double, y: Double, _ classes: String = "", anchor: Anchor = .start
  ) {
    let side: HTML = anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\""
    let kind: HTML = classes.isEmpty ? "" : " class=\"\(classes)\""
    body += "<text\(kind) x=\"\(at(x))\" y=\"\(at(y))\"\(side)>\(text)</text>\n"
  }

  private mutating func element(_ opening: HTML, _ name: String, _ note: String?) {
    guard let note else {
      body += "<\(opening)/>\n"
      return
    }
    body += "<\(opening)><title>\(note)</title></\(name)>\n"
  }
}

/// A length as SVG writes it.
func at(_ value: Double) -> String { Numerals.place(value) }
