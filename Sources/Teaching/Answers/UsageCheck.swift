/// What an answer is counted with: the server's numbers of tokens where they can be, else a guess.
package struct UsageCheck: Sendable {
  private let request: TeacherRequest
  private let maxTokens: Int

  package init(_ request: TeacherRequest, maxTokens: Int) {
    self.request = request
    self.maxTokens = maxTokens
  }

  /// Of a whole answer; `usage` tells whether the server's numbers were taken.
  package func tokens(of completion: Completion) -> Attempt.Tokens {
    let textCount = (completion.reasoning?.utf8.count ?? 0) + completion.solution.utf8.count
    if let prompt = completion.promptTokens, let tokens = completion.completionTokens,
      1...request.promptTokenLimit ~= prompt,
      (textCount > 0 ? 1 : 0)...max(1, maxTokens) ~= tokens
    {
      return Attempt.Tokens(prompt: prompt, completion: tokens, usage: .server)
    }
    return estimate(textCount: textCount)
  }

  /// Of an answer of which so many bytes of text came; four bytes are a token.
  package func estimate(textCount: Int) -> Attempt.Tokens {
    Attempt.Tokens(
      prompt: max(1, request.messages.utf8.count / 4),
      completion: min(textCount == 0 ? 0 : max(1, textCount / 4), maxTokens), usage: .estimated)
  }
}
