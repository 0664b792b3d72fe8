/// What two texts have in common, word by word, and what one alone has; white space does not count.
package struct WordDifference: Sendable, Encodable, Equatable {
  package let pieces: [Piece]

  /// Words in the order of both texts.
  package enum Piece: Sendable, Encodable, Equatable {
    case both(String)
    case first(String)
    case second(String)

    private enum Key: String, CodingKey { case both, stays, falls }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      switch self {
      case .both(let text): try container.encode(text, forKey: .both)
      case .first(let text): try container.encode(text, forKey: .stays)
      case .second(let text): try container.encode(text, forKey: .falls)
      }
    }
  }

  /// Pairs of words that are compared at most; what is longer counts as other from end to end.
  private static let most = 16_000_000

  /// The longest common sequence of words, by the table of all pairs.
  package init(_ first: String, _ second: String) {
    let a = first.split(whereSeparator: \.isWhitespace)
    let b = second.split(whereSeparator: \.isWhitespace)
    var start = 0
    while start < min(a.count, b.count) && a[start] == b[start] { start += 1 }
    var end = 0
    while end < min(a.count, b.count) - start && a[a.count - 1 - end] == b[b.count - 1 - end] {
      end += 1
    }
    let middle = (start..<a.count - end, start..<b.count - end)
    var pieces: [Piece] = []
    func add(_ words: some Sequence<Substring>, _ piece: (String) -> Piece) {
      let text = words.joined(separator: " ")
      if !text.isEmpty { pieces.append(piece(text)) }
    }
    add(a[..<start], Piece.both)
    for (kind, words) in Self.steps(Array(a[middle.0]), Array(b[middle.1])) {
      switch kind {
      case .both: add(words, Piece.both)
      case .first: add(words, Piece.first)
      case .second: add(words, Piece.second)
      }
    }
    add(a[(a.count - end)...], Piece.both)
    self.pieces = pieces
  }

  private enum Kind { case both, first, second }

  private static func steps(_ a: [Substring], _ b: [Substring]) -> [(Kind, [Substring])] {
    guard a.count * b.count <= most else { return [(.first, a), (.second, b)] }
    // The length of what the rests have in common.
    let width = b.count + 1
    var lengths = [UInt32](repeating: 0, count: (a.count + 1) * width)
    for i in a.indices.reversed() {
      for j in b.indices.reversed() {
        lengths[i * width + j] =
          a[i] == b[j]
          ? lengths[(i + 1) * width + j + 1] + 1
          : max(lengths[(i + 1) * width + j], lengths[i * width + j + 1])
      }
    }
    var (i, j) = (0, 0)
    var steps: [(Kind, [Substring])] = []
    // Between two stretches in common what the first has comes first.
    var (own, other): ([Substring], [Substring]) = ([], [])
    func flush() {
      if !own.isEmpty { steps.append((.first, own)) }
      if !other.isEmpty { steps.append((.second, other)) }
      (own, other) = ([], [])
    }
    while i < a.count || j < b.count {
      if i < a.count, j < b.count, a[i] == b[j] {
        flush()
        if let last = steps.last, last.0 == .both {
          steps[steps.count - 1].1.append(a[i])
        } else {
          steps.append((.both, [a[i]]))
        }
        (i, j) = (i + 1, j + 1)
      } else if j == b.count
        || i < a.count && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]
      {
        own.append(a[i])
        i += 1
      } else {
        other.append(b[j])
        j += 1
      }
    }
    flush()
    return steps
  }

  /// Both texts one under the other, what they share in the same columns, and marks below what they
  /// do not; in lines of at most `width` characters, long stretches in common cut short.
  package func aligned(width: Int) -> [(first: String, second: String, marks: String)] {
    var lines: [(first: String, second: String, marks: String)] = [("", "", "")]
    var used = 0
    func add(_ first: String, _ second: String, isSame: Bool) {
      let count = max(first.count, second.count)
      if used > 0 && used + 1 + count > width {
        lines.append(("", "", ""))
        used = 0
      }
      let gap = used > 0 ? " " : ""
      func padded(_ text: String) -> String {
        gap + text + String(repeating: " ", count: count - text.count)
      }
      lines[lines.count - 1].first += padded(first)
      lines[lines.count - 1].second += padded(second)
      lines[lines.count - 1].marks += padded(isSame ? "" : String(repeating: "^", count: count))
      used += gap.count + count
    }
    for (place, stretch) in stretches.enumerated() {
      switch stretch {
      case .both(var words):
        // The words next to a difference are what it is known by.
        let isFirst = place == 0
        let isLast = place == stretches.count - 1
        let most = isFirst || isLast ? 12 : 24
        if words.count > most {
          words =
            (isFirst ? words.prefix(4) : words.prefix(10)) + ["…"]
            + (isLast ? words.suffix(4) : words.suffix(10))
        }
        for word in words { add(word, word, isSame: true) }
      case .other(let first, let second):
        for place in 0..<max(first.count, second.count) {
          add(
            place < first.count ? first[place] : "", place < second.count ? second[place] : "",
            isSame: false)
        }
      }
    }
    return lines.map { line in
      func trimmed(_ text: String) -> String {
        String(text.reversed().drop { $0 == " " }.reversed())
      }
      return (trimmed(line.first), trimmed(line.second), trimmed(line.marks))
    }
  }

  private enum Stretch {
    case both([String])
    case other([String], [String])
  }

  /// Differences with both sides together.
  private var stretches: [Stretch] {
    var stretches: [Stretch] = []
    func words(_ text: String) -> [String] {
      // A word may be as long as a line of Chinese.
      text.split(separator: " ").map {
        $0.count > 60 ? $0.prefix(28) + "…" + $0.suffix(28) : String($0)
      }
    }
    for piece in pieces {
      switch piece {
      case .both(let text): stretches.append(.both(words(text)))
      case .first(let text): stretches.append(.other(words(text), []))
      case .second(let text):
        if case .other(let first, let second) = stretches.last, second.isEmpty {
          stretches[stretches.count - 1] = .other(first, words(text))
        } else {
          stretches.append(.other([], words(text)))
        }
      }
    }
    return stretches
  }
}
