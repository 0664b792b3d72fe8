package import Audit
internal import Lineage

/// What became of every row from one run to another.
package struct ComparePage: Sendable {
  package var runs: [RunList.Run]
  package var before, after: Int64?
  /// Nil where no two runs were asked for.
  package var difference: Difference?

  package init(
    _ runs: [RunList.Run], before: Int64?, after: Int64?, _ difference: Difference?
  ) {
    self.runs = runs
    self.before = before
    self.after = after
    self.difference = difference
  }

  package var html: ServedPage {
    ServedPage(
      "Compare runs", .compare,
      """
      <h1>Compare runs</h1>
      <p class="lead">Row by row: what was added, removed, changed or moved, and why.</p>
      \(form)\(difference.map(summary) ?? "")
      """)
  }

  private var form: HTML {
    """
    <form action="/compare">\(choice("before", before ?? runs.dropFirst().first?.id))\
    \(choice("after", after ?? runs.first?.id))<button>Compare</button></form>

    """
  }

  private func choice(_ name: String, _ chosen: Int64?) -> HTML {
    let options = runs.map { run -> HTML in
      let mark: HTML = run.id == chosen ? " selected" : ""
      return """
        <option value="\(Int(run.id))"\(mark)>run \(Int(run.id)), \(run.finished), \
        \(run.recipe.shortened(to: 60))</option>
        """
    }
    return "<label>\(name) <select name=\"\(name)\">\(options.joined())</select></label> "
  }

  private func summary(_ difference: Difference) -> HTML {
    guard !difference.isEmpty else {
      return "<p>Every sample has the fate, the bytes and the place that it had.</p>\n"
    }
    return difference.branches.enumerated().map { number, branch in
      // A run builds those of its branches that are not up to date.
      guard branch.before != nil, branch.after != nil else {
        let run = branch.before == nil ? before : after
        return HTML.notice("Run \(Int(run ?? 0)) has not built \(branch.name).")
      }
      return HTML.section("branch-\(number)", branch.name, self.branch(branch, number))
    }.joined()
  }

  private func branch(_ branch: Difference.Branch, _ number: Int) -> HTML {
    let counts = Table(
      "Rows of \(branch.name) by source",
      [.text("source"), .number("before"), .number("removed"), .number("added"), .number("after")]
        + [.number("changed"), .number("moved"), .number("the same")],
      branch.sources.map { source in
        [HTML(text: source.name)]
          + [
            source.rowsBefore, source.removed, source.added, source.rowsAfter, source.changed,
            source.moved, source.same,
          ].map { HTML.number($0) }
      }, isStack: true)
    let causes = Table(
      "What changed in \(branch.name), and why",
      [.text("change"), .text("source"), .text("because"), .number("samples")],
      branch.groups.enumerated().map { place, group in
        let list = Address(
          "/compare",
          [
            ("before", before.map { String($0) }), ("after", after.map { String($0) }),
            ("branch", String(number)), ("group", String(place)),
          ])
        return [
          list.link(HTML(text: Self.words(group.change))), HTML(text: group.source),
          HTML(text: group.cause.description), HTML.number(group.count),
        ]
      }, isStack: true)
    return counts.html + (branch.groups.isEmpty ? "" : causes.html) + inputs(branch)
      + (branch.taught.map { taught($0, branch.name) } ?? "")
  }

  /// What became of the rows that a teacher wrote.
  private func taught(_ taught: TaughtDifference, _ name: String) -> HTML {
    func side(_ side: TaughtDifference.Side?) -> HTML {
      guard let side else { return "not taught" }
      return "\(.counted(side.rows, "row")) of \(.counted(side.seeds, "seed")) by \(side.model)"
    }
    let table = Table(
      "What changed in the taught rows of \(name), and why",
      [.text("change"), .text("because"), .code("for example"), .number("rows")],
      taught.groups.map { group in
        [
          "\(group.change.rawValue)", "\(group.cause)",
          Address.sample(group.example, run: nil).link(HTML.id(group.example)),
          HTML.number(group.count),
        ]
      }, isStack: true)
    let settings = taught.settings.map { setting -> HTML in
      HTML.fold(
        "The teacher’s \(setting.name)",
        """
        <div class="columns"><div><h3>Before</h3>\(text(setting.before))</div>\
        <div><h3>After</h3>\(text(setting.after))</div></div>
        """)
    }.joined()
    return """
      <h3>Taught rows</h3>
      <p>\(side(taught.before)) before, \(side(taught.after)) after; \
      \(.number(taught.same)) have the same bytes.</p>
      \(taught.groups.isEmpty ? "" : table.html)\(settings)
      """
  }

  /// What a branch is made from, where it is not what it was.
  private func inputs(_ branch: Difference.Branch) -> HTML {
    branch.inputs.map { input -> HTML in
      let place = input.source.map { "\($0): " } ?? ""
      guard input.cause.before != nil || input.cause.after != nil else { return "" }
      return HTML.fold(
        "\(place)\(input.cause.description.shortened(to: 200))",
        """
        <div class="columns"><div><h3>Before</h3>\(text(input.cause.before))</div>\
        <div><h3>After</h3>\(text(input.cause.after))</div></div>
        """)
    }.joined()
  }

  private func text(_ text: String?) -> HTML {
    text.map { HTML.text($0.shortened(to: 20_000)) } ?? "<p>It was not there.</p>\n"
  }

  static func words(_ change: Difference.Change) -> String {
    switch change {
    case .outside: "no row, then and now"
    default: change.rawValue
    }
  }
}

/// The samples that changed in one way for one cause, a page of them.
package struct ChangePage: Sendable {
  package var before, after: Int64
  package var branch: Int
  package var group: Int
  package var name: String
  package var what: Difference.Group
  /// The first row's place in the group, counted from 0.
  package var start: Int
  package var rows: [DifferenceRow]

  package init(
    before: Int64, after: Int64, branch: Int, group: Int, name: String, _ what: Difference.Group,
    start: Int, rows: [DifferenceRow]
  ) {
    self.before = before
    self.after = after
    self.branch = branch
    self.group = group
    self.name = name
    self.what = what
    self.start = start
    self.rows = rows
  }

  package var html: ServedPage {
    ServedPage(
      "Compare runs", .compare,
      """
      <h1>\(name): \(ComparePage.words(what.change))</h1>
      <p class="lead">\(what.source): \(what.cause.description). \
      \(HTML.number(start + min(1, rows.count)))–\(HTML.number(start + rows.count)) of \
      \(HTML.counted(what.count, "sample")) from \(address(nil, nil).link("run \(Int(before)) to run \(Int(after))")).</p>
      \(table)\(pager)
      """)
  }

  private func address(_ group: Int?, _ start: Int?) -> Address {
    Address(
      "/compare",
      [
        ("before", String(before)), ("after", String(after)),
        ("branch", group.map { _ in String(branch) }), ("group", group.map { String($0) }),
        ("start", start.map { String($0) }),
      ])
  }

  private var table: HTML {
    Table(
      "Samples in the order of reading",
      [.code("sample"), .text("run \(before)"), .text("run \(after)")],
      rows.map { row in
        let place = row.after ?? row.before
        let name = row.id ?? place.map { "\($0.path):\($0.row)" } ?? ""
        return [
          Address.sample(name, run: row.after == nil ? before : after).link(HTML.id(name)),
          told(row.before, before), told(row.after, after),
        ]
      }, isStack: true
    ).html
  }

  private func told(_ place: DifferenceRow.Place?, _ run: Int64) -> HTML {
    guard let place else { return "not read" }
    var words = HTML.fate(place.fate)
    if let step = place.step { words += " by \(step)" }
    if let stayed = place.duplicateOf {
      words += " of \(Address.sample(stayed, run: run).link(HTML.hash(stayed)))"
    }
    if let row = place.outputRow { words += ", row \(HTML.number(row))" }
    if let evidence = place.evidence { words += " \(HTML.code(evidence.shortened(to: 200)))" }
    return words
  }

  private var pager: HTML {
    var links: HTML = ""
    if start > 0 { links += address(group, max(0, start - 50)).link("← Earlier", " rel=\"prev\"") }
    if start + rows.count < what.count {
      links += address(group, start + rows.count).link("Later →", " rel=\"next\"")
    }
    return links == ""
      ? ""
      : "<div class=\"pager\" role=\"navigation\" aria-label=\"Pages of the list\">\(links)</div>\n"
  }
}
