/// The table of atoms of one comparison, and the arithmetic that needs it.
///
/// Primes under roots, i and π are independent over the rationals in the way that the form assumes
/// (A. S. Besicovitch 1940 for the roots, Lindemann for π), so that two forms of them alone are equal
/// only if they are the same. `isFormal` says that something else came in.
struct Algebra {
  private(set) var atoms: [Atom] = []
  private(set) var isFormal = false
  private var steps = 0

  mutating func spend(_ count: Int) throws(Unknown) {
    steps += count
    if steps > Bounds.steps { throw .tooLarge }
  }

  mutating func index(of atom: Atom) throws(Unknown) -> Int {
    if let known = atoms.firstIndex(of: atom) { return known }
    switch atom {
    case .symbol, .prime, .imaginary, .pi: break
    case .power, .minusOne, .e, .sum, .call: isFormal = true
    }
    try spend(1)
    atoms.append(atom)
    return atoms.count - 1
  }

  mutating func form(_ atom: Atom) throws(Unknown) -> Form {
    Form(Polynomial(atom: try index(of: atom)))
  }

  mutating func sum(_ a: Form, _ b: Form) throws(Unknown) -> Form {
    if a.bottom == nil, b.bottom == nil { return Form(try a.top + b.top) }
    if a.bottom == b.bottom { return Form(try a.top + b.top, over: a.bottom) }
    return try quotient(
      Form(try multiplied(a.top, b.bottom) + multiplied(b.top, a.bottom)),
      Form(try product(a.bottom, b.bottom)))
  }

  mutating func product(_ a: Form, _ b: Form) throws(Unknown) -> Form {
    let top = try product(a.top, b.top)
    if a.bottom == nil, b.bottom == nil { return Form(top) }
    return try quotient(Form(top), Form(try product(a.bottom, b.bottom)))
  }

  mutating func quotient(_ a: Form, _ b: Form) throws(Unknown) -> Form {
    if b.top.isZero { throw .undefined }
    let top = try multiplied(a.top, b.bottom)
    let bottom = try multiplied(b.top, a.bottom)
    if bottom.terms.count == 1 {
      return Form(try product(top, Polynomial(terms: [try inverse(bottom.terms[0])])))
    }
    if let shared = try common(top, bottom) { return shared }
    return Form(top, over: bottom)
  }

  /// Whether their difference is the zero polynomial.
  mutating func areSame(_ a: Form, _ b: Form) throws(Unknown) -> Bool {
    if a == b { return true }
    return try multiplied(a.top, b.bottom) == multiplied(b.top, a.bottom)
  }

  private mutating func multiplied(
    _ a: Polynomial, _ b: Polynomial?
  ) throws(Unknown) -> Polynomial {
    guard let b else { return a }
    return try product(a, b)
  }

  private mutating func product(
    _ a: Polynomial?, _ b: Polynomial?
  ) throws(Unknown) -> Polynomial {
    guard let a else { return b ?? Polynomial(.one) }
    return try multiplied(a, b)
  }

  /// A constant, where the one is the other's multiple.
  private func common(_ top: Polynomial, _ bottom: Polynomial) throws(Unknown) -> Form? {
    guard top.terms.count == bottom.terms.count, let first = top.terms.first,
      first.factors == bottom.terms[0].factors
    else { return nil }
    let scale = try first.coefficient / bottom.terms[0].coefficient
    return try bottom.scaled(by: scale) == top ? Form(scale) : nil
  }

  mutating func product(_ a: Polynomial, _ b: Polynomial) throws(Unknown) -> Polynomial {
    if let scale = a.constant { return try b.scaled(by: scale) }
    if let scale = b.constant { return try a.scaled(by: scale) }
    try spend(a.terms.count * b.terms.count)
    if a.terms.count == 1, b.terms.count == 1 { return try product(a.terms[0], b.terms[0]) }
    // Terms are gathered, sorted, and those alike added up.
    var all: [Term] = []
    all.reserveCapacity(a.terms.count * b.terms.count)
    for x in a.terms {
      for y in b.terms {
        all += try product(x, y).terms
        if all.count > 4 * Bounds.terms { throw .tooLarge }
      }
    }
    all.sort { Term.isBefore($0.factors, $1.factors) }
    var result: [Term] = []
    for term in all {
      if let last = result.last, last.factors == term.factors {
        let coefficient = try last.coefficient + term.coefficient
        result.removeLast()
        if !coefficient.isZero {
          result.append(Term(coefficient: coefficient, factors: term.factors))
        }
      } else {
        result.append(term)
      }
    }
    if result.count > Bounds.terms { throw .tooLarge }
    return Polynomial(terms: result)
  }

  /// A term, or a polynomial where a root of a sum met itself.
  private mutating func product(_ a: Term, _ b: Term) throws(Unknown) -> Polynomial {
    var coefficient = try a.coefficient * b.coefficient
    if a.factors.isEmpty {
      return Polynomial(terms: [Term(coefficient: coefficient, factors: b.factors)])
    }
    if b.factors.isEmpty {
      return Polynomial(terms: [Term(coefficient: coefficient, factors: a.factors)])
    }
    var factors: [Factor] = []
    var extra: Polynomial?
    var (i, j) = (0, 0)
    while i < a.factors.count || j < b.factors.count {
      let x = i < a.factors.count ? a.factors[i].atom : .max
      let y = j < b.factors.count ? b.factors[j].atom : .max
      if x < y {
        factors.append(a.factors[i])
        i += 1
      } else if y < x {
        factors.append(b.factors[j])
        j += 1
      } else {
        let exponent = try a.factors[i].exponent + b.factors[j].exponent
        i += 1
        j += 1
        if exponent.isZero { continue }
        try reduce(x, exponent, &coefficient, &factors, &extra)
      }
    }
    let result = Polynomial(terms: [Term(coefficient: coefficient, factors: factors)])
    guard let extra else { return result }
    return try product(result, extra)
  }

  /// Takes out of an atom's power what is a number: √2·√2 = 2, i·i = -1.
  private mutating func reduce(
    _ atom: Int, _ exponent: Exponent, _ coefficient: inout Rational, _ factors: inout [Factor],
    _ extra: inout Polynomial?
  ) throws(Unknown) {
    var exponent = exponent
    switch atoms[atom] {
    case .prime(let prime):
      let whole = try exponent.rational.floor.small ?? 0
      if whole != 0 {
        coefficient = try coefficient * Rational(prime).power(whole)
        exponent = try exponent + Exponent(-whole)
      }
    case .imaginary:
      guard let power = exponent.whole else { break }
      let turns = ((power % 4) + 4) % 4
      if turns >= 2 { coefficient = coefficient.negated }
      exponent = try Exponent(turns & 1)
    case .minusOne:
      guard let power = exponent.whole else { break }
      if power & 1 != 0 { coefficient = coefficient.negated }
      return
    case .sum(let base):
      let whole = try exponent.rational.floor.small ?? 0
      if whole > 0 {
        extra = try product(extra ?? Polynomial(.one), try power(base, whole))
        exponent = try exponent + Exponent(-whole)
      }
    default: break
    }
    if !exponent.isZero { factors.append(Factor(atom: atom, exponent: exponent)) }
  }

  private mutating func inverse(_ term: Term) throws(Unknown) -> Term {
    var coefficient = try Rational.one / term.coefficient
    var factors: [Factor] = []
    var extra: Polynomial?
    for factor in term.factors {
      let exponent = try factor.exponent * Exponent(-1)
      try reduce(factor.atom, exponent, &coefficient, &factors, &extra)
    }
    return Term(coefficient: coefficient, factors: factors)
  }

  mutating func power(_ base: Polynomial, _ exponent: Int) throws(Unknown) -> Polynomial {
    var result = Polynomial(.one)
    var square = base
    var left = exponent
    while left > 0 {
      if left & 1 == 1 { result = try product(result, square) }
      left >>= 1
      if left > 0 { square = try product(square, square) }
    }
    return result
  }

  mutating func power(_ base: Form, _ exponent: Int) throws(Unknown) -> Form {
    if exponent.magnitude > 4_096 { throw .tooLarge }
    let size = Int(exponent.magnitude)
    var raised = Form(try power(base.top, size))
    if let bottom = base.bottom { raised.bottom = try power(bottom, size) }
    return exponent < 0 ? try quotient(Form(.one), raised) : raised
  }
}
