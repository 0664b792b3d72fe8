package import Audit
internal import Lineage

/// The samples of a branch by what became of them, a page of the list at a time.
package struct RowsPage: Sendable {
  package var run: Int64
  package var build: FateMap.Build
  package var filter: FateMap.Filter
  package var page: FateMap.Page
  package var list: FateList
  /// Their beginnings by the numbers of the samples; nil while nobody knows them.
  package var prompts: [Int64: String]?
  /// Every branch with the run that built it last.
  package var branches: [(branch: String, run: Int64)]

  package init(
    run: Int64, build: FateMap.Build, filter: FateMap.Filter, page: FateMap.Page, list: FateList,
    prompts: [Int64: String]?, branches: [(branch: String, run: Int64)]
  ) {
    self.run = run
    self.build = build
    self.filter = filter
    self.page = page
    self.list = list
    self.prompts = prompts
    self.branches = branches
  }

  package var html: ServedPage {
    let isCurrent = branches.contains { $0.branch == build.name && $0.run == run }
    let age: HTML =
      isCurrent ? "as it is now, of run \(Int(run))" : "as run \(Int(run)) built it"
    return ServedPage(
      "Samples of \(build.name)", .samples,
      """
      <h1>Samples of \(build.name)</h1>
      <p class="lead">The samples of the branch by what became of them, \(age).</p>
      \(choices)
      \(summary)
      <section aria-labelledby="list"><h2 id="list">\(heading)</h2>
      \(list.entries.isEmpty ? "<p>None.</p>\n" : table)\(pager)</section>
      """)
  }

  // MARK: - Choosing

  private func address(
    _ filter: FateMap.Filter, branch: String? = nil, _ more: [(String, String?)] = []
  ) -> Address {
    Address(
      "/samples",
      [
        ("branch", branch ?? build.name), ("run", isOld ? String(run) : nil),
        ("source", filter.source), ("fate", filter.fate?.rawValue), ("step", filter.step),
      ] + more)
  }

  private var isOld: Bool { !branches.contains { $0.branch == build.name && $0.run == run } }

  private var choices: HTML {
    let links = branches.map { branch, _ -> HTML in
      let mark: HTML = branch == build.name ? " aria-current=\"true\"" : ""
      return "<li>\(Address("/samples", [("branch", branch)]).link(HTML(text: branch), mark))</li>"
    }
    return "<ul class=\"choices\" aria-label=\"Branches\">\(links.joined())</ul>\n"
  }

  /// A table of all groups, each a link to its list.
  private var summary: HTML {
    let rows = build.groups.sorted { order($0) < order($1) }.map { group -> [HTML] in
      let own = FateMap.Filter(source: group.source, fate: group.fate, step: group.step)
      let mark: HTML = own == filter ? " aria-current=\"true\"" : ""
      let name = HTML.fate(group.fate.rawValue) + (group.step.map { " by \($0)" } ?? "")
      return [
        address(own).link(name, mark),
        address(FateMap.Filter(source: group.source)).link(HTML(text: group.source)),
        HTML.number(group.count),
        Meter([(group.fate.rawValue, group.count)], of: read).html,
      ]
    }
    return Table(
      "What became of \(Numerals.counted(read, "sample"))",
      [.text("fate"), .text("source"), .number("samples"), .drawing("share")], rows
    ).html
  }

  private var read: Int { build.groups.reduce(0) { $0 + $1.count } }

  /// Sources in the order of reading, and their fates, steps as the recipe has them.
  private func order(_ group: FateMap.Group) -> (Int, Int, Int64) {
    (
      build.groups.firstIndex { $0.source == group.source } ?? 0,
      Fate.allCases.firstIndex(of: group.fate) ?? 0, group.position
    )
  }

  // MARK: - The list

  private var heading: HTML {
    var words: HTML = filter.fate.map { HTML(text: $0.rawValue.capitalizedFirst) } ?? "All samples"
    if let step = filter.step { words += " by \(step)" }
    if let source = filter.source { words += " of \(source)" }
    guard let last = page.samples.indices.last else { return words }
    let all = filter == FateMap.Filter() ? "" : address(FateMap.Filter()).link("show all") as HTML
    return """
      \(words) <small>\(HTML.number(page.start))–\(HTML.number(page.start + last)) of \
      \(HTML.number(page.total)) \(all)</small>
      """
  }

  private var table: HTML {
    Table(
      "Samples in the order of reading",
      [.code("sample"), .prose("prompt"), .text("fate"), .code("because")],
      list.entries.map { entry in
        let name = entry.id ?? "\(entry.path):\(entry.row)"
        let fate = HTML.fate(entry.fate) + (entry.step.map { " by \($0)" } ?? "")
        return [
          Address.sample(name, run: isOld ? run : nil).link(
            HTML.id(entry.id ?? "row \(entry.row) of \(entry.source)")),
          prompt(of: entry), fate, because(entry),
        ]
      }
    ).html
  }

  private func prompt(of entry: FateList.Entry) -> HTML {
    guard let prompts else { return "not read yet" }
    return prompts[entry.sample].map { HTML.quote($0.shortened(to: 140)) } ?? ""
  }

  private func because(_ entry: FateList.Entry) -> HTML {
    if let row = entry.outputRow { return "row \(HTML.number(row)) of the branch" }
    if let stayed = entry.duplicateOf {
      return
        "same prompt as \(Address.sample(stayed, run: isOld ? run : nil).link(HTML.hash(stayed)))"
    }
    return entry.evidence.map { HTML.code($0.shortened(to: 200)) } ?? ""
  }

  private var pager: HTML {
    guard let first = page.samples.first, let last = page.samples.last else { return "" }
    var links: HTML = ""
    if page.start > 1 {
      links += address(filter, [("before", String(first))]).link("← Earlier", " rel=\"prev\"")
    }
    if page.start + page.samples.count - 1 < page.total {
      links += address(filter, [("after", String(last))]).link("Later →", " rel=\"next\"")
    }
    return links == ""
      ? ""
      : "<div class=\"pager\" role=\"navigation\" aria-label=\"Pages of the list\">\(links)</div>\n"
  }
}

extension String {
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }

  /// The first letters of a long text.
  func shortened(to limit: Int) -> String {
    let end = unicodeScalars.index(startIndex, offsetBy: limit, limitedBy: endIndex) ?? endIndex
    return end == endIndex ? self : String(self[..<end]) + "…"
  }
}
