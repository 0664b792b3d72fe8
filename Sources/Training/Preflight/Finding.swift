/// Something that the trainer would do to a row and that its author may not want.
package enum Finding: String, CaseIterable, Encodable, Sendable {
  /// The row never reaches the model.
  case noTurns, roleOrder, noResponse
  /// The row is longer than the cut-off, and what of it is cut away.
  case overlong, losesPrompt, losesReasoning, losesAnswer, losesEnd
  /// What is learned from the row is not what a reader takes it for.
  case emptyPrompt, emptyResponse, openReasoning, addsEmptyThought

  package var text: String {
    switch self {
    case .noTurns: "no messages"
    case .roleOrder: "messages not in pairs of user and assistant"
    case .noResponse: "no response"
    case .overlong: "longer than the cut-off"
    case .losesPrompt: "lose the end of a prompt"
    case .losesReasoning: "lose </think>"
    case .losesAnswer: "lose the end of an answer"
    case .losesEnd: "lose an end token"
    case .emptyPrompt: "empty prompt"
    case .emptyResponse: "empty response"
    case .openReasoning: "<think> without </think>"
    case .addsEmptyThought: "get an empty thought"
    }
  }

  /// Whether the trainer passes over the row, whatever the recipe says.
  package var drops: Bool {
    switch self {
    case .noTurns, .roleOrder, .noResponse: true
    default: false
    }
  }
}
