/// A text cut into what is markup and what is not.
///
/// The parser is shown the tags alone, with one sign for each piece between them. What stands in a
/// piece has no way to be changed by it.
struct Skeleton {
  /// A piece of the text that the tags stand around.
  struct Piece {
    /// What an entity stands for; nil where the bytes of the text are meant.
    var scalar: Unicode.Scalar?
    var range: Range<Int>
    /// LaTeX or code, in which white space stays.
    var isKept: Bool
  }

  /// The sign that stands for a piece.
  static let sign = UInt8(ascii: ".")
  /// Tags in one another; deeper ones are text.
  private static let deepest = 200

  private(set) var pieces: [Piece] = []
  private(set) var html: [UInt8] = Array("<div>".utf8)
  /// Whether there are tags, or pieces alone.
  private(set) var hasTags = false

  /// Nil where the text has no markup.
  init?(of text: [UInt8]) {
    let marks = MarkFinder(text: text).marks()
    guard !marks.isEmpty else { return nil }
    var finder = RegionFinder(text, marks)
    let regions = finder.find()
    let uses = Self.uses(of: marks, in: regions)
    guard uses.contains(where: { $0 != .text }) else { return nil }

    var (position, region) = (0, 0)
    func add(upTo end: Int, _ pieces: inout [Piece], _ html: inout [UInt8]) {
      while position < end {
        while region < regions.count, regions[region].range.upperBound <= position { region += 1 }
        var (next, isKept) = (end, false)
        if region < regions.count {
          let range = regions[region].range
          isKept = range.contains(position)
          next = min(end, isKept ? range.upperBound : range.lowerBound)
          if next <= position { next = end }
        }
        pieces.append(Piece(scalar: nil, range: position..<next, isKept: isKept))
        html.append(Self.sign)
        position = next
      }
    }
    var isWritten = false
    var line = Line()
    for (mark, use) in zip(marks, uses) where use != .text {
      add(upTo: mark.range.lowerBound, &pieces, &html)
      if case .scalar(let scalar) = mark.kind {
        while region < regions.count, regions[region].range.upperBound <= position { region += 1 }
        let isKept =
          region < regions.count && regions[region].range.contains(mark.range.lowerBound)
        pieces.append(Piece(scalar: scalar, range: mark.range, isKept: isKept))
        html.append(Self.sign)
      } else if mark.isLineBreak, line.isTableRow(text, at: mark.range.lowerBound) {
        // A row of Markdown's stays on its line.
        if !line.isBesideSpace(text, mark.range) {
          pieces.append(Piece(scalar: " ", range: mark.range, isKept: false))
          html.append(Self.sign)
        }
      } else if use == .shown {
        html += text[mark.range]
        isWritten = true
      }
      position = mark.range.upperBound
    }
    add(upTo: text.count, &pieces, &html)
    hasTags = isWritten
  }

  // MARK: Which marks are markup

  private enum Use: UInt8 { case text, shown, dropped }

  private static func uses(of marks: [Mark], in regions: [Region]) -> [Use] {
    var uses: [Use] = Array(repeating: .text, count: marks.count)
    /// For each name the openings that are not closed yet: a mark, and the region around it.
    var open: [String: [(mark: Int, region: Int?)]] = [:]
    var partners: [Int?] = Array(repeating: nil, count: marks.count)
    var region = 0
    for (index, mark) in marks.enumerated() {
      let start = mark.range.lowerBound
      while region < regions.count, regions[region].range.upperBound <= start { region += 1 }
      let isInside = region < regions.count && regions[region].range.contains(start)
      let kind = isInside ? regions[region].kind : nil
      if kind == .code { continue }
      switch mark.kind {
      case .scalar: uses[index] = .dropped
      case _ where kind == .drawing: continue
      case .comment: uses[index] = .dropped
      case .opening(let element, let name):
        let needsEnd = element.ending == .required || element.isLetter && kind == .formula
        if element.role == .dropped {
          uses[index] = .dropped
        } else if needsEnd {
          let around = element.isLetter && kind == .formula ? region : nil
          open[name, default: []].append((index, around))
        } else {
          uses[index] = .shown
        }
      case .closing(let element, let name):
        let around = element.isLetter && kind == .formula ? region : nil
        if let last = open[name]?.last, last.region == around {
          open[name]?.removeLast()
          (partners[index], partners[last.mark]) = (last.mark, index)
          (uses[index], uses[last.mark]) = (.shown, .shown)
        } else if element.ending == .optional, around == nil {
          uses[index] = element.role == .dropped ? .dropped : .shown
        } else if element.isBlock {
          // What it closed was cut off.
          uses[index] = .dropped
        }
      }
    }
    // Too deep to be a page.
    var depth = 0
    for index in marks.indices where uses[index] == .shown {
      guard let partner = partners[index] else { continue }
      if partner < index {
        depth -= 1
      } else if depth == deepest {
        (uses[index], uses[partner]) = (.text, .text)
      } else {
        depth += 1
      }
    }
    return uses
  }

  /// The line that a place is on, for places that only go forward.
  private struct Line {
    private var start = 0, position = 0

    mutating func isTableRow(_ text: [UInt8], at place: Int) -> Bool {
      while position < place {
        if text[position] == 0x0A { start = position + 1 }
        position += 1
      }
      return start < text.count && text[start] == UInt8(ascii: "|")
    }

    func isBesideSpace(_ text: [UInt8], _ range: Range<Int>) -> Bool {
      [range.lowerBound - 1, range.upperBound].contains {
        text.indices.contains($0) && isSpace(text[$0])
      }
    }
  }
}
