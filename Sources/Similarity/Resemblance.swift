internal import CSimilarity

/// A set of shingles, sorted.
struct ShingleSet {
  var values: [UInt64]

  init(_ shingles: some Sequence<UInt64>) {
    values = Array(shingles)
    var scratch = values
    let count = values.withUnsafeMutableBufferPointer { values in
      scratch.withUnsafeMutableBufferPointer {
        bm_sort_unique(values.baseAddress, values.count, $0.baseAddress)
      }
    }
    values.removeLast(values.count - count)
  }

  /// The resemblance of two sets, |A ∩ B| / |A ∪ B| (Jaccard 1901); 0 where one is empty.
  func resemblance(to other: ShingleSet) -> Double {
    guard !values.isEmpty && !other.values.isEmpty else { return 0 }
    let shared = values.withUnsafeBufferPointer { a in
      other.values.withUnsafeBufferPointer { b in
        bm_shared(a.baseAddress, a.count, b.baseAddress, b.count)
      }
    }
    return Double(shared) / Double(values.count + other.values.count - shared)
  }

  /// No resemblance can be greater, from the sizes alone.
  func couldReach(_ threshold: Double, with other: ShingleSet) -> Bool {
    let least = min(values.count, other.values.count)
    let most = max(values.count, other.values.count)
    return Double(least) >= threshold * Double(most)
  }
}
