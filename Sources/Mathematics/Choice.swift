/// The letter of a multiple choice answer: `C`, `(C)`, `\textbf{(C)}`, `C. 12`.
struct Choice: Equatable, Sendable {
  /// In upper case.
  var letter: UInt8
  /// What stands behind the letter.
  var rest: Range<Int>
  /// Whether it was written as no symbol is: in parentheses, or with a full stop.
  var isMarked: Bool

  /// Reads what is left after `Wrapping.stripped`.
  init?(_ bytes: [UInt8], _ range: Range<Int>) {
    var place = range.lowerBound
    let end = range.upperBound
    func at(_ index: Int) -> UInt8 { index < end ? bytes[index] : 0 }
    func skipSpaces() { while at(place).isSpace || at(place) == UInt8(ascii: "*") { place += 1 } }
    if Name(bytes, place..<min(place + 5, end)) == "\\left" { place += 5 }
    // \textbf{(C)} and a rest behind it.
    var isStyled = false
    if at(place) == UInt8(ascii: "\\") {
      var ahead = place + 1
      while at(ahead).isLetter { ahead += 1 }
      switch Name(bytes, place + 1..<min(ahead, end)) {
      case "text", "textbf", "mathrm", "mathbf", "textrm", "mbox", "bf", "rm": break
      default: return nil
      }
      guard at(ahead) == UInt8(ascii: "{") else { return nil }
      isStyled = true
      place = ahead + 1
    }
    let isRound = at(place) == UInt8(ascii: "(")
    if isRound { place += 1 }
    skipSpaces()
    let byte = at(place)
    guard byte.isLetter, (byte & 0xdf) <= UInt8(ascii: "J"), byte.isUpper || isRound else {
      return nil
    }
    place += 1
    skipSpaces()
    if isRound {
      if Name(bytes, place..<min(place + 6, end)) == "\\right" { place += 6 }
      guard at(place) == UInt8(ascii: ")") else { return nil }
      place += 1
    }
    isMarked = isRound
    if isStyled {
      while at(place).isSpace || at(place) == UInt8(ascii: ".") || at(place) == UInt8(ascii: "~") {
        place += 1
      }
      guard at(place) == UInt8(ascii: "}") else { return nil }
      place += 1
      isMarked = true
    }
    if !isRound, [UInt8(ascii: "."), UInt8(ascii: ")"), UInt8(ascii: ":")].contains(at(place)) {
      isMarked = true
      place += 1
    }
    while at(place).isSpace || at(place) == UInt8(ascii: "\\") && at(place + 1).isSpace
      || at(place) == UInt8(ascii: "~")
    {
      place += 1
    }
    if place < end, !isMarked { return nil }
    letter = byte & 0xdf
    rest = min(place, end)..<end
    // (a+b) is none; (A)(B) neither.
    if !rest.isEmpty, !isMarked { return nil }
  }
}
