/// A function by cases, `\begin{cases} x & x > 0 \\ … \end{cases}`: each value with its condition.
struct PiecewiseText {
  private let lead: [UInt8]
  private let rows: [[[UInt8]]]

  init?(_ text: [UInt8]) {
    guard let (start, from) = Self.find("\\begin{cases}", in: text, from: 0),
      let (end, behind) = Self.find("\\end{cases}", in: text, from: from),
      text[behind...].allSatisfy({ $0.isSpace || "$.]\\)".utf8.contains($0) })
    else { return nil }
    lead = text[..<start].filter { !$0.isSpace && !"$[(\\".utf8.contains($0) }
    var rows: [[[UInt8]]] = [[[]]]
    var place = from
    while place < end {
      if text[place] == UInt8(ascii: "\\"), place + 1 < end, text[place + 1] == text[place] {
        rows.append([[]])
        place += 2
      } else if text[place] == UInt8(ascii: "&") {
        rows[rows.count - 1].append([])
        place += 1
      } else {
        rows[rows.count - 1][rows[rows.count - 1].count - 1].append(text[place])
        place += 1
      }
    }
    self.rows = rows.map { $0.map(Self.cell) }.filter { !$0.allSatisfy(\.isEmpty) }
    if self.rows.isEmpty || self.rows.count > 20 { return nil }
  }

  /// Equal where each case is; cases that differ may still be the same function.
  func agrees(with other: PiecewiseText) -> Agreement? {
    guard lead == other.lead, rows.count == other.rows.count else { return nil }
    let isSame = rows.allSatisfy { row in other.rows.contains { Self.areSame(row, $0) } }
    return isSame ? .equal : nil
  }

  private static func areSame(_ a: [[UInt8]], _ b: [[UInt8]]) -> Bool {
    a.count == b.count
      && zip(a, b).allSatisfy { Comparison($0, $1, nil).firstVerdict() == .equal }
  }

  /// Without the words before a condition and the comma behind it.
  private static func cell(_ text: [UInt8]) -> [UInt8] {
    var text = text[...]
    for word in ["\\text", "\\mbox", "\\quad", "{", "if", "for", "when", "}"] {
      while text.first?.isSpace == true { text.removeFirst() }
      if text.starts(with: word.utf8) { text.removeFirst(word.utf8.count) }
    }
    return Array(text)
  }

  private static func find(_ mark: String, in text: [UInt8], from start: Int) -> (Int, Int)? {
    let mark = Array(mark.utf8)
    guard text.count >= mark.count + start else { return nil }
    for place in start...(text.count - mark.count) where text[place...].starts(with: mark) {
      return (place, place + mark.count)
    }
    return nil
  }
}
