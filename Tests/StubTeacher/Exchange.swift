/// A request and what was done to it.
package struct Exchange: Sendable {
  package enum Outcome: Equatable, Sendable {
    case underWay
    /// The server was full, in a storm, or would not have the key, the model or the prompt.
    case turnedAway
    /// A whole answer went out; `fault` tells whether it was of use.
    case answered
    /// The stub broke off, or never began.
    case faulted
    /// The client closed the connection before it had everything.
    case cutByClient
  }

  /// From 1, in the order of coming.
  package var number: Int
  /// Text of the last message from the user.
  package var prompt: String
  /// The request's body as it came.
  package var body: String
  /// The header `Authorization`.
  package var authorization: String?
  /// How often the prompt had come when this one had, itself included; 0 where it was turned away.
  package var attempt = 0
  package var fault: Fault?
  /// HTTP status of what was answered, 0 where nothing was.
  package var status = 0
  package var outcome = Outcome.underWay
  /// Seconds since the stub was started.
  package var came: Double
  package var ended: Double?
  package var promptTokens = 0
  /// Tokens of the whole answer, whatever `usage` said and however much went out.
  package var completionTokens = 0
}

/// Sums over all requests.
package struct StubCounts: Equatable, Sendable {
  package var requests = 0
  /// Good answers that went out whole.
  package var good = 0
  /// Whole answers of no use.
  package var useless = 0
  package var cutByClient = 0
  /// By status.
  package var turnedAway: [Int: Int] = [:]
  /// All requests that got a fault, also those whose answer was good.
  package var faults: [Fault: Int] = [:]
  package var inFlight = 0
  package var mostInFlight = 0
  package var connections = 0
  package var completionTokens = 0

  /// One line of JSON.
  package var json: String {
    func object(_ entries: [(String, Int)]) -> String {
      "{" + entries.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
    }
    let away = turnedAway.sorted { $0.key < $1.key }.map { ("\($0.key)", $0.value) }
    let faults = Fault.allCases.compactMap { kind in
      self.faults[kind].map { (kind.rawValue, $0) }
    }
    return """
      {"requests": \(requests), "good": \(good), "useless": \(useless), \
      "cut_by_client": \(cutByClient), "turned_away": \(object(away)), \
      "faults": \(object(faults)), "in_flight": \(inFlight), \
      "most_in_flight": \(mostInFlight), "connections": \(connections), \
      "completion_tokens": \(completionTokens)}
      """
  }
}
