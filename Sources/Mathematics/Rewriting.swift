/// Looking through an expression, and writing it anew with some parts replaced.
extension Expression {
  /// Calls `visit` with every part, itself first.
  func walk(_ visit: (Expression) -> Void) {
    visit(self)
    switch self {
    case .number, .decimal, .based, .symbol, .constant, .words: break
    case .sum(let list), .product(let list), .call(_, _, let list), .ratio(let list),
      .list(let list), .tuple(let list), .set(let list), .union(let list):
      for item in list { item.walk(visit) }
    case .negative(let a), .signed(let a, _), .percent(let a), .measured(let a, _): a.walk(visit)
    case .quotient(let a, let b), .power(let a, let b), .root(let a, degree: let b),
      .interval(let a, let b, _, _):
      a.walk(visit)
      b.walk(visit)
    case .matrix(let rows):
      for row in rows { for item in row { item.walk(visit) } }
    case .relations(let first, let rest):
      first.walk(visit)
      for (_, item) in rest { item.walk(visit) }
    }
  }

  /// The names of its symbols, sorted, each once.
  var symbols: [Name] {
    var names: [Name] = []
    walk { part in
      if case .symbol(let name) = part, !names.contains(name) { names.append(name) }
    }
    return names.sorted()
  }

  func contains(_ function: Function) -> Bool {
    var found = false
    walk { part in
      if case .call(function, _, _) = part { found = true }
    }
    return found
  }

  /// The answer with the upper, or the lower, of all its double signs.
  func with(upper: Bool) -> Expression {
    replacing { part in
      guard case .signed(let value, let isUpper) = part else { return nil }
      let inner = value.with(upper: upper)
      return isUpper == upper ? inner : .negative(inner)
    }
  }

  /// The expression with its only symbol named otherwise.
  func renamed(to name: Name) -> Expression {
    replacing { part in
      if case .symbol = part { return .symbol(name) }
      return nil
    }
  }

  /// The same with every part that `change` has something for replaced by it.
  func replacing(_ change: (Expression) -> Expression?) -> Expression {
    if let changed = change(self) { return changed }
    func each(_ list: [Expression]) -> [Expression] { list.map { $0.replacing(change) } }
    func one(_ part: Expression) -> Expression { part.replacing(change) }
    return switch self {
    case .number, .decimal, .based, .symbol, .constant, .words: self
    case .sum(let terms): .sum(each(terms))
    case .product(let factors): .product(each(factors))
    case .negative(let a): .negative(one(a))
    case .quotient(let a, let b): .quotient(one(a), one(b))
    case .power(let a, let b): .power(one(a), one(b))
    case .root(let a, let degree): .root(one(a), degree: one(degree))
    case .call(let function, let name, let arguments): .call(function, name, each(arguments))
    case .signed(let a, let isUpper): .signed(one(a), isUpper: isUpper)
    case .percent(let a): .percent(one(a))
    case .measured(let a, let unit): .measured(one(a), unit: unit)
    case .ratio(let parts): .ratio(each(parts))
    case .list(let items): .list(each(items))
    case .tuple(let items): .tuple(each(items))
    case .set(let items): .set(each(items))
    case .interval(let a, let b, let first, let last):
      .interval(one(a), one(b), includesFirst: first, includesLast: last)
    case .union(let members): .union(each(members))
    case .matrix(let rows): .matrix(rows.map(each))
    case .relations(let first, let rest): .relations(one(first), rest.map { ($0.0, one($0.1)) })
    }
  }
}
