/// A complex number of about 31 digits.
struct Complex: Sendable {
  var real: DoubleDouble
  var imaginary: DoubleDouble

  init(_ real: DoubleDouble, _ imaginary: DoubleDouble = DoubleDouble(0)) {
    self.real = real
    self.imaginary = imaginary
  }

  var isReal: Bool { imaginary.high == 0 }
  var isFinite: Bool { real.isFinite && imaginary.isFinite }

  /// The larger part, which is large and small with the number.
  var size: Double { max(real.high.magnitude, imaginary.high.magnitude) }

  static prefix func - (a: Complex) -> Complex { Complex(-a.real, -a.imaginary) }

  static func + (a: Complex, b: Complex) -> Complex {
    Complex(a.real + b.real, a.imaginary + b.imaginary)
  }

  static func - (a: Complex, b: Complex) -> Complex { a + -b }

  static func * (a: Complex, b: Complex) -> Complex {
    if a.isReal, b.isReal { return Complex(a.real * b.real) }
    return Complex(
      a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real)
  }

  static func / (a: Complex, b: Complex) -> Complex {
    if b.isReal {
      return Complex(a.real / b.real, a.isReal ? DoubleDouble(0) : a.imaginary / b.real)
    }
    let norm = b.real * b.real + b.imaginary * b.imaginary
    return a * Complex(b.real / norm, -b.imaginary / norm)
  }
}

/// Works an expression out at a point, to see whether two differ.
struct Evaluation {
  /// The symbols' values, in the order of their names.
  let symbols: [(name: Name, value: DoubleDouble)]
  /// The largest number on the way: what is far below it is rounding.
  private(set) var scale = 0.0

  init(_ symbols: [(name: Name, value: DoubleDouble)]) { self.symbols = symbols }

  mutating func value(_ expression: Expression) throws(Unknown) -> Complex {
    let value = try raw(expression)
    if !value.isFinite { throw .undecided }
    scale = max(scale, value.size)
    return value
  }

  private mutating func raw(_ expression: Expression) throws(Unknown) -> Complex {
    switch expression {
    case .number(let value), .decimal(let value, _): return Complex(DoubleDouble(value))
    case .symbol(let name):
      guard let known = symbols.first(where: { $0.name == name }) else { throw .undecided }
      return Complex(known.value)
    case .constant(.pi): return Complex(.pi)
    case .constant(.e): return Complex(.e)
    case .constant(.imaginary): return Complex(DoubleDouble(0), DoubleDouble(1))
    case .sum(let terms):
      var total = Complex(DoubleDouble(0))
      for term in terms { total = total + (try value(term)) }
      return total
    case .product(let factors):
      var total = Complex(DoubleDouble(1))
      for factor in factors { total = total * (try value(factor)) }
      return total
    case .negative(let a): return -(try value(a))
    case .quotient(let top, let bottom):
      let divisor = try value(bottom)
      if divisor.size < 1e-25 { throw .undecided }
      return try value(top) / divisor
    case .percent(let a): return try value(a) / Complex(DoubleDouble(100))
    case .power(let base, let exponent): return try power(try value(base), try value(exponent))
    case .root(let a, let degree): return try root(try value(a), try value(degree))
    case .call(let function, let name, let arguments):
      return try call(function, name, arguments)
    default: throw .shape
    }
  }

  private func power(_ base: Complex, _ exponent: Complex) throws(Unknown) -> Complex {
    let whole = exponent.real.rounded()
    if exponent.isReal, whole.high == exponent.real.high, whole.low == exponent.real.low,
      whole.high.magnitude < 10_000
    {
      var result = Complex(DoubleDouble(1))
      var square = base
      var left = Int(whole.high.magnitude)
      while left > 0 {
        if left & 1 == 1 { result = result * square }
        left >>= 1
        if left > 0 { square = square * square }
      }
      return whole.high < 0 ? Complex(DoubleDouble(1)) / result : result
    }
    guard base.isReal, base.real.high > 0 else { throw .undecided }
    let logarithm = base.real.log()
    let size = (exponent.real * logarithm).exp()
    if exponent.isReal { return Complex(size) }
    let (sine, cosine) = (exponent.imaginary * logarithm).sineAndCosine()
    return Complex(size * cosine, size * sine)
  }

  private func root(_ value: Complex, _ degree: Complex) throws(Unknown) -> Complex {
    guard value.isReal, degree.isReal else { throw .undecided }
    if value.real.high == 0 { return value }
    let isOdd = degree.real.high.truncatingRemainder(dividingBy: 2) == 1
    if value.real.high < 0 {
      if degree.real.high == 2 {
        return Complex(DoubleDouble(0), (-value.real).squareRoot())
      }
      guard isOdd else { throw .undecided }
      return -(try root(-value, degree))
    }
    if degree.real.high == 2 { return Complex(value.real.squareRoot()) }
    return Complex((value.real.log() / degree.real).exp())
  }

  private mutating func call(
    _ function: Function, _ name: Name?, _ arguments: [Expression]
  ) throws(Unknown) -> Complex {
    guard arguments.count == 1, let first = arguments.first else { throw .undecided }
    var argument: Complex
    if function.isTrigonometric, case .measured(let angle, unit: "degree") = first {
      argument = try value(angle) * Complex(DoubleDouble.pi) / Complex(DoubleDouble(180))
    } else {
      argument = try value(first)
    }
    if function == .exp { return try power(Complex(.e), argument) }
    guard argument.isReal else {
      if function == .absolute {
        return Complex(
          (argument.real * argument.real + argument.imaginary * argument.imaginary).squareRoot())
      }
      throw .undecided
    }
    return Complex(try real(function, argument.real))
  }

  private func real(_ function: Function, _ x: DoubleDouble) throws(Unknown) -> DoubleDouble {
    let one = DoubleDouble(1)
    switch function {
    case .sin: return x.sineAndCosine().sine
    case .cos: return x.sineAndCosine().cosine
    case .tan, .cot, .sec, .csc:
      let (sine, cosine) = x.sineAndCosine()
      let divisor = function == .tan || function == .sec ? cosine : sine
      if divisor.high.magnitude < 1e-25 { throw .undecided }
      switch function {
      case .tan: return sine / cosine
      case .cot: return cosine / sine
      default: return one / divisor
      }
    case .arctan: return x.arctangent()
    case .arcsin, .arccos:
      if x.high.magnitude > 1 { throw .undecided }
      let rest = (one - x) * (one + x)
      let quarter = DoubleDouble.pi * DoubleDouble(0.5)
      var sine = x.high < 0 ? -quarter : quarter
      if rest.high > 0 { sine = (x / rest.squareRoot()).arctangent() }
      return function == .arcsin ? sine : quarter - sine
    case .sinh, .cosh, .tanh:
      let (up, down) = (x.exp(), (-x).exp())
      switch function {
      case .sinh: return (up - down) * DoubleDouble(0.5)
      case .cosh: return (up + down) * DoubleDouble(0.5)
      default: return (up - down) / (up + down)
      }
    case .ln: return x.log()
    // Its base is not told: any factor will do, as long as it is the same in both answers.
    case .log: return x.log() * DoubleDouble(0.7310585786300049)
    case .absolute: return x.magnitude
    case .floor, .ceiling:
      let nearest = x.rounded()
      let rest = (x - nearest).high
      if rest == 0 { return nearest }
      // A whole number that rounding has moved a little is not told from its neighbour.
      if rest.magnitude < 1e-20 { throw .undecided }
      if function == .floor { return rest < 0 ? nearest - one : nearest }
      return rest > 0 ? nearest + one : nearest
    case .factorial:
      let count = x.high
      guard x.low == 0, count >= 0, count <= 150, count == count.rounded() else { throw .undecided }
      var result = one
      for factor in stride(from: 2.0, through: count, by: 1) {
        result = result * DoubleDouble(factor)
      }
      return result
    default: throw .undecided
    }
  }
}
