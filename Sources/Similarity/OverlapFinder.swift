/// Holds texts against an index; one for each worker.
package struct OverlapFinder {
  private let index: OverlapIndex
  private var list = TokenList()
  private var grams: [UInt64] = []
  private var places: [UInt32] = []
  private var fuzzy = FuzzyMatcher()

  init(_ index: OverlapIndex) { self.index = index }

  /// All hits of a text, rule by rule, in each by the order of benchmarks and items.
  package mutating func hits(in text: Span<UInt8>) -> [OverlapHit] {
    var hits: [OverlapHit] = []
    if index.rules.contains(.words) {
      list.read(text, as: .words)
      findRuns(.words, BenchmarkItem.wordRun, &hits)
    }
    if index.rules.contains(.tokens) || index.rules.contains(.whole) {
      list.read(text, as: .tokens)
      if index.rules.contains(.tokens) { findRuns(.tokens, BenchmarkItem.tokenRun, &hits) }
      if index.rules.contains(.whole) { findWhole(&hits) }
    }
    if index.rules.contains(.fuzzy) {
      for (item, ratio) in fuzzy.matches(of: text, in: index.fuzzy) {
        hits.append(hit(.fuzzy, Int(item), 0..<text.count, ratio))
      }
    }
    return hits
  }

  private func hit(
    _ rule: OverlapRule, _ number: Int, _ bytes: Range<Int>, _ share: Double
  ) -> OverlapHit {
    let item = index.items[number]
    return OverlapHit(
      benchmark: index.benchmarks[item.benchmark], item: item.id, rule: rule, bytes: bytes,
      share: share)
  }

  /// Runs in common with an item, as they are found from the front.
  private struct Run {
    var current: Range<Int>
    var longest: Range<Int>
    var hashes: Set<UInt64>
  }

  private mutating func findRuns(_ rule: OverlapRule, _ n: Int, _ hits: inout [OverlapHit]) {
    let table = rule == .words ? index.words : index.tokens
    let count = list.grams(n, into: &grams)
    let found = table.places(of: grams, count: count, into: &places)
    if found == 0 { return }
    var runs: [UInt32: Run] = [:]
    for place in places[..<found] {
      let place = Int(place)
      let hash = grams[place]
      for item in table.items(with: hash) {
        let here = place..<place + n
        guard var run = runs[item] else {
          runs[item] = Run(current: here, longest: here, hashes: [hash])
          continue
        }
        run.current =
          run.current.upperBound + 1 == here.upperBound
          ? run.current.lowerBound..<here.upperBound : here
        if run.current.count > run.longest.count { run.longest = run.current }
        run.hashes.insert(hash)
        runs[item] = run
      }
    }
    for (number, run) in runs.sorted(by: { $0.key < $1.key }) {
      let item = index.items[Int(number)]
      let total = rule == .words ? item.wordRuns : item.tokenRuns
      let share = Double(run.hashes.count) / Double(total)
      if rule == .tokens && share < index.leastShare && run.longest.count < index.longRun {
        continue
      }
      hits.append(hit(rule, Int(number), list.bytes(of: run.longest), share))
    }
  }

  private mutating func findWhole(_ hits: inout [OverlapHit]) {
    if list.count == 0 || index.wholes.isEmpty { return }
    var found: [UInt32: Range<Int>] = [:]
    func look(at tokens: Range<Int>) {
      for item in index.wholes.items(with: list.gram(of: tokens))
      where index.items[Int(item)].tokenCount == tokens.count && found[item] == nil {
        found[item] = tokens
      }
    }
    if list.count < BenchmarkItem.tokenRun { look(at: 0..<list.count) }
    let count = list.grams(2, into: &grams)
    let candidates = index.openings.places(of: grams, count: count, into: &places)
    for place in places[..<candidates] {
      let place = Int(place)
      if index.openings.items(with: grams[place]).isEmpty { continue }
      for length in index.shortLengths where place + length <= list.count {
        look(at: place..<place + length)
      }
    }
    for (item, tokens) in found.sorted(by: { $0.key < $1.key }) {
      hits.append(hit(.whole, Int(item), list.bytes(of: tokens), 1))
    }
  }
}
