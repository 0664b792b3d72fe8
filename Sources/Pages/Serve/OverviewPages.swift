package import Audit

/// The report of a workspace, live, in three pages; drawn once.
package struct OverviewPages: Sendable {
  /// What the other two do not have.
  package let overview: ServedPage
  package let sources: ServedPage
  package let models: ServedPage

  package init(_ overview: Overview) {
    let report = Report(overview) { Address.sample($0).text }
    let (ofSources, ofModels) = (["sources", "files"], ["teacher", "training", "merge"])
    let parts = report.sections
    func content(_ isWanted: (String) -> Bool) -> HTML {
      parts.filter { isWanted($0.id) }.map(\.content).joined()
    }
    self.overview = ServedPage(
      "Overview", .overview,
      report.masthead + content { !ofSources.contains($0) && !ofModels.contains($0) })
    sources = ServedPage("Sources", .sources, "<h1>Sources</h1>\n" + content(ofSources.contains))
    let drawn = content(ofModels.contains)
    let nothing: HTML =
      "<p class=\"lead\">Nothing was taught, trained or merged here yet.</p>\n"
    models = ServedPage(
      "Models", .models, "<h1>Models</h1>\n" + (drawn == "" ? nothing : drawn))
  }
}
