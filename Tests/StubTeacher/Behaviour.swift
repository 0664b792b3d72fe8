/// How a stub answers; what is not changed is a server at its best.
package struct Behaviour: Sendable {
  /// How a server gives what its model thought.
  package enum Reasoning: String, CaseIterable, Sendable {
    /// In `reasoning_content`, as DeepSeek, SGLang and vLLM up to 0.11 do.
    case separate
    /// In `reasoning`, as OpenRouter and vLLM do.
    case reasoning
    /// Inside the content, between `<think>` and `</think>`.
    case think
    /// The same without `<think>`, as where the chat template has opened it already.
    case closing
    case none
  }

  package enum Usage: Sendable { case right, missing, negative, huge, zero }

  /// When one who was turned away may come again.
  package enum RetryAfter: Sendable {
    case unsaid
    case seconds(Int)
    /// So many seconds from now, as an HTTP date.
    case date(in: Int)
  }

  /// A time during which everybody is turned away.
  package struct Storm: Sendable {
    package enum Window: Sendable {
      /// Seconds since the first request.
      case seconds(Range<Double>)
      /// Numbers of requests in the order of their coming, from 1.
      case requests(Range<Int>)
    }
    package var window: Window
    package var status: Int
    package var retryAfter: RetryAfter

    package init(_ window: Window, status: Int = 429, retryAfter: RetryAfter = .unsaid) {
      self.window = window
      self.status = status
      self.retryAfter = retryAfter
    }
  }

  /// Seconds from the request to the answer's first byte.
  package var latency = 0.0
  /// Seconds from one event to the next. At 0 all go out in one write.
  package var perPiece = 0.0
  /// Pieces of an answer, reasoning and content together.
  package var pieces = 4
  package var reasoning = Reasoning.separate
  package var usage = Usage.right
  package var finishReason = "stop"
  /// Requests in flight; who comes then is turned away with 429.
  package var capacity = Int.max
  package var retryAfter = RetryAfter.unsaid
  package var storms: [Storm] = []
  /// Whoever sends another one gets 401, with words that repeat what was sent.
  package var key: String?
  /// Whoever asks another one gets 404.
  package var model: String?
  /// Prompts that the server will not have, each with its status: 400, 413, 422, 402, 403 …
  package var refuses: @Sendable (String) -> Int? = { _ in nil }
  package var faults = FaultPlan.none
  /// What is answered to a prompt that comes for the first, second, third time.
  package var answer: @Sendable (String, Int) -> StubAnswer = { StubAnswer(to: $0, attempt: $1) }
  /// Length of a huge answer.
  package var hugeBytes = 16 << 20
  /// Whether the log keeps each exchange. Counts are kept in any case.
  package var keepsExchanges = true

  package init() {}
}
