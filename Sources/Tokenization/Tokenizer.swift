package import Files

/// A byte-level BPE tokenizer as `tokenizer.json` describes it; equal to PyPI's `tokenizers`.
///
/// Text goes through the added tokens, the normalizer, the patterns that cut it into words, and the
/// merges, in this order. What the file says of truncation, padding, the post-processor and the
/// decoder is left out: this counts and numbers the tokens of a text, and of nothing around it.
package struct Tokenizer: Sendable {
  let vocabulary: ByteVocabulary
  let merges: MergeTable
  let added: AddedTokens
  /// Texts are composed (NFC) before they are cut.
  let isComposing: Bool
  let splits: [Split]
  /// Before this split (or after the last) a space is set in front of what has none.
  let prefixedSplit: Int?
  /// A word that is a token stays whole, whatever the merges say.
  let keepsWholeWords: Bool

  /// Reads the file; what is no byte-level BPE is refused.
  package init(reading path: String) throws(FileError) {
    self = try TokenizerReader(path).tokenizer()
  }

  init(
    vocabulary: ByteVocabulary, merges: MergeTable, added: AddedTokens, isComposing: Bool,
    splits: [Split], prefixedSplit: Int?, keepsWholeWords: Bool
  ) {
    self.vocabulary = vocabulary
    self.merges = merges
    self.added = added
    self.isComposing = isComposing
    self.splits = splits
    self.prefixedSplit = prefixedSplit
    self.keepsWholeWords = keepsWholeWords
  }

  /// Tokens of the model and added ones together.
  package var vocabularySize: Int {
    vocabulary.count + added.all.count { vocabulary.id(of: $0.text) == nil }
  }

  /// The id of a token as the file spells it: `Ġthe`, not ` the`.
  package func id(of token: String) -> Int32? {
    added.id(of: token) ?? vocabulary.id(of: token)
  }

  /// A token as the file spells it.
  package func text(of id: Int32) -> String? {
    added.text(of: id) ?? vocabulary.text(of: id)
  }
}

/// One way of cutting a text into pieces, each of which the next one cuts further.
struct Split: Sendable {
  let pattern: SplitPattern
  /// What is kept: each piece by itself, or only what lies between.
  let behaviour: Behaviour
  /// What lies between the matches is taken for a match, and the other way round.
  var isInverted = false

  enum Behaviour: String, CaseIterable {
    case isolated = "Isolated"
    case removed = "Removed"
  }

  /// Whether a match, or what is between two of them, goes on.
  func keeps(match: Bool) -> Bool { behaviour == .isolated || match == isInverted }
}
