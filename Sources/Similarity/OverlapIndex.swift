/// All benchmarks that texts are held against; made once, for any number of workers.
package struct OverlapIndex: Sendable {
  struct Item: Sendable {
    let benchmark: Int
    let id: String
    let wordRuns: Int
    let tokenRuns: Int
    let tokenCount: Int
  }

  let rules: Set<OverlapRule>
  let benchmarks: [String]
  let items: [Item]
  let words: GramTable
  let tokens: GramTable
  let openings: GramTable
  let wholes: GramTable
  /// The lengths that short items have.
  let shortLengths: [Int]
  let fuzzy: FuzzyItems

  /// A hit by tokens needs this share of the item's runs.
  package let leastShare: Double
  /// Or so many tokens in one stretch.
  package let longRun: Int
  /// Short items of fewer tokens are looked for as whole texts only.
  static let leastContained = 4

  /// Of 8,001 real prompts 59 are hits then, nearly all with an item's sentences and other numbers;
  /// with one run alone 797 would be, by phrases that all problems of a kind share.
  package static let usualLeastShare = 0.3
  package static let usualLongRun = 40

  package init(
    _ benchmarks: [Benchmark], rules: Set<OverlapRule> = Set(OverlapRule.allCases),
    leastShare: Double = usualLeastShare, longRun: Int = usualLongRun
  ) {
    self.rules = rules
    self.leastShare = leastShare
    self.longRun = longRun
    self.benchmarks = benchmarks.map(\.name)
    var all: [(item: BenchmarkItem, benchmark: Int)] = []
    for (place, benchmark) in benchmarks.enumerated() {
      all += benchmark.items.map { ($0, place) }
    }
    items = all.map { item, benchmark in
      Item(
        benchmark: benchmark, id: item.id, wordRuns: item.words.count,
        tokenRuns: item.tokens.count, tokenCount: item.tokenCount)
    }
    let numbered = all.enumerated().map { (number: UInt32($0.offset), item: $0.element.item) }
    func table(
      _ rule: OverlapRule, _ hashes: (BenchmarkItem) -> [UInt64]
    ) -> GramTable {
      GramTable(
        rules.contains(rule)
          ? numbered.flatMap { each in hashes(each.item).map { ($0, each.number) } } : [])
    }
    words = table(.words) { $0.words }
    tokens = table(.tokens) { $0.tokens }
    openings = table(.whole) {
      $0.isShort && $0.tokenCount >= Self.leastContained ? [$0.opening] : []
    }
    wholes = table(.whole) { $0.isShort ? [$0.whole] : [] }
    shortLengths = Set(
      all.map(\.item).filter { $0.isShort && $0.tokenCount >= Self.leastContained }
        .map(\.tokenCount)
    ).sorted()
    fuzzy = FuzzyItems(
      rules.contains(.fuzzy)
        ? numbered.compactMap { each in each.item.scalars.map { (each.number, $0) } } : [])
  }

  /// One for a worker.
  package func makeFinder() -> OverlapFinder { OverlapFinder(self) }
}
