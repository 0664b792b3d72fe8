/// Numbers with units of one kind that are added: `1 hr 15 min`, `5 feet 3 inches`, `600 cm`.
struct MeasureText {
  enum Kind { case time, length, inches, mass, volume, money, ounces }

  let kind: Kind
  /// In the smallest unit of its kind.
  let size: Rational

  /// Nil where the text is anything else.
  init?(_ text: [UInt8]) {
    var kind: Kind?
    var sum = Rational.zero
    var number: Rational?
    for word in Text.words(text) {
      if let value = Text.number(word) {
        if number != nil { return nil }
        number = value
      } else if let count = number {
        guard let unit = Self.units[Units.canonical(word)], kind == nil || kind == unit.kind,
          let part = try? count * Rational(unit.size), let total = try? sum + part
        else { return nil }
        (kind, sum, number) = (unit.kind, total, nil)
      } else if kind == nil || !["and", ","].contains(String(decoding: word, as: UTF8.self)) {
        return nil
      }
    }
    guard let kind, number == nil else { return nil }
    (self.kind, size) = (kind, sum)
  }

  private static let units: [[UInt8]: (kind: Kind, size: Int)] = {
    let list: [(String, Kind, Int)] = [
      ("second", .time, 1), ("minute", .time, 60), ("hour", .time, 3_600), ("day", .time, 86_400),
      ("week", .time, 604_800),
      ("mm", .length, 1), ("cm", .length, 10), ("dm", .length, 100), ("meter", .length, 1_000),
      ("km", .length, 1_000_000),
      ("inch", .inches, 1), ("foot", .inches, 12), ("yard", .inches, 36), ("mile", .inches, 63_360),
      ("mg", .mass, 1), ("gram", .mass, 1_000), ("kg", .mass, 1_000_000),
      ("ml", .volume, 1), ("liter", .volume, 1_000),
      ("cent", .money, 1), ("dollar", .money, 100), ("ounce", .ounces, 1), ("pound", .ounces, 16),
    ]
    return Dictionary(uniqueKeysWithValues: list.map { (Array($0.0.utf8), ($0.1, $0.2)) })
  }()
}

/// A text as words, numbers and signs.
enum Text {
  /// Runs of letters, decimal numbers, and what is left sign by sign; `\text{}`, dollars and spaces
  /// are not there.
  static func words(_ text: [UInt8]) -> [[UInt8]] {
    var words: [[UInt8]] = []
    var place = 0
    while place < text.count {
      let start = place
      let byte = text[place]
      if byte.isSpace || "${}~".utf8.contains(byte) {
        place += 1
      } else if byte == UInt8(ascii: "\\") {
        place += 1
        while place < text.count, text[place].isLetter { place += 1 }
        let name = String(decoding: text[start + 1..<place], as: UTF8.self)
        if name.isEmpty {
          // A space or a sign that LaTeX would take for its own.
          if place < text.count, "$%".utf8.contains(text[place]) { words.append([text[place]]) }
          place += 1
        } else if !styles.contains(name) {
          words.append(Array(text[start..<place]))
        }
      } else if byte.isLetter || byte >= 0x80 {
        while place < text.count, text[place].isLetter || text[place] >= 0x80 { place += 1 }
        words.append(text[start..<place].map { $0.isUpper ? $0 | 0x20 : $0 })
      } else if byte.isDigit {
        while place < text.count, text[place].isDigit { place += 1 }
        if place + 1 < text.count, text[place] == UInt8(ascii: "."), text[place + 1].isDigit {
          place += 1
          while place < text.count, text[place].isDigit { place += 1 }
        }
        words.append(Array(text[start..<place]))
      } else {
        place += 1
        words.append([byte])
      }
    }
    if words.last == [UInt8(ascii: ".")] { words.removeLast() }
    return words
  }

  private static let styles: Set<String> = [
    "text", "mathrm", "mbox", "textbf", "textit", "mathbf", "quad", "qquad",
  ]

  /// The value of a word of digits.
  static func number(_ word: [UInt8]) -> Rational? {
    guard word.first?.isDigit == true, word.count < 40,
      let digits = try? Whole(digits: word[...])
    else { return nil }
    let point = word.firstIndex(of: UInt8(ascii: "."))
    let places = point.map { word.count - $0 - 1 } ?? 0
    return try? Rational(digits) * Rational(10).power(-places)
  }
}
