/// How much of an answer is looked at: budgets of work, never of time, so that a verdict is the same
/// on every machine.
enum Bounds {
  /// Bytes of one answer.
  static let length = 4_096
  /// Groups within groups.
  static let depth = 48
  /// Signs behind a value, and quotients in a row: 5!%, 1/2/3.
  static let chain = 12
  /// Terms of a polynomial.
  static let terms = 400
  /// Limbs of 32 bits of a whole number.
  static let limbs = 64
  /// Elements of a set, a list or a matrix.
  static let elements = 100
  /// Products of terms and divisions in trial, in one comparison.
  static let steps = 60_000
  /// Trial divisors of a radicand.
  static let divisors = 4_000
}
