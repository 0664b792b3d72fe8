import Notation
import Testing

@testable import Teaching

struct CompletionTests {
  private func completion(_ message: String, _ rest: String = "") throws -> Completion {
    let text = #"{"choices":[{"index":0,"message":\#(message),"finish_reason":"stop"}]\#(rest)}"#
    return try Completion(JSON(parsing: Array(text.utf8)))
  }

  @Test(arguments: [
    // Apart, under either name; what is empty or null is not there.
    (#"{"reasoning_content":" a\n","content":"b"}"#, " a\n", "b", nil),
    (#"{"reasoning":"a","content":"b"}"#, "a", "b", nil),
    (#"{"reasoning":"x","reasoning_content":"a","content":"b"}"#, "a", "b", nil),
    (#"{"reasoning_content":null,"reasoning":"a","content":"b"}"#, "a", "b", nil),
    (#"{"reasoning_content":"","content":"b"}"#, nil, "b", nil),
    (#"{"reasoning_content":"a","content":null}"#, "a", "", nil),
    (#"{"reasoning_content":"a"}"#, "a", "", nil),
    // Apart, and marked all the same.
    (
      #"{"reasoning_content":"a","content":"<think>b"}"#, "a", "<think>b",
      "a mark of reasoning stands in the answer"
    ),
    (
      #"{"reasoning_content":"a","content":"b</think>c"}"#, "a", "b</think>c",
      "a mark of reasoning stands in the answer"
    ),
    // In the content.
    (#"{"content":"<think>\na\n</think>\n\nb"}"#, "\na\n", "\n\nb", nil),
    (#"{"content":" \n<think>a</think>b"}"#, "a", "b", nil),
    (#"{"content":"a</think>b"}"#, "a", "b", nil),
    (#"{"content":"<think></think>b"}"#, "", "b", nil),
    (#"{"content":"</think>b"}"#, "", "b", nil),
    (#"{"content":"<think>a</think>"}"#, "a", "", nil),
    (#"{"reasoning_content":"","content":"<think>a</think>b"}"#, "a", "b", nil),
    (#"{"content":"b"}"#, nil, "b", nil),
    (#"{"content":""}"#, nil, "", nil),
    (#"{"content":null}"#, nil, "", nil),
    (#"{}"#, nil, "", nil),
    // What no row should be made of.
    (#"{"content":"<think>a"}"#, nil, "<think>a", "the reasoning is never closed"),
    (
      #"{"content":"<think>a</think>b</think>c"}"#, nil, "<think>a</think>b</think>c",
      "the reasoning is closed 2 times"
    ),
    (
      #"{"content":"<think>a<think>b</think>c"}"#, nil, "<think>a<think>b</think>c",
      "the reasoning is opened more than once"
    ),
    (
      #"{"content":"<think>a</think>b<think>c"}"#, nil, "<think>a</think>b<think>c",
      "the reasoning is opened more than once"
    ),
    (
      #"{"content":"well <think>a</think>b"}"#, nil, "well <think>a</think>b",
      "the reasoning is opened more than once"
    ),
    (
      #"{"content":"a <think> b"}"#, nil, "a <think> b",
      "a mark of reasoning stands in the answer"
    ),
  ])
  func `reasoning is found where a server puts it`(
    message: String, reasoning: String?, solution: String, fault: String?
  ) throws {
    let completion = try completion(message)
    #expect(completion.reasoning == reasoning)
    #expect(completion.solution == solution)
    #expect(completion.fault == fault)
  }

  @Test func `usage and finish reason are the server's own, where it tells them`() throws {
    let told = try completion(
      #"{"content":"b"}"#, #","usage":{"prompt_tokens":3,"completion_tokens":-7}"#)
    #expect(told.finishReason == "stop")
    #expect(told.promptTokens == 3)
    #expect(told.completionTokens == -7)
    let untold = try completion(#"{"content":"b"}"#, #","usage":null"#)
    #expect(untold.promptTokens == nil)
    #expect(untold.completionTokens == nil)
    let bare = try Completion(JSON(parsing: Array(#"{"choices":[{"message":{}}]}"#.utf8)))
    #expect(bare.finishReason == nil)
  }

  @Test func `of several choices the one with index 0 counts`() throws {
    let text = """
      {"choices":[{"index":1,"message":{"content":"b"}},{"index":0,"message":{"content":"a"}}]}
      """
    #expect(try Completion(JSON(parsing: Array(text.utf8))).solution == "a")
  }

  @Test(arguments: [
    (
      #"{"error":{"message":"out of memory","code":500}}"#,
      "an error in place of an answer: out of memory"
    ),
    (#"{"error":"no"}"#, #"an error in place of an answer: "no""#),
    (#"{}"#, "no 'choices'"), (#"[]"#, "no 'choices'"), (#"{"choices":null}"#, "no 'choices'"),
    (#"{"choices":[]}"#, "no choice with a message"),
    (#"{"choices":[{"index":1,"message":{}}]}"#, "no choice with a message"),
    (#"{"choices":[{"index":0}]}"#, "no choice with a message"),
  ])
  func `what is no answer is told in words`(text: String, message: String) throws {
    let error = #expect(throws: CompletionError.self) {
      try Completion(JSON(parsing: Array(text.utf8)))
    }
    #expect(error?.description == message)
  }

  @Test func `length is counted in scalars, of both parts`() throws {
    #expect(try completion(#"{"reasoning":"e\u0301","content":"👨‍👩‍👧"}"#).characterCount == 7)
    #expect(try completion(#"{"content":"ab"}"#).characterCount == 2)
  }
}
