/// What stands around an answer and is not part of it.
enum Wrapping {
  /// The answer without white space, dollars, stars, closing full stops and `\boxed{}` around it.
  static func stripped(_ bytes: [UInt8]) -> Range<Int> {
    var (start, end) = (0, bytes.count)
    while true {
      let before = (start, end)
      while start < end, isOpening(bytes[start]) { start += 1 }
      while end > start, isClosing(bytes, end - 1, start) { end -= 1 }
      if start + 4 < end, bytes[start] == UInt8(ascii: "\\"), let inner = group(bytes, start, end) {
        (start, end) = (inner.lowerBound, inner.upperBound)
      }
      if (start, end) == before { return start..<end }
    }
  }

  private static func isOpening(_ byte: UInt8) -> Bool {
    byte.isSpace || byte == UInt8(ascii: "$") || byte == UInt8(ascii: "*")
      || byte == UInt8(ascii: "`") || byte == UInt8(ascii: ":")
  }

  private static func isClosing(_ bytes: [UInt8], _ place: Int, _ start: Int) -> Bool {
    let byte = bytes[place]
    switch byte {
    case UInt8(ascii: "$"), UInt8(ascii: "`"), UInt8(ascii: ","), UInt8(ascii: ";"): return true
    case UInt8(ascii: "."): return place == start || bytes[place - 1] != UInt8(ascii: ".")
    case UInt8(ascii: "*"): return true
    default: return byte.isSpace
    }
  }

  /// The inside of a group that is the whole answer: `\boxed{5}`, `\(5\)`, `\textbf{(C)}`.
  private static func group(_ bytes: [UInt8], _ start: Int, _ end: Int) -> Range<Int>? {
    let second = bytes[start + 1]
    if second == UInt8(ascii: "(") || second == UInt8(ascii: "[") {
      let closing = second == UInt8(ascii: "(") ? UInt8(ascii: ")") : UInt8(ascii: "]")
      guard bytes[end - 1] == closing, bytes[end - 2] == UInt8(ascii: "\\") else { return nil }
      return start + 2..<end - 2
    }
    var place = start + 1
    while place < end, bytes[place].isLetter { place += 1 }
    guard place < end, bytes[place] == UInt8(ascii: "{"),
      Braces.end(bytes, from: place, to: end) == end - 1
    else { return nil }
    switch Name(bytes, start + 1..<place) {
    case "boxed", "fbox", "textbf", "mathbf", "displaystyle", "ensuremath", "mathrm", "text",
      "mbox":
      return place + 1..<end - 1
    default: return nil
    }
  }
}

/// Braces of LaTeX; an escaped one is none.
enum Braces {
  /// The place of the brace that closes the one at `start`.
  static func end(_ bytes: [UInt8], from start: Int, to end: Int) -> Int? {
    var depth = 0
    var place = start
    while place < end {
      switch bytes[place] {
      case UInt8(ascii: "\\"): place += 1
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"):
        depth -= 1
        if depth == 0 { return place }
      default: break
      }
      place += 1
    }
    return nil
  }
}
