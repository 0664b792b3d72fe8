/// How parts of a page are written, once their content is known.
enum Parts {
  /// Inline code, in backticks that do not occur in it.
  static func code(_ content: [UInt8]) -> [UInt8] {
    guard !content.isEmpty else { return [] }
    let tick = UInt8(ascii: "`")
    let count = longestRun(of: tick, in: content)
    let fence = Array(repeating: tick, count: count == 1 ? 2 : count > 1 ? count + 1 : 1)
    let needsSpace = content.first == tick || content.last == tick
    let space: [UInt8] = needsSpace ? [0x20] : []
    return fence + space + content + space + fence
  }

  /// A code block, in a fence that does not occur in it; nothing where it holds nothing.
  static func block(of content: [UInt8], in language: String) -> [UInt8] {
    var lines = content[...]
    if lines.starts(with: [0x0D, 0x0A]) { lines = lines.dropFirst(2) }
    if lines.first == 0x0A { lines = lines.dropFirst() }
    while let last = lines.last, isSpace(last) { lines = lines.dropLast() }
    guard !lines.isEmpty else { return [] }
    let tick = UInt8(ascii: "`")
    let fence = [UInt8](repeating: tick, count: max(3, longestRun(of: tick, in: content) + 1))
    return fence + Array(language.utf8) + [0x0A] + lines + [0x0A] + fence
  }

  /// `[text](address)`; the text alone where it is a picture or has lines, and where the address leads
  /// nowhere else.
  static func link(_ content: [UInt8], to address: String) -> [UInt8] {
    guard !content.isEmpty else { return [] }
    let text = String(decoding: content, as: UTF8.self)
    let isElsewhere =
      !address.isEmpty && !address.hasPrefix("#")
      && !address.lowercased().hasPrefix("javascript:")
    if ["", "http://", "https://"].contains(where: { address == $0 + text }) {
      return Array(address.utf8)
    }
    guard isElsewhere, !content.contains(0x0A), !text.hasPrefix("![") else { return content }
    return Array("[".utf8) + content + "](\(address))".utf8
  }

  /// `![what it shows](where it is)`; a picture of a formula is its LaTeX.
  static func image(_ attributes: Attributes) -> [UInt8] {
    let alternative = PageTable.line(Array((attributes["alt"] ?? "").utf8))
    let text = String(decoding: alternative, as: UTF8.self)
    var address = attributes["src"] ?? ""
    if text.isEmpty && address.isEmpty { return [] }
    if ["$", "\\(", "\\[", "\\begin{"].contains(where: { text.hasPrefix($0) }) {
      return alternative
    }
    // The picture itself would stand in the text.
    if address.hasPrefix("data:") { address = "data:" }
    return Array("![\(text)](\(address))".utf8)
  }

  static func number(_ text: String?) -> Int? {
    text.flatMap { Int($0) }.flatMap { -1_000_000_000...1_000_000_000 ~= $0 ? $0 : nil }
  }

  /// What a class like `lang-swift` or `language-c++` names.
  static func language(_ attributes: Attributes) -> String {
    for name in (attributes["class"] ?? "").split(separator: " ") {
      for start in ["lang-", "language-"] where name.hasPrefix(start) {
        let language = name.dropFirst(start.count)
        if 1...20 ~= language.utf8.count,
          language.utf8.allSatisfy({ isLetter($0) || isDigit($0) || "+#-".utf8.contains($0) })
        {
          return String(language)
        }
      }
    }
    return ""
  }

  private static func longestRun(of byte: UInt8, in bytes: [UInt8]) -> Int {
    var (longest, length) = (0, 0)
    for each in bytes {
      length = each == byte ? length + 1 : 0
      longest = max(longest, length)
    }
    return longest
  }
}
