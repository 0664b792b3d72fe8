/// What a polynomial's monomials are made of: variables, constants, and what stands for itself.
enum Atom: Hashable, Sendable {
  case symbol(Name)
  /// A prime number, to a power between 0 and 1.
  case prime(Whole)
  /// -1 to a power that is not known to be whole.
  case minusOne
  case imaginary
  case pi
  case e
  /// A sum as the base of a power.
  case sum(Polynomial)
  /// Another atom to the power of a monomial, as 2ⁿ.
  case power(Int, [Factor])
  case call(Function, Name?, [Form])
}

/// A small fraction: the exponent of an atom.
struct Exponent: Hashable, Sendable {
  let top: Int
  let bottom: Int

  static let one = Exponent(top: 1, bottom: 1)

  private init(top: Int, bottom: Int) {
    self.top = top
    self.bottom = bottom
  }

  init(_ value: Rational) throws(Unknown) {
    guard let top = value.top.small, let bottom = value.bottom.small, top.magnitude < 1 << 24,
      bottom < 1 << 24
    else { throw .tooLarge }
    self.init(top: top, bottom: bottom)
  }

  init(_ value: Int) throws(Unknown) { try self.init(Rational(value)) }

  var rational: Rational {
    get throws(Unknown) { try Rational(.small(top), over: .small(bottom)) }
  }

  var isZero: Bool { top == 0 }
  var whole: Int? { bottom == 1 ? top : nil }

  static func + (a: Exponent, b: Exponent) throws(Unknown) -> Exponent {
    if a.bottom == 1, b.bottom == 1 {
      let sum = a.top + b.top
      if sum.magnitude >= 1 << 24 { throw .tooLarge }
      return Exponent(top: sum, bottom: 1)
    }
    return try Exponent(try a.rational + b.rational)
  }

  static func * (a: Exponent, b: Exponent) throws(Unknown) -> Exponent {
    try Exponent(try a.rational * b.rational)
  }
}

struct Factor: Hashable, Sendable {
  /// Its place in the work table.
  var atom: Int
  var exponent: Exponent
}

/// A coefficient times atoms, which are in the table's order.
struct Term: Hashable, Sendable {
  var coefficient: Rational
  var factors: [Factor]
}

/// A sum of terms in a fixed order, none with the same factors as another, none zero.
struct Polynomial: Hashable, Sendable {
  var terms: [Term]

  static let zero = Polynomial(terms: [])

  init(terms: [Term]) { self.terms = terms }

  init(_ value: Rational) {
    terms = value.isZero ? [] : [Term(coefficient: value, factors: [])]
  }

  init(atom: Int, exponent: Exponent = .one) {
    terms = [Term(coefficient: .one, factors: [Factor(atom: atom, exponent: exponent)])]
  }

  var isZero: Bool { terms.isEmpty }

  /// The number that it is, if it has no atoms.
  var constant: Rational? {
    if terms.isEmpty { return .zero }
    return terms.count == 1 && terms[0].factors.isEmpty ? terms[0].coefficient : nil
  }

  var negated: Polynomial {
    Polynomial(
      terms: terms.map { Term(coefficient: $0.coefficient.negated, factors: $0.factors) })
  }

  func scaled(by scale: Rational) throws(Unknown) -> Polynomial {
    var result: [Term] = []
    if scale.isZero { return .zero }
    for term in terms {
      result.append(Term(coefficient: try term.coefficient * scale, factors: term.factors))
    }
    return Polynomial(terms: result)
  }

  static func + (a: Polynomial, b: Polynomial) throws(Unknown) -> Polynomial {
    if a.isZero { return b }
    if b.isZero { return a }
    var sum: [Term] = []
    sum.reserveCapacity(a.terms.count + b.terms.count)
    var (i, j) = (0, 0)
    while i < a.terms.count, j < b.terms.count {
      let (x, y) = (a.terms[i], b.terms[j])
      if x.factors == y.factors {
        let coefficient = try x.coefficient + y.coefficient
        if !coefficient.isZero { sum.append(Term(coefficient: coefficient, factors: x.factors)) }
        i += 1
        j += 1
      } else if Term.isBefore(x.factors, y.factors) {
        sum.append(x)
        i += 1
      } else {
        sum.append(y)
        j += 1
      }
    }
    sum += a.terms[i...]
    sum += b.terms[j...]
    if sum.count > Bounds.terms { throw .tooLarge }
    return Polynomial(terms: sum)
  }

  static func - (a: Polynomial, b: Polynomial) throws(Unknown) -> Polynomial {
    try a + b.negated
  }
}

extension Term {
  /// An order of monomials; which one does not matter.
  static func isBefore(_ a: [Factor], _ b: [Factor]) -> Bool {
    for (x, y) in zip(a, b) {
      if x.atom != y.atom { return x.atom < y.atom }
      if x.exponent != y.exponent {
        return x.exponent.top * y.exponent.bottom > y.exponent.top * x.exponent.bottom
      }
    }
    return a.count > b.count
  }
}

/// A fraction of polynomials; the bottom is nil where it is 1.
struct Form: Hashable, Sendable {
  var top: Polynomial
  var bottom: Polynomial?

  init(_ top: Polynomial, over bottom: Polynomial? = nil) {
    self.top = top
    self.bottom = bottom
  }

  init(_ value: Rational) { self.init(Polynomial(value)) }

  /// The number that it is, if nothing else is in it.
  var constant: Rational? { bottom == nil ? top.constant : nil }
}
