/// The code that a response ends in: its last fenced block.
public struct CodeAnswer: Equatable, Sendable {
  /// What is behind the opening fence, in lower case; empty where nothing is.
  public let language: String
  public let range: Range<Int>
  /// Whether the block has its closing fence.
  public let isClosed: Bool

  /// What stands behind the reasoning is searched; nil where there is no block.
  public init?(in text: Span<UInt8>) {
    guard let start = Reasoning.end(of: text) else { return nil }
    // Fences open and close in turn, so they are looked at from the front.
    var opening: (mark: Int, count: Int, byte: UInt8)?
    var last: (mark: Int, body: Range<Int>, isClosed: Bool)?
    var line = start
    let end = text.count
    while line < end {
      var stop = line
      while stop < end, text[stop] != 10 { stop += 1 }
      var place = line
      while place < stop, text[place] == 32 { place += 1 }
      let byte = place < stop ? text[place] : 0
      if byte == UInt8(ascii: "`") || byte == UInt8(ascii: "~") {
        var count = 0
        while place + count < stop, text[place + count] == byte { count += 1 }
        if let open = opening {
          var rest = place + count
          while rest < stop, text[rest].isSpace { rest += 1 }
          if byte == open.byte, count >= open.count, rest == stop {
            let body = min(Self.behindLine(text, open.mark), line)
            last = (open.mark, body..<line, true)
            opening = nil
          }
        } else if count >= 3 {
          opening = (place + count, count, byte)
        }
      }
      line = stop + 1
    }
    if let opening {
      last = (opening.mark, Self.behindLine(text, opening.mark)..<end, false)
    }
    guard let last else { return nil }
    range = last.body
    isClosed = last.isClosed
    var name: [UInt8] = []
    var place = last.mark
    while place < end, !text[place].isSpace, name.count < 20 {
      name.append(text[place].isUpper ? text[place] | 0x20 : text[place])
      place += 1
    }
    language = String(decoding: name, as: UTF8.self)
  }

  private static func behindLine(_ text: Span<UInt8>, _ start: Int) -> Int {
    var place = start
    while place < text.count, text[place] != 10 { place += 1 }
    return min(place + 1, text.count)
  }
}
