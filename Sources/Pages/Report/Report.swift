package import Audit
internal import Lineage

/// The report of a workspace, section by section: everything an overview has, and nothing else.
package struct Report: Sendable {
  package let overview: Overview
  /// Where a sample has a page of its own; nil where there is none.
  let address: @Sendable (_ id: String) -> String?

  package init(
    _ overview: Overview, address: @escaping @Sendable (_ id: String) -> String? = { _ in nil }
  ) {
    self.overview = overview
    self.address = address
  }

  /// A part of the report that can stand alone.
  package struct Section: Sendable {
    /// What an address ends in: `#id`.
    package var id: String
    package var title: String
    /// With its heading.
    package var content: HTML

    init(_ id: String, _ title: String, intro: HTML = "", _ content: HTML) {
      self.id = id
      self.title = title
      self.content = .section(id, title, intro: intro, content)
    }
  }

  /// Those that have something to show, in order.
  package var sections: [Section] {
    [
      flow, branches, removals, sources, lengths, duplicates, quarantine, teacher, trainings, merge,
      stages, files,
    ].compactMap(\.self)
  }

  /// All of it as one file.
  package var page: String {
    let sections = sections
    let layout = Layout(
      title: "\(overview.recipe) · BranchMerge report", site: overview.recipe,
      links: sections.map { Layout.Link($0.title, "#\($0.id)") },
      foot: """
        <p>Written by \(overview.tool) from the workspace’s ledger. Every number stands in \
        <code>lineage.sqlite</code>, where <code>branchmerge query</code> asks for it, \
        <code>branchmerge why</code> follows one sample, and <code>branchmerge verify</code> holds \
        the ledger against the files.</p>
        <p class="print">The texts of filters, what stages depend on, and the table of all tensors \
        are in the file itself, not in its print.</p>
        """)
    return layout.page(masthead + sections.map(\.content).joined()).source
  }

  /// Title, the few numbers that matter most, and what the reader should not miss.
  package var masthead: HTML {
    let counts = overview.counts
    let rows = overview.sources.reduce(0) { $0 + $1.rows }
    let lead: HTML = """
      <p class="lead">\(.counted(overview.branches.count, "branch", "branches")) from \
      \(.counted(overview.sources.count, "source"))\(finished). Every row that was read has one \
      fate in each branch that reads its source.</p>
      """
    let figures = HTML.figures(
      [
        (
          "Source rows", .number(rows), "in \(.bytes(overview.sources.reduce(0) { $0 + $1.bytes }))"
        ),
        ("Read", .number(counts.read), "once by each branch"),
        ("Kept", .number(counts.kept), "\(.share(counts.kept, of: counts.read)) of what was read"),
        ("Seeds", .number(counts.seeds), seedsNote),
        ("Dropped", .number(counts.dropped), "by the steps"),
        ("Duplicates", .number(counts.duplicates), "of prompts before them"),
        ("Unreadable", .number(counts.quarantined), "quarantined"),
      ])
    return """
      <div class="masthead">
      <h1>\(overview.recipe)</h1>
      \(lead)
      </div>
      \(figures)\(notices)
      """
  }

  private var seedsNote: HTML {
    let seeds = overview.counts.seeds
    let asked = overview.teachings.reduce(0) { $0 + $1.seeds }
    let taught = overview.teachings.reduce(0) { $0 + $1.taught }
    guard asked > 0 else { return seeds == 0 ? "no row waits for a teacher" : "wait for a teacher" }
    let parts: [HTML?] = [
      "\(.number(taught)) taught",
      asked > taught ? "\(.number(asked - taught)) without a row" : nil,
      seeds > asked ? "\(.number(seeds - asked)) wait for a teacher" : nil,
    ]
    return parts.compactMap(\.self).joined(by: ", ")
  }

  private var finished: HTML {
    guard let last = overview.runs.last else { return "" }
    return
      ", last built on <time datetime=\"\(last.finished)\">\(Self.moment(last.finished))</time>"
  }

  private var notices: HTML {
    let open = overview.stages.filter { $0.state != "done" }.map { stage -> HTML in
      .notice(
        "<strong>\(stage.name)</strong> is \(.state(stage.state)). <a href=\"#stages\">Stages</a> says more."
      )
    }
    let stale = overview.trainings.filter { $0.isCurrent == false }.map { training -> HTML in
      .notice(
        """
        The expert of <strong>\(training.branch)</strong> was trained on other rows than the branch \
        has now.
        """)
    }
    return (open + stale).joined()
  }

  private var flow: Section {
    Section(
      "flow", "Flow",
      intro: """
        From sources to branches, and on to teacher, experts and merged model where there are any. A \
        band is as high as it has rows; a source that several branches read flows into each of \
        them. Grey is what was removed.
        """,
      """
      <div class="roomy">\(.figure(FlowChart(overview).drawing, unknownNote))</div>
      <div class="small">\(.figure(FlowChart(overview, isNarrow: true).drawing))</div>

      """)
  }

  private var unknownNote: HTML {
    overview.trainings.contains { $0.isCurrent != true }
      ? "A dotted line leads to an expert of which the ledger does not know the rows." : ""
  }

  /// A branch with its colour, the same everywhere.
  func name(_ branch: String) -> HTML {
    let colour = colour(branch)
    return """
      <span class="branch"><svg class="swatch" viewBox="0 0 12 12" width="12" height="12" \
      aria-hidden="true"><rect class="\(colour)" width="12" height="12" rx="3"/></svg>\
      \(branch)</span>
      """
  }

  func colour(_ branch: String) -> String {
    let index = overview.branches.firstIndex { $0.name == branch }
    return index.map { "c\($0 % 8)" } ?? "neutral"
  }

  /// A sample's id, leading to its page where there is one.
  func id(_ id: String?) -> HTML {
    guard let id else { return "no id" }
    return address(id).map { "<a href=\"\($0)\">\(.hash(id))</a>" } ?? .hash(id)
  }

  /// Day and minute: 2026-11-21 16:29 UTC.
  static func moment(_ time: String) -> String {
    guard time.count == 20, time.hasSuffix("Z") else { return time }
    return "\(time.prefix(10)) \(time.dropFirst(11).prefix(5)) UTC"
  }
}
