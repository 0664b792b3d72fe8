internal import Notation
internal import Samples

/// `loop: {at_most: N}` — no words stand there three times in a row or more over so long a stretch.
struct Loop: PlainCheck {
  static let name = "loop"
  static let types: Set<FieldType> = [.text]
  static let measures = true
  static let page = CheckPage(
    "the longest loop in the text has so many words",
    [
      """
      A loop is a stretch in which the same words, of any number, follow upon themselves at least \
      three times, letter for letter: what a model writes that cannot find its way out. Measured is \
      the longest one, in words with all its rounds; 0 where there is none. Loops of fewer than 24 \
      words are not looked for.
      """,
      """
      A word is what stands between white space, at most 32 bytes of it at a time, or one character \
      of Chinese or Japanese. The ledger has the loop's words, how many of them make a round, the \
      number of rounds, the byte at which it begins, and its first words. Rounds that differ in a \
      number are not a loop; `repetition` with `repeated_N` measures those.
      """,
    ],
    parameters: [
      ("at_least", "0", "the fewest words that hold"),
      ("at_most", "any", "the most words that hold; one of the two is needed"),
    ],
    examples: [
      .init(
        "reasoning: { loop: { at_most: 29 } }",
        holds: ["{ reasoning: \"No. No. No. Wait, it is four, and four is what it is.\" }"],
        fails: [
          """
          { reasoning: "Wait, it is four. Or is it five? No, it is four. \
          Or is it five? No, it is four. Or is it five? No, it is four. \
          Or is it five? No, it is four." }
          """
        ])
    ])

  private let bounds: CountBounds

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) {
    bounds = try CountBounds(try yaml.keyed("'loop'", CountBounds.keys), at: yaml)
  }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    value.kind == .string
      && bounds.contains(sample.withText(of: value) { Stretch.longest(in: $0)?.words ?? 0 })
  }

  func measured(_ value: Value, in sample: borrowing Sample) -> String? {
    sample.withText(of: value) { text in
      guard let loop = Stretch.longest(in: text) else { return "{\"loop\": 0}" }
      var end = min(loop.start + 60, text.count)
      // No character is cut in two.
      while end < text.count, text[end] & 0xC0 == 0x80 { end += 1 }
      let words = JSON.quoted(String(copying: text.extracting(loop.start..<end)) + "…")
      return "{\"loop\": \(loop.words), \"round\": \(loop.round),"
        + " \"rounds\": \(loop.words / loop.round), \"at\": \(loop.start), \"text\": \(words)}"
    }
  }
}

extension Loop {
  /// Words that follow upon themselves.
  private struct Stretch {
    var words: Int
    /// Words of one round.
    var round: Int
    /// The byte at which the first round begins.
    var start: Int

    /// The longest loop of a text; of equals the first.
    ///
    /// Eight words in a row that came before give a distance; the distance holds for as long as each
    /// word is the one so many words ago. Where it held for two rounds, three rounds stand there.
    /// One pass over the words; the last place of each hash is kept, in 4 bytes for each word.
    static func longest(in text: Span<UInt8>) -> Stretch? {
      let words = Words(text, longest: 32)
      let span = 8
      guard words.count >= 3 * span else { return nil }
      var size = 16
      while size < words.count * 2 { size *= 2 }
      var last = [Int32](repeating: -1, count: size)
      var best: Stretch?
      var run = Run(words, span)
      /// The distance that holds, and how many words it has held for.
      var round = 0
      var held = 0
      for index in (span - 1)..<words.count {
        if index >= span { run.advance(to: index, words) }
        let place = Int(truncatingIfNeeded: run.hash >> 20) & (size - 1)
        if round > 0, words.hashes[index] == words.hashes[index - round] {
          held += 1
        } else {
          close(at: index)
          round = 0
          let before = Int(last[place])
          if before >= span - 1, isSame(before, index) {
            round = index - before
            held = span
            // It may have held before eight words could tell.
            while held < span + round, index - held >= round,
              words.hashes[index - held] == words.hashes[index - held - round]
            { held += 1 }
          }
        }
        last[place] = Int32(truncatingIfNeeded: index)
      }
      close(at: words.count)
      return best

      func close(at end: Int) {
        guard round > 0, held >= 2 * round, held + round >= 3 * span else { return }
        guard held + round > best?.words ?? 0 else { return }
        best = Stretch(words: held + round, round: round, start: words.starts[end - held - round])
      }

      func isSame(_ one: Int, _ other: Int) -> Bool {
        for back in 0..<span where words.hashes[one - back] != words.hashes[other - back] {
          return false
        }
        return true
      }
    }
  }
}
