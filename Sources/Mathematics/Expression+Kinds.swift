/// Which kinds of answer an expression can be.
extension Expression {
  /// What it has several of; nil for a single value.
  var elements: [Expression]? {
    switch self {
    case .list(let items), .tuple(let items), .set(let items): items
    case .interval(let a, let b, _, _): [a, b]
    case .matrix(let rows): rows.flatMap { $0 }
    case .union(let members): members
    default: nil
    }
  }

  /// Whether a collection is somewhere within a value, where nothing is known of it.
  var holdsCollection: Bool {
    var found = false
    walk { part in if part.elements != nil { found = true } }
    return found
  }

  var isEmptySet: Bool {
    switch self {
    case .constant(.emptySet): true
    case .set(let items): items.isEmpty
    default: false
    }
  }

  /// False for what is written as an interval and ends before it starts.
  var isRising: Bool {
    guard case .interval(let first, let last, true, true) = self else { return true }
    guard let start = RealSet.value(first), let stop = RealSet.value(last) else { return true }
    return start <= stop
  }

  /// A chain of <, ≤, >, ≥ or ≠.
  var isOrder: Bool {
    guard case .relations(_, let rest) = self else { return false }
    return rest.contains { $0.0.isOrder || $0.0 == .notEqual }
  }

  var isRealSet: Bool {
    switch self {
    case .interval, .union, .set, .constant(.reals), .constant(.emptySet): true
    case .tuple(let items): items.count == 2
    case .list(let items): items.allSatisfy(\.isOrder)
    case .relations: isOrder
    default: false
    }
  }

  /// What can stand left of `=` without being worked out: x, f(x), words, and x, y.
  var isNameLike: Bool {
    switch self {
    case .symbol, .words, .call(.named, _, _), .constant(.e), .constant(.imaginary): true
    case .product(let factors):
      factors.allSatisfy { part in
        if case .symbol = part { return true }
        return false
      }
    case .tuple(let items): items.allSatisfy(\.isNameLike)
    default: false
    }
  }

  /// A name's letters, without the arguments of a function.
  var name: [Name] {
    switch self {
    case .symbol(let name): [name]
    case .call(.named, let name?, _): [name]
    case .product(let factors): factors.flatMap(\.name)
    case .tuple(let items): items.flatMap(\.name)
    case .words(let words): [Name(words)]
    default: []
    }
  }
}
