internal import CSimilarity

/// What near duplicates are looked for by: the keys of its bands, and all shingles for the true
/// comparison. Memory to use again.
package struct Signature {
  /// A key for each band, and before them one of the whole.
  fileprivate(set) var keys: [UInt32] = []
  private var room: [UInt64] = []
  fileprivate(set) var shingleCount = 0

  package init() {}

  /// Whether the text has nothing to compare.
  package var isEmpty: Bool { shingleCount == 0 }

  /// Runs of tokens in the order of the text, some more than once.
  var shingles: ArraySlice<UInt64> { room[..<shingleCount] }

  fileprivate mutating func fill(_ tokens: TokenList, shingle: Int) {
    shingleCount = tokens.grams(shingle, into: &room)
    // A text shorter than a shingle is one.
    if shingleCount == 0 && tokens.count > 0 {
      room[0] = tokens.gram(of: 0..<tokens.count)
      shingleCount = 1
    }
  }
}

/// Makes signatures of texts; one for each worker, all alike.
package struct SignatureMaker {
  private let banding: Banding
  private let shingle: Int
  private let boilerplate: Boilerplate
  private var tokens = TokenList()
  private var kept: [Bool] = []
  private var minima: [UInt32]

  init(banding: Banding, shingle: Int, boilerplate: Boilerplate) {
    self.banding = banding
    self.shingle = shingle
    self.boilerplate = boilerplate
    minima = Array(repeating: 0, count: banding.permutations)
  }

  /// Some 150,000 prompts of 400 bytes in a second.
  package mutating func make(_ text: Span<UInt8>, into signature: inout Signature) {
    tokens.read(text, as: .tokens)
    boilerplate.strip(&tokens, &kept)
    signature.fill(tokens, shingle: shingle)
    if signature.keys.count != banding.bands + 1 {
      signature.keys = Array(repeating: 0, count: banding.bands + 1)
    }
    guard !signature.isEmpty else { return }
    signature.keys[0] = UInt32(truncatingIfNeeded: tokens.gram(of: 0..<tokens.count) >> 32)
    signature.shingles.withUnsafeBufferPointer { shingles in
      minima.withUnsafeMutableBufferPointer { minima in
        bm_minima(shingles.baseAddress, shingles.count, banding.permutations, minima.baseAddress)
      }
    }
    minima.withUnsafeBufferPointer { minima in
      signature.keys.withUnsafeMutableBufferPointer { keys in
        bm_bands(minima.baseAddress, banding.bands, banding.rows, keys.baseAddress! + 1)
      }
    }
  }
}
