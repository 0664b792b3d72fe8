internal import CKernels

/// How often magnitudes occur, in classes that are 1/128 of a power of two wide.
///
/// Quantiles are the least number of their class: exact for numbers of up to 8 bits, as most
/// differences of BF16 weights are, and else less than 0.8 % too small. Counts are whole numbers, so
/// it does not matter in which order they come together.
struct Magnitudes: Sendable {
  /// In ascending order, classes without numbers left out.
  private var classes: [(key: Int, count: Int)] = []
  private(set) var count = 0

  init() {}

  /// Takes the counts of some workers out of their tallies, from the class of one number to that of
  /// another.
  init(
    taking tallies: PerWorker<MagnitudeTally>, of workers: Range<Int>, from least: Double,
    through largest: Double
  ) {
    guard least <= largest else { return }
    for key in Self.key(of: least)...Self.key(of: largest) {
      var sum = 0
      for worker in workers { sum += tallies[worker].take(key) }
      if sum > 0 { classes.append((key, sum)) }
      count += sum
    }
  }

  mutating func add(_ other: Magnitudes) {
    var sums: [(key: Int, count: Int)] = []
    sums.reserveCapacity(classes.count + other.classes.count)
    var (i, j) = (0, 0)
    while i < classes.count || j < other.classes.count {
      let here = i < classes.count ? classes[i].key : .max
      let there = j < other.classes.count ? other.classes[j].key : .max
      let key = min(here, there)
      sums.append((key, 0))
      if here == key {
        sums[sums.count - 1].count += classes[i].count
        i += 1
      }
      if there == key {
        sums[sums.count - 1].count += other.classes[j].count
        j += 1
      }
    }
    classes = sums
    count += other.count
  }

  /// The number that this share of the others lies below; nil where there are none.
  func quantile(_ share: Double) -> Double? {
    guard count > 0 else { return nil }
    let rank = Int(share * Double(count - 1))
    var passed = 0
    let place = classes.first { item in
      passed += item.count
      return passed > rank
    }
    return place.map { Double(bitPattern: UInt64($0.key) << 45) }
  }

  /// The exponent and the first seven bits.
  private static func key(of magnitude: Double) -> Int { Int(magnitude.bitPattern >> 45) }
}

/// One worker's counts of the tensor at hand; those of numbers that are zero mean nothing.
struct MagnitudeTally: Sendable {
  private var counts = [UInt64](repeating: 0, count: 1 << 18 + 8)

  mutating func add(_ magnitudes: UnsafePointer<Double>, _ count: Int) {
    counts.withUnsafeMutableBufferPointer { kernels.tally(magnitudes, count, $0.baseAddress) }
  }

  /// Afterwards the class is empty.
  fileprivate mutating func take(_ key: Int) -> Int {
    defer { counts[key + 8] = 0 }
    return Int(counts[key + 8])
  }
}
