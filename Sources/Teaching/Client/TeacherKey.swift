internal import Foundation

/// The secret that a server wants to see, which is shown and stored nowhere.
package struct TeacherKey: Sendable, CustomStringConvertible, CustomReflectable {
  /// For the header `Authorization` alone.
  let secret: String
  private let bytes: [UInt8]

  package var description: String { Self.mark }
  package var customMirror: Mirror { Mirror(self, children: []) }

  /// What is shown in the place of a key.
  static let mark = "•••"
  private static let markBytes = Array(mark.utf8)
  /// A shorter one is a word such as EMPTY, which answers may well have in them.
  private static let shortestSecret = 8

  /// `name` tells where it comes from. What is no key is an error that does not repeat it.
  package init(_ secret: String, from name: String) throws {
    guard !secret.isEmpty else {
      throw AskingError(
        "the environment variable \(name) is empty; it should hold the key of the teacher's server")
    }
    guard !secret.utf8.contains(where: { $0 < 0x21 || $0 > 0x7E }) else {
      throw AskingError(
        "the environment variable \(name) has white space in it, or letters beyond ASCII; no key"
          + " has")
    }
    self.secret = secret
    bytes = Array(secret.utf8)
  }

  /// The value of an environment variable; nil where the recipe names none.
  package init?(named variable: String?) throws {
    guard let variable else { return nil }
    guard let secret = ProcessInfo.processInfo.environment[variable] else {
      throw AskingError(
        "the environment variable \(variable) is not set; it should hold the key of the teacher's"
          + " server")
    }
    try self.init(secret, from: variable)
  }

  /// Bytes without the key, however JSON or a URL may spell it.
  ///
  /// In JSON the letter behind a backslash is never the beginning of a key.
  func redacting(_ text: [UInt8], isJSON: Bool) -> [UInt8] {
    guard bytes.count >= Self.shortestSecret, text.count >= bytes.count else { return text }
    let backslash = UInt8(ascii: "\\")
    let percent = UInt8(ascii: "%")
    var result: [UInt8] = []
    var copied = 0
    var place = 0
    while place < text.count {
      let byte = text[place]
      guard byte == bytes[0] || byte == backslash || byte == percent else {
        place += 1
        continue
      }
      // Most first letters are followed by another second one.
      let next = place + 1 < text.count ? text[place + 1] : 0
      let isLikely = byte != bytes[0] || next == bytes[1] || next == backslash || next == percent
      if isLikely, let end = match(text, at: place) {
        result += text[copied..<place]
        result += Self.markBytes
        place = end
        copied = end
      } else {
        place += isJSON && byte == backslash ? 2 : 1
      }
    }
    guard copied > 0 else { return text }
    return result + text[copied...]
  }

  func redacting(_ text: String) -> String {
    String(decoding: redacting(Array(text.utf8), isJSON: false), as: UTF8.self)
  }

  /// Where a spelling of the key that begins here ends; nil where none does.
  private func match(_ text: [UInt8], at start: Int) -> Int? {
    // More than one where a letter may be spelt in two ways, one beginning as the other.
    var places: Set = [start]
    for byte in bytes {
      places = Set(places.flatMap { ends(of: byte, in: text, at: $0) })
      if places.isEmpty { return nil }
    }
    return places.max()
  }

  /// Behind each spelling of a letter: itself, with a backslash, as `%XX`, as `\u00XX`.
  private func ends(of byte: UInt8, in text: [UInt8], at place: Int) -> [Int] {
    guard place < text.count else { return [] }
    var ends = text[place] == byte ? [place + 1] : []
    if text[place] == UInt8(ascii: "%"), number(text, place + 1, digits: 2) == byte {
      ends.append(place + 3)
    }
    guard text[place] == UInt8(ascii: "\\"), place + 1 < text.count else { return ends }
    let next = text[place + 1]
    // Letters and digits mean something else there.
    if next == byte, !Character(Unicode.Scalar(byte)).isLetter, !(0x30...0x39 ~= byte) {
      ends.append(place + 2)
    }
    if next == UInt8(ascii: "u"), number(text, place + 2, digits: 4) == byte {
      ends.append(place + 6)
    }
    return ends
  }

  private func number(_ text: [UInt8], _ start: Int, digits: Int) -> UInt8? {
    guard start + digits <= text.count else { return nil }
    var value = 0
    for byte in text[start..<start + digits] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
      value = value << 4 | digit
    }
    return UInt8(exactly: value)
  }
}

extension TeacherKey? {
  func redacting(_ text: String) -> String { self?.redacting(text) ?? text }

  func redacting(_ text: [UInt8], isJSON: Bool) -> [UInt8] {
    self?.redacting(text, isJSON: isJSON) ?? text
  }
}

/// A teacher that cannot be asked, or not any longer: why, and what to do.
package struct AskingError: Error, CustomStringConvertible {
  package var description: String

  package init(_ description: String) { self.description = description }
}
