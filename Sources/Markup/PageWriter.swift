/// Writes the text of a page while its parser walks through it.
final class PageWriter: PageEvents {
  private let source: [UInt8]
  private let all: [Skeleton.Piece]
  private var next = 0
  private var sink = TextSink()
  /// Sinks outside the one at hand.
  private var outer: [TextSink] = []
  /// What is to be done at the end of each element that is open.
  private var endings: [Ending] = []
  /// Open blocks, in which white space is folded, and open stretches in which it is not.
  private var blocks = 0, verbatim = 0, hidden = 0
  private var lists: [Int?] = []
  private var tables: [PageTable] = []
  /// The language of the code at hand, where a class names one.
  private var language = ""

  /// Bytes of an index or an exponent.
  private static let longestRaised = 48

  private enum Ending {
    case nothing
    case block(Int)
    case quote, item
    case heading(Int)
    case list, preformatted, code
    case link(String)
    case script(String)
    case raised(String)
    case quotation, table, row
    case cell(isHeader: Bool)
    case hidden
  }

  init(_ source: [UInt8], _ pieces: [Skeleton.Piece]) {
    self.source = source
    all = pieces
  }

  /// What has been written.
  var text: [UInt8] { sink.bytes }

  // MARK: Text

  func pieces(_ count: Int) {
    for piece in all[next..<min(next + count, all.count)] { write(piece) }
    next = min(next + count, all.count)
  }

  private func write(_ piece: Skeleton.Piece) {
    guard hidden == 0 else { return }
    if let scalar = piece.scalar {
      let bytes = Array(String(Character(scalar)).utf8)
      // A space that was written as an entity is meant.
      if scalar == " " || piece.isKept || verbatim > 0 {
        sink.keep(bytes)
      } else {
        flow(bytes[...])
      }
    } else if piece.isKept || verbatim > 0 {
      sink.keep(source[piece.range])
    } else {
      flow(source[piece.range])
    }
  }

  private func flow(_ bytes: ArraySlice<UInt8>) {
    if blocks > 0 { sink.fold(bytes) } else { sink.write(bytes) }
  }

  // MARK: Elements

  func start(_ name: String, _ attributes: Attributes) {
    // The one around the page.
    guard !endings.isEmpty else { return endings.append(.nothing) }
    guard let element = Element[name: name] else { return endings.append(.nothing) }
    if element.isBlock { blocks += 1 }
    endings.append(begin(element.role, name, attributes))
  }

  private func begin(
    _ role: Element.Role, _ name: String, _ attributes: Attributes
  ) -> Ending {
    switch role {
    case .paragraph:
      sink.breakBlock(2)
      return .block(2)
    case .division, .rowGroup:
      sink.breakBlock(1)
      return .block(1)
    case .quote:
      sink.beginQuote()
      return .quote
    case .rule:
      sink.breakBlock(2)
      sink.keep("---".utf8)
      return .block(2)
    case .preformatted:
      push()
      verbatim += 1
      language = Parts.language(attributes)
      return .preformatted
    case .heading(let level):
      push()
      return .heading(level)
    case .list(let isOrdered):
      sink.breakBlock(lists.isEmpty ? 2 : 1)
      lists.append(isOrdered ? Parts.number(attributes["start"]) ?? 1 : nil)
      return .list
    case .item:
      sink.beginItem(mark(attributes))
      return .item
    case .table:
      sink.breakBlock(2)
      tables.append(PageTable())
      return .table
    case .row:
      guard !tables.isEmpty else { return begin(.division, name, attributes) }
      tables[tables.count - 1].beginRow()
      return .row
    case .cell:
      guard !tables.isEmpty else { return begin(.division, name, attributes) }
      push()
      return .cell(isHeader: name == "th")
    case .code:
      guard verbatim == 0 else {
        if language.isEmpty { language = Parts.language(attributes) }
        return .nothing
      }
      push()
      verbatim += 1
      return .code
    case .link:
      push()
      return .link(attributes["href"] ?? "")
    case .image:
      if hidden == 0 { sink.keep(Parts.image(attributes)) }
      return .nothing
    case .lineBreak:
      if verbatim > 0 { sink.keep("\n".utf8) } else { sink.breakLine() }
      return .nothing
    case .subscripted, .superscripted:
      push()
      return .raised(role == .subscripted ? "_{" : "^{")
    case .quotation:
      sink.keep("\"".utf8)
      return .quotation
    case .hidden:
      let type = attributes["type"] ?? ""
      guard type.hasPrefix("math/tex") else {
        hidden += 1
        return .hidden
      }
      push()
      verbatim += 1
      return .script(type.contains("mode=display") ? "$$" : "$")
    case .plain, .dropped: return .nothing
    }
  }

  func end() {
    guard let ending = endings.popLast() else { return }
    switch ending {
    case .nothing: return
    case .block(let breaks): sink.breakBlock(breaks)
    case .quote: sink.endLines(2)
    case .item: sink.endLines(1)
    case .heading(let level):
      let (content, _) = pop()
      if !content.isEmpty {
        sink.breakBlock(2)
        sink.keep((String(repeating: "#", count: level) + " ").utf8)
        sink.keep(PageTable.line(content))
        sink.breakBlock(2)
      }
    case .list:
      lists.removeLast()
      sink.breakBlock(lists.isEmpty ? 2 : 1)
    case .preformatted:
      verbatim -= 1
      let (content, _) = pop()
      sink.breakBlock(2)
      sink.keep(Parts.block(of: content, in: language))
      sink.breakBlock(2)
      language = ""
    case .code:
      verbatim -= 1
      let (content, spaces) = pop()
      insert(Parts.code(content), spaces)
      return
    case .link(let address):
      let (content, spaces) = pop()
      insert(Parts.link(content, to: address), spaces)
      return
    case .script(let sign):
      verbatim -= 1
      let (content, _) = pop()
      if !content.isEmpty { sink.keep(Array(sign.utf8) + content + Array(sign.utf8)) }
      return
    case .raised(let opening):
      let (content, spaces) = pop()
      // Whole sentences are raised only to be small.
      let isRaised = 1...Self.longestRaised ~= content.count
      insert(isRaised ? Array(opening.utf8) + content + [UInt8(ascii: "}")] : content, spaces)
      return
    case .quotation:
      sink.keep("\"".utf8)
      return
    case .table: tables.removeLast().write(to: &sink)
    case .row: break
    case .cell(let isHeader):
      let (content, _) = pop()
      tables[tables.count - 1].add(content, isHeader: isHeader)
    case .hidden:
      hidden -= 1
      return
    }
    blocks -= 1
  }

  // MARK: Parts

  private struct Spaces {
    var before: Bool
    var after: Bool
  }

  private func push() {
    outer.append(sink)
    sink = TextSink()
  }

  /// What was written since the last push, and whether white space stood around it.
  private func pop() -> (content: [UInt8], spaces: Spaces) {
    let inner = sink
    sink = outer.removeLast()
    let after = inner.hasSpace && !inner.bytes.isEmpty
    return (
      inner.bytes,
      Spaces(before: inner.beganWithSpace || inner.hasSpace && inner.bytes.isEmpty, after: after)
    )
  }

  private func insert(_ content: [UInt8], _ spaces: Spaces) {
    if spaces.before { sink.space() }
    sink.keep(content)
    if spaces.after { sink.space() }
  }

  private func mark(_ attributes: Attributes) -> String {
    guard let last = lists.last, let number = last else { return "- " }
    let own = Parts.number(attributes["value"]) ?? number
    lists[lists.count - 1] = own + 1
    return "\(own). "
  }
}
