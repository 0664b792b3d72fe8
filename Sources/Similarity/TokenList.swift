internal import CSimilarity

/// The tokens of one text in one form, in memory that is used again for the next.
package struct TokenList {
  private(set) var room: [bm_token] = []
  package private(set) var count = 0

  package init() {}

  /// Reads a text, of at most 2 GB; some 120 MB/s.
  package mutating func read(_ text: Span<UInt8>, as form: TextForm) {
    precondition(text.count < 1 << 31, "a text has at most 2 GB")
    let needed = text.count / 2 * 3 + 4
    if room.count < needed {
      room = Array(repeating: bm_token(), count: max(needed, room.count * 2))
    }
    count = Folding.of(form).withTables { folding in
      text.withUnsafeBufferPointer { text in
        room.withUnsafeMutableBufferPointer { room in
          guard let base = text.baseAddress else { return 0 }
          return form == .words
            ? bm_words(base, text.count, folding, room.baseAddress)
            : bm_tokens(base, text.count, folding, room.baseAddress)
        }
      }
    }
  }

  /// What two tokens have in common when they read the same.
  package func hash(at index: Int) -> UInt64 { room[index].hash }

  /// Where tokens stand in the text, from the first byte of the first to the end of the last.
  package func bytes(of tokens: Range<Int>) -> Range<Int> {
    Int(room[tokens.lowerBound].start)..<Int(room[tokens.upperBound - 1].end_opens & 0x7fff_ffff)
  }

  /// Whether a line or a sentence begins with this token.
  func opensLine(at index: Int) -> Bool { room[index].end_opens >> 31 == 1 }

  /// Hashes of all runs of `n` tokens.
  func grams(_ n: Int, into grams: inout [UInt64]) -> Int {
    if grams.count < count { grams = Array(repeating: 0, count: max(count, grams.count * 2)) }
    return room.withUnsafeBufferPointer { room in
      grams.withUnsafeMutableBufferPointer { grams in
        count == 0 ? 0 : bm_grams(room.baseAddress, count, n, grams.baseAddress)
      }
    }
  }

  /// The hash of one run.
  func gram(of tokens: Range<Int>) -> UInt64 {
    room.withUnsafeBufferPointer { bm_gram($0.baseAddress! + tokens.lowerBound, tokens.count) }
  }

  /// Leaves only tokens that `isKept` says so of.
  mutating func keep(_ isKept: (Int) -> Bool) {
    var kept = 0
    for index in 0..<count where isKept(index) {
      room[kept] = room[index]
      kept += 1
    }
    count = kept
  }
}
