/// The final answer in a response, and how it was found.
public struct FinalAnswer: Equatable, Sendable {
  public enum Origin: String, Sendable {
    /// The last `\boxed{…}` or `\fbox{…}`.
    case box
    /// Several boxes in the last sentence that has any.
    case boxes
    /// Behind "the final answer is", "answer:" and their like.
    case phrase
    /// A choice's letter behind such a phrase, or alone in the last line.
    case choice
    /// The response is nothing but an answer.
    case whole
  }

  public let origin: Origin
  /// Where it stands in the text; more than one place for `boxes`.
  public let ranges: [Range<Int>]

  /// What stands behind the reasoning is searched. Nil where there is no answer, or where the
  /// reasoning was begun and not ended.
  ///
  /// It is one look over the bytes from the end, as far as the end of the reasoning.
  public init?(in text: Span<UInt8>) {
    guard let start = Reasoning.end(of: text) else { return nil }
    if let boxes = Boxes.last(in: text, from: start) {
      (origin, ranges) = (boxes.count > 1 ? .boxes : .box, boxes)
    } else if let range = Phrases.last(in: text, from: start) {
      origin = Self.isChoice(text, range) ? .choice : .phrase
      ranges = [range]
    } else if let (range, isOnly) = Lines.last(in: text, from: start),
      isOnly && !Boxes.opens(in: text, range) || Self.isChoice(text, range)
    {
      origin = Self.isChoice(text, range) ? .choice : .whole
      ranges = [range]
    } else {
      return nil
    }
  }

  /// The answer's bytes; several are joined by commas.
  public func bytes(in text: Span<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    for range in ranges {
      if !bytes.isEmpty { bytes += [UInt8(ascii: ","), 32] }
      for place in range { bytes.append(text[place]) }
    }
    return bytes
  }

  private static func isChoice(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard range.count < 32 else { return false }
    let bytes = range.map { text[$0] }
    guard let choice = Choice(bytes, Wrapping.stripped(bytes)) else { return false }
    return choice.rest.isEmpty
  }
}

/// Where the reasoning ends and the answer begins.
enum Reasoning {
  /// What opens and what closes it; a teacher's own marks are one entry here.
  static let marks: [(opening: StaticString, closing: StaticString)] = [
    ("<think>", "</think>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
  ]

  /// The place behind the last closing mark, 0 where there is no mark, nil where it is still open.
  static func end(of text: Span<UInt8>) -> Int? {
    var place = text.count - 1
    while place >= 0 {
      if text[place] == UInt8(ascii: "<") {
        for mark in marks {
          if text.has(mark.closing, at: place) { return place + mark.closing.utf8CodeUnitCount }
          if text.has(mark.opening, at: place) { return nil }
        }
      }
      place -= 1
    }
    return 0
  }
}

extension Span<UInt8> {
  /// Whether the bytes stand there, letters in the case that is given.
  func has(_ wanted: StaticString, at place: Int) -> Bool {
    let length = wanted.utf8CodeUnitCount
    if place < 0 || place + length > count { return false }
    return wanted.withUTF8Buffer { wanted in
      for offset in 0..<length where self[place + offset] != wanted[offset] { return false }
      return true
    }
  }

  /// The same for ASCII letters in either case; `wanted` is in lower case.
  func hasWord(_ wanted: StaticString, at place: Int) -> Bool {
    let length = wanted.utf8CodeUnitCount
    if place < 0 || place + length > count { return false }
    return wanted.withUTF8Buffer { wanted in
      for offset in 0..<length {
        let byte = self[place + offset]
        if (byte.isUpper ? byte | 0x20 : byte) != wanted[offset] { return false }
      }
      return true
    }
  }
}
