/// The options of a multiple choice question, as its text lists them.
public struct AnswerOptions: Equatable, Sendable {
  /// Letters in order from A, each with its text.
  public let texts: [[UInt8]]

  public init(_ texts: [[UInt8]]) { self.texts = texts }

  /// Finds `(A) … (B) …`, `A. …` or `A) …` at the end of a problem; nil where there are not two in
  /// the order of the alphabet.
  public init?(in problem: Span<UInt8>) {
    let end = problem.count
    func at(_ index: Int) -> UInt8 { index >= 0 && index < end ? problem[index] : 0 }
    var marks: [Range<Int>] = []
    var place = 0
    while place < end {
      let wanted = UInt8(ascii: "A") + UInt8(marks.count)
      let byte = at(place)
      // A list that begins anew replaces what looked like one before.
      if byte == wanted || (byte == UInt8(ascii: "A") && marks.count == 1),
        let mark = Self.mark(at, place)
      {
        if byte == UInt8(ascii: "A") { marks.removeAll() }
        marks.append(mark)
        if marks.count == 10 { break }
        place = mark.upperBound
      } else {
        place += 1
      }
    }
    if marks.count < 2 { return nil }
    var texts: [[UInt8]] = []
    for (index, mark) in marks.enumerated() {
      var stop = index + 1 < marks.count ? marks[index + 1].lowerBound : end
      var start = mark.upperBound
      if index + 1 == marks.count {
        // The last option ends with its paragraph.
        var ahead = start
        while ahead < end, !(at(ahead) == 10 && at(ahead + 1) == 10) { ahead += 1 }
        stop = ahead
      }
      while start < stop, Self.isFiller(at(start)) { start += 1 }
      while stop > start, Self.isFiller(at(stop - 1)) { stop -= 1 }
      var text = (start..<stop).map { at($0) }
      // \qquad and its like between options.
      for filler in ["\\qquad", "\\quad", "\\hspace"] {
        let tail = Array(filler.utf8)
        while text.count >= tail.count, text.suffix(tail.count).elementsEqual(tail) {
          text.removeLast(tail.count)
          while let last = text.last, Self.isFiller(last) { text.removeLast() }
        }
      }
      if text.count > 512 { return nil }
      texts.append(text)
    }
    self.texts = texts
  }

  public func text(of letter: UInt8) -> [UInt8]? {
    let place = Int(letter) - 65
    return texts.indices.contains(place) ? texts[place] : nil
  }

  private static func isFiller(_ byte: UInt8) -> Bool {
    byte.isSpace || byte == UInt8(ascii: "~") || byte == UInt8(ascii: "$")
  }

  /// The mark around the letter at `place`, from its first byte to behind its last.
  private static func mark(_ at: (Int) -> UInt8, _ place: Int) -> Range<Int>? {
    var (start, end) = (place, place + 1)
    if at(place - 1) == UInt8(ascii: "("), at(end) == UInt8(ascii: ")") {
      (start, end) = (place - 1, end + 1)
    } else if at(end) == UInt8(ascii: ".") || at(end) == UInt8(ascii: ")"),
      at(place - 1) == 10 || at(place - 1) == 0, at(end + 1).isSpace
    {
      return start..<end + 1
    } else {
      return nil
    }
    // \textbf{(A)}, \mathrm{(A) \ }: the command goes with its letter.
    if at(start - 1) == UInt8(ascii: "{") {
      var back = start - 2
      while at(back).isLetter { back -= 1 }
      if at(back) == UInt8(ascii: "\\") {
        start = back
        var ahead = end
        while at(ahead).isSpace || at(ahead) == UInt8(ascii: "\\") { ahead += 1 }
        if at(ahead) == UInt8(ascii: "}") { end = ahead + 1 }
        if at(end) == UInt8(ascii: "\\"), at(end + 1).isSpace { end += 2 }
      }
    }
    return start..<end
  }
}
