internal import CKernels

extension [Double] {
  /// The elements that sorting would bring to these ranks, for elements of at least 0.
  ///
  /// Elements are counted in buckets of their bits, which have the order of the numbers, and the
  /// bucket that holds a rank is looked into again: two or three passes, without a sort.
  func values(atRanks ranks: [Int]) -> [Double] {
    guard !ranks.isEmpty else { return [] }
    precondition(ranks.allSatisfy { indices.contains($0) })
    var values = [Double](repeating: 0, count: ranks.count)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { room in
      bm_values_at_ranks(self, count, ranks, ranks.count, room.baseAddress, &values)
    }
    return values
  }
}
