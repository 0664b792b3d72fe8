/// How often each of many whole numbers occurs; exact, and the same in whatever order they come.
///
/// For lengths this stays small: texts of N bytes in all have at most √(2N) different lengths.
struct Spread: Hashable, Sendable {
  private var counts: [Int: Int] = [:]

  mutating func add(_ value: Int, times: Int = 1) { counts[value, default: 0] += times }

  mutating func merge(_ other: Spread) {
    for (value, times) in other.counts { add(value, times: times) }
  }

  /// The least value that at least this share of all values does not exceed, for each share in
  /// ascending order; nil where there are no values.
  private func quantiles(_ shares: [Double]) -> [Int]? {
    let total = counts.values.reduce(0, +)
    guard total > 0 else { return nil }
    var result: [Int] = []
    var passed = 0
    for (value, times) in counts.sorted(by: { $0.key < $1.key }) {
      passed += times
      while result.count < shares.count,
        Double(passed) >= (shares[result.count] * Double(total)).rounded(.up)
      {
        result.append(value)
      }
    }
    return result
  }

  var figures: Figures? {
    quantiles([0, 0.5, 0.95, 1]).map { Figures(min: $0[0], median: $0[1], p95: $0[2], max: $0[3]) }
  }

  var median: Int? { quantiles([0.5])?[0] }
}

/// Least, middle, nearly greatest and greatest of some lengths.
package struct Figures: Encodable, Hashable, Sendable {
  package var min, median, p95, max: Int
}

/// Least, middle and greatest of many numbers, in bounded memory.
///
/// Numbers are counted in classes that are 1/128 of a power of two wide, so the median is exact for
/// whole numbers up to 256 and else at most 0.8 % too near to zero.
struct NumberSpread: Hashable, Sendable {
  private var classes = Spread()
  private var least = Double.infinity
  private var greatest = -Double.infinity

  mutating func add(_ number: Double) {
    let finite = max(-.greatestFiniteMagnitude, min(number, .greatestFiniteMagnitude))
    let magnitude = Int(finite.magnitude.bitPattern >> 45)
    classes.add(finite < 0 ? -magnitude : magnitude)
    least = min(least, finite)
    greatest = max(greatest, finite)
  }

  mutating func merge(_ other: NumberSpread) {
    classes.merge(other.classes)
    least = min(least, other.least)
    greatest = max(greatest, other.greatest)
  }

  var figures: NumberFigures? {
    guard let middle = classes.median else { return nil }
    let magnitude = Double(bitPattern: UInt64(middle.magnitude) << 45)
    let median = max(least, min(middle < 0 ? -magnitude : magnitude, greatest))
    return NumberFigures(min: least, median: median, max: greatest)
  }
}

package struct NumberFigures: Encodable, Hashable, Sendable {
  package var min, median, max: Double
}
