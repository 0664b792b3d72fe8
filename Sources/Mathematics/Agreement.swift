/// Whether an answer is the reference answer.
public enum Agreement: Equatable, Sendable {
  case equal
  case different
  case unknown(Unknown)

  /// Compares two final answers, as bytes of text with or without LaTeX.
  ///
  /// Equal and different are proved, or seen at many points to thirty digits; what is neither is
  /// unknown. The reference is the second: `x = 5` answers 5, and a point may be given as a list.
  /// The work is bounded by `Bounds`, whatever the bytes are.
  public static func of(
    _ given: Span<UInt8>, and reference: Span<UInt8>, options: AnswerOptions? = nil
  ) -> Agreement {
    if given.count > Bounds.length || reference.count > Bounds.length {
      return .unknown(.tooLarge)
    }
    return of(given.copied, and: reference.copied, options: options)
  }

  public static func of(
    _ given: [UInt8], and reference: [UInt8], options: AnswerOptions? = nil
  ) -> Agreement {
    if given.count > Bounds.length || reference.count > Bounds.length {
      return .unknown(.tooLarge)
    }
    return Comparison(given, reference, options).verdict()
  }

  public static func of(
    _ given: String, and reference: String, options: AnswerOptions? = nil
  ) -> Agreement {
    of(Array(given.utf8), and: Array(reference.utf8), options: options)
  }
}

extension Span<UInt8> {
  var copied: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    for place in indices { bytes.append(self[place]) }
    return bytes
  }
}
