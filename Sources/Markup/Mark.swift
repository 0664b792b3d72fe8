/// A tag, a comment or an entity as it is written in a text.
struct Mark {
  enum Kind {
    case opening(Element, name: String)
    case closing(Element, name: String)
    /// A comment, or the declaration of a document's type.
    case comment
    case scalar(Unicode.Scalar)
  }

  let kind: Kind
  let range: Range<Int>

  /// Ends a paragraph, so that no formula goes on behind it.
  var endsParagraph: Bool {
    switch kind {
    case .opening(let element, _), .closing(let element, _): element.isBlock
    case .comment, .scalar: false
    }
  }
}

extension Mark {
  var isLineBreak: Bool {
    if case .opening(let element, _) = kind { element.role == .lineBreak } else { false }
  }
}

/// Finds marks in a text; what does not keep to the grammar of HTML is none.
struct MarkFinder {
  let text: [UInt8]

  /// Bytes of the longest tag.
  private static let longest = 1 << 16

  /// All of them, in order; none lies in another.
  func marks() -> [Mark] {
    let marks = candidates()
    // A lone `<p>` is a comparison or a name, `the index of <p> in S`.
    let hasParagraphs = marks.contains { mark in
      switch mark.kind {
      case .closing(let element, _): element.role == .paragraph
      case .opening(let element, _) where element.role == .paragraph:
        mark.range.count > 3 || isLineEnd(mark.range.lowerBound - 1)
          || isLineEnd(mark.range.upperBound)
      default: false
      }
    }
    return hasParagraphs
      ? marks
      : marks.filter { mark in
        if case .opening(let element, _) = mark.kind { element.role != .paragraph } else { true }
      }
  }

  private func isLineEnd(_ index: Int) -> Bool {
    !text.indices.contains(index) || text[index] == 0x0A
  }

  private func candidates() -> [Mark] {
    var marks: [Mark] = []
    var index = 0
    var hasComments = true
    var endless: Set<String> = []
    let count = text.count
    while index < count {
      let sign = text[index]
      guard sign == UInt8(ascii: "<") || sign == UInt8(ascii: "&") else {
        index += 1
        continue
      }
      var mark: Mark?
      if sign == UInt8(ascii: "&") {
        mark = entity(at: index)
      } else if byte(index + 1) == UInt8(ascii: "!") {
        if hasComments { mark = comment(at: index, &hasComments) }
      } else {
        mark = tag(at: index)
      }
      guard let mark else {
        index += 1
        continue
      }
      marks.append(mark)
      index = mark.range.upperBound
      if case .opening(let element, let name) = mark.kind, element.role == .hidden {
        // What a script holds is no markup.
        if endless.contains(name) { continue }
        if let end = end(ofScript: name, from: index) {
          index = end
        } else {
          endless.insert(name)
        }
      }
    }
    return marks
  }

  /// The byte, or 0 behind the end.
  private func byte(_ index: Int) -> UInt8 { index < text.count ? text[index] : 0 }

  // MARK: Tags

  private func tag(at start: Int) -> Mark? {
    var index = start + 1
    let isClosing = byte(index) == UInt8(ascii: "/")
    if isClosing { index += 1 }
    let nameStart = index
    while isLetter(byte(index)) || index > nameStart && isDigit(byte(index)) { index += 1 }
    guard 1...10 ~= index - nameStart else { return nil }
    let after = byte(index)
    guard isSpace(after) || after == UInt8(ascii: ">") || after == UInt8(ascii: "/") else {
      return nil
    }
    let name = String(
      decoding: text[nameStart..<index].map { $0 < 0x60 && !isDigit($0) ? $0 | 0x20 : $0 },
      as: UTF8.self)
    guard let element = Element[name: name] else { return nil }
    let limit = min(text.count, start + Self.longest)
    if isClosing {
      skipSpace(&index, limit)
      guard byte(index) == UInt8(ascii: ">") else { return nil }
      return Mark(kind: .closing(element, name: name), range: start..<index + 1)
    }
    while true {
      let hadSpace = isSpace(byte(index))
      skipSpace(&index, limit)
      guard index < limit else { return nil }
      if byte(index) == UInt8(ascii: "/") {
        index += 1
        skipSpace(&index, limit)
      }
      if byte(index) == UInt8(ascii: ">") {
        return Mark(kind: .opening(element, name: name), range: start..<index + 1)
      }
      guard hadSpace, attribute(&index, limit) else { return nil }
    }
  }

  private static let valueless: Set<String> = [
    "nowrap", "noshade", "reversed", "compact", "hidden", "ismap", "async", "defer", "nobr",
  ]

  /// Passes over `name`, `name=value`, `name='value'` or `name="value"`.
  private func attribute(_ index: inout Int, _ limit: Int) -> Bool {
    let start = index
    while isNameByte(byte(index)) { index += 1 }
    guard index > start, index - start <= 64 else { return false }
    let name = text[start..<index]
    let end = index
    skipSpace(&index, limit)
    guard byte(index) == UInt8(ascii: "=") else {
      // In a comparison, `a <b and c> d`, there are words as well.
      index = end
      return Self.valueless.contains(String(decoding: name, as: UTF8.self).lowercased())
    }
    index += 1
    skipSpace(&index, limit)
    let quote = byte(index)
    if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
      index += 1
      while index < limit, text[index] != quote {
        guard text[index] >= 0x20 || isSpace(text[index]) else { return false }
        index += 1
      }
      guard index < limit else { return false }
      index += 1
      return true
    }
    let valueStart = index
    while index < limit, isBareByte(text[index]) { index += 1 }
    return index > valueStart
  }

  /// Where the closing tag of a script begins.
  private func end(ofScript name: String, from start: Int) -> Int? {
    let pattern = Array("</\(name)".utf8)
    var index = start
    while index + pattern.count < text.count {
      if text[index] == pattern[0],
        pattern.indices.allSatisfy({ text[index + $0] | ($0 > 1 ? 0x20 : 0) == pattern[$0] })
      {
        return index
      }
      index += 1
    }
    return nil
  }

  // MARK: Comments

  /// `isHopeful` becomes false where no comment can follow any more.
  private func comment(at start: Int, _ isHopeful: inout Bool) -> Mark? {
    if text[start...].starts(with: "<!--".utf8) {
      var index = start + 4
      while index + 2 < text.count {
        if text[index] == 0x2D, text[index + 1] == 0x2D, text[index + 2] == 0x3E {
          return Mark(kind: .comment, range: start..<index + 3)
        }
        index += 1
      }
      isHopeful = false
      return nil
    }
    let word = text[start...].prefix(14)
    guard String(decoding: word, as: UTF8.self).lowercased() == "<!doctype html",
      let end = text[start...].prefix(1024).firstIndex(of: UInt8(ascii: ">"))
    else { return nil }
    return Mark(kind: .comment, range: start..<end + 1)
  }

  // MARK: Entities

  /// `&name;`, `&#123;` or `&#x7B;`, all with their semicolons.
  private func entity(at start: Int) -> Mark? {
    var index = start + 1
    if byte(index) == UInt8(ascii: "#") {
      index += 1
      let isHexadecimal = byte(index) | 0x20 == UInt8(ascii: "x")
      if isHexadecimal { index += 1 }
      let digits = index
      while byte(index) != 0x3B, index - digits < 8 { index += 1 }
      guard byte(index) == 0x3B,
        let value = UInt32(
          String(decoding: text[digits..<index], as: UTF8.self), radix: isHexadecimal ? 16 : 10),
        byte(digits) != UInt8(ascii: "+"), let scalar = Entity.scalar(numbered: value)
      else { return nil }
      return Mark(kind: .scalar(scalar), range: start..<index + 1)
    }
    while isLetter(byte(index)) || index > start + 1 && isDigit(byte(index)) { index += 1 }
    guard byte(index) == 0x3B, 2...8 ~= index - start - 1,
      let scalar = Entity.scalar(named: String(decoding: text[start + 1..<index], as: UTF8.self))
    else { return nil }
    return Mark(kind: .scalar(scalar), range: start..<index + 1)
  }

  private func skipSpace(_ index: inout Int, _ limit: Int) {
    while index < limit, isSpace(text[index]) { index += 1 }
  }
}

func isSpace(_ byte: UInt8) -> Bool {
  byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D || byte == 0x0C
}

func isLetter(_ byte: UInt8) -> Bool { 0x61...0x7A ~= byte | 0x20 }

func isDigit(_ byte: UInt8) -> Bool { 0x30...0x39 ~= byte }

private func isNameByte(_ byte: UInt8) -> Bool {
  isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    || byte == UInt8(ascii: ":")
}

/// Of an attribute's value without quotes.
private func isBareByte(_ byte: UInt8) -> Bool {
  byte > 0x20 && !"\"'=<>`".utf8.contains(byte)
}
