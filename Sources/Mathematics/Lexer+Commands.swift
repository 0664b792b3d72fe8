/// Commands of LaTeX: names, styled words, environments.
extension Lexer {
  mutating func command() throws(Unknown) {
    let start = place
    place += 1
    let first = at(place)
    if first == UInt8(ascii: "\\") {
      // A new row, or a command whose backslash was escaped once too often.
      if isInMatrix || !at(place + 1).isLetter {
        place += 1
        if isInMatrix { add(.newRow, start) }
      }
      return
    }
    if !first.isLetter {
      if place < end { place += 1 }
      if first.isSpace || first == 0 {
        isSpaced = true
        return
      }
    } else {
      while at(place).isLetter { place += 1 }
    }
    let name = Name(bytes, start + 1..<place)
    if name == "begin" || name == "end" { return try environment(start, begins: name == "begin") }
    if name == "mathbb" { return doubleStruck(start) }
    guard let meaning = Vocabulary.commands[name] else { return add(.unknown, start) }
    switch meaning.kind {
    case .skip: isSpaced = true
    case .styled: styled(start)
    default: add(meaning.kind, start, value: meaning.value)
    }
  }

  /// `\text{…}`: words stay together, anything else is read as if it were not styled.
  private mutating func styled(_ start: Int) {
    while at(place).isSpace { place += 1 }
    guard at(place) == UInt8(ascii: "{") else { return }
    var close = place + 1
    var letters = 0
    while close < end, bytes[close] != UInt8(ascii: "}") {
      let byte = bytes[close]
      if byte.isLetter || byte >= 0x80 {
        letters += 1
      } else if byte == UInt8(ascii: "\\"), [32, 44, 59].contains(at(close + 1)) {
        close += 1
      } else if byte == UInt8(ascii: "^"), letters > 0, at(close + 1).isDigit {
        close += 1
      } else if !byte.isSpace, !",-.';~/".utf8.contains(byte) {
        return
      }
      close += 1
    }
    if close >= end { return }
    var (from, to) = (place + 1, close)
    while from < to, !isWordByte(bytes[from]) { from += 1 }
    while to > from, !isWordByte(bytes[to - 1]), !bytes[to - 1].isDigit { to -= 1 }
    if letters == 0 {
      // Spaces or a comma.
      let holdsComma = bytes[place..<close].contains(UInt8(ascii: ","))
      place = close + 1
      if holdsComma { add(.comma, start) } else { isSpaced = true }
      return
    }
    let meaning = Vocabulary.words[Name(bytes, from..<to)]
    if to - from == 1 || meaning != nil {
      place = to
      // A styled letter may be a unit, behind a number.
      add(meaning?.kind ?? .letter, from, value: meaning?.value ?? 1)
    } else {
      place = to
      add(.text, from)
    }
    place = close + 1
  }

  private func isWordByte(_ byte: UInt8) -> Bool { byte.isLetter || byte >= 0x80 }

  private mutating func braced() -> Range<Int>? {
    while at(place).isSpace { place += 1 }
    guard at(place) == UInt8(ascii: "{") else { return nil }
    let start = place + 1
    while place < end, bytes[place] != UInt8(ascii: "}") { place += 1 }
    guard place < end else { return nil }
    place += 1
    return start..<place - 1
  }

  private mutating func doubleStruck(_ start: Int) {
    guard let range = braced(), range.count == 1 else { return add(.unknown, start) }
    if bytes[range.lowerBound] == UInt8(ascii: "R") {
      add(.constant, start, value: Constant.reals.rawValue)
    } else {
      add(.unknown, start)
    }
  }

  private mutating func environment(_ start: Int, begins: Bool) throws(Unknown) {
    guard let range = braced() else { throw .notation }
    switch Name(bytes, range) {
    case "matrix", "pmatrix", "bmatrix", "smallmatrix":
      break
    case "array":
      // Its columns.
      if begins { _ = braced() }
    default: throw .notation
    }
    isInMatrix = begins
    add(begins ? .beginMatrix : .endMatrix, start)
  }
}
