internal import Audit
internal import Lineage

extension Report {
  /// What each step left of what each branch read.
  var branches: Section {
    let summary = Table(
      "All branches, as they were built last",
      [
        .text("Branch"), .number("Read"), .number("Unreadable"), .number("Dropped"),
        .number("Duplicates"), .number("Kept"), .number("Seeds"),
        .drawing("Kept and, fainter, seeds"),
      ],
      overview.branches.map { branch in
        [name(branch.name)] + Self.numbers(branch.counts) + [
          Meter(
            [
              (colour(branch.name), branch.counts.kept),
              ("\(colour(branch.name)) faint", branch.counts.seeds),
            ],
            of: branch.counts.read
          ).html
        ]
      },
      total: overview.branches.count < 2
        ? nil : ["All"] + Self.numbers(overview.counts) + [""],
      isStack: true)
    let isLong = overview.branches.count > 8
    let details = overview.branches.map { branch -> HTML in
      let counts = branch.counts
      let tables = branch.sources.map { funnel(branch, $0) }.joined()
      if isLong {
        return .fold(
          """
          <strong>\(name(branch.name))</strong> \
          \(.written(kept: counts.kept, seeds: counts.seeds)) of \(.counted(counts.read, "row"))
          """, tables)
      }
      return """
        <h3>\(name(branch.name)) <small>\(.written(kept: counts.kept, seeds: counts.seeds)) \
        of \(.counted(counts.read, "row")), written as \(branch.rowFormat)</small></h3>
        \(tables)
        """
    }.joined()
    return Section(
      "branches", "Branches",
      intro: """
        What each branch read, and what every step left of it. Read = kept + seeds + dropped + \
        duplicates + unreadable, for each branch and source.
        """, summary.html + details)
  }

  private static func numbers(_ counts: Funnel.Counts) -> [HTML] {
    [
      counts.read, counts.quarantined, counts.dropped, counts.duplicates, counts.kept, counts.seeds,
    ].map { .number($0) }
  }

  private func funnel(_ branch: Overview.Branch, _ intake: Overview.Intake) -> HTML {
    let counts = intake.counts
    var left = counts.read
    var rows: [[HTML]] = []
    func add(_ name: HTML, _ kind: HTML, _ removed: Int) {
      let entered = left
      left -= removed
      rows.append([
        name, kind, removed == 0 ? "0" : "−\(.number(removed))", .share(removed, of: entered),
        .number(left),
        Meter([(colour(branch.name), left), ("lost", removed)], of: counts.read).html,
      ])
    }
    rows.append([
      "read", "", "", "", .number(left), Meter([(colour(branch.name), left)], of: left).html,
    ])
    if counts.quarantined > 0 { add("unreadable", "quarantine", counts.quarantined) }
    for step in intake.steps
    where step.dropped > 0 || !["prompt", "response"].contains(step.kind) {
      add("\(step.name)", "\(step.kind)", step.dropped)
    }
    add("duplicates", "distinct", counts.duplicates - counts.nearDuplicates)
    if counts.nearDuplicates > 0 { add("near duplicates", "distinct", counts.nearDuplicates) }
    let config = intake.config == "default" ? "" : ", \(intake.config)"
    let written = Numerals.written(kept: counts.kept, seeds: counts.seeds)
    return Table(
      "\(branch.name) takes from \(intake.source)\(config): \(written)",
      [
        .text("Step"), .text("Kind").minor, .number("Removed"), .number("Share").minor,
        .number("Left"),
        .drawing("Left of read"),
      ], rows
    ).html
  }
}
