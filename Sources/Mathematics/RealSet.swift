/// A set of real numbers as intervals in order that do not touch.
struct RealSet {
  struct Piece {
    var first: Expression
    var last: Expression
    var includesFirst: Bool
    var includesLast: Bool
    /// The ends' values, to put the pieces in order.
    var start: Double
    var stop: Double
  }

  private(set) var pieces: [Piece] = []

  /// Nil where it is no set of reals, or its ends have symbols.
  init?(_ expression: Expression) throws(Unknown) {
    guard try add(expression) else { return nil }
    join()
  }

  private mutating func add(_ expression: Expression) throws(Unknown) -> Bool {
    let infinity = Expression.constant(.infinity)
    switch expression {
    case .union(let members):
      for member in members { if try !add(member) { return false } }
      return true
    case .interval(let a, let b, let first, let last): return try add(a, b, first, last)
    case .tuple(let items) where items.count == 2:
      return try add(items[0], items[1], false, false)
    case .constant(.reals): return try add(.negative(infinity), infinity, false, false)
    case .constant(.emptySet): return true
    case .set(let items):
      for item in items { if try !add(item, item, true, true) { return false } }
      return true
    case .list(let items):
      for item in items where !item.isOrder { return false }
      for item in items { if try !add(item) { return false } }
      return true
    case .relations(let first, let rest): return try add(first, rest)
    default: return false
    }
  }

  /// x < 5, 2 ≤ x, 2 < x ≤ 5, x ≠ 3: one symbol between numbers.
  private mutating func add(
    _ first: Expression, _ rest: [(Relation, Expression)]
  ) throws(Unknown) -> Bool {
    let infinity = Expression.constant(.infinity)
    if rest.count == 1, let (relation, other) = rest.first {
      var (relation, symbol, bound) = (relation, first, other)
      if !first.isNameLike {
        (relation, symbol, bound) = (relation.flipped, other, first)
      }
      guard symbol.isNameLike, bound.symbols.isEmpty else { return false }
      switch relation {
      case .less, .lessOrEqual:
        return try add(.negative(infinity), bound, false, !relation.isStrict)
      case .greater, .greaterOrEqual:
        return try add(bound, infinity, !relation.isStrict, false)
      case .notEqual:
        if try !add(.negative(infinity), bound, false, false) { return false }
        return try add(bound, infinity, false, false)
      default: return false
      }
    }
    guard rest.count == 2, rest[0].1.isNameLike, rest[0].0.isOrder, rest[1].0.isOrder,
      first.symbols.isEmpty, rest[1].1.symbols.isEmpty
    else { return false }
    let isRising = rest[0].0 == .less || rest[0].0 == .lessOrEqual
    let isSecondRising = rest[1].0 == .less || rest[1].0 == .lessOrEqual
    guard isRising == isSecondRising else { return false }
    return isRising
      ? try add(first, rest[1].1, !rest[0].0.isStrict, !rest[1].0.isStrict)
      : try add(rest[1].1, first, !rest[1].0.isStrict, !rest[0].0.isStrict)
  }

  private mutating func add(
    _ first: Expression, _ last: Expression, _ includesFirst: Bool, _ includesLast: Bool
  ) throws(Unknown) -> Bool {
    guard let start = Self.value(first), let stop = Self.value(last) else { return false }
    if start > stop { return false }
    pieces.append(
      Piece(
        first: first, last: last, includesFirst: includesFirst && start.isFinite,
        includesLast: includesLast && stop.isFinite, start: start, stop: stop))
    return true
  }

  static func value(_ end: Expression) -> Double? {
    if let sign = end.infinitySign { return sign < 0 ? -.infinity : .infinity }
    var evaluation = Evaluation([])
    guard let value = try? evaluation.value(end), value.isReal else { return nil }
    return value.real.high
  }

  private mutating func join() {
    pieces.sort { ($0.start, $0.includesFirst ? 0 : 1) < ($1.start, $1.includesFirst ? 0 : 1) }
    var joined: [Piece] = []
    for piece in pieces {
      guard var last = joined.last,
        piece.start < last.stop
          || piece.start == last.stop && (piece.includesFirst || last.includesLast)
      else {
        joined.append(piece)
        continue
      }
      if piece.stop > last.stop {
        (last.last, last.stop, last.includesLast) = (piece.last, piece.stop, piece.includesLast)
      } else if piece.stop == last.stop {
        last.includesLast = last.includesLast || piece.includesLast
      }
      joined[joined.count - 1] = last
    }
    pieces = joined
  }
}
