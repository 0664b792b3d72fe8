/// From what was written to the form in which equal values look the same.
extension Algebra {
  mutating func form(_ expression: Expression) throws(Unknown) -> Form {
    switch expression {
    case .number(let value), .decimal(let value, _): return Form(value)
    case .based, .words, .ratio, .list, .tuple, .set, .interval, .union, .matrix, .relations:
      throw .shape
    case .measured(_, let unit):
      // A unit within a value: sums of lengths are not worked out.
      _ = unit
      throw .units
    case .symbol(let name): return try form(Atom.symbol(name))
    case .constant(let constant):
      switch constant {
      case .pi: return try form(.pi)
      case .e: return try form(.e)
      case .imaginary: return try form(.imaginary)
      case .infinity, .emptySet, .reals: throw .shape
      }
    case .sum(let terms):
      var total = Form(.zero)
      for term in terms { total = try sum(total, try form(term)) }
      return total
    case .product(let factors):
      var total = Form(.one)
      for factor in factors { total = try product(total, try form(factor)) }
      return total
    case .negative(let value):
      let value = try form(value)
      return Form(value.top.negated, over: value.bottom)
    case .signed: throw .undecided
    case .quotient(let top, let bottom): return try quotient(try form(top), try form(bottom))
    case .percent(let value):
      return try product(try form(value), Form(try Rational(.one, over: .small(100))))
    case .power(let base, let exponent): return try power(base, exponent)
    case .root(let value, let degree):
      guard let degree = try form(degree).constant, let count = degree.small, count > 0
      else { throw .undecided }
      let exponent = try Rational(.one, over: .small(count))
      return try power(try form(value), exponent, isReal: true)
    case .call(let function, let name, let arguments): return try call(function, name, arguments)
    }
  }

  /// Nil where a division by zero is in it.
  mutating func definedForm(_ expression: Expression) throws(Unknown) -> Form? {
    do throws(Unknown) { return try form(expression) } catch {
      if error == .undefined { return nil }
      throw error
    }
  }

  private mutating func power(
    _ base: Expression, _ exponent: Expression
  ) throws(Unknown) -> Form {
    let base = try form(base)
    let exponent = try form(exponent)
    if let value = exponent.constant {
      // A number's power is bounded by its digits, a sum's by its terms.
      if base.top.isZero, value.isNegative { throw .undefined }
      return try power(base, value, isReal: false)
    }
    return try power(base, symbolic: exponent)
  }

  private mutating func call(
    _ function: Function, _ name: Name?, _ arguments: [Expression]
  ) throws(Unknown) -> Form {
    if function.isTrigonometric, arguments.count == 1,
      case .measured(let angle, unit: "degree") = arguments[0]
    {
      let radians = try product(
        try form(angle), try quotient(try form(.pi), Form(Rational(180))))
      return try form(.call(function, nil, [radians]))
    }
    var values: [Form] = []
    for argument in arguments { values.append(try form(argument)) }
    guard values.count == 1, let value = values.first else {
      return try form(.call(function, name, values))
    }
    let number = value.constant
    switch function {
    case .absolute:
      if let number { return Form(number.magnitude) }
    case .floor:
      if let number { return Form(Rational(number.floor)) }
    case .ceiling:
      if let number { return Form(Rational(number.negated.floor).negated) }
    case .factorial:
      if let count = number?.small, (0...400).contains(count) {
        var result = Whole.one
        for factor in stride(from: 2, through: count, by: 1) {
          result = try result * .small(factor)
        }
        return Form(Rational(result))
      }
    case .exp: return try power(try form(.e), symbolicOrNot: value)
    case .ln, .log:
      if let number { return try logarithm(function, number) }
    default: break
    }
    return try form(.call(function, name, values))
  }

  private mutating func power(_ base: Form, symbolicOrNot exponent: Form) throws(Unknown) -> Form {
    if let value = exponent.constant { return try power(base, value, isReal: false) }
    return try power(base, symbolic: exponent)
  }

  /// Sums of the logarithms of primes.
  private mutating func logarithm(
    _ function: Function, _ value: Rational
  ) throws(Unknown) -> Form {
    if value.isZero || value.isNegative { throw .undecided }
    var total = Form(.zero)
    for (sign, number) in [(1, value.top), (-1, value.bottom)] {
      for (prime, count) in try factors(of: number) {
        let part = try form(.call(function, nil, [Form(Rational(prime))]))
        total = try sum(total, try product(part, Form(Rational(sign * count))))
      }
    }
    return total
  }
}

extension Function {
  var isTrigonometric: Bool {
    switch self {
    case .sin, .cos, .tan, .cot, .sec, .csc: true
    default: false
    }
  }
}
