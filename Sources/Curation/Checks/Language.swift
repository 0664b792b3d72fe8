internal import Notation
internal import Samples

/// `language: {in: [en, …], mixing: SHARE}` — the text is in one of these languages.
struct Language: PlainCheck {
  static let name = "language"
  static let types: Set<FieldType> = [.text]
  static let measures = true
  static let page = CheckPage(
    "the text is in one of these languages",
    [
      """
      By script first: words of three letters or more are counted for the alphabets, characters for \
      Chinese, Japanese, Korean and Thai. Where scripts beside the most frequent one have more than \
      the share `mixing` of all, the text is `mixed`. Chinese characters with kana among them are \
      `ja`, without `zh`, syllables of hangul `ko`; other scripts go by their own name: `cyrillic`, \
      `greek`, `arabic`, `hebrew`, `devanagari`, `thai`.
      """,
      """
      Latin text goes by stop words, the few dozen most frequent ones of each language. Another \
      language than English needs three of them and more than twice those of English; one English \
      one is enough for `en`. Text without any of them, as formulas and names are, is `unknown`, \
      text without words `none`. Commands of LaTeX, fenced code and words of one letter are passed \
      over, and words in capitals are no stop words. Two languages in Latin script are not told apart within one text.
      """,
    ],
    parameters: [
      (
        "in", nil,
        "languages that hold: \(Tongue.allCases.map { $0.rawValue }.joined(separator: ", "))"
      ),
      (
        "mixing", "0.1",
        """
        the share of other scripts above which a text is mixed; 0.001 finds a few Chinese words in \
        long English reasoning
        """
      ),
    ],
    source: """
      the idea: Rae et al., Gopher, 2021, section A.1.1 (two of eight English stop words), \
      arXiv:2112.11446; the lists and figures are ours
      """,
    examples: [
      .init(
        "prompt: { language: { in: [en, unknown] } }",
        holds: [
          "{ prompt: \"What is the sum of 1 and 2?\" }", "{ prompt: \"Solve $x^2=4$.\" }",
        ],
        fails: [
          "{ prompt: \"已知函数 $f(x)=x^2$，求最小值。\" }",
          "{ prompt: \"¿Cuál es la suma de los números que son primos?\" }",
        ]),
      .init(
        "reasoning: { language: { in: [en], mixing: 0.02 } }",
        holds: ["{ reasoning: \"First we add the two numbers, then we are done.\" }"],
        fails: ["{ reasoning: \"First we add the two numbers, 然后 we are done.\" }"]),
    ])

  private let wanted: Set<Tongue>
  private let mixing: Double

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) {
    let keys = try yaml.keyed("'language'", ["in", "mixing"])
    guard let list = keys["in"] else { throw yaml.fail("'language' needs 'in', a list") }
    var wanted: Set<Tongue> = []
    for item in try list.list("'in'") {
      let tongue: Tongue = try item.named("a language")
      wanted.insert(tongue)
    }
    guard !wanted.isEmpty else { throw list.fail("'in' needs at least one language") }
    self.wanted = wanted
    if let share = keys["mixing"] {
      mixing = try Share.read(share, "'mixing'")
    } else {
      mixing = 0.1
    }
  }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    value.kind == .string && wanted.contains(survey(value, sample).tongue(mixing: mixing))
  }

  func measured(_ value: Value, in sample: borrowing Sample) -> String? {
    let survey = survey(value, sample)
    return "{\"language\": \"\(survey.tongue(mixing: mixing).rawValue)\","
      + " \"stop_words\": \(Share.json(survey.stopWords)),"
      + " \"mixing\": \(Share.json(survey.mixing))}"
  }

  private func survey(_ value: Value, _ sample: borrowing Sample) -> LanguageSurvey {
    sample.withText(of: value) { LanguageSurvey($0) }
  }
}

/// What `language` tells apart.
enum Tongue: String, CaseIterable, Sendable {
  case en, de, fr, es, it, pt, nl, pl, tr, id, vi
  case zh, ja, ko, thai, cyrillic, greek, arabic, hebrew, devanagari
  case mixed, unknown, none

  /// Those of Latin script, in the order of their bits.
  static let latin: [Tongue] = [.en, .de, .fr, .es, .it, .pt, .nl, .pl, .tr, .id, .vi]
}
