/// In how many texts each line occurs: a count-min sketch (Cormode, Muthukrishnan 2005), which
/// never counts too little, in 16 MB for any number of texts.
///
/// Counts are sums, so that they are the same in any order. Exact duplicates should be gone before.
package struct LineCounts: Sendable {
  private static let bits: UInt64 = 20
  private static let rows = 4
  private var counts = [UInt32](repeating: 0, count: rows << Int(bits))
  package private(set) var texts = 0

  package init() {}

  /// Counts the lines of one more text.
  package mutating func add(_ lines: Lines) {
    texts += 1
    for hash in lines.hashes {
      for row in 0..<Self.rows {
        let place = Self.place(hash, row)
        counts[place] &+= counts[place] == .max ? 0 : 1
      }
    }
  }

  /// At least as many texts as have this line.
  func count(_ hash: UInt64) -> UInt32 {
    var least = UInt32.max
    for row in 0..<Self.rows { least = min(least, counts[Self.place(hash, row)]) }
    return least
  }

  private static func place(_ hash: UInt64, _ row: Int) -> Int {
    let factors: [4 of UInt64] = [
      0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb, 0xd6e8_feb8_6659_fd93,
    ]
    return row << Int(bits) | Int((hash &* factors[row]) >> (64 - bits))
  }

  /// 32 texts, or one in 200 where these are more.
  package var usualLimit: Int { max(32, texts / 200) }
}

/// The lines of one text, each once; memory to use again, one for each worker.
package struct Lines {
  package private(set) var hashes: Set<UInt64> = []
  private var tokens = TokenList()

  package init() {}

  package mutating func read(_ text: Span<UInt8>) {
    tokens.read(text, as: .tokens)
    hashes.removeAll(keepingCapacity: true)
    var found: Set<UInt64> = []
    swap(&found, &hashes)
    Line.each(of: tokens, from: 0) { _, hash in found.insert(hash) }
    swap(&found, &hashes)
  }
}

/// Lines that at least so many texts share.
package struct FrequentLines: Sendable {
  private let counts: LineCounts
  package let limit: Int

  package init(_ counts: LineCounts, sharedBy limit: Int? = nil) {
    self.counts = counts
    self.limit = limit ?? counts.usualLimit
  }

  func contains(_ hash: UInt64) -> Bool { Int(counts.count(hash)) >= limit }
}
