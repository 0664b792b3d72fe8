/// An exact fraction in lowest terms, with a positive denominator.
struct Rational: Hashable, Sendable {
  let top: Whole
  let bottom: Whole

  static let zero = Rational(0)
  static let one = Rational(1)

  init(_ value: Int) {
    top = .small(value)
    bottom = .one
  }

  init(_ value: Whole) {
    top = value
    bottom = .one
  }

  /// Throws where the denominator is zero.
  init(_ top: Whole, over bottom: Whole) throws(Unknown) {
    if bottom.isOne {
      self.init(top)
      return
    }
    if bottom.isZero { throw .undefined }
    let common = top.gcd(bottom)
    var (a, b) = (top, bottom)
    if !common.isOne {
      a = a.quotientAndRemainder(by: common).quotient
      b = b.quotientAndRemainder(by: common).quotient
    }
    self.init(
      reduced: bottom.isNegative ? a.negated : a, over: bottom.isNegative ? b.negated : b)
  }

  private init(reduced top: Whole, over bottom: Whole) {
    self.top = top
    self.bottom = bottom
  }

  var isZero: Bool { top.isZero }
  var isOne: Bool { top.isOne && bottom.isOne }
  var isWhole: Bool { bottom.isOne }
  var isNegative: Bool { top.isNegative }
  var negated: Rational { Rational(reduced: top.negated, over: bottom) }
  var magnitude: Rational { isNegative ? negated : self }

  /// The value, where it is a whole number that fits an `Int`.
  var small: Int? { isWhole ? top.small : nil }

  static func + (a: Rational, b: Rational) throws(Unknown) -> Rational {
    if a.isWhole, b.isWhole { return Rational(try a.top + b.top) }
    return try Rational(
      try (try a.top * b.bottom) + (try b.top * a.bottom), over: try a.bottom * b.bottom)
  }

  static func - (a: Rational, b: Rational) throws(Unknown) -> Rational { try a + b.negated }

  static func * (a: Rational, b: Rational) throws(Unknown) -> Rational {
    if a.isWhole, b.isWhole { return Rational(try a.top * b.top) }
    return try Rational(try a.top * b.top, over: try a.bottom * b.bottom)
  }

  static func / (a: Rational, b: Rational) throws(Unknown) -> Rational {
    try Rational(try a.top * b.bottom, over: try a.bottom * b.top)
  }

  func power(_ exponent: Int) throws(Unknown) -> Rational {
    if exponent < 0 {
      return try Rational(try bottom.power(-exponent), over: try top.power(-exponent))
    }
    return Rational(reduced: try top.power(exponent), over: try bottom.power(exponent))
  }

  /// The largest whole number that is not above.
  var floor: Whole {
    let (quotient, remainder) = top.quotientAndRemainder(by: bottom)
    if remainder.isZero || !top.isNegative { return quotient }
    return (try? quotient - .one) ?? quotient
  }

  static func < (a: Rational, b: Rational) throws(Unknown) -> Bool { try (a - b).isNegative }
}
