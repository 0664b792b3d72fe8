/// "The final answer is …", "Answer: …".
enum Phrases {
  /// How far behind "answer" its "is" or colon may be: "the answer to the question is 5".
  private static let reach = 60

  /// The last answer that is announced.
  static func last(in text: Span<UInt8>, from start: Int) -> Range<Int>? {
    var place = text.count - 6
    while place >= start {
      if text[place] | 0x20 == UInt8(ascii: "a"), text.hasWord("answer", at: place),
        let range = value(text, behind: place + 6)
      {
        return range
      }
      place -= 1
    }
    return nil
  }

  private static func value(_ text: Span<UInt8>, behind start: Int) -> Range<Int>? {
    let end = text.count
    var place = start
    while true {
      if place >= end || place - start > reach { return nil }
      let byte = text[place]
      if byte == UInt8(ascii: ":") || byte == UInt8(ascii: "=") {
        place += 1
        break
      }
      if text.hasWord(" is", at: place), place + 3 < end, !text[place + 3].isLetter {
        place += 3
        break
      }
      if byte == 10 {
        // A heading: its answer stands in the next line.
        if place - start > 4 { return nil }
        break
      }
      if byte == UInt8(ascii: "."), place + 1 < end, text[place + 1].isSpace { return nil }
      place += 1
    }
    while place < end, text[place].isSpace || ":*\"".utf8.contains(text[place]) { place += 1 }
    guard place < end else { return nil }
    return delimited(text, place) ?? sentence(text, place)
  }

  /// `$…$`, `$$…$$`, `\(…\)` and `\[…\]`, where the sentence ends behind it.
  private static func delimited(_ text: Span<UInt8>, _ start: Int) -> Range<Int>? {
    let closing: StaticString
    var place = start
    if text.has("$$", at: start) {
      (closing, place) = ("$$", start + 2)
    } else if text[start] == UInt8(ascii: "$") {
      (closing, place) = ("$", start + 1)
      // An amount: $5 and no more dollars.
    } else if text.has("\\(", at: start) {
      (closing, place) = ("\\)", start + 2)
    } else if text.has("\\[", at: start) {
      (closing, place) = ("\\]", start + 2)
    } else {
      return nil
    }
    let from = place
    let end = min(text.count, from + Bounds.length)
    while place < end {
      if text.has(closing, at: place) {
        var behind = place + closing.utf8CodeUnitCount
        while behind < text.count, text[behind] == 32 || text[behind] == UInt8(ascii: "*") {
          behind += 1
        }
        // More of the sentence belongs to it: $3$ and $5$.
        if behind < text.count, text[behind] == UInt8(ascii: ",") || text[behind].isLetter {
          return nil
        }
        return from..<place
      }
      if text[place] == UInt8(ascii: "\\") { place += 1 }
      place += 1
    }
    return nil
  }

  /// Up to the end of the sentence or of the line.
  private static func sentence(_ text: Span<UInt8>, _ start: Int) -> Range<Int>? {
    var place = start
    let end = min(text.count, start + 512)
    while place < end {
      let byte = text[place]
      if byte == 10 { break }
      if byte == UInt8(ascii: ".") || byte == UInt8(ascii: "!"), place > start {
        if place + 1 >= text.count || text[place + 1].isSpace { break }
        if text[place + 1] == UInt8(ascii: "*") { break }
      }
      place += 1
    }
    while place > start, text[place - 1].isSpace { place -= 1 }
    return place > start ? start..<place : nil
  }
}

/// Lines with anything in them.
enum Lines {
  /// The last one, and whether there is no other; nil where it is too long to be an answer.
  static func last(in text: Span<UInt8>, from start: Int) -> (Range<Int>, isOnly: Bool)? {
    var end = text.count
    while end > start, text[end - 1].isSpace { end -= 1 }
    var first = end
    while first > start, text[first - 1] != 10 {
      first -= 1
      if end - first > 200 { return nil }
    }
    while first < end, text[first].isSpace { first += 1 }
    if first == end { return nil }
    var before = first
    while before > start, text[before - 1].isSpace { before -= 1 }
    return (first..<end, before == start)
  }
}
