/// A page of the server: its frame, with the search and the ways to all other pages.
package struct ServedPage: Sendable {
  /// The pages that each page leads to.
  package enum Place: String, CaseIterable, Sendable {
    case overview = "Overview"
    case samples = "Samples by fate"
    case search = "Search"
    case runs = "Runs"
    case compare = "Compare runs"
    case sources = "Sources"
    case models = "Models"

    package var path: String {
      switch self {
      case .overview: "/"
      default: "/" + (rawValue.lowercased().split(separator: " ").first ?? "")
      }
    }
  }

  package var title: String
  package var place: Place?
  package var main: HTML
  /// The words that were searched for, and stand in the form again.
  package var words: String
  /// Said above everything else.
  package var note: String?

  package init(_ title: String, _ place: Place?, words: String = "", _ main: HTML) {
    self.title = title
    self.place = place
    self.words = words
    self.main = main
  }

  /// `site` is the workspace that all pages are about.
  package func html(site: String) -> HTML {
    Layout(
      title: "\(title) – \(site)", site: site, home: "/",
      links: Place.allCases.map { Layout.Link($0.rawValue, $0.path, isCurrent: $0 == place) },
      sheet: .linked("/style.css"), aside: search,
      foot: "Read from the ledger. Nothing can be changed here."
    ).page((note.map { HTML.notice("\($0)") } ?? "") + main)
  }

  private var search: HTML {
    """
    <form class="search" action="/search" role="search"><label>Find a sample\
    <input type="search" name="q" value="\(words)" maxlength="2000" autocomplete="off"></label>\
    <button>Find</button></form>

    """
  }

  /// A page of a few words where something could not be shown.
  package static func message(_ title: String, _ words: String) -> ServedPage {
    ServedPage(title, nil, "<h1>\(title)</h1>\n<p class=\"lead\">\(words)</p>\n")
  }
}
