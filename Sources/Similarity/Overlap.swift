/// How a text is recognised as an item of a benchmark.
package enum OverlapRule: String, Sendable, CaseIterable {
  /// One run of eight words in common, lower case, cut at white space: the rule of s1 and open-r1.
  case words
  /// Runs of eight tokens in common, which spacing, punctuation and markup cannot change, and of these
  /// so many that they are a part of the item: see `OverlapIndex.leastShare`.
  case tokens
  /// All of a short item, which has no such run: the text is the item, or has all of it from at
  /// least four tokens on.
  case whole
  /// rapidfuzz's `fuzz.ratio` of at least 95, on the text as it stands: the rule of open-thoughts.
  case fuzzy
}

/// Where a text overlaps with an item.
package struct OverlapHit: Sendable, Equatable {
  package var benchmark: String
  package var item: String
  package var rule: OverlapRule
  /// The longest stretch of the text that is in the item, in bytes.
  package var bytes: Range<Int>
  /// How much of the item is in the text: the share of its runs, or the ratio; from 0 to 1.
  package var share: Double
}
