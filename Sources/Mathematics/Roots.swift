/// Powers with exponents that are fractions or symbols.
extension Algebra {
  /// `isReal`: an odd root of a negative number is the real one.
  mutating func power(
    _ base: Form, _ exponent: Rational, isReal: Bool
  ) throws(Unknown) -> Form {
    if let whole = exponent.small { return try power(base, whole) }
    if base.top.isZero { return base }
    let top = try root(base.top, exponent, isReal: isReal)
    guard let bottom = base.bottom else { return top }
    return try quotient(top, try root(bottom, exponent, isReal: isReal))
  }

  private mutating func root(
    _ base: Polynomial, _ exponent: Rational, isReal: Bool
  ) throws(Unknown) -> Form {
    var result: Form
    if base.terms.count == 1 {
      let term = base.terms[0]
      result = try root(term.coefficient, exponent, isReal: isReal)
      for factor in term.factors {
        let raised = try Exponent(try factor.exponent.rational * exponent)
        var atom = factor.atom
        switch atoms[atom] {
        case .imaginary, .minusOne: throw .undecided
        case .symbol, .call:
          // √x² is |x|.
          if let whole = factor.exponent.whole, whole & 1 == 0, exponent.bottom.isOdd == false {
            let inner = Form(Polynomial(atom: atom))
            atom = try index(of: .call(.absolute, nil, [inner]))
          }
        default: break
        }
        result = try product(result, Form(Polynomial(atom: atom, exponent: raised)))
      }
      return result
    }
    // The numbers' common factor comes out, so that √(8+4√3) and 2√(2+√3) are the same.
    var common = base.terms[0].coefficient.magnitude
    for term in base.terms.dropFirst() {
      let other = term.coefficient
      common = try Rational(
        try (common.top * other.bottom).gcd(try other.top * common.bottom),
        over: try common.bottom * other.bottom)
    }
    let rest = try base.scaled(by: Rational.one / common)
    result = try root(common, exponent, isReal: isReal)
    let atom = try index(of: .sum(rest))
    // A power above 1 has a whole part that is multiplied out.
    let whole = exponent.floor.small ?? 0
    if whole > 0 { result = try product(result, Form(try power(rest, whole))) }
    let left = whole > 0 ? try exponent - Rational(whole) : exponent
    return try product(result, Form(Polynomial(atom: atom, exponent: try Exponent(left))))
  }

  private mutating func root(
    _ value: Rational, _ exponent: Rational, isReal: Bool
  ) throws(Unknown) -> Form {
    if value.isOne { return Form(.one) }
    if value.isNegative {
      let positive = try root(value.negated, exponent, isReal: isReal)
      if exponent.bottom.isOdd {
        if !isReal { throw .undecided }
        return exponent.top.isOdd ? Form(positive.top.negated) : positive
      }
      guard exponent.bottom == .small(2), let halves = exponent.top.small else { throw .undecided }
      return try product(positive, try power(try form(.imaginary), halves))
    }
    let top = try root(value.top, exponent)
    if value.isWhole { return top }
    return try quotient(top, try root(value.bottom, exponent))
  }

  /// A product of primes' powers. What has no small divisor is taken for a prime if it is below the
  /// square of the largest trial divisor, and is no number to prove anything of otherwise.
  private mutating func root(_ value: Whole, _ exponent: Rational) throws(Unknown) -> Form {
    var result = Form(.one)
    for (prime, count) in try factors(of: value) {
      let raised = try exponent * Rational(count)
      let whole = raised.floor
      guard let small = whole.small, small.magnitude < 4_096 else { throw .tooLarge }
      let rest = try raised - Rational(whole)
      var part = Form(try Rational(prime).power(small))
      if !rest.isZero {
        let atom = try index(of: .prime(prime))
        part = try product(part, Form(Polynomial(atom: atom, exponent: try Exponent(rest))))
      }
      result = try product(result, part)
    }
    return result
  }

  /// The primes of a positive number, the least first.
  mutating func factors(of value: Whole) throws(Unknown) -> [(prime: Whole, count: Int)] {
    var found: [(prime: Whole, count: Int)] = []
    var rest = value
    var divisor = 2
    var small = rest.small
    while divisor <= Bounds.divisors {
      if let small, small < divisor * divisor { break }
      var count = 0
      while true {
        if let number = small {
          if number % divisor != 0 { break }
          small = number / divisor
          rest = .small(number / divisor)
        } else {
          let (quotient, remainder) = rest.quotientAndRemainder(by: .small(divisor))
          if !remainder.isZero { break }
          rest = quotient
          small = rest.small
        }
        count += 1
      }
      if count > 0 { found.append((.small(divisor), count)) }
      divisor += divisor == 2 ? 1 : 2
    }
    try spend(divisor / 8)
    if rest.isOne { return found }
    guard let small, small < Bounds.divisors * Bounds.divisors else { throw .tooLarge }
    found.append((rest, 1))
    return found
  }

  /// A power whose exponent has symbols in it: 2ⁿ⁺¹ is 2·2ⁿ.
  mutating func power(_ base: Form, symbolic exponent: Form) throws(Unknown) -> Form {
    guard exponent.bottom == nil else { throw .undecided }
    if let bottom = base.bottom {
      let top = try power(Form(base.top), symbolic: exponent)
      return try quotient(top, try power(Form(bottom), symbolic: exponent))
    }
    var result = Form(.one)
    for term in exponent.top.terms {
      if term.factors.isEmpty {
        let part = try power(base, term.coefficient, isReal: false)
        result = try product(result, part)
        continue
      }
      let scale = try Exponent(term.coefficient)
      for (atom, count) in try bases(of: base.top) {
        let raised = try index(of: .power(atom, term.factors))
        let part = Polynomial(atom: raised, exponent: try scale * count)
        result = try product(result, Form(part))
      }
    }
    return result
  }

  /// The atoms that a polynomial is the product of; a sum is one.
  private mutating func bases(
    of polynomial: Polynomial
  ) throws(Unknown) -> [(atom: Int, count: Exponent)] {
    guard let term = polynomial.terms.first else { throw .undecided }
    if polynomial.terms.count > 1 { return [(try index(of: .sum(polynomial)), .one)] }
    var bases: [(atom: Int, count: Exponent)] = []
    if term.coefficient.isNegative { bases.append((try index(of: .minusOne), .one)) }
    for (prime, count) in try factors(of: term.coefficient.top.magnitude) {
      bases.append((try index(of: .prime(prime)), try Exponent(count)))
    }
    for (prime, count) in try factors(of: term.coefficient.bottom) {
      bases.append((try index(of: .prime(prime)), try Exponent(-count)))
    }
    for factor in term.factors {
      if case .imaginary = atoms[factor.atom] { throw .undecided }
      bases.append((factor.atom, factor.exponent))
    }
    return bases
  }
}
