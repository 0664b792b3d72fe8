extension [Double] {
  /// The elements that sorting would bring to these ranks, for elements of at least 0.
  ///
  /// Elements are counted in buckets of their bits, which have the order of the numbers, and the
  /// buckets that hold a rank are looked into again: two or three passes, without a sort.
  func values(atRanks ranks: [Int]) -> [Double] {
    guard !ranks.isEmpty else { return [] }
    guard count > 256 else {
      let sorted = self.sorted()
      return ranks.map { sorted[$0] }
    }
    var (least, largest) = (UInt64.max, UInt64.min)
    for value in self {
      least = Swift.min(least, value.bitPattern)
      largest = Swift.max(largest, value.bitPattern)
    }
    guard least < largest else { return ranks.map { _ in self[0] } }
    let bits = 64 - (largest - least).leadingZeroBitCount
    let shift = UInt64(Swift.max(0, bits - 12))
    var ends = [Int](repeating: 0, count: Int((largest - least) >> shift) + 1)
    for value in self { ends[Int((value.bitPattern - least) >> shift)] += 1 }
    for bucket in 1..<ends.count { ends[bucket] += ends[bucket - 1] }
    // Which bucket holds each rank; ranks in one bucket are found together.
    let homes = ranks.map { rank in ends.partitioningIndex { $0 > rank } }
    var found: [Int: Double] = [:]
    for home in Set(homes) {
      let inside = ranks.indices.filter { homes[$0] == home }
      let before = home == 0 ? 0 : ends[home - 1]
      let low = least + UInt64(home) << shift
      let high = low + (1 << shift - 1)
      var part: [Double] = []
      part.reserveCapacity(ends[home] - before)
      for value in self where value.bitPattern >= low && value.bitPattern <= high {
        part.append(value)
      }
      for (index, value) in zip(inside, part.values(atRanks: inside.map { ranks[$0] - before })) {
        found[index] = value
      }
    }
    return ranks.indices.map { found[$0]! }
  }
}

extension [Int] {
  /// The first index whose element meets a condition that holds from some place on.
  fileprivate func partitioningIndex(where condition: (Int) -> Bool) -> Int {
    var (first, last) = (0, count)
    while first < last {
      let middle = (first + last) / 2
      if condition(self[middle]) { last = middle } else { first = middle + 1 }
    }
    return first
  }
}
