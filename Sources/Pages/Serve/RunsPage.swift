package import Audit

/// The runs of a workspace, the last one first.
package struct RunsPage: Sendable {
  package var list: RunList

  package init(_ list: RunList) { self.list = list }

  package var html: ServedPage {
    ServedPage(
      "Runs", .runs,
      """
      <h1>Runs</h1>
      <p class="lead">\(HTML.counted(list.runs.count, "run")), the last one first.</p>
      \(list.runs.map(run).joined())
      """)
  }

  private func run(_ run: RunList.Run) -> HTML {
    let branches = Table(
      "Branches that run \(run.id) built",
      [
        .text("branch"), .text("rows as"), .number("rows"), .number("size"), .code("XXH3"),
        .text("file"),
      ],
      run.branches.flatMap { branch in
        branch.outputs.map { output in
          [
            Address(
              "/samples",
              [("branch", branch.name), ("run", branch.isCurrent ? nil : String(run.id))]
            ).link(HTML(text: branch.name)),
            HTML(text: branch.rowFormat), HTML.number(output.rows), HTML.bytes(output.byteCount),
            HTML.hash(output.xxh3),
            branch.isCurrent ? HTML.code(output.path) : "built anew since",
          ]
        }
      }, isStack: true
    ).html
    let earlier = list.runs.first { $0.id < run.id }
    let compare: HTML =
      earlier.map {
        let address = Address("/compare", [("before", String($0.id)), ("after", String(run.id))])
        return "<p>\(address.link("What changed since run \(Int($0.id))"))</p>\n"
      } ?? ""
    return HTML.section(
      "run-\(run.id)", "Run \(run.id)",
      """
      \(HTML.facts([
        (name: "recipe", value: "\(run.recipe), \(HTML.code(run.recipePath))"),
        (name: "began", value: HTML(text: run.started)),
        (name: "ended", value: HTML(text: run.finished)),
        (name: "program", value: HTML(text: run.tool)),
        (name: "options", value: HTML.code(run.options)),
      ]))\(branches)\(compare)\(HTML.fold("The recipe as it was", HTML.text(run.recipeText)))
      """)
  }
}
