internal import Notation
internal import Samples

/// `repetition: {MEASURE: SHARE, …}` — no more than so much of the text came before in it.
struct Repetition: PlainCheck {
  static let name = "repetition"
  static let types: Set<FieldType> = [.text]
  static let measures = true
  static let page = CheckPage(
    "no more than these shares of the text came before in it",
    [
      """
      Each measure is a share of the text, from 0 to 1, and the check holds where all of them are at \
      most what is given. `repetition: gopher` stands for the thirteen figures of Gopher's table A1; \
      the ledger has the measures that were too large.
      """,
      """
      A line is what stands between line breaks, without the white space at its ends; a paragraph \
      is what stands between empty lines. A word is what stands between white space, or one \
      character of Chinese or Japanese. Characters are Unicode scalars, and shares are of all \
      characters of the text. What came before is known by hashes of 64 bits.
      """,
      """
      The figures were made for web pages. Long reasoning says things again and again without being \
      at fault, and most of it is beyond them: use `loop` for it.
      """,
    ],
    parameters: [
      ("lines", "no limit", "the share of lines that came before; Gopher: 0.30"),
      ("paragraphs", "no limit", "the share of paragraphs that came before; Gopher: 0.30"),
      ("line_characters", "no limit", "characters in such lines; Gopher: 0.20"),
      ("paragraph_characters", "no limit", "characters in such paragraphs; Gopher: 0.20"),
      (
        "top_N", "no limit",
        """
        characters in the most frequent N words in a row, N from 1 to 64; Gopher: 0.20, 0.18 and \
        0.16 for 2, 3 and 4
        """
      ),
      (
        "repeated_N", "no limit",
        """
        characters in N words in a row that came before, counted N words at a time and none twice; \
        Gopher: 0.15, 0.14, 0.13, 0.12, 0.11 and 0.10 for 5 to 10
        """
      ),
    ],
    source: "Rae et al., Gopher, 2021, section A.1.1 and table A1, arXiv:2112.11446",
    examples: [
      .init(
        "solution: { repetition: { lines: 0.5, repeated_3: 0.3 } }",
        holds: ["{ solution: \"a b\\nc d\\na b\\ne f\" }", "{ solution: '' }"],
        fails: [
          "{ solution: \"a\\nb\\na\\nb\\na\\nb\" }", "{ solution: \"one two six one two six\" }",
        ]),
      .init(
        "solution: { repetition: gopher }",
        holds: ["{ solution: \"We add the two numbers, and the sum is four.\" }"],
        fails: ["{ solution: \"So it is four.\\nSo it is four.\\nSo it is four.\" }"]),
    ])

  /// Which share it is.
  enum Measure: Hashable, Sendable {
    case lines, lineCharacters, paragraphs, paragraphCharacters
    case top(Int)
    case repeated(Int)
  }

  struct Limit: Hashable, Sendable {
    var measure: Measure
    var name: String
    var share: Double
  }

  private let limits: [Limit]

  static let gopher: [(String, Double)] = [
    ("lines", 0.30), ("paragraphs", 0.30), ("line_characters", 0.20),
    ("paragraph_characters", 0.20), ("top_2", 0.20), ("top_3", 0.18), ("top_4", 0.16),
    ("repeated_5", 0.15), ("repeated_6", 0.14), ("repeated_7", 0.13), ("repeated_8", 0.12),
    ("repeated_9", 0.11), ("repeated_10", 0.10),
  ]

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) {
    var limits: [Limit] = []
    if yaml.isMapping {
      for (key, value) in try yaml.entries("'repetition'") {
        let name = try key.text("a measure")
        guard let measure = Measure(name) else {
          throw key.fail(
            "no measure is called '\(name)'; there are 'lines', 'paragraphs', 'line_characters',"
              + " 'paragraph_characters', and 'top_N' and 'repeated_N' for 1 to 64 words")
        }
        limits.append(
          Limit(measure: measure, name: name, share: try Share.read(value, "'\(name)'")))
      }
      guard !limits.isEmpty else { throw yaml.fail("'repetition' needs at least one measure") }
    } else {
      guard try yaml.text("'repetition'") == "gopher" else {
        throw yaml.fail("'repetition' is 'gopher' or a mapping of measures to shares")
      }
      for (name, share) in Self.gopher {
        limits.append(Limit(measure: Measure(name)!, name: name, share: share))
      }
    }
    self.limits = limits
  }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    value.kind == .string
      && sample.withText(of: value) { text in
        var survey = RepetitionSurvey(text)
        for limit in limits where survey.share(limit.measure, in: text) > limit.share {
          return false
        }
        return true
      }
  }

  func measured(_ value: Value, in sample: borrowing Sample) -> String? {
    sample.withText(of: value) { text in
      var survey = RepetitionSurvey(text)
      var all: [(name: String, share: Double, isOver: Bool)] = []
      for limit in limits {
        let share = survey.share(limit.measure, in: text)
        all.append((limit.name, share, share > limit.share))
      }
      let over = all.filter(\.isOver)
      let told = (over.isEmpty ? all : over).map { "\"\($0.name)\": \(Share.json($0.share))" }
      return "{\"repetition\": {\(told.joined(separator: ", "))}}"
    }
  }
}

extension Repetition.Measure {
  init?(_ name: String) {
    switch name {
    case "lines": self = .lines
    case "paragraphs": self = .paragraphs
    case "line_characters": self = .lineCharacters
    case "paragraph_characters": self = .paragraphCharacters
    default:
      let parts = name.split(separator: "_", omittingEmptySubsequences: false)
      guard parts.count == 2, let count = Int(parts[1]), 1...64 ~= count, "\(count)" == parts[1]
      else { return nil }
      switch parts[0] {
      case "top": self = .top(count)
      case "repeated": self = .repeated(count)
      default: return nil
      }
    }
  }
}
