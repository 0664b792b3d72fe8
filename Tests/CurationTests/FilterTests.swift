import Samples
import Testing

@testable import Curation
@testable import Notation

struct FilterTests {
  static var library: Library { Library(roots: [repository]) }
  static let names = library.filterNames

  @Test func `the filters of the repository are these`() {
    #expect(
      Self.names == [
        "answered", "code", "code-or-science", "contest-source", "in-english", "in-proportion",
        "no-image", "no-link", "no-loop", "no-refusal", "no-repeats", "no-teacher-name",
        "one-question", "one-thought", "reasoned", "right-answer", "science", "science-cot",
        "sound-code", "word-problem",
      ])
  }

  @Test(arguments: names)
  func `every filter of the repository keeps and drops what its examples say`(name: String) throws {
    let filter = try Self.library.filter(name)
    #expect(filter.about.hasPrefix("Keeps ") && filter.about.hasSuffix("."))
    // The fields of these filters are texts in every card that has them.
    var types: [String: FieldType] = [:]
    for card in try SourceCardTests.names.map(Self.library.card) {
      for field in card.fields where types[field.name] ?? .text == .text {
        types[field.name] = field.type
      }
    }
    var projection = Projection()
    let rule = try filter.rule(in: Scope(types), &projection)
    for example in filter.examples {
      try withSample(try example.row.json(), projection) { sample in
        #expect(rule.holds(sample) == example.keeps, "line \(example.place.line)")
        guard let because = example.because else { return }
        let deciding = rule.deciding(sample).map(\.field.name)
        let expected = try because.text("'because'")
        #expect(deciding.contains(expected), "line \(example.place.line)")
      }
    }
  }

  @Test func `a filter keeps its text and its examples`() throws {
    let text = """
      about: Keeps x.
      keep: { a: { is: x } }
      examples:
        - keep: { a: x }
        - { drop: { a: y, b: [1, null] }, because: a }
      """
    let filter = try Filter(YAML(parsing: text, file: "f.yaml"), name: "f", text: text)
    #expect(filter.name == "f")
    #expect(filter.about == "Keeps x.")
    #expect(filter.text == text)
    #expect(filter.examples.map(\.keeps) == [true, false])
    #expect(
      try filter.examples.map { try $0.row.json() }
        == [#"{"a": "x"}"#, #"{"a": "y", "b": [1, null]}"#])
    #expect(try filter.examples.map { try $0.because?.text("") } == [nil, "a"])
    #expect(filter.examples.map(\.place.line) == [4, 5])
  }

  static let head = "about: A.\nkeep: { a: { is: x } }\n"

  static let refused: [(String, String)] = [
    ("keep: {}", "1:1: a filter needs 'about'"),
    ("about: A.", "1:1: a filter needs 'keep'"),
    (head, "1:1: a filter needs 'examples'"),
    ("about: ~\nkeep: {}", "1:8: 'about' should be a text, and is empty"),
    (
      "about: A.\nkeeps: {}",
      "2:1: a filter has no 'keeps'; did you mean 'keep'? It has 'about', 'keep' and 'examples'"
    ),
    (head + "examples: {}", "3:11: 'examples' should be a list, and is a mapping"),
    (
      head + "examples: []",
      "3:11: a filter needs at least one 'keep' and one 'drop' example"
    ),
    (
      head + "examples:\n  - keep: {a: x}",
      "4:3: a filter needs at least one 'keep' and one 'drop' example"
    ),
    (
      head + "examples:\n  - {drop: {a: y}, because: a}",
      "4:3: a filter needs at least one 'keep' and one 'drop' example"
    ),
    (
      head + "examples:\n  - {drop: {a: y}}",
      "4:5: a 'drop' example says 'because' of which field, a 'keep' example does not"
    ),
    (
      head + "examples:\n  - {keep: {a: x}, because: a}",
      "4:5: a 'drop' example says 'because' of which field, a 'keep' example does not"
    ),
    (head + "examples:\n  - {because: a}", "4:5: an example is either 'keep' or 'drop'"),
    (
      head + "examples:\n  - {keep: {a: x}, drop: {a: y}}",
      "4:5: an example is either 'keep' or 'drop'"
    ),
    (
      head + "examples:\n  - {keeps: {a: x}}",
      "4:6: an example has no 'keeps'; did you mean 'keep'? It has 'keep', 'drop' and 'because'"
    ),
    (head + "examples:\n  - a", "4:5: an example should be a mapping, and is 'a'"),
  ]

  @Test(arguments: refused)
  func `a filter with something wrong is refused there`(text: String, expected: String) {
    let found = message {
      _ = try Filter(YAML(parsing: text, file: "f.yaml"), name: "f", text: text)
    }
    #expect(found == "f.yaml:" + expected)
  }
}
