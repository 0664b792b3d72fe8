internal import CKernels

/// A choice by rank: what is kept are the keys whose places, from the largest on, lie in a range.
///
/// Of equal keys the one with the lower index has the earlier place. A key of 0 may be kept or not:
/// it stands for a change of nothing.
struct Cut: Sendable {
  /// The smallest and the largest key that is kept.
  private var low = 0.0
  private var high = Double.infinity
  /// Of the keys equal to `low` the first so many are kept; of those equal to `high` the first so
  /// many are not.
  private var keptLow = 0
  private var isLowSplit = false
  private var droppedHigh = 0
  /// How many such keys lie before each unit, and at the end all; empty where all are alike.
  private var lowBefore: [Int] = []
  private var highBefore: [Int] = []

  /// The keys that are kept of a unit; nil where only some of equal ones are.
  func bounds(of unit: Int) -> (low: Double, high: Double)? {
    var bounds = (low: low, high: high)
    if !lowBefore.isEmpty, lowBefore[unit + 1] > keptLow {
      guard lowBefore[unit] >= keptLow else { return nil }
      bounds.low = low.nextUp
    }
    if !highBefore.isEmpty, highBefore[unit] < droppedHigh {
      guard highBefore[unit + 1] <= droppedHigh else { return nil }
      bounds.high = high.nextDown
    }
    return bounds
  }

  /// Replaces a unit's keys by 1 where they are kept, else 0.
  func mark(_ keys: UnsafeMutablePointer<Double>, _ count: Int, of unit: Int) {
    var (lows, highs) = (0, 0)
    if !lowBefore.isEmpty { lows = lowBefore[unit] }
    if !highBefore.isEmpty { highs = highBefore[unit] }
    for index in 0..<count {
      let key = keys[index]
      var isKept = key >= low && key <= high
      if key == low && !lowBefore.isEmpty {
        isKept = isKept && lows < keptLow
        lows += 1
      }
      if key == high && !highBefore.isEmpty {
        isKept = isKept && highs >= droppedHigh
        highs += 1
      }
      keys[index] = isKept ? 1 : 0
    }
  }
}

extension TensorTask {
  /// Finds what is kept for several sets of keys of at least 0, which `key` computes into as many
  /// vectors of room; none of the ranges is empty.
  ///
  /// Three passes: one over a sample, one for the keys at the ends, and one that counts keys equal
  /// to them, if only some of these are kept.
  func cuts(
    _ places: [Range<Int>], _ tiling: Tiling,
    key: @escaping @Sendable (borrowing ExpertBlock, inout Room) throws -> Void
  ) throws -> [Cut] {
    let samples = try sampledKeys(places.count, key)
    let wanted = places.indices.map { index in
      let ranks =
        [tiling.count - places[index].upperBound]
        + (places[index].lowerBound > 0 ? [tiling.count - 1 - places[index].lowerBound] : [])
      return AskedRanks(ranks: ranks, vector: index, sample: samples[index])
    }
    var cuts = try orderStatistics(wanted, tiling, vectors: places.count, key: key)
      .enumerated().map { index, found in Cut(found, places[index], of: tiling.count) }
    try locate(&cuts, tiling, key: key)
    return cuts
  }

  /// Finds out which of equal keys are kept, where only some of them are.
  func locate(
    _ cuts: inout [Cut], _ tiling: Tiling,
    key: @escaping @Sendable (borrowing ExpertBlock, inout Room) throws -> Void
  ) throws {
    let asked = cuts
    guard asked.contains(where: \.splitsEquals) else { return }
    let units = try survey(tiling, vectors: asked.count) { block, room in
      try key(block, &room)
      return asked.enumerated().map { index, cut in
        cut.countEquals(UnsafePointer(room.pointer(index)), block.count)
      }
    }
    for index in cuts.indices { cuts[index].locate(units.map { $0[index] }) }
  }

  /// Some keys of all parts of the tensor; none of a small one, all of whose keys can be gathered.
  ///
  /// Neighbours are alike, so they come from many short runs, whose distance is odd lest they fall
  /// on the same columns.
  private func sampledKeys(
    _ count: Int, _ key: @escaping @Sendable (borrowing ExpertBlock, inout Room) throws -> Void
  ) throws -> [[Double]] {
    guard self.count > 1 << 16 else { return Array(repeating: [], count: count) }
    let runs = Tiling(count: self.count, rowLength: self.count, unitLength: 16)
    let wanted = self.count / OrderSample.stride(for: self.count) / runs.unitLength
    let samples = PerWorker(workers, Array(repeating: [Double](), count: count))
    _ = try survey(runs, every: max(1, runs.unitCount / wanted) | 1, vectors: count) {
      block, room in
      try key(block, &room)
      for index in 0..<count {
        samples[block.worker][index].append(
          contentsOf: UnsafeBufferPointer(start: room.pointer(index), count: block.count))
      }
    }
    return (0..<count).map { index in samples.all.flatMap { $0[index] } }
  }
}

extension Cut {
  /// Keeps what is larger than `low`, and the first `kept` of `equal` keys that are equal to it.
  init(above low: Double, keeping kept: Int, of equal: Int) {
    self.low = kept == 0 ? low.nextUp : low
    keptLow = kept
    isLowSplit = low > 0 && kept > 0 && kept < equal
  }

  fileprivate init(_ found: [RankedKey], _ places: Range<Int>, of count: Int) {
    low = found[0].value
    keptLow = places.upperBound - (count - found[0].below - found[0].equal)
    isLowSplit = low > 0 && keptLow < found[0].equal
    guard found.count > 1 else { return }
    high = found[1].value
    droppedHigh = places.lowerBound - (count - found[1].below - found[1].equal)
  }

  fileprivate var splitsEquals: Bool { isLowSplit || droppedHigh > 0 }

  fileprivate func countEquals(_ keys: UnsafePointer<Double>, _ count: Int) -> (Int, Int) {
    (
      isLowSplit ? kernels.count_equal(keys, low, count) : 0,
      droppedHigh > 0 ? kernels.count_equal(keys, high, count) : 0
    )
  }

  fileprivate mutating func locate(_ equals: [(low: Int, high: Int)]) {
    if isLowSplit { lowBefore = equals.reduce(into: [0]) { $0.append($0.last! + $1.low) } }
    if droppedHigh > 0 { highBefore = equals.reduce(into: [0]) { $0.append($0.last! + $1.high) } }
  }
}
