internal import CSimilarity

/// A benchmark as what its items are recognised by: hashes alone, or with texts for the fuzzy rule.
package struct Benchmark: Sendable, Equatable {
  package var name: String
  package var items: [BenchmarkItem]

  package init(name: String, items: [BenchmarkItem]) {
    self.name = name
    self.items = items
  }
}

/// One question of a benchmark.
package struct BenchmarkItem: Sendable, Equatable {
  package let id: String
  /// Hashes of its runs of words and of tokens, each once, sorted.
  let words: [UInt64]
  let tokens: [UInt64]
  /// How many tokens it has, and the hash of them all.
  let tokenCount: Int
  let whole: UInt64
  /// The hash of the first two tokens of a short item, else 0.
  let opening: UInt64
  /// Its scalars, which the fuzzy rule needs and a file of hashes has not.
  let scalars: [UInt32]?

  /// The words of a run: s1 and open-r1 take eight.
  package static let wordRun = 8
  /// The tokens of a run.
  package static let tokenRun = 8

  package init(id: String, text: [UInt8]) {
    self.id = id
    var list = TokenList()
    var grams: [UInt64] = []
    list.read(text.span, as: .words)
    words = ShingleSet(Self.runs(list, Self.wordRun, &grams)).values
    list.read(text.span, as: .tokens)
    tokens = ShingleSet(Self.runs(list, Self.tokenRun, &grams)).values
    tokenCount = list.count
    whole = list.count > 0 ? list.gram(of: 0..<list.count) : 0
    opening =
      (2..<Self.tokenRun).contains(list.count) ? list.gram(of: 0..<2) : 0
    scalars = Scalars.of(text.span)
  }

  init(
    id: String, words: [UInt64], tokens: [UInt64], tokenCount: Int, whole: UInt64, opening: UInt64
  ) {
    self.id = id
    self.words = words
    self.tokens = tokens
    self.tokenCount = tokenCount
    self.whole = whole
    self.opening = opening
    scalars = nil
  }

  /// Whether it has no run of tokens, so that it must be recognised whole.
  var isShort: Bool { tokenCount > 0 && tokenCount < Self.tokenRun }

  private static func runs(
    _ list: TokenList, _ n: Int, _ grams: inout [UInt64]
  ) -> ArraySlice<UInt64> {
    let count = list.grams(n, into: &grams)
    return grams[..<count]
  }
}

/// The scalars of a text.
enum Scalars {
  static func of(_ text: Span<UInt8>) -> [UInt32] {
    [UInt32](unsafeUninitializedCapacity: text.count) { room, count in
      count = text.withUnsafeBufferPointer { text in
        text.isEmpty ? 0 : bm_scalars(text.baseAddress, text.count, room.baseAddress)
      }
    }
  }
}
