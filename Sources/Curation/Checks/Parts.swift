internal import Samples

/// The parts of a text under labels that ask something.
enum Parts {
  /// A label, with its number in its series and where its text begins.
  private struct Label {
    var series: Series
    var number: Int
    var start: Int
    var end: Int
  }

  private enum Series: CaseIterable {
    case letters, romans, digits, lineLetters, lineRomans, lineDigits, parts, questions
  }

  /// The labels of the first series that has two parts or more that ask; nil where none has.
  static func labels(in text: Span<UInt8>) -> String? {
    let all = find(in: text)
    guard all.count >= 2 else { return nil }
    for series in Series.allCases {
      var chain: [Label] = []
      var asking = 0
      let labels = all.filter { $0.series == series }
      for (index, label) in labels.enumerated() {
        guard label.number == chain.count + 1 else { continue }
        chain.append(label)
        let next = labels[(index + 1)...].first { $0.number == chain.count + 1 }
        if asks(text.extracting(label.end..<(next?.start ?? text.count))) { asking += 1 }
      }
      if chain.count >= 2 && asking >= 2 {
        return chain.map { label in
          String(copying: text.extracting(label.start..<label.end))
        }.joined(separator: " ")
      }
    }
    return nil
  }

  private static func find(in text: Span<UInt8>) -> [Label] {
    var labels: [Label] = []
    var isLineStart = true
    var isFenced = false
    var previous = UInt8(ascii: " ")
    var index = 0
    while index < text.count {
      let byte = text[unchecked: index]
      if byte == UInt8(ascii: "`"), index + 2 < text.count, text[index + 1] == byte,
        text[index + 2] == byte
      {
        isFenced.toggle()
        index += 3
        continue
      }
      // Most bytes begin no label: letters inside a word, and words inside a line but 'part'.
      if !isFenced, !isWord(previous),
        byte == UInt8(ascii: "(") || isLineStart && isWord(byte) || byte | 0x20 == UInt8(ascii: "p")
      {
        labels += label(text, at: index, isLineStart: isLineStart)
      }
      if byte == 0x0A {
        isLineStart = true
      } else if byte != 0x20 && byte != 0x09 && byte != UInt8(ascii: "*") && byte != 0x23 {
        isLineStart = false
      }
      previous = byte
      index += 1
    }
    return labels
  }

  /// The label that begins here, as a letter and as a Roman number where it can be both.
  private static func label(_ text: Span<UInt8>, at start: Int, isLineStart: Bool) -> [Label] {
    let byte = text[start]
    func label(_ series: Series, _ number: Int, _ end: Int) -> Label {
      Label(series: series, number: number, start: start, end: end)
    }
    if byte == UInt8(ascii: "(") {
      let isApart = start == 0 || text[start - 1] <= 0x20 || text[start - 1] == UInt8(ascii: "*")
      guard isApart, let (count, numbers) = mark(text, at: start + 1),
        start + 1 + count < text.count, text[start + 1 + count] == UInt8(ascii: ")")
      else { return [] }
      let end = start + count + 2
      return numbers.map { number in
        switch number {
        case .letter(let number): label(.letters, number, end)
        case .roman(let number): label(.romans, number, end)
        case .digit(let number): label(.digits, number, end)
        }
      }
    }
    if let word = word(text, at: start) { return [label(word.series, word.number, word.end)] }
    guard isLineStart, let (count, numbers) = mark(text, at: start) else { return [] }
    let end = start + count + 1
    guard end < text.count, [UInt8(ascii: ")"), UInt8(ascii: ".")].contains(text[end - 1]),
      text[end] <= 0x20 || text[end] == UInt8(ascii: "*")
    else { return [] }
    return numbers.map { number in
      switch number {
      case .letter(let number): label(.lineLetters, number, end)
      case .roman(let number): label(.lineRomans, number, end)
      case .digit(let number): label(.lineDigits, number, end)
      }
    }
  }

  private enum Number {
    case letter(Int)
    case roman(Int)
    case digit(Int)
  }

  private static let romans: [[UInt8]] = [
    "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x",
  ].map { Array($0.utf8) }

  /// A letter, a Roman number or a number up to 20 that begins here, and its bytes.
  private static func mark(_ text: Span<UInt8>, at start: Int) -> (count: Int, [Number])? {
    var end = start
    while end < text.count, end - start < 5, isWord(text[end]) { end += 1 }
    let count = end - start
    guard 1...4 ~= count else { return nil }
    var numbers: [Number] = []
    let part = text.extracting(start..<end)
    if count == 1, 0x61...0x7A ~= part[0] { numbers.append(.letter(Int(part[0]) - 0x60)) }
    if let roman = romans.firstIndex(where: { part.elementsEqual($0.span) }) {
      numbers.append(.roman(roman + 1))
    }
    if count <= 2 {
      var number = 0
      for index in part.indices {
        guard 0x30...0x39 ~= part[index] else {
          number = 0
          break
        }
        number = number * 10 + Int(part[index] - 0x30)
      }
      if 1...20 ~= number { numbers.append(.digit(number)) }
    }
    return numbers.isEmpty ? nil : (count, numbers)
  }

  /// `Part A`, `Part 1`, `Part (a)` or `p1.`, which begins here.
  private static func word(_ text: Span<UInt8>, at start: Int) -> (
    series: Series, number: Int, end: Int
  )? {
    guard text[start] | 0x20 == UInt8(ascii: "p"), start + 3 < text.count else { return nil }
    if 0x31...0x39 ~= text[start + 1], text[start + 2] == UInt8(ascii: ".") {
      return (.questions, Int(text[start + 1] - 0x30), start + 3)
    }
    guard start + 6 < text.count, lower(text, start, 5) == Array("part ".utf8) else { return nil }
    var index = start + 5
    let isOpen = text[index] == UInt8(ascii: "(")
    if isOpen { index += 1 }
    guard index < text.count else { return nil }
    let byte = text[index]
    let end = index + 1
    guard isWord(byte), end == text.count || !isWord(text[end]) else { return nil }
    if isOpen, end == text.count || text[end] != UInt8(ascii: ")") { return nil }
    let number = byte <= 0x39 ? Int(byte) - 0x30 : Int(byte | 0x20) - 0x60
    return (.parts, number, isOpen ? end + 1 : end)
  }

  private static func lower(_ text: Span<UInt8>, _ start: Int, _ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for index in start..<min(start + count, text.count) {
      let byte = text[index]
      bytes.append(0x41...0x5A ~= byte ? byte + 0x20 : byte)
    }
    return bytes
  }

  /// Whether a part has a question mark, or a clause that begins with a word that asks.
  private static func asks(_ part: Span<UInt8>) -> Bool {
    var isClauseStart = true
    var index = 0
    while index < part.count {
      let byte = part[index]
      if byte == UInt8(ascii: "?") { return true }
      if 0x61...0x7A ~= byte | 0x20 {
        var end = index
        while end < part.count, 0x61...0x7A ~= part[end] | 0x20 { end += 1 }
        if isClauseStart, asking.contains(lower(part, index, end - index)) { return true }
        // 'Hence find' and 'Then show' ask, too.
        isClauseStart =
          isClauseStart && leading.contains(lower(part, index, end - index))
        index = end
      } else {
        if ".,;:\n".utf8.contains(byte) {
          isClauseStart = true
        } else if isWord(byte) || byte == UInt8(ascii: "$") {
          isClauseStart = false
        }
        index += 1
      }
    }
    return false
  }

  private static let asking: Set<[UInt8]> = words(
    """
    find show prove determine compute calculate evaluate what how why give write state describe \
    explain sketch draw estimate derive verify solve express deduce list name identify predict plot \
    obtain justify
    """)
  private static let leading: Set<[UInt8]> = words(
    "hence then now and also similarly using therefore next finally please first")

  private static func words(_ text: String) -> Set<[UInt8]> {
    Set(text.split(separator: " ").map { Array($0.utf8) })
  }
}
