import CKernels
import Testing

@testable import Fusion

/// The inner loops that methods add: the same bits from every set, and what plain loops give.
struct ChangeKernelTests {
  static var sets: [bm_kernels] {
    var sets = [UnsafePointer<bm_kernels>?](repeating: nil, count: 8)
    let count = bm_kernel_sets(&sets)
    return sets.prefix(count).map { $0!.pointee }
  }

  /// Vectors with room for whole steps of a kernel.
  static func vectors(_ count: Int, _ length: Int) -> [[Double]] {
    var numbers = TestNumbers(length)
    let models = numbers.models(count - 1, of: length)
    return models.map { $0 + Array(repeating: .nan, count: 16) }
  }

  static func withPointers<R>(
    _ vectors: [[Double]], _ body: ([UnsafePointer<Double>?]) -> R
  ) -> R {
    func descend(_ pointers: [UnsafePointer<Double>?]) -> R {
      guard pointers.count < vectors.count else { return body(pointers) }
      return vectors[pointers.count].withUnsafeBufferPointer {
        descend(pointers + [$0.baseAddress])
      }
    }
    return descend([])
  }

  @Test(arguments: [0, 1, 7, 8, 9, 16, 100, 333])
  func `all sets give the same bits`(length: Int) {
    let vectors = Self.vectors(4, length)
    let results = Self.sets.map { set -> [[UInt64]] in
      Self.withPointers(vectors) { pointers in
        let base = pointers[0]!
        let models = Array(pointers.dropFirst())
        func result(_ body: (UnsafeMutablePointer<Double>) -> Void) -> [UInt64] {
          var target = [Double](repeating: 0, count: length + 16)
          target.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
          return target.prefix(length).map(\.bitPattern)
        }
        func changes(_ weights: [Double]) -> [bm_change] {
          zip(models, weights).map { model, weight in
            var change = bm_change(x: model!, weight: weight)
            (change.low, change.high, change.factor) = (2e-4, 2e-3, 1.25)
            return change
          }
        }
        var counts: [UInt64] = []
        var results = [
          result { set.combine(models, [0.2, 0.5, 0.4], 3, 1.1, 1, $0, length) },
          result { set.uniform(7, 9, 1_000_003, $0, length) },
          result { set.swap_near(base, models[0], 1e-4, $0, length) },
          result { set.reinforce(models, [1, 1.1, 1.2], 3, base, 1e-3, $0, length) },
          result { counts.append(UInt64(set.variance(models, 3, base, $0, length))) },
        ]
        for elects in [false, true] {
          var ballot = bm_ballot(elects: elects, divides: true, divisor: 0.9, lambda: 0.8)
          results.append(
            result { set.vote(changes([0.3, -0.2, 0.9]), 3, &ballot, base, $0, length) })
        }
        results.append(
          result { target in
            var change = changes([1])[0]
            counts.append(UInt64(set.keep(&change, base, target, length)))
          })
        var (alone, shared) = ([UInt64](repeating: 0, count: 3), [UInt64](repeating: 0, count: 3))
        set.overlap(models, 3, base, 1e-3, &alone, &shared, length)
        return results + [counts, alone, shared]
      }
    }
    #expect(Set(results).count == 1)
  }

  @Test(arguments: [0, 1, 2, 1023, 1 << 33, 1 << 40 + 1])
  func `random numbers are those of each element`(first: Int) {
    let random = Random(seed: 3, tensor: "w", stream: 1)
    for length in [1, 2, 15, 16, 17, 100] {
      var numbers = [Double](repeating: 0, count: length)
      numbers.withUnsafeMutableBufferPointer {
        random.fill($0.baseAddress!, length, from: first)
      }
      #expect(numbers == (first..<first + length).map { random.uniform($0) })
    }
  }

  @Test(arguments: [1, 2, 5, 300, 4095, 4096, 9000], [1.0, 30, 1e4, 1e12])
  func `ranks are those of a sort`(length: Int, levels: Double) {
    let numbers = SelectionTests.coarse(length, length, levels: levels).map { abs($0) }
    // Also with bits at both ends, more than an entry of the sort holds.
    for values in [numbers, numbers.enumerated().map { $1 + Double($0 % 3) * 0x1p-52 }] {
      let order = values.indices.sorted { (values[$0], $1) < (values[$1], $0) }
      var expected = [Double](repeating: 0, count: length)
      for (rank, index) in order.enumerated() {
        expected[index] = 0.25 + 0.5 * (length > 1 ? Double(rank) / Double(length - 1) : 0.5)
      }
      var (room, more) = (
        [UInt64](repeating: 0, count: length), [UInt64](repeating: 0, count: length)
      )
      var found = [Double](repeating: 0, count: length)
      bm_rank_probabilities(values, length, 0.25, 0.5, &room, &more, &found)
      #expect(found == expected)
    }
  }
}
