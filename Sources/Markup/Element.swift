/// An element of HTML that is turned into text; tags of all others stay as they are written.
///
/// Names that programs and prompts use for other things (`map`, `input`, `object`, `summary`) are not
/// among them.
struct Element: Hashable {
  enum Role: Hashable {
    case paragraph, division, quote, rule, preformatted
    case heading(Int)
    case list(isOrdered: Bool)
    case item
    case table, row, cell, rowGroup
    case code, link, image, lineBreak, subscripted, superscripted, quotation
    /// Its text stays, the tag goes.
    case plain
    /// Neither text nor tag stays.
    case hidden
    /// Its tag goes and is not even shown to the parser.
    case dropped
  }

  /// Whether a closing tag has to follow.
  enum Ending: Hashable { case required, optional, none }

  let role: Role
  let ending: Ending
  /// One letter, which is also the name of many a variable.
  let isLetter: Bool
  /// Its tags end a paragraph.
  let isBlock: Bool

  static subscript(name name: String) -> Element? { all[name] }

  private static let all: [String: Element] = {
    var all: [String: Element] = [:]
    func add(_ names: String, _ role: Role, _ ending: Ending = .required, isBlock: Bool = false) {
      for name in names.split(separator: " ") {
        all[String(name)] = Element(
          role: role, ending: ending, isLetter: name.count == 1, isBlock: isBlock)
      }
    }
    add("p", .paragraph, .optional, isBlock: true)
    add("div center section figure figcaption caption dl", .division, isBlock: true)
    add("dt dd", .division, .optional, isBlock: true)
    add("blockquote", .quote, isBlock: true)
    add("hr", .rule, .none, isBlock: true)
    add("pre", .preformatted, isBlock: true)
    for level in 1...6 { add("h\(level)", .heading(level), isBlock: true) }
    add("ul", .list(isOrdered: false), isBlock: true)
    add("ol", .list(isOrdered: true), isBlock: true)
    add("li", .item, .optional, isBlock: true)
    add("table", .table, isBlock: true)
    add("tr", .row, .optional, isBlock: true)
    add("td th", .cell, .optional, isBlock: true)
    add("thead tbody tfoot", .rowGroup, .optional, isBlock: true)
    add("html head body colgroup", .dropped, .optional, isBlock: true)
    add("col wbr", .dropped, .none)
    add("code", .code)
    add("a", .link)
    add("img", .image, .none)
    add("br", .lineBreak, .none)
    add("sub", .subscripted)
    add("sup", .superscripted)
    add("q", .quotation)
    add("b strong i em u s strike del ins small big tt kbd samp var cite font span", .plain)
    add("abbr acronym dfn mark nobr", .plain)
    add("script style", .hidden)
    return all
  }()
}
