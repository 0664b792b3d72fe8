/// Single values: numbers with units and percent signs, and expressions.
enum Scalars {
  static func agree(_ a: Expression, _ b: Expression) throws(Unknown) -> Bool {
    let (x, y) = (Quantity(a), Quantity(b))
    if let unit = x.unit, let other = y.unit, unit != other { throw .units }
    if x.unit == nil, x.value.withoutUnitLetters != nil, y.unit != nil { throw .units }
    if y.unit == nil, y.value.withoutUnitLetters != nil, x.unit != nil { throw .units }
    // 90° against π/2, and a bare number that may be meant in either.
    if (x.unit == "degree") != (y.unit == "degree"), x.value.hasPi != y.value.hasPi {
      throw .units
    }
    if x.isPercent == y.isPercent {
      if try same(x.value, y.value) { return true }
      // 6m may be six metres.
      for (one, other) in [(x.value, y.value), (y.value, x.value)] where other.symbols.isEmpty {
        if let bare = one.withoutUnitLetters, try same(bare, other) { throw .units }
      }
      return false
    }
    // math-verify's convention, for all numbers: the sign may be left out, or worked out.
    let (percent, plain) = x.isPercent ? (x.value, y.value) : (y.value, x.value)
    if try same(percent, plain) { return true }
    return try same(.percent(percent), plain)
  }

  private static func same(_ a: Expression, _ b: Expression) throws(Unknown) -> Bool {
    if let x = a.infinitySign, let y = b.infinitySign { return x == y }
    if a.infinitySign != nil || b.infinitySign != nil {
      return false
    }
    if case .negative(.based(let x, let base)) = a {
      return try same(.based(x.negated, base: base), b)
    }
    if case .negative(.based(let y, let base)) = b {
      return try same(a, .based(y.negated, base: base))
    }
    if case .based = a { return try Bases.agree(a, b) }
    if case .based = b { return try Bases.agree(a, b) }
    var algebra = Algebra()
    var isProved = false
    do throws(Unknown) {
      guard let x = try algebra.definedForm(a) else {
        // 3/0 is nothing that a reference is.
        if try algebra.definedForm(b) == nil { throw .undefined }
        return false
      }
      guard let y = try algebra.definedForm(b) else { return false }
      if let p = x.constant, let q = y.constant {
        if p == q { return true }
        try Rounding.check(a, p, b, q)
        return false
      }
      if try algebra.areSame(x, y) { return true }
      isProved = !algebra.isFormal
    } catch {
      if error == .units || error == .shape || error == .undefined { throw error }
    }
    return try Sampling.agree(a, b, isKnownDifferent: isProved)
  }
}

/// A value without its unit and its percent sign.
struct Quantity {
  var value: Expression
  var unit: Name?
  var isPercent = false

  init(_ expression: Expression) {
    value = expression
    switch expression {
    case .measured(let inner, let unit):
      take(Quantity(inner))
      if unit == "percent" {
        isPercent = true
      } else if !Self.ordinals.contains(unit) {
        self.unit = unit
      }
    case .percent(let inner):
      take(Quantity(inner))
      isPercent = true
    case .negative(let inner):
      take(Quantity(inner))
      value = .negative(value)
    case .product(let factors):
      guard let last = factors.last else { return }
      let inner = Quantity(last)
      if inner.unit != nil || inner.isPercent {
        take(inner)
        value = .product(factors.dropLast() + [inner.value])
      }
    case .sum(let terms):
      // 5 cm + 3 cm, and a bare number among them.
      let parts = terms.map(Quantity.init)
      let units = Set(parts.compactMap(\.unit))
      if units.count == 1, parts.allSatisfy({ !$0.isPercent }) {
        value = .sum(parts.map(\.value))
        unit = units.first
      }
    default: break
    }
  }

  private mutating func take(_ inner: Quantity) {
    (value, unit, isPercent) = (inner.value, inner.unit, inner.isPercent)
  }

  private static let ordinals: Set<Name> = ["st", "time", "value", "unit"]
}

/// Whether a decimal could be the other number, written with fewer digits.
enum Rounding {
  static func check(
    _ a: Expression, _ p: Rational, _ b: Expression, _ q: Rational
  ) throws(Unknown) {
    let distance = try (p - q).magnitude
    let (x, y) = (a.decimalPlaces, b.decimalPlaces)
    if let x, y.map({ $0 > x }) ?? !q.isWhole, try isWithin(distance, x) { throw .rounded }
    if let y, x.map({ $0 > y }) ?? !p.isWhole, try isWithin(distance, y) { throw .rounded }
  }

  /// Half a unit of the last digit.
  static func isWithin(_ distance: Rational, _ places: Int) throws(Unknown) -> Bool {
    try !(Rational.one < distance * Rational(2) * Rational(10).power(places))
  }
}

/// Numbers with their base beside them.
enum Bases {
  static func agree(_ a: Expression, _ b: Expression) throws(Unknown) -> Bool {
    switch (a, b) {
    case (.based(let x, let base), .based(let y, let other)):
      if base == other { return x == y }
      if try value(x, base) == value(y, other) { throw .base }
      return false
    case (.based(let x, let base), let other), (let other, .based(let x, let base)):
      var algebra = Algebra()
      guard let number = try? algebra.form(other) else { throw .base }
      // Without its base it may mean the same.
      if number.constant == x { throw .base }
      if let value = number.constant, try self.value(x, base) == value { throw .base }
      return false
    default: throw .base
    }
  }

  private static func value(_ digits: Rational, _ base: Int) throws(Unknown) -> Rational {
    var rest = digits.top
    var result = Rational.zero
    var scale = Rational.one
    while !rest.isZero {
      let (quotient, digit) = rest.quotientAndRemainder(by: .small(10))
      guard let small = digit.small, small.magnitude < base else { throw .notation }
      result = try result + scale * Rational(small)
      scale = try scale * Rational(base)
      rest = quotient
    }
    return result
  }
}

extension Expression {
  /// Digits behind the point, if it is a decimal and nothing else.
  var decimalPlaces: Int? {
    switch self {
    case .decimal(_, let places): places
    case .negative(let inner): inner.decimalPlaces
    case .percent(let inner): inner.decimalPlaces.map { $0 + 2 }
    default: nil
    }
  }

  /// The number, where all letters in it may as well be units: 6 m, 9.8 m/s².
  var withoutUnitLetters: Expression? {
    let names = symbols
    if names.isEmpty || !names.allSatisfy(Units.isKnown) { return nil }
    return replacing { part in
      if case .symbol = part { return .number(.one) }
      return nil
    }
  }

  var infinitySign: Int? {
    switch self {
    case .constant(.infinity): 1
    case .negative(let inner): inner.infinitySign.map { -$0 }
    case .sum(let terms) where terms.count == 1: terms[0].infinitySign
    default: nil
    }
  }

  var hasPi: Bool {
    var found = false
    walk { part in
      if case .constant(.pi) = part { found = true }
    }
    return found
  }
}
