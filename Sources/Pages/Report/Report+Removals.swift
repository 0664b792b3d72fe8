internal import Audit
internal import Notation

extension Report {
  /// What each step dropped, by the values that decided, with a sample of each.
  var removals: Section? {
    guard !overview.removals.isEmpty else { return nil }
    var content: HTML = ""
    for branch in overview.branches {
      let own = overview.removals.filter { $0.branch == branch.name }
      guard !own.isEmpty else { continue }
      content += "<h3>\(name(branch.name))</h3>\n"
      let largest = own.map(\.dropped).max()
      for removal in own {
        content += show(
          removal, isOpen: overview.branches.count <= 8 && removal.dropped == largest)
      }
    }
    return Section(
      "steps", "What the steps removed",
      intro: """
        By the value that decided, the most frequent first, each with the first sample that it \
        cost. Prompts are read back from the source, and shown only where its bytes are still \
        those that were read.
        """,
      content + overview.notes.map { "<p class=\"soft\">\($0)</p>\n" as HTML }.joined())
  }

  private func show(_ removal: Overview.Removal, isOpen: Bool) -> HTML {
    let rest = removal.distinct - removal.values.count
    let restRows = removal.dropped - removal.values.reduce(0) { $0 + $1.dropped }
    let table = Table(
      "What \(removal.step) removed from \(removal.source) in \(removal.branch)",
      [.code("Value"), .number("Rows"), .prose("First sample")],
      removal.values.map { value in
        [
          .code(Self.words(value.evidence)), .number(value.dropped),
          "\(prompt(value.example))\(id(value.example.id))",
        ]
      }, isQuiet: true)
    return .fold(
      """
      <strong>\(removal.step)</strong> removed \(.counted(removal.dropped, "row")) of \
      \(removal.source)
      """, isOpen: isOpen,
      """
      \(table.html)\
      \(.when(
        rest > 0,
        """
        <p class="soft">And \(.counted(rest, "more value")), which removed \
        \(.counted(restRows, "row")).</p>

        """))\
      \(.fold(
        "The \(removal.kind) as it was in the run", isPrinted: false, .text(removal.text)))
      """)
  }

  func prompt(_ example: Overview.Example) -> HTML {
    example.prompt.map { "\(.quote($0))<br>" } ?? ""
  }

  /// `{"domain": "math"}` as domain: "math".
  static func words(_ evidence: String?) -> String {
    guard let evidence else { return "not recorded" }
    guard let json = try? JSON(parsing: Array(evidence.utf8)), let members = json.members else {
      return beginning(evidence)
    }
    return beginning(
      members.map { "\($0.key): \(words($0.value))" }.joined(separator: ", "))
  }

  private static func words(_ value: JSON) -> String {
    if let only = value.members, only.count == 1, let member = only.first {
      return "\(member.key) \(member.value.compact)"
    }
    return value.compact
  }

  private static func beginning(_ text: String) -> String {
    text.unicodeScalars.count <= 240
      ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(240))) + "…"
  }
}
