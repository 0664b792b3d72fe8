/// Whether code could be read at all: a look at its brackets and strings, no more.
public enum CodeSanity: Equatable, Sendable {
  /// Nothing speaks against it.
  case sound
  case broken(Flaw)
  /// A language whose strings and comments are not known here.
  case unknown

  public enum Flaw: String, Sendable {
    case empty
    case unclosedBlock = "unclosed block"
    case bracket = "a bracket without its counterpart"
    case string = "a string without its end"
    case comment = "a comment without its end"
  }

  public static func of(_ answer: CodeAnswer, in text: Span<UInt8>) -> CodeSanity {
    if !answer.isClosed { return .broken(.unclosedBlock) }
    var isEmpty = true
    for place in answer.range where !text[place].isSpace {
      isEmpty = false
      break
    }
    if isEmpty { return .broken(.empty) }
    guard let syntax = Syntax(answer.language) else { return .unknown }
    var reader = CodeReader(syntax)
    return reader.read(text, answer.range)
  }
}

/// What a language's comments and strings look like. A new language is one case here.
enum Syntax {
  case python, c, java

  init?(_ language: String) {
    switch language {
    case "python", "py", "python3", "pypy3": self = .python
    case "cpp", "c++", "c", "cc", "cpp17", "h": self = .c
    case "java": self = .java
    default: return nil
    }
  }

  var lineComment: StaticString { self == .python ? "#" : "//" }
  var hasBlockComments: Bool { self != .python }
  /// Three quotes in a row; C has none.
  var hasLongStrings: Bool { self != .c }
}

/// One pass over code that knows when it is in a string or a comment.
struct CodeReader {
  private let syntax: Syntax
  private var open: [UInt8] = []

  init(_ syntax: Syntax) { self.syntax = syntax }

  mutating func read(_ text: Span<UInt8>, _ range: Range<Int>) -> CodeSanity {
    let end = range.upperBound
    var place = range.lowerBound
    while place < end {
      let byte = text[place]
      if text.has(syntax.lineComment, at: place) {
        while place < end, text[place] != 10 { place += 1 }
        continue
      }
      if syntax.hasBlockComments, text.has("/*", at: place) {
        place += 2
        while place < end, !text.has("*/", at: place) { place += 1 }
        if place >= end { return .broken(.comment) }
        place += 2
        continue
      }
      switch byte {
      case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"):
        if open.count > 1_000 { return .unknown }
        open.append(byte)
      case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
        let wanted = byte == UInt8(ascii: ")") ? UInt8(ascii: "(") : byte - 2
        guard open.popLast() == wanted else { return .broken(.bracket) }
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        if syntax == .c, byte == UInt8(ascii: "'"), place > range.lowerBound,
          text[place - 1].isDigit
        {
          // 1'000'000 groups its digits.
          break
        }
        guard let behind = string(text, place, range) else { return .broken(.string) }
        place = behind
        continue
      default: break
      }
      place += 1
    }
    return open.isEmpty ? .sound : .broken(.bracket)
  }

  /// The place behind the string that starts here.
  private func string(_ text: Span<UInt8>, _ start: Int, _ range: Range<Int>) -> Int? {
    let end = range.upperBound
    let quote = text[start]
    if syntax.hasLongStrings, start + 2 < end, text[start + 1] == quote, text[start + 2] == quote,
      syntax == .python || quote == UInt8(ascii: "\"")
    {
      var place = start + 3
      while place + 2 < end {
        if text[place] == UInt8(ascii: "\\") {
          place += 2
          continue
        }
        if text[place] == quote, text[place + 1] == quote, text[place + 2] == quote {
          return place + 3
        }
        place += 1
      }
      return nil
    }
    if syntax == .c, quote == UInt8(ascii: "\""), start > range.lowerBound,
      text[start - 1] == UInt8(ascii: "R")
    {
      return rawString(text, start, end)
    }
    var place = start + 1
    while place < end {
      switch text[place] {
      case UInt8(ascii: "\\"): place += 1
      case quote: return place + 1
      case 10: return nil
      default: break
      }
      place += 1
    }
    return nil
  }

  /// R"mark(…)mark".
  private func rawString(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Int? {
    var mark: [UInt8] = []
    var place = start + 1
    while place < end, text[place] != UInt8(ascii: "(") {
      if mark.count == 16 { return nil }
      mark.append(text[place])
      place += 1
    }
    while place < end {
      if text[place] == UInt8(ascii: ")"), place + mark.count + 1 < end,
        text[place + mark.count + 1] == UInt8(ascii: "\""),
        (0..<mark.count).allSatisfy({ text[place + 1 + $0] == mark[$0] })
      {
        return place + mark.count + 2
      }
      place += 1
    }
    return nil
  }
}
