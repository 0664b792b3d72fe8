import Samples
import Testing

@testable import Curation
@testable import Notation

struct CheckPageTests {
  @Test(arguments: CheckPage.all.map(\.name))
  func `the examples on a check's page hold`(name: String) throws {
    let page = try #require(CheckPage.all.first { $0.name == name })
    let library = Library(roots: [repository])
    let cards = try library.cardNames.map { try library.card($0) }
    #expect(!page.examples.isEmpty)
    for example in page.examples {
      #expect(!example.holds.isEmpty && !example.fails.isEmpty)
      #expect(example.rule.contains("\(name):"))
      let lines =
        ["about: x", "keep: { \(example.rule) }", "examples:"]
        + example.holds.map { "  - keep: \($0)" }
        + example.fails.map { "  - drop: \($0)" }
        .map { $0 + "\n    because: \(example.rule.split(separator: ":")[0])" }
      let text = lines.joined(separator: "\n")
      let filter = try Filter(YAML(parsing: text, file: name), name: "page", text: text)
      #expect(filter.failedExamples(cards).map(\.description) == [])
    }
  }

  @Test func `Gopher's figures are those of its table A1`() {
    #expect(
      Repetition.gopher.map { "\($0) \($1)" } == [
        "lines 0.3", "paragraphs 0.3", "line_characters 0.2", "paragraph_characters 0.2",
        "top_2 0.2", "top_3 0.18", "top_4 0.16", "repeated_5 0.15", "repeated_6 0.14",
        "repeated_7 0.13", "repeated_8 0.12", "repeated_9 0.11", "repeated_10 0.1",
      ])
  }
}
