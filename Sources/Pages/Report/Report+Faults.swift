internal import Audit

extension Report {
  /// Samples that say what another one says, or nearly.
  var duplicates: Section? {
    let found = overview.duplicates
    guard found.samples > 0 else { return nil }
    let between = Table(
      "Where duplicates and those that stayed are from",
      [.text("Branch"), .text("Duplicates of"), .text("gave way to"), .number("Samples")],
      found.between.map {
        [name($0.branch), "\($0.source)", "\($0.stayed)", .number($0.duplicates)]
      }, total: ["All", "", "", .number(found.samples)], isStack: true)
    let largest = Table(
      "Those for which most others fell",
      [.text("Branch"), .prose("The sample that stayed"), .number("Duplicates")],
      found.largest.map {
        [name($0.branch), "\(prompt($0.stayed))\(id($0.stayed.id))", .number($0.duplicates)]
      })
    return Section(
      "duplicates", "Duplicates",
      intro: """
        \(.counted(found.samples, "sample")) had the prompt of another one, counted in each \
        branch\(found.near > 0 ? near(found.near) : ""); \
        \(.counted(found.groups, "sample")) stayed in their place.
        """, between.html + largest.html)
  }

  private func near(_ count: Int) -> HTML {
    ", or nearly: \(.number(count)) only resemble the one that stayed"
  }

  /// Rows that could not be read.
  var quarantine: Section? {
    let found = overview.quarantine
    guard found.rows > 0 else { return nil }
    let reasons = Table(
      "Why rows could not be read", [.text("Reason"), .number("Rows")],
      found.reasons.map { ["\($0.reason)", .number($0.rows)] },
      total: ["All", .number(found.rows)])
    let examples = Table(
      found.rows > found.examples.count ? "The first of them" : "All of them",
      [.prose("What is wrong"), .text("File"), .number("Row"), .number("Byte")],
      found.examples.map {
        [
          "\($0.message.isEmpty ? $0.reason : $0.message)", .code($0.path), .number($0.row),
          $0.byte.map { .number($0) } ?? "–",
        ]
      })
    return Section(
      "unreadable", "Unreadable rows",
      intro: """
        \(.counted(found.rows, "row")), each counted once, however many branches read its source. \
        They are kept aside in <code>branches/quarantine.jsonl</code>.
        """, reasons.html + examples.html)
  }
}
