/// The pieces that pages are made of, beside tables and drawings.
extension HTML {
  package var isEmpty: Bool { source.isEmpty }

  /// A piece or nothing. Within a literal `condition ? "<b>" : ""` is a text, and is escaped.
  package static func when(_ condition: Bool, _ piece: @autoclosure () -> HTML) -> HTML {
    condition ? piece() : ""
  }

  /// A part of the page that the navigation can lead to.
  package static func section(
    _ id: String, _ title: String, intro: HTML = "", _ content: HTML
  ) -> HTML {
    """
    <section id="\(id)" aria-labelledby="\(id)-title">
    <h2 id="\(id)-title">\(title)</h2>
    \(.when(!intro.isEmpty, "<p class=\"intro\">\(intro)</p>\n"))\(content)</section>

    """
  }

  /// Names and values in pairs.
  package static func facts(_ facts: [(name: String, value: HTML)]) -> HTML {
    let pairs = facts.map { "<div><dt>\($0.name)</dt><dd>\($0.value)</dd></div>\n" as HTML }
    return "<dl class=\"facts\">\n\(pairs.joined())</dl>\n"
  }

  /// The few numbers that matter most, large.
  package static func figures(_ figures: [(name: String, value: HTML, note: HTML)]) -> HTML {
    let tiles = figures.map { figure -> HTML in
      let size: HTML = when(figure.value.source.utf8.count > 9, " class=\"long\"")
      return """
        <div><dt>\(figure.name)</dt><dd\(size)>\(figure.value)<small>\(figure.note)</small></dd></div>

        """
    }
    return "<dl class=\"figures\">\n\(tiles.joined())</dl>\n"
  }

  /// What opens when it is wanted; printed open, or left out.
  package static func fold(
    _ summary: HTML, isOpen: Bool = false, isPrinted: Bool = true, _ content: HTML
  ) -> HTML {
    """
    <details\(.when(!isPrinted, " class=\"unprinted\""))\(.when(isOpen, " open"))><summary>\(summary)</summary>
    <div class="folded">\(content)</div></details>

    """
  }

  /// A drawing with what it says; one that is wider than the page scrolls.
  package static func figure(_ drawing: Drawing, _ caption: HTML = "") -> HTML {
    """
    <figure><div class="scroll" role="region" tabindex="0" aria-label="\(drawing.title)">\
    \(drawing.svg)</div>
    \(.when(!caption.isEmpty, "<figcaption>\(caption)</figcaption>"))</figure>

    """
  }

  /// The name of a fate in its colour.
  package static func fate(_ kind: String) -> HTML {
    "<span class=\"fate \(kind)\">\(kind)</span>"
  }

  /// The state of a stage in its colour.
  package static func state(_ state: String) -> HTML {
    "<span class=\"state \(state)\">\(state)</span>"
  }

  package static func code(_ text: String) -> HTML { "<code>\(text)</code>" }

  /// A hash or an id: whole, small, broken where it must be.
  package static func hash(_ text: String) -> HTML { "<code class=\"hash\">\(text)</code>" }

  /// An id to choose by: on one line where it is short enough for that.
  package static func id(_ text: String) -> HTML {
    text.utf8.count > 48 ? HTML(text: text) : "<span class=\"id\">\(text)</span>"
  }

  /// Text of several lines as it stands, such as a filter.
  package static func text(_ text: String) -> HTML {
    "<pre tabindex=\"0\"><code>\(text)</code></pre>\n"
  }

  /// Words of a sample.
  package static func quote(_ text: String) -> HTML {
    "<q class=\"sample\" dir=\"auto\">\(text)</q>"
  }

  /// Something that the reader should not miss.
  package static func notice(_ content: HTML) -> HTML {
    "<p class=\"notice\" role=\"note\">\(content)</p>\n"
  }
}
