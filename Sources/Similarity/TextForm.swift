/// What of a text counts when it is compared.
package enum TextForm: String, Sendable, CaseIterable {
  /// White space and lower case alone, as s1 and open-r1 do it: Python's `text.lower().split()`,
  /// with one difference, a Greek capital sigma at a word's end becomes σ instead of ς.
  case words

  /// What spacing, punctuation and markup cannot change.
  ///
  /// Letters and digits are told apart, so that `2x`, `2 x` and `2\,x` are the same two tokens.
  /// LaTeX's commands for spacing, size and font, HTML tags, Markdown's signs, quotes, brackets,
  /// dollars, hyphens and full stops are gaps. Other commands are words, `\dfrac` and `\tfrac` are
  /// `\frac`, `≤` is `\le`, `π` is `\pi`, `²` is `^2`; entities are the characters they stand for,
  /// full-width and mathematical letters those of ASCII, accents are taken off. Signs of
  /// arithmetic stay, because `3 + 5` is another problem than `3 - 5`; `^` and `_` do not.
  case tokens
}
