/// Equations and inequalities, by what is left when one side is taken from the other.
enum Equations {
  static func agree(
    _ a: Expression, _ relation: Relation, _ x: Expression,
    _ b: Expression, _ other: Relation, _ y: Expression
  ) throws(Unknown) -> Bool {
    var algebra = Algebra()
    let left = try algebra.cleared(try algebra.form(.sum([a, .negative(x)])).top)
    let right = try algebra.cleared(try algebra.form(.sum([b, .negative(y)])).top)
    if left.isZero || right.isZero { throw .undecided }
    // One is a multiple of the other: the sign of the factor may turn an inequality.
    if left.terms.count == right.terms.count,
      zip(left.terms, right.terms).allSatisfy({ $0.factors == $1.factors })
    {
      let scale = try left.terms[0].coefficient / right.terms[0].coefficient
      if try right.scaled(by: scale) == left {
        return relation == (scale.isNegative ? other.flipped : other)
      }
    }
    // Straight lines and planes are told apart by their factors; other curves may have two equations.
    let isLinear = [left, right].allSatisfy { polynomial in
      polynomial.terms.allSatisfy { term in
        term.factors.count <= 1 && term.factors.allSatisfy { $0.exponent == .one }
      }
    }
    if isLinear, !algebra.isFormal, a.symbolsOf(x) == b.symbolsOf(y) { return false }
    // A point of the one that is none of the other.
    if relation == .equal, other == .equal, a.symbolsOf(x) == b.symbolsOf(y) {
      let (first, second) = (Expression.sum([a, .negative(x)]), Expression.sum([b, .negative(y)]))
      let names = a.symbolsOf(x)
      if Curve.leaves(first, second, names) || Curve.leaves(second, first, names) { return false }
    }
    // A point at which the one holds and the other does not, away from both borders.
    if relation.isOrder, other.isOrder, a.symbolsOf(x) == b.symbolsOf(y),
      areApart(
        (.sum([a, .negative(x)]), relation), (.sum([b, .negative(y)]), other), a.symbolsOf(x))
    {
      return false
    }
    throw .undecided
  }

  /// Whether two inequalities against zero are seen to hold at different points.
  private static func areApart(
    _ first: (Expression, Relation), _ second: (Expression, Relation), _ names: [Name]
  ) -> Bool {
    func holds(_ side: (Expression, Relation), _ symbols: [(name: Name, value: DoubleDouble)])
      -> Bool?
    {
      var evaluation = Evaluation(symbols)
      guard let value = try? evaluation.value(side.0), value.isReal,
        value.real.high.magnitude > 1e-9 * evaluation.scale
      else { return nil }
      return (value.real.high < 0) == (side.1 == .less || side.1 == .lessOrEqual)
    }
    for point in 0..<64 {
      let symbols = names.enumerated().map { place, name in
        // Low bits of the point choose the sign, the others the size.
        let size = [0.3, 0.7, 1.9, 5.3][(point >> 2 + place) % 4] + Double(place) / 7
        let isNegative = point >> (place % 2) & 1 == 1
        return (name: name, value: DoubleDouble(isNegative ? -size : size))
      }
      if let one = holds(first, symbols), let two = holds(second, symbols), one != two {
        return true
      }
    }
    return false
  }
}

extension Algebra {
  /// The polynomial times what makes all its exponents positive: xy = 1 for y = 1/x.
  fileprivate mutating func cleared(_ polynomial: Polynomial) throws(Unknown) -> Polynomial {
    var scale = Term(coefficient: .one, factors: [])
    for atom in atoms.indices {
      guard case .symbol = atoms[atom] else { continue }
      let exponents = polynomial.terms.compactMap { term in
        term.factors.first { $0.atom == atom }?.exponent.whole
      }
      if let least = exponents.min(), least < 0 {
        scale.factors.append(Factor(atom: atom, exponent: try Exponent(-least)))
      }
    }
    return scale.factors.isEmpty ? polynomial : try product(polynomial, Polynomial(terms: [scale]))
  }
}

extension Expression {
  fileprivate func symbolsOf(_ other: Expression) -> [Name] {
    Array(Set(symbols + other.symbols)).sorted()
  }
}
