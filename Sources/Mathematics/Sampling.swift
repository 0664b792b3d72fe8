/// Compares expressions at fixed points, where no form proves them equal.
enum Sampling {
  /// How near two values are that are the same, and how far those that are not, in relation to the
  /// largest number on the way. What is between is not told.
  private static let near = 1e-24
  private static let far = 1e-13

  /// Points at which a function of several symbols is looked at: whole, positive, negative.
  private static let points = 18
  private static let wanted = 4

  static func agree(
    _ a: Expression, _ b: Expression, isKnownDifferent: Bool
  ) throws(Unknown) -> Bool {
    let (x, y) = (a.symbols, b.symbols)
    if x.isEmpty, y.isEmpty {
      if isKnownDifferent, a.decimalPlaces == nil, b.decimalPlaces == nil { return false }
      return try constants(a, b)
    }
    if isKnownDifferent {
      try checkNames(a, x, b, y)
      return false
    }
    let names = Array(Set(x + y)).sorted()
    var seen = 0
    for point in 0..<points {
      let symbols = names.enumerated().map { ($0.element, value($0.offset, point)) }
      var first = Evaluation(symbols)
      var second = Evaluation(symbols)
      guard let p = try? first.value(a), let q = try? second.value(b) else { continue }
      let distance = (p - q).size
      let scale = max(first.scale, second.scale)
      if distance > far * scale, distance > far * max(p.size, q.size) {
        if a.contains(.log) != b.contains(.log) { throw .undecided }
        try checkNames(a, x, b, y)
        return false
      }
      if distance <= near * scale, isTelling(scale, p, q) { seen += 1 }
    }
    // sin²x + cos²x has a symbol that the other has not.
    if seen >= (x == y ? wanted : points - 4) { return true }
    throw .undecided
  }

  /// Whether digits are left beside what rounding takes from numbers as large as those on the way.
  private static func isTelling(_ scale: Double, _ p: Complex, _ q: Complex) -> Bool {
    near * scale <= 1e-14 * max(p.size, q.size, 1e-3)
  }

  private static func constants(_ a: Expression, _ b: Expression) throws(Unknown) -> Bool {
    var first = Evaluation([])
    var second = Evaluation([])
    let p = try first.value(a)
    let q = try second.value(b)
    let distance = (p - q).size
    if p.isReal, q.isReal {
      for places in [a.decimalPlaces, b.decimalPlaces] {
        guard let places, places < 30 else { continue }
        var unit = 0.5
        for _ in 0..<places { unit /= 10 }
        if distance <= unit, distance > 0 { throw .rounded }
      }
    }
    let scale = max(first.scale, second.scale)
    if distance <= near * scale, isTelling(scale, p, q) { return true }
    if distance > far * scale {
      if a.contains(.log) != b.contains(.log) { throw .undecided }
      return false
    }
    throw .undecided
  }

  /// The same in another letter is no other answer for certain.
  private static func checkNames(
    _ a: Expression, _ x: [Name], _ b: Expression, _ y: [Name]
  ) throws(Unknown) {
    guard x.count == 1, y.count == 1, x != y else { return }
    var algebra = Algebra()
    let p = try? algebra.form(a.renamed(to: y[0]))
    let q = try? algebra.form(b)
    if let p, let q, (try? algebra.areSame(p, q)) == true { throw .names }
  }

  /// Fixed numbers without a pattern that an identity could hit.
  private static func value(_ symbol: Int, _ point: Int) -> DoubleDouble {
    switch point {
    // Whole and rising with the names, then falling, for what is a factorial's.
    case 0..<4: DoubleDouble(Double(7 + 3 * symbol + 2 * point + (symbol * point) % 3))
    case 4..<8: DoubleDouble(Double(max(1, 9 + point - (5 + point % 2) * symbol)))
    case 8..<13:
      DoubleDouble(Double(5 * point - 33 + 7 * symbol * symbol))
        / DoubleDouble(
          Double(3 + 2 * point + symbol))
    case 13..<15: DoubleDouble(Double(point + 3 * symbol)) / DoubleDouble(Double(97 + 4 * symbol))
    default:
      -(DoubleDouble(Double(4 * point - 39 + 9 * symbol)) / DoubleDouble(Double(13 + point)))
    }
  }
}
