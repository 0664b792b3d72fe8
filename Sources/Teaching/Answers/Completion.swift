package import Notation

/// What a server answered, read out of a `chat.completion`.
package struct Completion: Sendable {
  /// As the server separated it, or as it stands between `<think>` and `</think>`.
  package let reasoning: String?
  /// What stands behind the reasoning.
  package let solution: String
  package let finishReason: String?
  /// What is wrong with the form of the reasoning, in words.
  package let fault: String?
  /// The numbers of tokens that the server tells, if it does.
  package let promptTokens, completionTokens: Int?

  /// Throws where this is no whole `chat.completion` with a choice in it.
  package init(_ json: JSON) throws(CompletionError) {
    guard let choices = json["choices"]?.items else {
      let words = json["error"].map { $0["message"]?.text ?? $0.compact }
      throw CompletionError(words.map { "an error in place of an answer: \($0)" } ?? "no 'choices'")
    }
    let choice = choices.first { $0["index"]?.int ?? 0 == 0 }
    guard let choice, let message = choice["message"] else {
      throw CompletionError("no choice with a message")
    }
    let content = message["content"]?.text ?? ""
    let separate =
      (message["reasoning_content"]?.text ?? message["reasoning"]?.text)
      .flatMap { $0.isEmpty ? nil : $0 }
    finishReason = choice["finish_reason"]?.text
    promptTokens = json["usage"]?["prompt_tokens"]?.int
    completionTokens = json["usage"]?["completion_tokens"]?.int
    if let separate {
      let hasMarks = content.contains(Self.opening) || content.contains(Self.closing)
      (reasoning, solution) = (separate, content)
      fault = hasMarks ? Self.strayMark : nil
    } else {
      (reasoning, solution, fault) = Self.parts(of: content)
    }
  }

  /// Of reasoning and solution, in Unicode's scalars.
  package var characterCount: Int {
    (reasoning?.unicodeScalars.count ?? 0) + solution.unicodeScalars.count
  }

  private static let strayMark = "a mark of reasoning stands in the answer"
  private static let opening = "<think>"
  private static let closing = "</think>"

  /// The opening mark may be missing: a chat template may have written it.
  private static func parts(of content: String) -> (String?, String, String?) {
    let pieces = content.split(separator: closing, omittingEmptySubsequences: false)
    var head = pieces[0].drop { $0.isWhitespace }
    let isOpened = head.hasPrefix(opening)
    if isOpened { head = head.dropFirst(opening.count) }
    if pieces.count > 2 {
      return (nil, content, "the reasoning is closed \(pieces.count - 1) times")
    }
    guard pieces.count == 2 else {
      let hasMark = head.contains(opening)
      return (nil, content, isOpened ? "the reasoning is never closed" : hasMark ? strayMark : nil)
    }
    guard !head.contains(opening), !pieces[1].contains(opening) else {
      return (nil, content, "the reasoning is opened more than once")
    }
    return (String(head), String(pieces[1]), nil)
  }
}

/// Why bytes with status 200 are no answer.
package struct CompletionError: Error, CustomStringConvertible {
  package var description: String

  package init(_ description: String) { self.description = description }
}
