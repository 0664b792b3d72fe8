/// A sample that a search found.
package struct Hit: Encodable, Equatable, Sendable {
  /// Its id, or `FILE:ROW` where the row could not be read as a sample.
  package var sampleID: String
  /// The part of its prompt that is nearest to what was asked, on one line.
  package var excerpt: String
  /// The share of the words asked for that the prompt has, a little less where it has others, too;
  /// 1 where it is the same text.
  package var similarity: Double
  package var match: Match

  package enum Match: String, Encodable, Sendable {
    /// The prompt is the text, white space aside.
    case same
    /// The text is a part of the prompt.
    case part
    /// The prompt has words of the text.
    case words
  }
}

extension [Hit] {
  /// The one that must be meant: the only one with this text, or the only one like it by far.
  package var clear: Hit? {
    guard let best = first else { return nil }
    guard let next = dropFirst().first else {
      return best.match == .words && best.similarity < 0.5 ? nil : best
    }
    switch (best.match, next.match) {
    case (.same, .same), (.part, .part): return nil
    case (.same, _), (.part, _): return best
    default: return best.similarity >= 0.75 && best.similarity - next.similarity >= 0.2 ? best : nil
    }
  }
}
