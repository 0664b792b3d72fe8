import Testing

@testable import Curation
@testable import Notation

struct ExampleRunnerTests {
  private func failures(_ examples: String, keep: String = "{ topic: { is: algebra } }") throws
    -> [String]
  {
    let text = "about: F.\nkeep: \(keep)\nexamples:\n\(examples)\n"
    let filter = try Filter(YAML(parsing: text, file: "f.yaml"), name: "f", text: text)
    let card = try SourceCard(
      YAML(parsing: Pool.card, file: "pool.yaml"), name: "pool", text: Pool.card)
    return filter.failedExamples([card]).map(\.description)
  }

  static let good = "  - keep: { topic: algebra }\n  - { drop: { topic: x }, because: topic }"

  @Test func `examples that hold are passed over`() throws {
    #expect(try failures(Self.good) == [])
  }

  static let wrong: [(String, String)] = [
    (
      "  - keep: { topic: x }",
      "f.yaml:6:5: 'f' drops this example, which it should keep"
    ),
    (
      "  - { drop: { topic: algebra }, because: topic }",
      "f.yaml:6:5: 'f' keeps this example, which it should drop"
    ),
    (
      "  - { drop: { topic: x }, because: answer }",
      "f.yaml:6:36: 'f' drops this example because of 'topic', not 'answer'"
    ),
    (
      "  - keep: { topci: algebra }",
      "f.yaml:6:13: no source has a field called 'topci'; did you mean 'topic'?"
    ),
    (
      "  - keep: { topic: 1 }",
      "f.yaml:6:11: in this example the row: 'topic' should be a text and is a number"
    ),
    ("  - keep: [algebra]", "f.yaml:6:11: an example's row should be a mapping, and is a list"),
  ]

  @Test(arguments: wrong)
  func `an example that does not hold is named with its place`(example: String, expected: String)
    throws
  {
    #expect(try failures(Self.good + "\n" + example) == [expected])
  }

  @Test func `a rule that fits no card is one failure`() throws {
    #expect(
      try failures(Self.good, keep: "{ topic: { is: 1 } }") == [
        "f.yaml:2:22: here a text is needed, and this is the number 1; put it in quotation marks"
      ])
  }
}
