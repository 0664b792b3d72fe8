internal import CKernels

/// A value at a rank, with how many keys are smaller and how many equal.
package struct RankedKey: Hashable, Sendable {
  package var value: Double
  package var below: Int
  package var equal: Int
}

extension TensorTask {
  /// The keys at these ranks (0 is the smallest), exactly, for keys of at least 0 that `key` computes
  /// into room vector 0.
  ///
  /// A sample brackets each rank; one pass counts what lies below the brackets and gathers what lies
  /// in them. A bracket that misses, or holds too much, is corrected by further passes, so the result
  /// is that of sorting all keys. Memory is a few million keys, whatever the tensor's size.
  package func orderStatistics(
    _ ranks: [Int], _ tiling: Tiling, sample: [Double], vectors: Int = 0,
    key: @Sendable (borrowing ExpertBlock, inout Room) throws -> Void
  ) throws -> [RankedKey] {
    var brackets = ranks.map { Bracket(rank: $0, of: tiling.count, sorted: sample) }
    while brackets.contains(where: { $0.result == nil }) {
      let open = brackets.indices.filter { brackets[$0].result == nil }
      let asked = open.map { brackets[$0] }
      let locals = PerWorker(workers, asked.map { Findings($0) })
      // What the keys are computed into, and what is gathered from there.
      _ = try survey(tiling, vectors: vectors + 2) { block, room in
        try key(block, &room)
        let keys = UnsafePointer(room.pointer(0))
        let target = room.pointer(vectors + 1)
        for index in asked.indices { locals[block.worker][index].add(keys, block.count, target) }
      }
      for (number, index) in open.enumerated() {
        var sum = Findings(asked[number])
        for local in locals.all { sum.merge(local[number]) }
        brackets[index].narrow(by: sum)
      }
    }
    return brackets.map { $0.result! }
  }
}

/// Where a rank's value lies for sure, or for a start as a sample has it.
private struct Bracket: Sendable {
  /// Keys that are gathered at most, over all workers; more are counted in buckets first.
  static let limit = 1 << 21

  let rank: Int
  var low: Double
  var high: Double
  /// Whether so many keys may lie within that they are counted in buckets instead.
  var isWide: Bool
  var result: RankedKey?

  init(rank: Int, of count: Int, sorted sample: [Double]) {
    self.rank = rank
    guard !sample.isEmpty else {
      (low, high) = (0, .infinity)
      isWide = count > Self.limit
      return
    }
    // Four standard deviations of a rank in a random sample, and some more for what is not random.
    let size = Double(sample.count)
    let share = (Double(rank) + 0.5) / Double(count)
    let margin = 4 * (size * share * (1 - share)).squareRoot() + 2 + size / 1000
    let first = Int(size * share - margin)
    let last = Int(size * share + margin) + 1
    low = first <= 0 ? 0 : sample[first]
    high = last >= sample.count ? .infinity : sample[last]
    isWide = false
  }

  mutating func narrow(by found: Findings) {
    if rank < found.below {
      (low, high) = (0, low.nextDown)
      isWide = true
    } else if rank >= found.below + found.inside {
      (low, high) = (high.nextUp, .infinity)
      isWide = true
    } else if low == high {
      result = RankedKey(value: low, below: found.below, equal: found.inside)
    } else if isWide {
      let (bucket, before) = found.bucket(of: rank - found.below)
      let width = found.bucketWidth
      let start = low.bitPattern + UInt64(bucket) * width
      high = Double(bitPattern: min(high.bitPattern, start + (width - 1)))
      low = Double(bitPattern: start)
      _ = before
      isWide = found.buckets[bucket] > Self.limit
    } else if found.keys.count < found.inside {
      isWide = true
    } else {
      var keys = found.keys
      let value = keys.select(rank - found.below)
      let below = keys.count { $0 < value }
      let equal = keys.count { $0 == value }
      result = RankedKey(value: value, below: found.below + below, equal: equal)
    }
  }
}

/// What a pass, or one worker's part of it, finds for a bracket.
private struct Findings: Sendable {
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

  mutating func add(
    _ new: UnsafePointer<Double>, _ count: Int, _ target: UnsafeMutablePointer<Double>
  ) {
    var under: UInt64 = 0
    let taken = kernels.collect(new, count, low, high, &under, target)
    below += Int(under)
    inside += taken
    if isWide {
      for index in 0..<taken {
        buckets[Int((target[index].bitPattern - low.bitPattern) / bucketWidth)] += 1
      }
    } else if low != high && keys.count + taken <= Bracket.limit {
      keys.append(contentsOf: UnsafeBufferPointer(start: target, count: taken))
    }
  }

  mutating func merge(_ other: Findings) {
    below += other.below
    inside += other.inside
    if keys.count + other.keys.count <= Bracket.limit { keys += other.keys }
    for index in other.buckets.indices { buckets[index] += other.buckets[index] }
  }

  /// The bucket of the rank among the keys inside, and how many lie in those before it.
  func bucket(of rank: Int) -> (Int, Int) {
    var before = 0
    for (index, count) in buckets.enumerated() {
      if rank < before + count { return (index, before) }
      before += count
    }
    return (buckets.count - 1, before)
  }
}

extension [Double] {
  /// Brings the element of this rank to its place and returns it (Hoare's selection); about 3 n steps.
  fileprivate mutating func select(_ rank: Int) -> Double {
    var (first, last) = (0, count - 1)
    while first < last {
      let (a, b, c) = (self[first], self[(first + last) / 2], self[last])
      let pivot = Swift.max(Swift.min(a, b), Swift.min(Swift.max(a, b), c))
      var (i, j) = (first, last)
      while i <= j {
        while self[i] < pivot { i += 1 }
        while self[j] > pivot { j -= 1 }
        if i <= j {
          swapAt(i, j)
          i += 1
          j -= 1
        }
      }
      if rank <= j {
        last = j
      } else if rank >= i {
        first = i
      } else {
        return self[rank]
      }
    }
    return self[rank]
  }
}
