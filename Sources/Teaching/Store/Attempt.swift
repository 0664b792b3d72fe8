/// One sending of a request, as the store keeps it.
package struct Attempt: Sendable {
  /// `begun` is what is in flight, in a batch, or was when the program was killed; `answered` came
  /// back whole; `broken` has status 200 and is no whole answer; `failed` may pass with time;
  /// `refused` does not; `abandoned` was in flight when somebody would not wait.
  package enum State: String, Sendable {
    case begun, answered, broken, failed, refused, abandoned
  }

  /// Where the numbers of tokens come from: `reserved` is what an answer that is not there yet may
  /// cost at most, `none` what surely cost nothing.
  package enum Usage: String, Sendable { case server, estimated, reserved, none }

  /// Given by the one who asks, rising.
  package var id: Int64
  package var asking: Int64
  package var request: TeacherRequest
  /// The sample's id.
  package var seed: String
  /// A base URL, or a batch's file.
  package var server: String
  package var started: String
  package var state: State = .begun
  /// Of HTTP.
  package var status: Int?
  /// Of an answer a `chat.completion` as JSON, a stream's pieces joined; else the bytes that came.
  package var response: [UInt8]?
  package var finishReason: String?
  package var tokens: Tokens
  package var cost: Double?
  package var firstByteMilliseconds: Int?
  package var milliseconds: Int?
  /// What went wrong, in words.
  package var problem: String?

  package struct Tokens: Equatable, Sendable {
    package var prompt: Int
    package var completion: Int
    package var usage: Usage

    package init(prompt: Int, completion: Int, usage: Usage) {
      self.prompt = prompt
      self.completion = completion
      self.usage = usage
    }
  }

  package init(
    id: Int64, asking: Int64, request: TeacherRequest, seed: String, server: String,
    started: String, tokens: Tokens, cost: Double?
  ) {
    self.id = id
    self.asking = asking
    self.request = request
    self.seed = seed
    self.server = server
    self.started = started
    self.tokens = tokens
    self.cost = cost
  }
}

/// What has become of a request so far, under one policy.
package struct Standing: Sendable {
  /// Attempts that were answered and accepted, in their order.
  package var accepted: [Int64] = []
  /// Answers that were turned down.
  package var rejected = 0
  package var lastReason: String?
  /// Answered attempts that this policy has not judged.
  package var unjudged: [Int64] = []
  /// Whether it is out in a batch, and the batch's file.
  package var batch: String?
  /// The words of a server that refused it, from the latest attempt if that is how it ended.
  package var refusal: String?
}

/// An answer as it lies in the store.
package struct StoredAnswer: Sendable {
  package var attempt: Int64
  package var hash: String
  package var server: String
  /// A `chat.completion` as JSON.
  package var response: [UInt8]
  package var finishReason: String?
  package var tokens: Attempt.Tokens
  package var milliseconds: Int?
}

/// What was asked for so far, at most.
package struct Spending: Equatable, Sendable {
  package var requests = 0
  package var promptTokens = 0
  package var completionTokens = 0
  package var cost = 0.0

  package init(
    requests: Int = 0, promptTokens: Int = 0, completionTokens: Int = 0, cost: Double = 0
  ) {
    self.requests = requests
    self.promptTokens = promptTokens
    self.completionTokens = completionTokens
    self.cost = cost
  }

  package var tokens: Int { promptTokens + completionTokens }
}
