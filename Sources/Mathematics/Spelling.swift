/// Numbers in spellings that the parser does not know, put into those that it does.
enum Spelling {
  /// `½` as `\frac{1}{2}`, `0.1\overline{6}` as a fraction; nil where nothing is spelled so.
  static func plain(_ text: [UInt8]) -> [UInt8]? {
    var result: [UInt8] = []
    var isChanged = false
    var place = 0
    while place < text.count {
      if text[place] >= 0x80, let (fraction, length) = vulgar(text, place) {
        result += fraction
        place += length
        isChanged = true
      } else if text[place].isDigit, result.last?.isDigit != true, result.last != 46,
        let (fraction, end) = repeating(text, place) ?? combinations(text, place)
      {
        result += fraction
        place = end
        isChanged = true
      } else {
        result.append(text[place])
        place += 1
      }
    }
    return isChanged ? result : nil
  }

  /// The text without its sign of degrees, times a factor; nil where it has not just one, at its end.
  static func angle(_ text: [UInt8], times factor: String) -> [UInt8]? {
    for sign in ["^{\\circ}", "^\\circ", "°"] {
      let sign = Array(sign.utf8)
      var end = text.count
      while end > 0, text[end - 1].isSpace || text[end - 1] == UInt8(ascii: "$") { end -= 1 }
      guard end > sign.count, text[..<end].suffix(sign.count).elementsEqual(sign) else { continue }
      let inner = text[..<(end - sign.count)].filter { $0 != UInt8(ascii: "$") }
      return Array("(".utf8) + inner + Array((")" + factor).utf8)
    }
    return nil
  }

  /// 5C3, a binomial coefficient.
  private static func combinations(_ text: [UInt8], _ start: Int) -> ([UInt8], Int)? {
    var place = start
    while place < text.count, text[place].isDigit { place += 1 }
    let mark = place
    guard place + 1 < text.count, text[place] == UInt8(ascii: "C"), text[place + 1].isDigit else {
      return nil
    }
    place += 1
    while place < text.count, text[place].isDigit { place += 1 }
    func digits(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
    return (Array("\\binom{\(digits(start..<mark))}{\(digits(mark + 1..<place))}".utf8), place)
  }

  private static func vulgar(_ text: [UInt8], _ place: Int) -> ([UInt8], Int)? {
    for (sign, top, bottom) in fractions {
      let bytes = Array(sign.utf8)
      if text[place...].starts(with: bytes) {
        return (Array("\\frac{\(top)}{\(bottom)}".utf8), bytes.count)
      }
    }
    return nil
  }

  private static let fractions: [(String, Int, Int)] = [
    ("½", 1, 2), ("⅓", 1, 3), ("⅔", 2, 3), ("¼", 1, 4), ("¾", 3, 4), ("⅕", 1, 5), ("⅖", 2, 5),
    ("⅗", 3, 5), ("⅘", 4, 5), ("⅙", 1, 6), ("⅚", 5, 6), ("⅐", 1, 7), ("⅛", 1, 8), ("⅜", 3, 8),
    ("⅝", 5, 8), ("⅞", 7, 8), ("⅑", 1, 9), ("⅒", 1, 10),
  ]

  /// a.b with c repeated is (abc − ab) / (10…0 · 99…9), and where it ends.
  private static func repeating(_ text: [UInt8], _ start: Int) -> ([UInt8], Int)? {
    var place = start
    while place < text.count, text[place].isDigit { place += 1 }
    let point = place
    guard place < text.count, text[place] == UInt8(ascii: ".") else { return nil }
    place += 1
    let first = place
    while place < text.count, text[place].isDigit { place += 1 }
    let plain = Array(text[start..<point]) + text[first..<place]
    let places = place - first
    for command in ["\\overline{", "\\bar{", "\\dot{"]
    where text[place...].starts(with: command.utf8) {
      let from = place + command.utf8.count
      var end = from
      while end < text.count, text[end].isDigit { end += 1 }
      let cycle = text[from..<end]
      guard end < text.count, text[end] == UInt8(ascii: "}"), (1...12).contains(cycle.count),
        plain.count + cycle.count < 18, let ab = Int(String(decoding: plain, as: UTF8.self)),
        let abc = Int(String(decoding: plain + cycle, as: UTF8.self))
      else { return nil }
      let nines = String(repeating: "9", count: cycle.count)
      let zeros = String(repeating: "0", count: places)
      return (Array("\\frac{\(abc - ab)}{\(nines + zeros)}".utf8), end + 1)
    }
    return nil
  }
}
