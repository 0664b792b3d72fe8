/// Turns texts into the ids of their tokens; one for each thread, with that thread's memory.
///
/// Holds a few megabytes, however many texts go through, and beside that what the longest needs.
package final class TokenEncoder {
  private let tokenizer: Tokenizer
  private let matchers: [SplitMatcher]
  private let cache = WordCache()
  private var merger: WordMerger
  /// For `count`.
  private var counted: [Int32] = []
  /// Bytes before this one may be read.
  private var limit = UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped

  package init(_ tokenizer: Tokenizer) {
    self.tokenizer = tokenizer
    matchers = tokenizer.splits.map { SplitMatcher($0.pattern) }
    merger = WordMerger(tokenizer.merges)
  }

  /// Appends the tokens of a text, without those that the post-processor would put around it.
  ///
  /// Added tokens in the text are found as the library finds them. Bytes that are no UTF-8 count as
  /// U+FFFD.
  package func encode(_ text: Span<UInt8>, into tokens: inout [Int32]) {
    do {
      _ = try UTF8Span(validating: text)
    } catch {
      var bytes: [UInt8] = []
      for index in text.indices { bytes.append(text[index]) }
      return encode(String(decoding: bytes, as: UTF8.self), into: &tokens)
    }
    for part in tokenizer.added.verbatim.parts(of: text) {
      if let id = part.id {
        tokens.append(id)
      } else {
        normalize(text.extracting(part.range), into: &tokens)
      }
    }
  }

  package func encode(_ text: String, into tokens: inout [Int32]) {
    var text = text
    text.withUTF8 { encode(Span(_unsafeElements: $0), into: &tokens) }
  }

  /// How many tokens `encode` would append.
  package func count(_ text: Span<UInt8>) -> Int {
    counted.removeAll(keepingCapacity: true)
    encode(text, into: &counted)
    return counted.count
  }

  private func normalize(_ text: Span<UInt8>, into tokens: inout [Int32]) {
    guard tokenizer.isComposing, !Composition.isComposed(text) else {
      return cut(text, into: &tokens)
    }
    var bytes: [UInt8] = []
    for index in text.indices { bytes.append(text[index]) }
    let composed = Array(Composition.composed(String(decoding: bytes, as: UTF8.self)).utf8)
    cut(composed.span, into: &tokens)
  }

  private func cut(_ text: Span<UInt8>, into tokens: inout [Int32]) {
    for part in tokenizer.added.composed.parts(of: text) {
      if let id = part.id {
        tokens.append(id)
      } else {
        text.extracting(part.range).withUnsafeBytes { piece in
          guard let start = piece.baseAddress else { return }
          limit = start + piece.count
          split(piece, by: 0, into: &tokens)
        }
      }
    }
  }

  /// Cuts a piece by the pattern of this number, and what that leaves by the next.
  private func split(
    _ piece: UnsafeRawBufferPointer, by number: Int, into tokens: inout [Int32]
  ) {
    if number == tokenizer.prefixedSplit, piece.first != UInt8(ascii: " ") {
      let spaced = [UInt8(ascii: " ")] + piece
      let limit = limit
      spaced.withUnsafeBytes { spaced in
        self.limit = spaced.baseAddress.unsafelyUnwrapped + spaced.count
        cut(spaced, by: number, into: &tokens)
      }
      self.limit = limit
    } else {
      cut(piece, by: number, into: &tokens)
    }
  }

  private func cut(_ piece: UnsafeRawBufferPointer, by number: Int, into tokens: inout [Int32]) {
    guard number < matchers.count else { return append(piece, to: &tokens) }
    let split = tokenizer.splits[number]
    let (keepsMatches, keepsGaps) = (split.keeps(match: true), split.keeps(match: false))
    let isLast = number + 1 == matchers.count && tokenizer.prefixedSplit != number + 1
    let matcher = matchers[number]
    func keep(_ start: Int, _ end: Int) {
      guard start < end else { return }
      let part = UnsafeRawBufferPointer(rebasing: piece[start..<end])
      if isLast {
        append(part, to: &tokens)
      } else {
        self.split(part, by: number + 1, into: &tokens)
      }
    }
    /// The end of the last match, and where the next is looked for.
    var done = 0
    var from = 0
    var isFirst = true
    while from <= piece.count, let (start, end) = matcher.match(in: piece, from: from) {
      if start == end && end == done && !isFirst {
        // An empty match just after another one is none: on by a character.
        from += 1
        while from < piece.count, piece[from] & 0xC0 == 0x80 { from += 1 }
        continue
      }
      if keepsGaps { keep(done, start) }
      if keepsMatches { keep(start, end) }
      done = end
      from = end
      isFirst = false
    }
    if keepsGaps { keep(done, piece.count) }
  }

  @inline(__always)
  private func append(_ word: UnsafeRawBufferPointer, to tokens: inout [Int32]) {
    guard word.count <= WordCache.longestWord else { return merge(word, into: &tokens) }
    let key = WordCache.Key(word, limit: limit)
    if cache.append(key, to: &tokens) { return }
    let start = tokens.count
    merge(word, into: &tokens)
    cache.insert(key, tokens[start...])
  }

  private func merge(_ word: UnsafeRawBufferPointer, into tokens: inout [Int32]) {
    let word = Span<UInt8>(_unsafeBytes: word)
    if tokenizer.keepsWholeWords, let id = tokenizer.vocabulary.id(of: word) {
      tokens.append(id)
    } else {
      merger.merge(word, into: &tokens)
    }
  }
}
