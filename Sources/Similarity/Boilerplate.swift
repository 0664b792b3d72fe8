/// What is taken off a text before it is compared: prefixes that were declared, and lines that many
/// texts share.
///
/// The same instruction around short problems is most of what they consist of, and would make one
/// cluster of them all (marin#6851: 859,092 rows became 2). A text of which nothing would be left is
/// compared with its lines.
package struct Boilerplate: Sendable {
  private let prefixes: [[UInt64]]
  private let frequent: FrequentLines?

  package init(prefixes: [String] = [], frequent: FrequentLines? = nil) {
    var tokens = TokenList()
    self.prefixes = prefixes.map { prefix in
      tokens.read(Array(prefix.utf8).span, as: .tokens)
      return (0..<tokens.count).map { tokens.hash(at: $0) }
    }.filter { !$0.isEmpty }.sorted { $0.count > $1.count }
    self.frequent = frequent
  }

  package static let none = Boilerplate()

  /// Whether there is something in a prefix that texts can be held against.
  package static func hasTokens(_ prefix: String) -> Bool {
    !Boilerplate(prefixes: [prefix]).prefixes.isEmpty
  }

  var isNone: Bool { prefixes.isEmpty && frequent == nil }

  /// Takes it off; `scratch` is memory to use again.
  func strip(_ tokens: inout TokenList, _ scratch: inout [Bool]) {
    if isNone { return }
    let start = afterPrefixes(tokens)
    scratch.removeAll(keepingCapacity: true)
    scratch.append(contentsOf: repeatElement(false, count: start))
    var kept = tokens.count - start
    if let frequent {
      kept = 0
      Line.each(of: tokens, from: start) { line, hash in
        let isKept = !frequent.contains(hash)
        scratch.append(contentsOf: repeatElement(isKept, count: line.count))
        if isKept { kept += line.count }
      }
    } else {
      scratch.append(contentsOf: repeatElement(true, count: kept))
    }
    if kept > 0 {
      tokens.keep { scratch[$0] }
    } else if start < tokens.count {
      tokens.keep { $0 >= start }
    }
  }

  /// The first token behind all declared prefixes, of several the longest.
  private func afterPrefixes(_ tokens: TokenList) -> Int {
    var start = 0
    while let prefix = prefixes.first(where: { prefix in
      start + prefix.count <= tokens.count
        && prefix.indices.allSatisfy { tokens.hash(at: start + $0) == prefix[$0] }
    }) {
      start += prefix.count
    }
    return start
  }
}

/// A line ends at a line break, and behind `.`, `!`, `?` or `:` before white space.
enum Line {
  /// All lines that have tokens, with a hash of these.
  static func each(of tokens: TokenList, from first: Int, _ body: (Range<Int>, UInt64) -> Void) {
    var start = first
    while start < tokens.count {
      var end = start + 1
      while end < tokens.count && !tokens.opensLine(at: end) { end += 1 }
      body(start..<end, tokens.gram(of: start..<end))
      start = end
    }
  }
}
