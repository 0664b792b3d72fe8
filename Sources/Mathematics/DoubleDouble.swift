/// A number as the sum of two doubles, about 31 decimal digits.
///
/// T. J. Dekker, A floating-point technique for extending the available precision (1971); the
/// elementary functions are Taylor series after reduction of the argument.
struct DoubleDouble: Sendable {
  var high: Double
  var low: Double

  init(_ high: Double, _ low: Double = 0) {
    self.high = high
    self.low = low
  }

  /// Rounds what has more than 31 digits.
  init(_ value: Rational) {
    self = DoubleDouble(value.top) / DoubleDouble(value.bottom)
  }

  init(_ value: Whole) {
    var result = DoubleDouble(0)
    for limb in value.limbs.reversed() {
      result = result * DoubleDouble(4_294_967_296) + DoubleDouble(Double(limb))
    }
    self = value.isNegative ? -result : result
  }

  static let pi = DoubleDouble(3.141592653589793, 1.2246467991473532e-16)
  static let e = DoubleDouble(2.718281828459045, 1.4456468917292502e-16)
  static let ln2 = DoubleDouble(0.6931471805599453, 2.3190468138462996e-17)

  var isFinite: Bool { high.isFinite }
  var magnitude: DoubleDouble { high < 0 ? -self : self }

  static prefix func - (a: DoubleDouble) -> DoubleDouble { DoubleDouble(-a.high, -a.low) }

  static func + (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
    let (sum, error) = twoSum(a.high, b.high)
    let (lows, errorLow) = twoSum(a.low, b.low)
    let (first, rest) = quickSum(sum, error + lows)
    return normal(first, rest + errorLow)
  }

  static func - (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble { a + -b }

  static func * (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
    let product = a.high * b.high
    let error = (-product).addingProduct(a.high, b.high)
    return normal(product, error + (a.high * b.low + a.low * b.high))
  }

  static func / (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
    let first = a.high / b.high
    let rest = a - b * DoubleDouble(first)
    let second = rest.high / b.high
    let last = (rest - b * DoubleDouble(second)).high / b.high
    return normal(first, second) + DoubleDouble(last)
  }

  func squareRoot() -> DoubleDouble {
    if high <= 0 { return DoubleDouble(high == 0 ? 0 : .nan) }
    let guess = DoubleDouble(high.squareRoot())
    return guess + (self - guess * guess) / (guess + guess)
  }

  func rounded() -> DoubleDouble {
    let whole = high.rounded()
    return whole == high ? DoubleDouble.normal(whole, low.rounded()) : DoubleDouble(whole)
  }

  /// NaN where the result would be beyond a double.
  func exp() -> DoubleDouble {
    if !(high.magnitude < 700) { return DoubleDouble(high < 0 ? 0 : .nan) }
    let halvings = (high / DoubleDouble.ln2.high).rounded()
    let scale = 1.0 / 256
    let rest = (self - DoubleDouble.ln2 * DoubleDouble(halvings)) * DoubleDouble(scale)
    var term = rest
    var sum = rest
    for step in 2..<14 {
      term = term * rest / DoubleDouble(Double(step))
      sum = sum + term
    }
    // (1 + s)² - 1 keeps the small part's digits.
    for _ in 0..<8 { sum = sum * DoubleDouble(2) + sum * sum }
    let result = sum + DoubleDouble(1)
    let power = Double(sign: .plus, exponent: Int(halvings), significand: 1)
    return DoubleDouble(result.high * power, result.low * power)
  }

  /// The natural logarithm; NaN for what is not positive.
  func log() -> DoubleDouble {
    if !(high > 0) || !high.isFinite { return DoubleDouble(.nan) }
    let exponent = Double(high.exponent)
    let scale = Double(sign: .plus, exponent: -Int(high.exponent), significand: 1)
    let value = DoubleDouble(high * scale, low * scale)
    // ln v = 2 artanh((v-1)/(v+1)) as a guess, then Newton's steps for exp(y) = v.
    let z = ((value - DoubleDouble(1)) / (value + DoubleDouble(1))).high
    var guess = 0.0
    var power = z
    for step in stride(from: 1.0, through: 41, by: 2) {
      guess += power / step
      power *= z * z
    }
    var result = DoubleDouble(2 * guess)
    for _ in 0..<2 { result = result + value * (-result).exp() - DoubleDouble(1) }
    return result + DoubleDouble(exponent) * DoubleDouble.ln2
  }

  /// NaN where the argument is so large that digits are lost.
  func sineAndCosine() -> (sine: DoubleDouble, cosine: DoubleDouble) {
    if !(high.magnitude < 1e6) { return (DoubleDouble(.nan), DoubleDouble(.nan)) }
    let quarter = DoubleDouble.pi * DoubleDouble(0.5)
    let turns = (high / quarter.high).rounded()
    let rest = self - quarter * DoubleDouble(turns)
    let square = rest * rest
    var (sine, cosine) = (rest, DoubleDouble(1))
    var (up, down) = (rest, DoubleDouble(1))
    for step in 1..<15 {
      let n = Double(2 * step)
      down = -(down * square) / DoubleDouble(n * (n - 1))
      up = -(up * square) / DoubleDouble(n * (n + 1))
      cosine = cosine + down
      sine = sine + up
    }
    switch Int(turns) & 3 {
    case 0: return (sine, cosine)
    case 1: return (cosine, -sine)
    case 2: return (-sine, -cosine)
    default: return (-cosine, sine)
    }
  }

  func arctangent() -> DoubleDouble {
    if !(high.magnitude < 1e150) { return DoubleDouble(.nan) }
    // Halve the angle until the series is short.
    var value = self
    var doublings = 0
    while value.high.magnitude > 0.1 {
      value = value / (DoubleDouble(1) + (DoubleDouble(1) + value * value).squareRoot())
      doublings += 1
    }
    let square = value * value
    var power = value
    var sum = value
    for step in 1..<20 {
      power = -(power * square)
      sum = sum + power / DoubleDouble(Double(2 * step + 1))
    }
    return sum * DoubleDouble(Double(1 << doublings))
  }

  private static func normal(_ high: Double, _ low: Double) -> DoubleDouble {
    let (sum, error) = quickSum(high, low)
    return DoubleDouble(sum, sum.isFinite ? error : 0)
  }

  private static func twoSum(_ a: Double, _ b: Double) -> (Double, Double) {
    let sum = a + b
    let part = sum - a
    return (sum, (a - (sum - part)) + (b - part))
  }

  private static func quickSum(_ a: Double, _ b: Double) -> (Double, Double) {
    let sum = a + b
    return (sum, b - (sum - a))
  }
}
