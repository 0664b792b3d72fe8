/// Decides whether two expressions are the same answer, by what kinds they are.
///
/// True and false are certain; a doubt is thrown. The second is the reference.
struct Judge {
  private var depth = 0
  private var comparisons = 0

  mutating func agree(_ a: Expression, _ b: Expression) throws(Unknown) -> Bool {
    comparisons += 1
    depth += 1
    defer { depth -= 1 }
    if depth > Bounds.depth || comparisons > 4_000 { throw .tooLarge }
    switch (a, b) {
    case (.words(let x), .words(let y)): return try Words.agree(x, y)
    case (.relations(let first, let rest), _):
      return try relations(first, rest, b)
    case (_, .relations(let first, let rest)):
      return try unwrapped(first, rest, against: a)
    case (.words(let x), _): return try Words.agree(x, with: b)
    case (_, .words(let y)): return try Words.agree(y, with: a)
    case (.ratio, _), (_, .ratio): return try ratios(a, b)
    case (.union, _), (_, .union), (.constant(.reals), _), (_, .constant(.reals)):
      return try realSets(a, b)
    case (.constant(.emptySet), _), (_, .constant(.emptySet)):
      return a.isEmptySet && b.isEmptySet
    case (.matrix(let x), .matrix(let y)): return try matrices(x, y)
    case (.interval(let x, let y, let xIn, let yIn), .interval(let u, let v, let uIn, let vIn)):
      let ends = try ordered([x, y], [u, v])
      return ends && xIn == uIn && yIn == vIn
    default: break
    }
    let (x, y) = (a.elements, b.elements)
    switch (x, y) {
    case (nil, nil): return try Scalars.agree(a, b)
    case (let items?, nil): return try single(items, b, a)
    case (nil, let items?):
      guard items.count == 1 else { return try single(items, a, b) }
      return try agree(a, items[0])
    case (let x?, let y?): return try collections(a, x, b, y)
    }
  }

  /// A collection against a single value.
  private mutating func single(
    _ items: [Expression], _ value: Expression, _ whole: Expression
  ) throws(Unknown) -> Bool {
    if items.count == 1 { return try agree(items[0], value) }
    if value.holdsCollection { throw .shape }
    // "15 39/40, or 639/40": the same twice.
    if case .list = whole, items.count < 4 {
      for item in items { if try !agree(item, value) { return false } }
      return true
    }
    return false
  }

  private mutating func collections(
    _ a: Expression, _ x: [Expression], _ b: Expression, _ y: [Expression]
  ) throws(Unknown) -> Bool {
    switch (a, b) {
    case (.list, .list), (.set, .set), (.list, .set), (.set, .list): return try unordered(x, y)
    case (.tuple, .tuple): return try ordered(x, y)
    case (.interval, .tuple), (.tuple, .interval):
      // [8, -14] is no interval.
      if a.isRising && b.isRising { return false }
      return try ordered(x, y)
    case (.list, .interval), (.interval, .list):
      if x.contains(where: \.isOrder) || y.contains(where: \.isOrder) { return try realSets(a, b) }
      if !(a.isRising && b.isRising), try ordered(x, y) { return true }
    case (.tuple, .list), (.list, .tuple):
      if try ordered(x, y) { return true }
    default: break
    }
    // The same values in another arrangement are not known to be another answer.
    if x.count == y.count, try unordered(x, y) { throw .shape }
    return false
  }

  private mutating func ordered(
    _ x: [Expression], _ y: [Expression]
  ) throws(Unknown) -> Bool {
    if x.count != y.count { return false }
    var doubt: Unknown?
    for (a, b) in zip(x, y) {
      do throws(Unknown) { if try !agree(a, b) { return false } } catch { doubt = doubt ?? error }
    }
    if let doubt { throw doubt }
    return true
  }

  /// Each of the one is equal to one of the other, and the other way round.
  private mutating func unordered(
    _ x: [Expression], _ y: [Expression]
  ) throws(Unknown) -> Bool {
    if x.count == y.count {
      // In the same order, as a rule.
      if (try? ordered(x, y)) == true { return true }
    }
    var doubt: Unknown?
    var found = [Bool](repeating: false, count: y.count)
    for a in x {
      var isMatched = false
      var isDoubtful = false
      for (place, b) in y.enumerated() {
        do throws(Unknown) {
          if try agree(a, b) {
            isMatched = true
            found[place] = true
          }
        } catch {
          doubt = doubt ?? error
          isDoubtful = true
        }
      }
      if !isMatched, !isDoubtful { return false }
      if !isMatched { throw doubt ?? .undecided }
    }
    if found.allSatisfy({ $0 }) { return true }
    if let doubt { throw doubt }
    return false
  }

  private mutating func matrices(
    _ x: [[Expression]], _ y: [[Expression]]
  ) throws(Unknown) -> Bool {
    if x.count != y.count || x.map(\.count) != y.map(\.count) {
      let (flat, other) = (x.flatMap { $0 }, y.flatMap { $0 })
      // A row for a column.
      if flat.count == other.count, try ordered(flat, other) { throw .shape }
      return false
    }
    return try ordered(x.flatMap { $0 }, y.flatMap { $0 })
  }

  private mutating func ratios(_ a: Expression, _ b: Expression) throws(Unknown) -> Bool {
    func parts(_ value: Expression) -> [Expression]? {
      if case .ratio(let parts) = value { return parts }
      return nil
    }
    switch (parts(a), parts(b)) {
    case (let x?, let y?):
      if x.count != y.count { return false }
      for place in x.indices.dropFirst() {
        let left = Expression.product([x[place], y[0]])
        let right = Expression.product([y[place], x[0]])
        if try !agree(left, right) { return false }
      }
      return true
    case (let x?, nil):
      guard x.count == 2, b.elements == nil else { return false }
      return try agree(.quotient(x[0], x[1]), b)
    case (nil, let y?):
      guard y.count == 2, a.elements == nil else { return false }
      return try agree(a, .quotient(y[0], y[1]))
    default: return false
    }
  }

  // MARK: Relations

  /// The given answer is a relation, or a chain of them.
  private mutating func relations(
    _ first: Expression, _ rest: [(Relation, Expression)], _ b: Expression
  ) throws(Unknown) -> Bool {
    if rest.count == 1, rest[0].0 == .element { return try agree(rest[0].1, b) }
    let a = Expression.relations(first, rest)
    if case .relations(let other, let others) = b {
      return try both(first, rest, other, others)
    }
    if a.isOrder {
      if b.isRealSet { return try realSets(a, b) }
      return false
    }
    guard let last = rest.last, last.0 != .notEqual else { return try realSets(a, b) }
    do throws(Unknown) {
      if try agree(last.1, b) {
        // 2x + 2y = 8 says more than 8.
        if rest.count == 1, !first.isNameLike, !first.symbols.isEmpty { throw .shape }
        return true
      }
    } catch {
      if first.isNameLike || rest.count > 1 { throw error }
    }
    // 5 = x, and an equation against one of its sides.
    if !first.isNameLike, rest.count == 1, try agree(first, b) {
      if last.1.isNameLike { return true }
      throw .shape
    }
    return false
  }

  /// The reference is a relation, the given answer none.
  private mutating func unwrapped(
    _ first: Expression, _ rest: [(Relation, Expression)], against a: Expression
  ) throws(Unknown) -> Bool {
    if rest.count == 1, rest[0].0 == .element { return try agree(a, rest[0].1) }
    let b = Expression.relations(first, rest)
    if b.isOrder {
      if a.isRealSet { return try realSets(a, b) }
      return false
    }
    guard let last = rest.last, last.0 != .notEqual else { return try realSets(a, b) }
    if last.1.isNameLike, !first.isNameLike { return try agree(a, first) }
    if first.isNameLike || rest.count > 1 || first.symbols.isEmpty {
      return try agree(a, last.1)
    }
    // 5x + y = 0 against 5x + y.
    if a.symbols.isEmpty { return false }
    throw .shape
  }

  private mutating func both(
    _ a: Expression, _ x: [(Relation, Expression)], _ b: Expression, _ y: [(Relation, Expression)]
  ) throws(Unknown) -> Bool {
    guard let lastX = x.last, let lastY = y.last else { throw .undecided }
    if lastY.0 == .element { return try agree(.relations(a, x), lastY.1) }
    let (left, right) = (Expression.relations(a, x), Expression.relations(b, y))
    if left.isOrder || right.isOrder {
      if !left.isOrder || !right.isOrder { return false }
      if let sets = try? realSets(left, right), left.symbols == right.symbols { return sets }
      if x.count == 1, y.count == 1 {
        return try Equations.agree(a, lastX.0, lastX.1, b, lastY.0, lastY.1)
      }
      throw .undecided
    }
    if lastX.0 == .notEqual || lastY.0 == .notEqual, lastX.0 != lastY.0 { return false }
    // Chains count by their ends: S = 2 + 3 = 5.
    if a.isNameLike, b.isNameLike {
      let isSameName = a.name == b.name
      let isSame = try agree(lastX.1, lastY.1)
      if isSameName { return isSame }
      if isSame { throw .names }
      if lastX.1.symbols.isEmpty, lastY.1.symbols.isEmpty { return false }
    }
    return try Equations.agree(a, .equal, lastX.1, b, .equal, lastY.1)
  }

  private mutating func realSets(_ a: Expression, _ b: Expression) throws(Unknown) -> Bool {
    guard let x = try RealSet(a), let y = try RealSet(b) else {
      if case .union(let x) = a, case .union(let y) = b { return try unordered(x, y) }
      if a.isRealSet, b.isRealSet { throw .undecided }
      return false
    }
    if x.pieces.count != y.pieces.count { return false }
    for (u, v) in zip(x.pieces, y.pieces) {
      if u.includesFirst != v.includesFirst || u.includesLast != v.includesLast { return false }
      if try !agree(u.first, v.first) { return false }
      if try !agree(u.last, v.last) { return false }
    }
    return true
  }
}
