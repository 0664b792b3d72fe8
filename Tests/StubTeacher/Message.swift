/// An answer as a server gives it: what stands in which field, what it says of itself.
struct Message {
  /// The field of what the model thought, where that is not in the content.
  var reasoningField: String?
  var reasoning: String
  var content: String
  var finishReason: String
  var usage: Behaviour.Usage
  /// Bytes of filler behind the reasoning, or in the content where the reasoning has no field.
  var filler = 0
  /// What stands in the stream instead of an answer where something breaks.
  let error: String

  init(
    _ answer: StubAnswer, _ fault: Fault?, _ behaviour: Behaviour, _ authorization: String?
  ) {
    var answer = answer
    error = Refusal(status: 500, authorization: authorization).body
    finishReason = behaviour.finishReason
    usage = behaviour.usage
    switch fault {
    case .emptyContent: answer.content = ""
    case .emptyReasoning: answer.reasoning = ""
    case .contentFilter:
      answer.content = Self.halves(answer.content).0
      finishReason = "content_filter"
    case .keyInContent: answer.content += " " + (authorization ?? "")
    case .usageMissing: usage = .missing
    case .usageNegative: usage = .negative
    case .usageHuge: usage = .huge
    case .usageZero: usage = .zero
    case .huge, .hugeEvent: filler = behaviour.hugeBytes
    case .length: finishReason = "length"
    default: break
    }
    reasoning = ""
    content = ""
    switch (fault, behaviour.reasoning) {
    case (.thinkTwice, _):
      let (first, second) = Self.halves(answer.reasoning)
      content =
        "<think>\n\(first)\n</think>\n\n<think>\n\(second)\n</think>\n\n\(answer.content)"
    case (.thinkOpen, _): content = "<think>\n\(answer.reasoning)\n\n\(answer.content)"
    case (.length, .none): content = Self.halves(answer.content).0
    case (.length, .think): content = "<think>\n" + Self.halves(answer.reasoning).0
    case (.length, .closing): content = Self.halves(answer.reasoning).0
    case (.length, _): reasoning = Self.halves(answer.reasoning).0
    case (_, .none): content = answer.content
    case (_, .think): content = "<think>\n\(answer.reasoning)\n</think>\n\n\(answer.content)"
    case (_, .closing): content = "\(answer.reasoning)\n</think>\n\n\(answer.content)"
    case (_, .separate), (_, .reasoning):
      reasoning = answer.reasoning
      content = answer.content
    }
    if !reasoning.isEmpty {
      reasoningField = behaviour.reasoning == .reasoning ? "reasoning" : "reasoning_content"
    }
  }

  var tokens: Int { StubAnswer.tokens(reasoning) + StubAnswer.tokens(content) + filler / 4 }

  /// `usage` as JSON; nil where the server says nothing.
  func usage(prompt: Int) -> String? {
    func object(_ prompt: String, _ completion: String, _ total: String) -> String {
      #"{"prompt_tokens":"# + prompt + #","completion_tokens":"# + completion
        + #","total_tokens":"# + total + "}"
    }
    return switch usage {
    case .right: object("\(prompt)", "\(tokens)", "\(prompt + tokens)")
    case .missing: nil
    case .negative: object("-1", "-7", "-8")
    case .huge: object("9007199254740993", "9223372036854775807", "9232379236109516800")
    case .zero: object("0", "0", "0")
    }
  }

  private static func halves(_ text: String) -> (String, String) {
    let middle = text.index(text.startIndex, offsetBy: text.count / 2)
    return (String(text[..<middle]), String(text[middle...]))
  }
}
