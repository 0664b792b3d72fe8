import Samples
import Testing

@testable import Curation

struct PlanTests {
  static let tinyR1 = repository + "/datasets/recipes/tinyr1.yaml"

  private func tinyR1(only: [String] = []) throws -> Plan {
    try Plan(
      Recipe(reading: Self.tinyR1), library: Library(roots: [repository]), only: only)
  }

  @Test func `the recipe of TinyR1 has its branches, sources and steps`() throws {
    let plan = try tinyR1()
    #expect(plan.recipe == "tinyr1")
    #expect(plan.branches.map(\.name) == ["math", "coding", "science"])
    #expect(plan.branches.map { $0.format.name } == ["sharegpt", "sharegpt", "sharegpt"])
    #expect(
      plan.sources.map { "\($0.card.name)/\($0.config.name)" } == [
        "openr1-math/default", "openthoughts/metadata", "s1-59k/default", "s1k/default",
      ])
    let steps = plan.sources.flatMap { source in
      source.takings.map { taking in
        "\(plan.branches[taking.branch].name) \(source.card.name): "
          + taking.steps.map(\.name).joined(separator: ", ")
      }
    }
    #expect(
      steps == [
        "math openr1-math: word-problem, contest-source, pick, prompt, response",
        "coding openthoughts: code, answered, prompt, response",
        "science openthoughts: science, answered, prompt, response",
        "science s1-59k: science-cot, prompt",
        "science s1k: prompt",
      ])
  }

  @Test func `only what a branch needs is read`() throws {
    #expect(
      try tinyR1().sources.map(\.projection.keys) == [
        [
          "uuid", "problem", "question_type", "source", "generations", "correctness_math_verify",
          "is_reasoning_complete",
        ],
        ["problem", "domain", "deepseek_reasoning", "deepseek_solution", "starter_code"],
        ["question", "cot_type", "solution"],
        ["question", "solution"],
      ])
    let science = try tinyR1(only: ["science"])
    #expect(science.branches.map(\.name) == ["science"])
    #expect(science.sources.map(\.card.name) == ["openthoughts", "s1-59k", "s1k"])
    #expect(
      science.sources[0].projection.keys
        == ["problem", "domain", "deepseek_reasoning", "deepseek_solution"])
  }

  @Test func `fields of optional parts and answers of seeds need not be there`() throws {
    let required = try tinyR1().sources.map { $0.required.map(\.field.name) }
    #expect(
      required == [
        ["question_type", "source", "responses", "verified", "complete", "prompt"],
        ["domain", "reasoning", "solution", "prompt"], ["cot_type", "prompt"], ["prompt"],
      ])
  }

  // A kitchen with two sources and two filters.

  private func kitchen(_ branches: String) throws -> Kitchen {
    let other = """
      about: Another.
      licence: MIT
      configs: { small: {}, large: {} }
      identity: [prompt]
      fields: { prompt: p, topic: t }

      """
    return try Kitchen(
      recipe: "branches:\n" + branches,
      cards: ["pool": Pool.card, "other": other, "third": other],
      filters: [
        "mathematics": Pool.filter,
        "listed": """
        about: Keeps a list.
        keep: { responses: { count: { at_least: 1 } } }
        examples: [{ keep: { responses: [a] } }, { drop: { responses: [] }, because: responses }]
        """,
      ])
  }

  static let seed = "{response: teacher}"

  @Test func `sources are read in the order of the branches`() throws {
    let plan = try kitchen(
      "  a: {sources: {other: \(Self.seed), pool: \(Self.seed)}}\n"
        + "  b: {sources: {pool: \(Self.seed), third: \(Self.seed)}}"
    ).plan()
    #expect(plan.sources.map(\.card.name) == ["other", "pool", "third"])
    #expect(plan.sources.map { $0.takings.map(\.branch) } == [[0], [0, 1], [1]])
  }

  @Test func `a branch below may say what comes before the sources of one above`() throws {
    let plan = try kitchen(
      "  a: {sources: {pool: \(Self.seed), third: \(Self.seed)}}\n"
        + "  b: {sources: {other: \(Self.seed), pool: \(Self.seed)}}"
    ).plan()
    #expect(plan.sources.map(\.card.name) == ["other", "pool", "third"])
    #expect(plan.sources.map { $0.takings.map(\.branch) } == [[1], [0, 1], [0]])
  }

  @Test func `the first config of a card is meant where the recipe names none`() throws {
    let plan = try kitchen(
      "  a: {sources: {other: \(Self.seed), third/large: \(Self.seed)}}"
    ).plan()
    #expect(plan.sources.map(\.config.name) == ["small", "large"])
  }

  static let place = "datasets/recipes/test.yaml:"

  static let contradiction =
    "\(place)2:6: the branches take the same sources in orders that contradict each other; a source"
    + " is read once, so give all the same order"

  static let refused: [(branches: String, expected: String)] = [
    (
      "  a: {sources: {other: \(seed), pool: \(seed)}}\n"
        + "  b: {sources: {pool: \(seed), other: \(seed)}}",
      contradiction
    ),
    (
      "  a: {sources: {other: \(seed), pool: \(seed)}}\n"
        + "  b: {sources: {pool: \(seed), third: \(seed)}}\n"
        + "  c: {sources: {third: \(seed), other: \(seed)}}",
      contradiction
    ),
    (
      "  a: {sources: {poool: \(seed)}}",
      "\(place)2:17: no source is called 'poool'; did you mean 'pool'? There are 'other', 'pool'"
        + " and 'third'"
    ),
    (
      "  a: {sources: {other/larg: \(seed)}}",
      "\(place)2:17: 'other' has no config 'larg'; did you mean 'large'? It has 'small' and 'large'"
    ),
    (
      "  a: {sources: {other/large: \(seed)}}\n  b: {sources: {other: \(seed)}}",
      "\(place)3:17: 'other' is read as config 'large' by a branch above; one run reads one config"
        + " of a source"
    ),
    (
      "  a: {sources: {pool: {filters: [mathematic], response: teacher}}}",
      "\(place)2:34: no filter is called 'mathematic'; did you mean 'mathematics'? There are"
        + " 'listed' and 'mathematics'"
    ),
    (
      "  a: {sources: {pool: {filters: [mathematics, mathematics], response: teacher}}}",
      "\(place)2:47: the filter 'mathematics' stands twice here"
    ),
    (
      "  a: {sources: {other: {filters: [listed], response: teacher}}}",
      "filters/listed.yaml:2:9: other has no field called 'responses'; it has 'prompt' and 'topic'"
        + " (used at datasets/recipes/test.yaml:2)"
    ),
    (
      "  a: {sources: {other: {response: '{responze}'}}}",
      "\(place)2:35: other has no field called 'responze'; it has 'prompt' and 'topic'"
    ),
    (
      "  a: {sources: {pool: {response: '{responses}'}}}",
      "\(place)2:34: 'responses' is a list of texts, not a text; 'pick' takes one of them"
    ),
    (
      "  a: {sources: {pool: {response: [x]}}}",
      "\(place)2:34: 'response' should be a text, and is a list"
    ),
    // Several of several kinds, in the order of the files.
    (
      "  a:\n    sources:\n      pool: {filters: [nothing], pick: {last: x}, prompt: '{',"
        + " response: '}'}\n      nowhere: \(seed)\n"
        + "  b: {sources: {other: {filters: [listed], response: teacher}}}",
      """
      \(place)4:24: no filter is called 'nothing'; there are 'listed' and 'mathematics'
      \(place)4:41: 'pick' has no 'last'; it has 'first', 'shortest', \
      'longest' and 'where'
      \(place)4:59: a '{' in this template is never closed
      \(place)4:74: a lone '}' in this template; write it twice to mean itself
      \(place)5:7: no source is called 'nowhere'; did you mean 'other'? There are 'other', 'pool' and 'third'
      filters/listed.yaml:2:9: other has no field called 'responses'; it has 'prompt' and 'topic' \
      (used at datasets/recipes/test.yaml:6)
      """
    ),
  ]

  @Test(arguments: refused)
  func `a recipe that cannot be carried out is refused`(branches: String, expected: String) throws {
    let found = try kitchen(branches).complaint()
    #expect(found == expected)
  }

  @Test func `a branch that is not there cannot be asked for`() throws {
    let kitchen = try kitchen("  math: {sources: {pool: \(Self.seed)}}")
    #expect(
      kitchen.complaint(only: ["zzz", "meth"])
        == """
        datasets/recipes/test.yaml: no branch is called 'meth'; did you mean 'math'? There are \
        'math'
        datasets/recipes/test.yaml: no branch is called 'zzz'; there are 'math'
        """)
  }

  @Test func `a branch that is not built is checked all the same`() throws {
    let kitchen = try kitchen(
      "  a: {sources: {pool: \(Self.seed)}}\n  b: {sources: {poool: \(Self.seed)}}")
    #expect(kitchen.complaint(only: ["a"])?.contains("no source is called 'poool'") == true)
  }

  @Test func `a mistake in a card is reported once for all its branches`() throws {
    let kitchen = try kitchen(
      "  a: {sources: {bad: \(Self.seed)}}\n  b: {sources: {bad: \(Self.seed)}}")
    try kitchen.folder.write("datasets/bad.yaml", "about: A.\nlicense: MIT\n")
    #expect(
      kitchen.complaint()
        == "datasets/bad.yaml:2:1: a source has no 'license'; did you mean 'licence'? It has"
        + " 'about', 'licence', 'homepage', 'revision', 'hub', 'configs', 'identity', 'fields' and"
        + " 'format'")
  }
}
