/// Why two answers could not be told equal or different.
///
/// It is thrown from wherever the doubt arises, and ends as `Agreement.unknown`.
public enum Unknown: String, Error, Sendable, CaseIterable {
  /// One of the answers has nothing in it.
  case empty
  /// More bytes, levels, terms, digits or steps than a final answer has.
  case tooLarge = "too large"
  /// Notation that the parser has no rule for.
  case notation
  /// A decimal that may be the other answer, rounded.
  case rounded
  /// The same number of different units, or degrees against radians.
  case units
  /// The same expression in another letter.
  case names
  /// A number in a base against one without.
  case base
  /// A choice's letter against text, without the options at hand.
  case options
  /// Words against other words or against a number.
  case words
  /// The same numbers as a point, a list or a vector.
  case shape
  /// A division by zero in both.
  case undefined
  /// Neither proved equal, nor seen to differ.
  case undecided
}
