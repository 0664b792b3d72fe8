/// `\boxed{…}`, `\fbox{…}`, `\boxed 5`.
enum Boxes {
  /// How far one box may be from the next and still belong to it.
  private static let gap = 40

  /// The contents of the last box, and of those in a row before it, in order.
  static func last(in text: Span<UInt8>, from start: Int) -> [Range<Int>]? {
    var found: [Range<Int>] = []
    var first = text.count
    var place = text.count - 6
    while place >= start {
      if text[place] == UInt8(ascii: "\\"), let content = content(text, place) {
        if let next = found.last {
          if content.upperBound > first {
            // A box around the last one: the inner counts.
            place -= 1
            continue
          }
          if !isJoined(text, content.upperBound, first) { break }
          if !areSame(text, content, next) { found.append(content) }
        } else {
          found.append(content)
        }
        first = place
      }
      if !found.isEmpty, first - place > 2 * gap + 200 { break }
      place -= 1
    }
    return found.isEmpty ? nil : found.reversed()
  }

  /// Whether a box is begun there, which was cut off if it was not found.
  static func opens(in text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    for place in range where text.has("\\boxed", at: place) || text.has("\\fbox", at: place) {
      return true
    }
    return false
  }

  /// What is in the box whose command starts at `place`.
  private static func content(_ text: Span<UInt8>, _ place: Int) -> Range<Int>? {
    var start: Int
    if text.has("\\boxed", at: place) {
      start = place + 6
    } else if text.has("\\fbox", at: place) {
      start = place + 5
    } else {
      return nil
    }
    let end = text.count
    while start < end, text[start].isSpace { start += 1 }
    guard start < end else { return nil }
    if text[start] == UInt8(ascii: "{") { return group(text, start) }
    // Up to what cannot belong to a bare value.
    var stop = start
    while stop < end, !text[stop].isSpace, !"$,;}".utf8.contains(text[stop]) { stop += 1 }
    while stop > start, text[stop - 1] == UInt8(ascii: ".") { stop -= 1 }
    return stop > start && !text[start].isLetter ? start..<stop : nil
  }

  /// The inside of braces that are balanced; a box that was cut off is none.
  private static func group(_ text: Span<UInt8>, _ start: Int) -> Range<Int>? {
    var depth = 0
    var place = start
    let end = min(text.count, start + Bounds.length)
    while place < end {
      switch text[place] {
      case UInt8(ascii: "\\"): place += 1
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"):
        depth -= 1
        if depth == 0 { return start + 1..<place }
      default: break
      }
      place += 1
    }
    return nil
  }

  /// Whether two boxes belong to one sentence that lists them.
  private static func isJoined(_ text: Span<UInt8>, _ end: Int, _ next: Int) -> Bool {
    let length = next - end
    if length > gap { return false }
    var separates = length < 10
    for place in end..<next {
      switch text[place] {
      case UInt8(ascii: ","), UInt8(ascii: ";"): separates = true
      case UInt8(ascii: "."), UInt8(ascii: "\n"):
        if place + 1 < next, text[place + 1].isSpace { return false }
      default:
        if text.hasWord(" and ", at: place) || text.hasWord(" or ", at: place) {
          separates = true
        }
        if text.hasWord("answer", at: place) { return false }
      }
    }
    return separates
  }

  private static func areSame(_ text: Span<UInt8>, _ a: Range<Int>, _ b: Range<Int>) -> Bool {
    if a.count != b.count { return false }
    for offset in 0..<a.count
    where text[a.lowerBound + offset] != text[b.lowerBound + offset] {
      return false
    }
    return true
  }
}
