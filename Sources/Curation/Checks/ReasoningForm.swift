internal import Files
internal import Notation
internal import Samples

/// `reasoning_form: [OPEN, CLOSE]` — the text is one chain of thought between the marks, and an
/// answer after it.
struct ReasoningForm: PlainCheck {
  static let name = "reasoning_form"
  static let types: Set<FieldType> = [.text]
  static let measures = true
  static let page = CheckPage(
    "the text is one chain of thought between two marks, then an answer",
    [
      """
      White space aside, the text begins with the first mark, has each mark exactly once, and there \
      is something between them and something after the second. What the ledger has of a text that \
      is not so is the first of these that is wrong.
      """
    ],
    parameters: [
      ("[OPEN, CLOSE]", nil, "the two marks, as a list; [<think>, </think>] for DeepSeek-R1")
    ],
    source: "DeepSeek-AI, DeepSeek-R1, 2025, table 1: the template of R1-Zero, arXiv:2501.12948",
    examples: [
      .init(
        "response: { reasoning_form: [<think>, </think>] }",
        holds: ["{ response: \"<think>\\nAdd.\\n</think>\\n\\n4\" }"],
        fails: [
          "{ response: \"<think>Add.\" }", "{ response: \"<think></think>4\" }",
          "{ response: \"<think>Add.</think> \" }", "{ response: \"Add.</think>4\" }",
          "{ response: \"<think>Add.</think>4</think>5\" }",
        ])
    ])

  private let open, close: [UInt8]

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) {
    let list = try yaml.list("'reasoning_form'")
    guard list.count == 2 else {
      throw yaml.fail("'reasoning_form' is a list of two marks: [<think>, </think>]")
    }
    open = Array(try list[0].text("a mark").utf8)
    close = Array(try list[1].text("a mark").utf8)
    guard !open.isEmpty, !close.isEmpty, open != close else {
      throw yaml.fail("the two marks are different texts, none of them empty")
    }
  }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    value.kind == .string && sample.withText(of: value, fault(of:)) == nil
  }

  func measured(_ value: Value, in sample: borrowing Sample) -> String? {
    let fault = sample.withText(of: value, fault(of:))
    return "{\"reasoning_form\": \(fault.map { JSON.quoted($0.rawValue) } ?? "true")}"
  }

  private enum Fault: String {
    case noStart = "does not begin with the first mark"
    case reopened = "the first mark stands there again"
    case unclosed = "the second mark is missing"
    case reclosed = "the second mark stands there again"
    case noThought = "nothing between the marks"
    case noAnswer = "nothing after the second mark"
  }

  private func fault(of text: Span<UInt8>) -> Fault? {
    let start = plainTrimmed(text).lowerBound
    guard text.count - start >= open.count,
      text.extracting(start..<start + open.count).elementsEqual(open.span)
    else { return .noStart }
    let rest = text.extracting((start + open.count)...)
    guard rest.firstRange(of: open) == nil else { return .reopened }
    guard let end = rest.firstRange(of: close) else { return .unclosed }
    let answer = rest.extracting(end.upperBound...)
    guard answer.firstRange(of: close) == nil else { return .reclosed }
    guard !plainTrimmed(rest.extracting(..<end.lowerBound)).isEmpty else { return .noThought }
    return plainTrimmed(answer).isEmpty ? .noAnswer : nil
  }
}

/// The part of a decoded text without the white space at both ends.
func plainTrimmed(_ text: Span<UInt8>) -> Range<Int> {
  var start = 0
  while start < text.count, case let length = whiteSpaceLength(text, at: start), length > 0 {
    start += length
  }
  var end = text.count
  while end > start, case let length = spaceLength(text, before: end), length > 0 { end -= length }
  return start..<end
}

/// Bytes of the white space character that ends at `end`; 0 where none does.
private func spaceLength(_ text: Span<UInt8>, before end: Int) -> Int {
  // The most frequent case first: a letter.
  if text[end - 1] > 0x20 && text[end - 1] < 0x80 { return 0 }
  for length in 1...3
  where end >= length && whiteSpaceLength(text, at: end - length) == length {
    return length
  }
  return 0
}
