/// The frame of every page: head, navigation, main part, foot.
///
/// There is no script, no `style` attribute and nothing to fetch, so the strictest content security
/// policy lets all of it through.
package struct Layout: Sendable {
  /// An entry of the navigation.
  package struct Link: Sendable {
    package var text: String
    /// `#id` of a section, or the path of a page.
    package var address: String
    package var isCurrent: Bool

    package init(_ text: String, _ address: String, isCurrent: Bool = false) {
      self.text = text
      self.address = address
      self.isCurrent = isCurrent
    }
  }

  /// Where the style sheet is.
  package enum Sheet: Sendable {
    /// In the page, which then needs no other file.
    case inline
    /// Under this path, as `Style.sheet`.
    case linked(String)
  }

  package var title: String
  /// What the pages are about, above the navigation.
  package var site: String
  /// Where the name of the site leads.
  package var home: String
  package var links: [Link]
  package var sheet: Sheet
  /// Below the navigation, such as a search form.
  package var aside: HTML
  /// The page's last line.
  package var foot: HTML

  package init(
    title: String, site: String, home: String = "#top", links: [Link] = [], sheet: Sheet = .inline,
    aside: HTML = "", foot: HTML = ""
  ) {
    self.title = title
    self.site = site
    self.home = home
    self.links = links
    self.sheet = sheet
    self.aside = aside
    self.foot = foot
  }

  /// The whole document around the main part.
  package func page(_ main: HTML) -> HTML {
    let style: HTML =
      switch sheet {
      case .inline:
        """
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
        style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
        <style>
        \(HTML(trusted: Style.sheet))</style>
        """
      case .linked(let path): "<link rel=\"stylesheet\" href=\"\(path)\">"
      }
    let entries = links.map { link -> HTML in
      let mark: HTML = link.isCurrent ? " aria-current=\"page\"" : ""
      return "<li><a href=\"\(link.address)\"\(mark)>\(link.text)</a></li>\n"
    }.joined()
    let navigation: HTML =
      links.isEmpty ? "" : "<nav aria-label=\"Contents\"><ul>\n\(entries)</ul></nav>\n"
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta name="referrer" content="no-referrer">
      <title>\(title)</title>
      \(style)
      </head>
      <body id="top">
      <a class="skip" href="#main">Skip to the content</a>
      <header class="site">
      <a class="brand" href="\(home)">\(Self.mark)<span>BranchMerge<small>\(site)</small></span></a>
      \(navigation)\(aside)</header>
      <main id="main" tabindex="-1">
      \(main)
      </main>
      <footer class="site">\(foot)</footer>
      </body>
      </html>

      """
  }

  /// Three branches that become one.
  private static let mark: HTML = """
    <svg class="mark" viewBox="0 0 24 24" width="28" height="28" aria-hidden="true">\
    <path class="c0" d="M2 4C11 4 11 12 22 12"/><path class="c1" d="M2 12H22"/>\
    <path class="c2" d="M2 20C11 20 11 12 22 12"/></svg>
    """
}
