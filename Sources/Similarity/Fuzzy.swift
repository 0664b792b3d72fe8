internal import CSimilarity

/// Items in the order of their lengths, so that only those of a fitting length are looked at.
struct FuzzyItems: Sendable {
  struct Item: Sendable {
    let number: UInt32
    let scalars: [UInt32]
  }

  let items: [Item]
  /// 64 counts for each item.
  let histograms: [UInt16]

  init(_ items: [(number: UInt32, scalars: [UInt32])]) {
    self.items = items.filter { !$0.scalars.isEmpty }
      .sorted { ($0.scalars.count, $0.number) < ($1.scalars.count, $1.number) }
      .map { Item(number: $0.number, scalars: $0.scalars) }
    var histograms: [UInt16] = []
    for item in self.items { histograms += Histogram.of(item.scalars) }
    self.histograms = histograms
  }

  /// The first item of at least this length.
  func first(from length: Int) -> Int {
    var (low, high) = (0, items.count)
    while low < high {
      let middle = (low + high) / 2
      if items[middle].scalars.count < length { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// How many scalars fall into each of 64 classes.
enum Histogram {
  static func of(_ scalars: [UInt32]) -> [UInt16] {
    var histogram = [UInt16](repeating: 0, count: 64)
    histogram.withUnsafeMutableBufferPointer { room in
      scalars.withUnsafeBufferPointer { bm_histogram($0.baseAddress, $0.count, room.baseAddress) }
    }
    return histogram
  }
}

/// rapidfuzz's `fuzz.ratio`: 100 · (1 − d / (|a| + |b|)), where d counts insertions and deletions of
/// scalars (the indel distance), with the same rounding.
///
/// A ratio of 95 leaves room for a distance of a twentieth of both lengths. Lengths, then counts of
/// letters rule out nearly all pairs; what is left is computed 64 letters at a time.
struct FuzzyMatcher {
  static let least = 95.0

  /// The ratio of two texts from 0 to 100; nil where it is less than `least`.
  static func ratio(_ a: [UInt32], _ b: [UInt32], least: Double = Self.least) -> Double? {
    let both = a.count + b.count
    if both == 0 { return 100 }
    let limit = min(both, Int(Double(both) * (1 - least / 100)) + 1)
    let distance = a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer {
        bm_indel(a.baseAddress, a.count, $0.baseAddress, $0.count, limit)
      }
    }
    let similarity = 1 - Double(distance) / Double(both)
    return distance <= limit && similarity >= least / 100 ? similarity * 100 : nil
  }

  /// The items that a text is like, in the order of their numbers, with the ratio from 0 to 1.
  mutating func matches(
    of text: Span<UInt8>, in items: FuzzyItems
  ) -> [(item: UInt32, ratio: Double)] {
    guard let longest = items.items.last?.scalars.count else { return [] }
    // A scalar has four bytes at most.
    if text.count > longest * 5 { return [] }
    let scalars = Scalars.of(text)
    let most = scalars.count * 105 / 95 + 1
    var place = items.first(from: scalars.count * 95 / 105)
    if place == items.items.count || items.items[place].scalars.count > most { return [] }
    let histogram = Histogram.of(scalars)
    var found: [(item: UInt32, ratio: Double)] = []
    while place < items.items.count, items.items[place].scalars.count <= most {
      let item = items.items[place]
      let difference = histogram.withUnsafeBufferPointer { own in
        items.histograms.withUnsafeBufferPointer {
          bm_histogram_distance(own.baseAddress, $0.baseAddress! + 64 * place)
        }
      }
      if Int(difference) <= (scalars.count + item.scalars.count) / 20 + 1,
        let ratio = Self.ratio(item.scalars, scalars)
      {
        found.append((item.number, ratio / 100))
      }
      place += 1
    }
    return found.sorted { $0.item < $1.item }
  }
}
