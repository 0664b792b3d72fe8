package import Audit

/// What was found of some words.
package struct SearchPage: Sendable {
  package enum Finding: Sendable {
    /// Nothing was asked for.
    case none
    /// Several ids begin so.
    case ids([String])
    case hits([Hit])
  }

  package var words: String
  package var finding: Finding
  /// What cannot be found, a sentence for each file.
  package var gaps: [String]

  package init(_ words: String, _ finding: Finding, gaps: [String] = []) {
    self.words = words
    self.finding = finding
    self.gaps = gaps
  }

  package var html: ServedPage {
    ServedPage(
      words.isEmpty ? "Search" : "Search: \(words.shortened(to: 60))", .search, words: words,
      "<h1>Search</h1>\n\(content)\(gaps.map { HTML.notice("\($0)") }.joined())")
  }

  private var content: HTML {
    switch finding {
    case .none:
      return """
        <p class="lead">Find a sample by its id or the beginning of it, by its place as FILE:ROW, or \
        by words of its prompt.</p>

        """
    case .ids(let ids):
      let links = ids.map { "<li>\(Address.sample($0).link(HTML.code($0)))</li>\n" as HTML }
      return "<p class=\"lead\">Several ids begin so.</p>\n<ul>\(links.joined())</ul>\n"
    case .hits(let hits):
      guard !hits.isEmpty else {
        return "<p class=\"lead\">No prompt has words like these.</p>\n"
      }
      return Table(
        "The nearest prompts, the nearest first",
        [.code("sample"), .prose("prompt"), .text("likeness")],
        hits.map { hit in
          [
            Address.sample(hit.sampleID).link(HTML.id(hit.sampleID)), HTML.quote(hit.excerpt),
            likeness(hit),
          ]
        }
      ).html
    }
  }

  private func likeness(_ hit: Hit) -> HTML {
    switch hit.match {
    case .same: "the same text"
    case .part: "has all of it"
    case .words: HTML.share(Int(hit.similarity * 1000), of: 1000)
    }
  }
}
