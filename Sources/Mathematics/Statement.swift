/// Answers that say something instead of giving a value.
enum Statement {
  static func verdict(_ given: [UInt8], _ reference: [UInt8]) -> Agreement? {
    let (a, b) = (Text.words(given), Text.words(reference))
    if let x = numeral(a), let y = numeral(b) { return x == y ? .equal : .different }
    for (words, other, text) in [(a, b, reference), (b, a, given)] {
      if let value = numeral(words), other.count == 1, let number = Text.number(other[0]) {
        return Rational(value) == number ? .equal : .different
      }
      if let verdict = absence(words, against: text, other) { return verdict }
    }
    if let x = gain(a), let y = gain(b) { return x == y ? .equal : .different }
    if let x = statements(a), let y = statements(b) { return x == y ? .equal : .different }
    return isSameWithOtherNumber(a, b) ? .different : nil
  }

  /// One word for a whole number.
  private static func numeral(_ words: [[UInt8]]) -> Int? {
    words.count == 1 ? numerals.firstIndex(of: String(decoding: words[0], as: UTF8.self)) : nil
  }

  private static let numerals = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
  ]

  /// `3% profit`, `3% loss`: a share with its sign.
  private static func gain(_ words: [[UInt8]]) -> Rational? {
    guard words.count == 3, words[1] == [UInt8(ascii: "%")], let share = Text.number(words[0])
    else { return nil }
    switch String(decoding: words[2], as: UTF8.self) {
    case "profit", "gain", "increase": return share
    case "loss", "decrease": return share.negated
    default: return nil
    }
  }

  /// What says that there is no value is none of the numbers. A count of no solutions is 0.
  private static func absence(
    _ words: [[UInt8]], against text: [UInt8], _ other: [[UInt8]]
  ) -> Agreement? {
    let said = words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
    let isOpen = ["cannot be determined", "can not be determined", "it cannot be determined"]
      .contains { said.hasPrefix($0) }
    let isNone = ["there is no ", "there are no ", "no such ", "does not exist", "no real "]
      .contains { said.hasPrefix($0) }
    guard isOpen || isNone, other.contains(where: { Text.number($0) != nil }),
      let (value, _) = try? Parser.answer(text, Wrapping.stripped(text)), value.isPlainNumbers
    else { return nil }
    return isNone && text.contains(UInt8(ascii: "0")) ? nil : .different
  }

  /// `I and II only`, `Neither I nor II`: which of the statements hold.
  private static func statements(_ words: [[UInt8]]) -> Set<Int>? {
    var found: Set<Int> = []
    var isTelling = false
    for word in words {
      switch String(decoding: word, as: UTF8.self) {
      case "i": found.insert(1)
      case "ii": found.insert(2)
      case "iii": found.insert(3)
      case "only": isTelling = true
      case "none":
        guard words.count == 1 else { return nil }
        return []
      case "neither":
        return words.contains { $0 == Array("nor".utf8) } ? [] : nil
      case "and", ",": break
      default: return nil
      }
    }
    return found.count > 1 || isTelling && !found.isEmpty ? found : nil
  }

  /// The same sentence, with another number in one place.
  private static func isSameWithOtherNumber(_ a: [[UInt8]], _ b: [[UInt8]]) -> Bool {
    let isSentence = a.contains { $0.count > 3 && $0[0].isLetter }
    // Letters before a number, as of a currency.
    let isLabel = a.allSatisfy { $0[0].isLetter || $0[0].isDigit || $0 == [UInt8(ascii: ".")] }
    guard a.count == b.count, isSentence || isLabel && a.count == 3 else { return false }
    var others = 0
    for (x, y) in zip(a, b) where stem(x) != stem(y) {
      guard let p = Text.number(x), let q = Text.number(y) else { return false }
      if p != q { others += 1 }
    }
    // A power or an index has a value only with the rest, and a fraction of nothing is nothing.
    let isFraction = a.contains { $0 == Array("\\frac".utf8) || $0 == [UInt8(ascii: "/")] }
    let holdsZero = (a + b).contains { $0 == [UInt8(ascii: "0")] }
    return others == 1 && !(isFraction && holdsZero)
      && !a.contains { "^_".utf8.contains($0[0]) || isCommand($0) }
  }

  private static func isCommand(_ word: [UInt8]) -> Bool {
    word[0] == UInt8(ascii: "\\") && word != Array("\\frac".utf8)
  }

  /// A word without what counts of its things change in it: solutions, are.
  private static func stem(_ word: [UInt8]) -> [UInt8] {
    if word == Array("are".utf8) { return Array("is".utf8) }
    return word.count > 3 && word.last == UInt8(ascii: "s") ? word.dropLast() : word
  }
}

extension Expression {
  /// A number, or several of them.
  var isPlainNumbers: Bool {
    switch self {
    case .number, .decimal: true
    case .negative(let value), .percent(let value), .measured(let value, _): value.isPlainNumbers
    case .list(let items): items.allSatisfy(\.isPlainNumbers)
    default: false
    }
  }
}
