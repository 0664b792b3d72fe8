internal import Audit

extension Report {
  /// Licences, revisions, and what each source gave.
  var sources: Section {
    let table = Table(
      "Sources, with what the branches kept of them",
      [
        .text("Source"), .text("Licence"), .text("Revision"), .number("Rows"), .number("Size"),
        .text("Kept and seeds, by branch"),
      ],
      overview.sources.map { source in
        [
          "\(home(source))\(.when(source.config != "default", "<br><small>\(source.config)</small>"))",
          "\(source.licence)", .code(source.revision), .number(source.rows), .bytes(source.bytes),
          source.branches.map { share in
            "\(name(share.branch)) \(.written(kept: share.kept, seeds: share.seeds))" as HTML
          }.joined(by: "<br>"),
        ]
      }, isStack: true)
    return Section(
      "sources", "Sources and licences",
      intro:
        "Licences are those that the sources’ cards name; what stands in a row may have its own.",
      table.html + licences)
  }

  /// The homepage as a link, where it is one that is safe to follow.
  private func home(_ source: Overview.Source) -> HTML {
    source.homepage.hasPrefix("https://")
      ? "<a href=\"\(source.homepage)\" rel=\"noreferrer\">\(source.name)</a>" : "\(source.name)"
  }

  private var licences: HTML {
    var names: [String] = []
    for source in overview.sources where !names.contains(source.licence) {
      names.append(source.licence)
    }
    let rows = overview.branches.map { branch -> [HTML] in
      [name(branch.name)]
        + names.map { licence in
          .number(
            overview.sources.filter { $0.licence == licence }.flatMap(\.branches)
              .reduce(0) { $0 + ($1.branch == branch.name ? $1.kept + $1.seeds : 0) })
        }
    }
    return Table(
      "Rows of each branch under each licence, kept and seeds together",
      [.text("Branch")] + names.map { .number($0.isEmpty ? "no licence named" : $0) }, rows
    ).html
  }
}
