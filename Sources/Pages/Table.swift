/// A table whose columns have names and whose rows have one each; what is too wide scrolls.
package struct Table: Sendable {
  package struct Column: Sendable {
    /// How its cells stand: numbers to the right, hashes and ids in small letters of one width,
    /// drawings take what room is left; prose takes most, and makes that rows stand as a stack of
    /// lines on a phone.
    package enum Kind: String, Sendable { case text, number, code, drawing, prose }

    package var name: String
    package var kind: Kind
    /// Whether a phone does without it.
    package var isMinor = false

    package var minor: Column {
      var column = self
      column.isMinor = true
      return column
    }

    var classes: String { kind.rawValue + (isMinor ? " minor" : "") }

    package static func text(_ name: String) -> Column { Column(name: name, kind: .text) }
    package static func number(_ name: String) -> Column { Column(name: name, kind: .number) }
    package static func code(_ name: String) -> Column { Column(name: name, kind: .code) }
    package static func prose(_ name: String) -> Column { Column(name: name, kind: .prose) }
    package static func drawing(_ name: String) -> Column { Column(name: name, kind: .drawing) }
  }

  package var caption: String
  package var columns: [Column]
  /// The first cell of each names its row.
  package var rows: [[HTML]]
  /// A last row of sums, or none.
  package var total: [HTML]?

  /// Whether a phone shows each row as a stack of lines, each with the name of its column.
  package var isStack: Bool

  /// Whether the words around it say what it is, so that the caption is for those who only hear.
  package var isQuiet: Bool

  package init(
    _ caption: String, _ columns: [Column], _ rows: [[HTML]], total: [HTML]? = nil,
    isStack: Bool = false, isQuiet: Bool = false
  ) {
    self.caption = caption
    self.columns = columns
    self.rows = rows
    self.total = total
    self.isStack = isStack || columns.contains { $0.kind == .prose }
    self.isQuiet = isQuiet
  }

  package var html: HTML {
    let heads = columns.map { column -> HTML in
      "<th scope=\"col\" class=\"\(column.classes)\">\(column.name)</th>"
    }.joined()
    let body = rows.map { "<tr>\(cells($0))</tr>\n" as HTML }.joined()
    let foot: HTML = total.map { "<tfoot><tr>\(cells($0))</tr></tfoot>\n" } ?? ""
    return """
      <div class="scroll" role="region" tabindex="0" aria-label="\(caption)">
      <table class="\(classes)">
      <caption>\(caption)</caption>
      <thead><tr>\(heads)</tr></thead>
      <tbody>
      \(body)</tbody>
      \(foot)</table></div>

      """
  }

  /// Numbers alone need not be far apart.
  private var classes: String {
    let isNarrow = columns.dropFirst().allSatisfy { $0.kind == .number }
    return [isQuiet ? "quiet" : nil, isNarrow ? "narrow" : nil, isStack ? "stack" : nil]
      .compactMap(\.self)
      .joined(separator: " ")
  }

  private func cells(_ row: [HTML]) -> HTML {
    zip(columns, row).enumerated().map { index, cell -> HTML in
      let (column, content) = cell
      let name: HTML = .when(
        isStack && index > 0 && column.kind != .prose, " data-name=\"\(column.name)\"")
      return index == 0
        ? "<th scope=\"row\" class=\"\(column.classes)\">\(content)</th>"
        : "<td class=\"\(column.classes)\"\(name)>\(content)</td>"
    }.joined()
  }
}
