/// What a final answer is made of.
struct Token: Sendable {
  enum Kind: UInt8, Sendable {
    // Values
    case number, letter, word, text, constant, function
    // Arithmetic
    case plus, minus, plusMinus, minusPlus, times, divide, power, subscripted
    case fraction, root, binomial, modulo
    case factorial, percent, degree, prime, bar, overline, dots
    // Groups
    case open, close, openBracket, closeBracket, openBrace, closeBrace, openSet, closeSet
    case openAngle, closeAngle, openFloor, closeFloor, openCeiling, closeCeiling
    case beginMatrix, endMatrix, ampersand, newRow
    // Between values
    case comma, colon, equal, less, greater, lessOrEqual, greaterOrEqual, notEqual, element
    case approximately, union, intersection, without, currency
    // Neither
    case skip, styled, unknown, end
  }

  var kind: Kind
  /// Whether white space stood before it.
  var isSpaced: Bool
  /// Which constant or function it is; whether a number was written in groups of three.
  var value: UInt8
  var start: Int32
  var end: Int32

  var range: Range<Int> { Int(start)..<Int(end) }
}

/// Numbers and sets with a name.
enum Constant: UInt8, Sendable {
  case pi, e, imaginary, infinity, emptySet, reals
}

/// Functions with a name; `log` alone does not say its base.
enum Function: UInt8, Sendable {
  case sin, cos, tan, cot, sec, csc, arcsin, arccos, arctan, sinh, cosh, tanh
  case ln, log, exp, absolute, floor, ceiling, factorial, sign, max, min, gcd, lcm
  /// A function that the problem names: f(x).
  case named

  /// What a power of -1 behind the name makes of it.
  var inverse: Function? {
    switch self {
    case .sin: .arcsin
    case .cos: .arccos
    case .tan: .arctan
    default: nil
    }
  }
}
