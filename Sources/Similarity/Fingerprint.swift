package import Files

/// A benchmark written as hashes, so that its text need not lie around: GPQA's authors ask that it
/// be published nowhere in the clear.
///
/// Text lines, numbers in hexadecimal. The first names format, runs and benchmark; for each item
/// follow `item ID`, `words HASH …`, `tokens HASH …` and `whole COUNT HASH OPENING`; the last, `end HASH`,
/// has the hash of all before it. The rules for words, tokens and short items work with it, the fuzzy
/// rule does not. Who has a text can tell whether it is in; nobody can read it out.
extension Benchmark {
  private static let format = "branchmerge-fingerprint"

  /// How such a file begins.
  package static var fingerprintStart: String { format + " " }

  package func fingerprint() -> String {
    var text =
      "\(Self.format) 1 words \(BenchmarkItem.wordRun) tokens \(BenchmarkItem.tokenRun) \(name)\n"
    for item in items {
      let id = item.id.map { $0.isNewline ? " " : String($0) }.joined()
      text += "item \(id)\n"
      text += "words" + item.words.map { " " + hex($0) }.joined() + "\n"
      text += "tokens" + item.tokens.map { " " + hex($0) }.joined() + "\n"
      text += "whole \(item.tokenCount) \(hex(item.whole)) \(hex(item.opening))\n"
    }
    return text + Self.end(of: text)
  }

  /// The last line, by which a file that was cut short or changed is known.
  private static func end(of text: String) -> String {
    "end \(hex(fastHash(of: Array(text.utf8).span)))\n"
  }

  /// Reads what `fingerprint` wrote; `path` is for messages.
  package init(fingerprint text: String, path: String) throws(FileError) {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    if lines.last == "" { lines.removeLast() }
    let header = (lines.popFirst() ?? "").split(separator: " ", maxSplits: 6)
    guard header.count == 7, header[0] == Self.format, header[1] == "1" else {
      throw FileError(path, "is no file of 'branchmerge fingerprint'; make it again")
    }
    guard header[3] == "\(BenchmarkItem.wordRun)", header[5] == "\(BenchmarkItem.tokenRun)" else {
      throw FileError(path, "has runs of another length; make it again with this version")
    }
    if lines.last?.hasPrefix("end ") == true { lines.removeLast() }
    var items: [BenchmarkItem] = []
    while !lines.isEmpty {
      let number = lines.startIndex + 1
      let four = lines.prefix(4).map {
        $0.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
      }
      lines = lines.dropFirst(4)
      guard four.count == 4, four.map(\.first) == ["item", "words", "tokens", "whole"],
        let words = Self.numbers(four[1]), let tokens = Self.numbers(four[2]),
        let whole = four[3].last?.split(separator: " "), whole.count == 3,
        let count = Int(whole[0]), let hash = UInt64(whole[1], radix: 16),
        let opening = UInt64(whole[2], radix: 16)
      else { throw FileError(path, "cannot be read from line \(number) on; make it again") }
      items.append(
        BenchmarkItem(
          id: four[0].count == 2 ? String(four[0][1]) : "", words: words, tokens: tokens,
          tokenCount: count, whole: hash, opening: opening))
    }
    self.init(name: String(header[6]), items: items)
    guard fingerprint() == text else {
      throw FileError(path, "is cut short, or was changed; make it again")
    }
  }

  /// The hashes behind a key; nil where one is none.
  private static func numbers(_ line: [Substring]) -> [UInt64]? {
    guard line.count == 2 else { return [] }
    let parts = line[1].split(separator: " ")
    let numbers = parts.compactMap { UInt64($0, radix: 16) }
    return numbers.count == parts.count ? numbers : nil
  }
}
