/// An answer as it was written, before anything is worked out.
indirect enum Expression: Sendable {
  case number(Rational)
  /// A decimal fraction with so many digits behind the point.
  case decimal(Rational, places: Int)
  /// Digits with a base that was written beside them.
  case based(Rational, base: Int)
  case symbol(Name)
  case constant(Constant)
  case words([UInt8])

  case sum([Expression])
  case product([Expression])
  case negative(Expression)
  case quotient(Expression, Expression)
  case power(Expression, Expression)
  case root(Expression, degree: Expression)
  case call(Function, Name?, [Expression])
  /// What stands behind ±, or ∓ where `isUpper` is false.
  case signed(Expression, isUpper: Bool)

  case percent(Expression)
  case measured(Expression, unit: Name)
  case ratio([Expression])

  case list([Expression])
  case tuple([Expression])
  case set([Expression])
  /// Two values in brackets of which one at least is square: a list as well, where both are.
  case interval(Expression, Expression, includesFirst: Bool, includesLast: Bool)
  case union([Expression])
  case matrix([[Expression]])
  case relations(Expression, [(Relation, Expression)])
}

enum Relation: Sendable {
  case equal, less, greater, lessOrEqual, greaterOrEqual, notEqual, element, approximately

  init?(_ kind: Token.Kind) {
    switch kind {
    case .equal: self = .equal
    case .less: self = .less
    case .greater: self = .greater
    case .lessOrEqual: self = .lessOrEqual
    case .greaterOrEqual: self = .greaterOrEqual
    case .notEqual: self = .notEqual
    case .element: self = .element
    case .approximately: self = .approximately
    default: return nil
    }
  }

  /// The same with its sides exchanged.
  var flipped: Relation {
    switch self {
    case .less: .greater
    case .greater: .less
    case .lessOrEqual: .greaterOrEqual
    case .greaterOrEqual: .lessOrEqual
    default: self
    }
  }

  var isOrder: Bool {
    switch self {
    case .less, .greater, .lessOrEqual, .greaterOrEqual: true
    default: false
    }
  }

  var isStrict: Bool { self == .less || self == .greater }
}
