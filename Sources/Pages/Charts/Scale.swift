/// Round numbers for an axis.
enum Scale {
  /// From 0 in steps of 1, 2 or 5 times a power of ten; some `count` of them, the last not below
  /// `most`.
  static func ticks(upTo most: Int, count: Int = 3) -> [Int] {
    guard most > 0 else { return [0, 1] }
    let step = wholeStep(most, count)
    let last = (most - 1) / step + 1
    return (0...last).map { $0 * step }
  }

  private static func wholeStep(_ most: Int, _ count: Int) -> Int {
    var power = 1
    while true {
      for factor in [1, 2, 5] where factor * power >= (most - 1) / count + 1 {
        return factor * power
      }
      guard power <= Int.max / 10 else { return power }
      power *= 10
    }
  }

  /// Round numbers within a range, some `count` of them.
  static func ticks(from low: Double, through high: Double, count: Int = 4) -> [Double] {
    guard high > low, (high - low).isFinite else { return [low] }
    var power = 1.0
    while power * Double(count) < high - low { power *= 10 }
    while power * Double(count) / 10 >= high - low { power /= 10 }
    let step =
      [0.1, 0.2, 0.5, 1].map { $0 * power }.first { $0 * Double(count) >= high - low } ?? power
    var ticks: [Double] = []
    var number = (low / step).rounded(.up)
    while number * step <= high * (1 + 1e-12), ticks.count < 2 * count + 2 {
      ticks.append(number * step)
      number += 1
    }
    return ticks
  }
}
