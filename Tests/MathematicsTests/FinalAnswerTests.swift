import Testing

@testable import Mathematics

struct FinalAnswerTests {
  static let cases: [(text: String, origin: FinalAnswer.Origin, answer: String)] = [
    ("So $x = \\boxed{5}$.", .box, "5"),
    ("\\boxed{1} is wrong. It is \\boxed{\\frac{1}{2}}.", .box, "\\frac{1}{2}"),
    ("\\boxed{\\{1, 2\\}}", .box, "\\{1, 2\\}"),
    ("\\boxed {\\text{a } \\left\\{ x \\right. }", .box, "\\text{a } \\left\\{ x \\right. "),
    ("\\fbox{7} and text", .box, "7"),
    ("Hence \\boxed 5.", .box, "5"),
    ("\\boxed{3}, then \\boxed{4", .box, "3"),
    ("$\\boxed{1}$ and $\\boxed{2}$", .boxes, "1, 2"),
    ("$x=\\boxed{1}$, $y=\\boxed{2}$ or $z = \\boxed{3}$", .boxes, "1, 2, 3"),
    ("\\boxed{5}. The final answer is \\boxed{5}.", .box, "5"),
    ("We had \\boxed{4}. Now \\boxed{5}.", .box, "5"),
    ("<think>\\boxed{1}</think>\\boxed{2}", .box, "2"),
    ("<think>\\boxed{1}</think>The answer is 3.", .phrase, "3"),
    ("<|begin_of_thought|>5<|end_of_thought|>\nAnswer: 7", .phrase, "7"),
    ("The final answer is $\\frac{1}{2}$. I hope it is correct.", .phrase, "\\frac{1}{2}"),
    ("The final answer is 12.5. I hope it is correct.", .phrase, "12.5"),
    ("**Final Answer**\n$$x+1$$", .phrase, "x+1"),
    ("**Answer:** 42\n", .phrase, "42"),
    ("Thus the answer to the question is \\(3\\).", .phrase, "3"),
    ("The answers are $3$ and $5$; answer: $3$ and $5$.", .phrase, "$3$ and $5$"),
    ("The answer is C.", .choice, "C"), ("Answer: (B)", .choice, "(B)"),
    ("The answer is \\textbf{(D)}.", .choice, "\\textbf{(D)}"),
    ("It cannot be A.\n\n**C**", .choice, "**C**"),
    ("42", .whole, "42"), ("  x = 5\n", .whole, "x = 5"),
  ]

  @Test(arguments: cases)
  func `the final answer is found`(text: String, origin: FinalAnswer.Origin, answer: String) {
    let bytes = Array(text.utf8)
    let found = FinalAnswer(in: bytes.span)
    #expect(found?.origin == origin)
    #expect(found.map { String(decoding: $0.bytes(in: bytes.span), as: UTF8.self) } == answer)
  }

  @Test(arguments: [
    "", "   \n", "<think>It is \\boxed{5}", "<think>\\boxed{5}</think>\nI do not know.\nSorry.",
    "One line.\nAnd another without any.", "\\boxed{",
  ])
  func `where there is none, none is found`(text: String) {
    let bytes = Array(text.utf8)
    #expect(FinalAnswer(in: bytes.span) == nil)
  }

  @Test func `any bytes are searched`() {
    var random = SplitMix64(seed: 21)
    let seeds = Self.cases.map { Array($0.text.utf8) }
    for _ in 0..<4_000 {
      var bytes = random.pick(seeds) + random.pick(seeds)
      for _ in 0..<random.int(1...6) where !bytes.isEmpty {
        let place = random.int(0...bytes.count - 1)
        if random.int(0...1) == 0 {
          bytes[place] = UInt8(random.int(0...255))
        } else {
          bytes.removeSubrange(place..<min(bytes.count, place + random.int(1...9)))
        }
      }
      guard let found = FinalAnswer(in: bytes.span) else { continue }
      for range in found.ranges {
        #expect(range.lowerBound >= 0 && range.upperBound <= bytes.count)
      }
      _ = Agreement.of(found.bytes(in: bytes.span), and: Array("5".utf8))
      _ = AnswerOptions(in: bytes.span)
      _ = CodeAnswer(in: bytes.span)
    }
  }
}
