internal import CKernels

/// A value at a rank, with how many keys are smaller and how many equal.
package struct RankedKey: Hashable, Sendable {
  package var value: Double
  package var below: Int
  package var equal: Int
}

/// Ranks that are asked for among the keys of one vector of room; 0 is that of the smallest.
package struct AskedRanks: Sendable {
  package var ranks: [Int]
  package var vector = 0
  /// Some of the keys, in any order, for a first guess; none will do.
  package var sample: [Double]
}

extension TensorTask {
  /// The keys at these ranks, exactly, for keys of at least 0 that `key` computes into room vector 0.
  package func orderStatistics(
    _ ranks: [Int], _ tiling: Tiling, sample: [Double], vectors: Int = 0,
    key: @escaping @Sendable (borrowing ExpertBlock, inout Room) throws -> Void
  ) throws -> [RankedKey] {
    try orderStatistics(
      [AskedRanks(ranks: ranks, sample: sample)], tiling, vectors: vectors + 1, key: key)[0]
  }

  /// The same for several sets of keys at once, in `vectors` of room that `key` gets.
  ///
  /// NaN counts as a largest key; a rank that falls on one has infinity.
  ///
  /// A sample brackets each rank; one pass counts what lies below the brackets and gathers what lies
  /// in them. A bracket that misses, or holds too much, is corrected by further passes, so the result
  /// is that of sorting all keys. Memory is a few million keys, whatever the tensor's size.
  package func orderStatistics(
    _ wanted: [AskedRanks], _ tiling: Tiling, vectors: Int,
    key: @escaping @Sendable (borrowing ExpertBlock, inout Room) throws -> Void
  ) throws -> [[RankedKey]] {
    try resolve(wanted, of: tiling.count) { asked in
      let locals = PerWorker(self.workers, asked.map { Findings($0) })
      // The last vector is for what is gathered from the keys.
      _ = try self.survey(tiling, vectors: vectors + 1) { block, room in
        try key(block, &room)
        locals[block.worker].add(asked, asked.indices, room, gathered: vectors)
      }
      return locals.all
    }
  }

  /// Asks passes over all keys for what they find in brackets, until every rank's key is known.
  func resolve(
    _ wanted: [AskedRanks], of count: Int, pass: (_ brackets: [Bracket]) throws -> [[Findings]]
  ) rethrows -> [[RankedKey]] {
    var results = try wanted.flatMap { Bracket.all($0, of: count) }.resolved(by: pass)[...]
    return wanted.map { asked in
      defer { results = results.dropFirst(asked.ranks.count) }
      return Array(results.prefix(asked.ranks.count))
    }
  }
}

extension [Bracket] {
  /// The key of each bracket's rank, by as many passes over all keys as that takes.
  func resolved(by pass: (_ asked: [Bracket]) throws -> [[Findings]]) rethrows -> [RankedKey] {
    var brackets = self
    while brackets.contains(where: { $0.result == nil }) {
      let open = brackets.indices.filter { brackets[$0].result == nil }
      let asked = open.map { brackets[$0] }
      let found = try pass(asked)
      for (number, index) in open.enumerated() {
        var sum = Findings(asked[number])
        for local in found { sum.merge(local[number]) }
        brackets[index].narrow(by: sum)
      }
    }
    return brackets.map { $0.result! }
  }
}

extension [Findings] {
  /// Adds what keys in vectors of room have for some of the brackets; one more vector is for what is
  /// gathered.
  mutating func add(
    _ asked: [Bracket], _ some: some Sequence<Int>, _ room: borrowing Room, gathered vector: Int
  ) {
    let target = room.pointer(vector)
    for index in some {
      var below: UInt64 = 0
      let keys = room.pointer(asked[index].vector)
      let taken = kernels.collect(
        keys, room.count, asked[index].low, asked[index].high, &below, target)
      self[index].add(below: Int(below), UnsafeBufferPointer(start: target, count: taken))
    }
  }
}

/// How many elements apart a sample is taken: some 65,000 of them, up to 260,000 of a large tensor.
///
/// An odd number, so that it does not fall on the same column in every row.
enum OrderSample {
  static func stride(for count: Int) -> Int {
    let size = min(max(1 << 16, count >> 9), 1 << 18)
    return max(1, count / size) | 1
  }
}

extension Double {
  /// NaN stands where the largest keys are.
  fileprivate var orInfinity: Double { isNaN ? .infinity : self }
}

/// Where a rank's value lies for sure, or for a start as a sample has it.
struct Bracket: Sendable {
  /// Keys that are gathered at most, over all workers; more are counted in buckets first.
  static let limit = 1 << 21

  let rank: Int
  let vector: Int
  /// Both belong to it.
  var low: Double
  var high: Double
  /// Whether so many keys may lie within that they are counted in buckets instead of gathered.
  var isWide: Bool
  var result: RankedKey?

  /// Brackets of three standard deviations of a rank in a random sample, and some more for what is
  /// not random about it.
  static func all(_ asked: AskedRanks, of count: Int) -> [Bracket] {
    let (ranks, sample) = (asked.ranks, asked.sample)
    let size = Double(sample.count)
    let ends = ranks.flatMap { rank in
      let share = (Double(rank) + 0.5) / Double(count)
      let margin = 3 * (size * share * (1 - share)).squareRoot() + 2 + size / 2000
      return [Int((size * share - margin).rounded(.down)), Int(size * share + margin) + 1]
    }
    let known = ends.filter { sample.indices.contains($0) }
    var values = Dictionary(
      zip(known, sample.values(atRanks: known)), uniquingKeysWith: { a, _ in a })
    values.removeValue(forKey: 0)
    return ranks.enumerated().map { index, rank in
      Bracket(
        rank: rank, vector: asked.vector, low: (values[ends[2 * index]] ?? 0).orInfinity,
        high: (values[ends[2 * index + 1]] ?? .infinity).orInfinity,
        isWide: sample.isEmpty && count > limit)
    }
  }

  mutating func narrow(by found: Findings) {
    if rank >= found.below + found.inside && high == .infinity {
      result = RankedKey(value: .infinity, below: found.below + found.inside, equal: 0)
    } else if rank < found.below {
      (low, high) = (0, low.nextDown)
      isWide = true
    } else if rank >= found.below + found.inside {
      (low, high) = (high.nextUp, .infinity)
      isWide = true
    } else if low == high {
      result = RankedKey(value: low, below: found.below, equal: found.inside)
    } else if isWide {
      let bucket = found.bucket(of: rank - found.below)
      let width = found.bucketWidth
      let start = low.bitPattern + UInt64(bucket) * width
      high = Double(bitPattern: min(high.bitPattern, start + (width - 1)))
      low = Double(bitPattern: start)
      isWide = found.buckets[bucket] > Self.limit
    } else if found.keys.count < found.inside {
      isWide = true
    } else {
      let value = found.keys.values(atRanks: [rank - found.below])[0]
      var (below, equal) = (0, 0)
      for key in found.keys {
        below += key < value ? 1 : 0
        equal += key == value ? 1 : 0
      }
      result = RankedKey(value: value, below: found.below + below, equal: equal)
    }
  }
}

/// What a pass, or one worker's part of it, finds for a bracket.
struct Findings: Sendable {
  private let low: Double
  private let high: Double
  private let isWide: Bool
  var below = 0
  var inside = 0
  var keys: [Double] = []
  var buckets: [Int] = []
  /// Bits of a key that one bucket spans: keys of at least 0 have the order of their bits.
  let bucketWidth: UInt64

  private static let bucketCount = 1 << 12

  init(_ bracket: Bracket) {
    low = bracket.low
    high = bracket.high
    isWide = bracket.isWide && low != high
    let span = high.bitPattern - low.bitPattern
    bucketWidth = span / UInt64(Self.bucketCount) + 1
    if isWide { buckets = Array(repeating: 0, count: Self.bucketCount) }
  }

  /// Adds what one unit has: how many keys lie below, and those within.
  mutating func add(below count: Int, _ new: UnsafeBufferPointer<Double>) {
    below += count
    inside += new.count
    if isWide {
      for key in new { buckets[Int((key.bitPattern - low.bitPattern) / bucketWidth)] += 1 }
    } else if low != high && keys.count + new.count <= Bracket.limit {
      keys.append(contentsOf: new)
    }
  }

  mutating func merge(_ other: Findings) {
    below += other.below
    inside += other.inside
    if keys.isEmpty {
      keys = other.keys
    } else if keys.count + other.keys.count <= Bracket.limit {
      keys += other.keys
    }
    for index in other.buckets.indices { buckets[index] += other.buckets[index] }
  }

  /// The bucket of the rank among the keys inside.
  func bucket(of rank: Int) -> Int {
    var before = 0
    for (index, count) in buckets.enumerated() {
      before += count
      if rank < before { return index }
    }
    return buckets.count - 1
  }
}
