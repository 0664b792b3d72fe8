/// A way in which a server can disappoint; `rawValue` is its name on the command line.
package enum Fault: String, CaseIterable, Sendable {
  // Nothing comes of the request.

  /// Status 429.
  case tooMany = "429"
  /// Status 503.
  case unavailable = "503"
  /// Status 500, whose words repeat the key that was sent.
  case serverError = "500"
  /// The request is read, and that is all until the client closes the connection.
  case hang
  /// The connection is closed before the first byte.
  case cut
  /// The same, with a TCP reset.
  case reset

  // An answer begins, and cannot be read to its end.

  /// Nothing more comes after the first half.
  case hangInStream = "hang-in-stream"
  /// The connection is closed inside the event in the middle.
  case cutInStream = "cut-in-stream"
  /// The same, with a TCP reset.
  case resetInStream = "reset-in-stream"
  /// The body ends after the first half as HTTP wants it, without a finish reason or `[DONE]`.
  case endsEarly = "ends-early"
  /// An `error` object after the first half, with status 200; its words repeat the key.
  case errorInStream = "error-in-stream"
  /// The JSON of the event in the middle breaks off; the others are whole.
  case invalidJSON = "invalid-json"
  /// The byte 0xFF stands inside the content.
  case invalidUTF8 = "invalid-utf8"

  // The answer comes whole, and is of no use.

  case emptyContent = "empty-content"
  case emptyReasoning = "empty-reasoning"
  /// Finish reason `length` in the middle of the reasoning, or of the content where there is none.
  case length
  /// Finish reason `content_filter`, with half the content.
  case contentFilter = "content-filter"
  /// `<think>` is opened and closed twice inside the content.
  case thinkTwice = "think-twice"
  /// `<think>` is never closed.
  case thinkOpen = "think-open"

  // The answer is good, and comes in an unusual way.

  case usageMissing = "usage-missing"
  case usageNegative = "usage-negative"
  /// Numbers at the edge of 64 bits, and a total beyond them.
  case usageHuge = "usage-huge"
  case usageZero = "usage-zero"
  /// Everything once more after `[DONE]`, where it is streamed.
  case twice
  /// Comments (`: keep-alive`) between the events; empty lines before plain JSON.
  case comments
  /// Each byte is an HTTP chunk of its own.
  case byteByByte = "byte-by-byte"
  /// Events end with CRLF, and each byte is a chunk of its own, also CR and LF.
  case crlf
  /// Characters beyond ASCII are escaped, in pairs of surrogates where they need two.
  case escaped
  /// No `[DONE]` after the finish reason.
  case withoutDone = "without-done"
  /// The connection is closed after the answer, which the head did not announce.
  case closesAfter = "closes-after"
  /// The type of the body is `text/html`.
  case wrongType = "wrong-type"
  /// One JSON object although a stream was asked for.
  case notStreamed = "not-streamed"
  /// The key that was sent stands in the content.
  case keyInContent = "key-in-content"
  /// As many bytes of reasoning as `Behaviour.hugeBytes`, in many events.
  case huge
  /// The same in one event.
  case hugeEvent = "huge-event"

  /// What a client can make of an answer with this fault.
  package enum Effect: String, Sendable {
    case nothing, broken, useless, good
  }

  package var effect: Effect {
    switch self {
    case .tooMany, .unavailable, .serverError, .hang, .cut, .reset: .nothing
    case .hangInStream, .cutInStream, .resetInStream, .endsEarly, .errorInStream, .invalidJSON,
      .invalidUTF8:
      .broken
    case .emptyContent, .emptyReasoning, .length, .contentFilter, .thinkTwice, .thinkOpen: .useless
    default: .good
    }
  }
}

/// Decides which fault a request gets, from its prompt and how often that came before.
///
/// Requests that are turned away at the door (status 401, 404, 429 of a full server or a storm) are
/// not counted, so that the faults are the same whatever the order and the speed.
package struct FaultPlan: Sendable {
  /// Of the prompt and the attempt, which counts from 1.
  package var choose: @Sendable (String, Int) -> Fault?

  package init(_ choose: @escaping @Sendable (String, Int) -> Fault?) { self.choose = choose }

  package static let none = FaultPlan { _, _ in nil }

  package static func always(_ fault: Fault) -> FaultPlan { FaultPlan { _, _ in fault } }

  /// The faults of each prompt's first attempts, one after the other.
  package static func first(_ faults: Fault?...) -> FaultPlan {
    FaultPlan { _, attempt in attempt <= faults.count ? faults[attempt - 1] : nil }
  }

  /// The faults of some prompts' first attempts.
  package static func of(_ prompts: [String: [Fault?]]) -> FaultPlan {
    FaultPlan { prompt, attempt in
      guard let faults = prompts[prompt], attempt <= faults.count else { return nil }
      return faults[attempt - 1]
    }
  }

  /// Each fault with its share of all attempts; shares add up to 1 at most.
  package static func shares(_ shares: [Fault: Double], seed: UInt64 = 1) -> FaultPlan {
    let shares = Fault.allCases.compactMap { fault in shares[fault].map { (fault, $0) } }
    return FaultPlan { prompt, attempt in
      var place = StubAnswer.fraction(prompt, attempt, seed)
      for (fault, share) in shares {
        if place < share { return fault }
        place -= share
      }
      return nil
    }
  }

  /// So large a share of all attempts has a fault, each as often as the others.
  package static func share(
    _ share: Double, of faults: [Fault] = Fault.allCases, seed: UInt64 = 1
  ) -> FaultPlan {
    let each = share / Double(faults.count)
    return shares(Dictionary(uniqueKeysWithValues: faults.map { ($0, each) }), seed: seed)
  }
}
