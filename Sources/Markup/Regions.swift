/// A stretch of a text that is a language of its own.
struct Region {
  enum Kind {
    /// Markdown's code: nothing in it is markup.
    case code
    /// Asymptote's drawings: tags in it are comparisons.
    case drawing
    /// LaTeX: white space stays, and of tags of one letter only those that close in it are tags.
    case formula
  }

  let kind: Kind
  var range: Range<Int>
}

/// Finds code, drawings and formulas, so that a comparison in them is no tag.
///
/// A formula ends in its paragraph, before a blank line or a block's tag; what opens and does not close
/// is none. One pass: what has not been found in a paragraph is not looked for again.
struct RegionFinder {
  private let text: [UInt8]
  private let marks: [Mark]
  private var regions: [Region] = []
  /// The first mark that begins at or behind the place at hand.
  private var mark = 0
  /// Of formulas, and of code, which tags do not end.
  private var formulas = Paragraph(), codes = Paragraph()
  private var hasDrawings = true
  /// Open blocks of HTML, and whether the last of them is a paragraph.
  private var depth = 0
  private var isInParagraph = false

  /// For each byte whether a region can begin with it.
  private static let begins = (0..<256).map { "`$\\[".utf8.contains(UInt8($0)) }

  init(_ text: [UInt8], _ marks: [Mark]) {
    self.text = text
    self.marks = marks
  }

  mutating func find() -> [Region] {
    let fences = fences()
    var fence = 0
    var index = 0
    while index < text.count {
      if fence < fences.count, index >= fences[fence].lowerBound {
        let range = fences[fence]
        fence += 1
        if isInBlock || index > range.lowerBound { continue }
        regions.append(Region(kind: .code, range: range))
        index = range.upperBound
        while mark < marks.count, marks[mark].range.lowerBound < index { mark += 1 }
        continue
      }
      let limit = fence < fences.count ? fences[fence].lowerBound : text.count
      if mark < marks.count, index >= marks[mark].range.lowerBound {
        // One in a formula has been passed already.
        if index == marks[mark].range.lowerBound { pass(marks[mark]) }
        index = max(index, marks[mark].range.upperBound)
        mark += 1
        continue
      }
      // Most bytes begin nothing.
      let stop = min(limit, mark < marks.count ? marks[mark].range.lowerBound : text.count)
      while index < stop, !Self.begins[Int(text[index])] { index += 1 }
      guard index < stop else { continue }
      let byte = text[index]
      switch byte {
      case UInt8(ascii: "`") where !isInBlock:
        index = span(.code, at: index, run(of: byte, at: index), limit)
      case UInt8(ascii: "$"):
        index = span(.formula, at: index, run(of: byte, at: index), limit)
      case UInt8(ascii: "\\"):
        index = command(at: index, limit)
      case UInt8(ascii: "[") where hasDrawings && starts("[asy]", at: index):
        if let end = find(Array("[/asy]".utf8), from: index, to: limit) {
          regions.append(Region(kind: .drawing, range: index..<end))
          index = end
        } else {
          hasDrawings = false
          index += 1
        }
      default: index += 1
      }
    }
    return regions
  }

  /// In a block of HTML a backtick means itself.
  private var isInBlock: Bool { depth > 0 || isInParagraph }

  private mutating func pass(_ mark: Mark) {
    switch mark.kind {
    case .opening(let element, _) where element.isBlock:
      isInParagraph = element.role == .paragraph
      if element.ending == .required { depth += 1 }
    case .closing(let element, _) where element.isBlock:
      isInParagraph = false
      if element.ending == .required { depth = max(0, depth - 1) }
    default: break
    }
  }

  // MARK: Spans

  /// A stretch between two equal runs of a sign; the place where to go on.
  private mutating func span(_ kind: Region.Kind, at start: Int, _ count: Int, _ limit: Int) -> Int
  {
    let after = start + count
    guard count <= 8 else { return after }
    let sign = text[start]
    // Of more than three signs the first three are a pair and an opening one.
    let opening = kind == .formula ? min(count, 3) : count
    let name = String(repeating: sign == UInt8(ascii: "$") ? "$" : "`", count: opening)
    let from = start + opening
    guard
      let end = seek(
        name, kind, from: from, limit,
        { text, end in
          var index = from
          while index < end {
            if text[index] == UInt8(ascii: "\\"), sign == UInt8(ascii: "$") {
              index += 2
              continue
            }
            guard text[index] == sign else {
              index += 1
              continue
            }
            var length = 1
            while index + length < end, text[index + length] == sign { length += 1 }
            if length == opening || sign == UInt8(ascii: "$") && length > opening {
              return index + opening
            }
            index += length
          }
          return nil
        })
    else { return after }
    regions.append(Region(kind: kind, range: start..<end))
    return end
  }

  /// `\(…\)`, `\[…\]` and `\begin{…}…\end{…}`; any other command is passed over.
  private mutating func command(at start: Int, _ limit: Int) -> Int {
    guard start + 1 < limit else { return start + 1 }
    var closing: String?
    switch text[start + 1] {
    case UInt8(ascii: "("): closing = "\\)"
    case UInt8(ascii: "["): closing = "\\]"
    case UInt8(ascii: "b") where starts("\\begin{", at: start):
      let name = text[(start + 7)...].prefix(32).prefix { $0 != UInt8(ascii: "}") }
      if name.count < 32 {
        closing = "\\end{" + String(decoding: name, as: UTF8.self) + "}"
      }
    default: break
    }
    guard let closing else { return start + 2 }
    let pattern = Array(closing.utf8)
    guard
      let end = seek(
        closing, .formula, from: start + 2, limit,
        { text, end in
          var index = start + 2
          while index + pattern.count <= end {
            if text[index] == UInt8(ascii: "\\") {
              if text[index...].starts(with: pattern) { return index + pattern.count }
              index += 1
            }
            index += 1
          }
          return nil
        })
    else { return start + 2 }
    regions.append(Region(kind: .formula, range: start..<end))
    return end
  }

  /// Looks for the end of what opens here, once in a paragraph.
  private mutating func seek(
    _ name: String, _ kind: Region.Kind, from start: Int, _ limit: Int,
    _ search: ([UInt8], Int) -> Int?
  ) -> Int? {
    var paragraph = kind == .code ? codes : formulas
    defer { if kind == .code { codes = paragraph } else { formulas = paragraph } }
    if start > paragraph.end {
      paragraph = Paragraph(end: endOfParagraph(from: start, mayHoldTags: kind == .code))
    }
    guard !paragraph.missing.contains(name), paragraph.missing.count < 24 else { return nil }
    if let end = search(text, min(paragraph.end, limit)) { return end }
    paragraph.missing.insert(name)
    return nil
  }

  /// Where the paragraph at hand ends, and what has been looked for in it in vain.
  private struct Paragraph {
    var end = -1
    var missing: Set<String> = []
  }

  /// The next blank line, or before it a block's tag, or the end of the text.
  private func endOfParagraph(from start: Int, mayHoldTags: Bool) -> Int {
    var next = mayHoldTags ? marks.count : mark
    while next < marks.count,
      marks[next].range.lowerBound < start || !marks[next].endsParagraph
    {
      next += 1
    }
    let limit = next < marks.count ? marks[next].range.lowerBound : text.count
    var index = start
    while index < limit {
      if text[index] == 0x0A {
        var after = index + 1
        while after < limit, isSpace(text[after]), text[after] != 0x0A { after += 1 }
        if after < limit, text[after] == 0x0A { return index }
      }
      index += 1
    }
    return limit
  }

  // MARK: Fences

  /// Fenced code blocks of Markdown that are closed.
  private func fences() -> [Range<Int>] {
    var fences: [Range<Int>] = []
    var open: (start: Int, sign: UInt8, count: Int)?
    var line = 0
    while line < text.count {
      let end = text[line...].firstIndex(of: 0x0A) ?? text.count
      var index = line
      while index < end, text[index] == 0x20 { index += 1 }
      if index < end, text[index] == UInt8(ascii: "`") || text[index] == UInt8(ascii: "~") {
        let count = run(of: text[index], at: index)
        if let fence = open {
          let rest = text[(index + count)..<max(index + count, end)]
          if text[index] == fence.sign, count >= fence.count, rest.allSatisfy(isSpace) {
            fences.append(fence.start..<end)
            open = nil
          }
        } else if count >= 3 {
          open = (line, text[index], count)
        }
      }
      line = end + 1
    }
    return fences
  }

  private func run(of byte: UInt8, at start: Int) -> Int {
    var index = start
    while index < text.count, text[index] == byte { index += 1 }
    return index - start
  }

  private func starts(_ word: String, at index: Int) -> Bool {
    text[index...].starts(with: word.utf8)
  }

  private func find(_ pattern: [UInt8], from start: Int, to limit: Int) -> Int? {
    var index = start
    while index + pattern.count <= limit {
      if text[index] == pattern[0], text[index...].starts(with: pattern) {
        return index + pattern.count
      }
      index += 1
    }
    return nil
  }
}
