import Foundation
import Testing

@testable import Curation
@testable import Lineage
@testable import Similarity

/// `without`: benchmarks, their files, and what is found of them in prompts.
struct BenchmarkTests {
  static let card = """
    about: A small quiz.
    licence: MIT
    homepage: https://example.org/quiz
    hub: lab/quiz
    file: quiz.jsonl
    fields: { id: number, prompt: question }

    """
  static let question = "A farmer has seventeen sheep and all but nine of them run away at night."
  static let items = """
    {"number": 7, "question": "\(question) How many are left?"}
    {"number": 8, "question": "Find $2+\\\\frac{3}{4}$."}

    """
  static let text =
    [
      Pool.row("a1", "\"Solve this. \(question.uppercased()) Count them.\""),
      Pool.row("a2", #""Find \\( 2 + \\dfrac34 \\)""#),
      Pool.row("a3", #""A farmer has two sheep. How many are left?""#),
    ].joined(separator: "\n") + "\n"

  static func kitchen(_ without: String = "[quiz]") throws -> Kitchen {
    let kitchen = try Pool.kitchen(
      recipe: """
        branches:
          math:
            sources:
              pool: { response: "{answer}", without: \(without) }

        """)
    try kitchen.folder.write("datasets/benchmarks/quiz.yaml", card)
    try kitchen.folder.write("work/sources/pool.jsonl", text)
    return kitchen
  }

  @Test func `a hit names the item, the rule, the span and its words`() throws {
    let kitchen = try Self.kitchen()
    try kitchen.folder.write("work/benchmarks/quiz.jsonl", Self.items)
    try kitchen.run()
    #expect(
      try query(AnswerVerificationTests.fates, in: kitchen.workspace) == [
        #"1|dropped|without|{"benchmark": "quiz", "item": "7", "rule": "words", "share": 0.667, "span": [12, 84], "#
          + "\"words\": \"\(Self.question.uppercased())\", \"rules\": [\"words\", \"tokens\"],"
          + " \"hits\": 2}",
        #"2|dropped|without|{"benchmark": "quiz", "item": "8", "rule": "whole", "share": 1.0, "span": [0, 20], "#
          + #""words": "Find \\( 2 + \\dfrac34", "rules": ["whole"], "hits": 1}"#,
        "3|kept||",
      ])
    let recorded = try query(
      "SELECT name, licence, item_count, fingerprint FROM benchmark", in: kitchen.workspace)
    let fingerprint = recorded[0].split(separator: "|")[3]
    #expect(recorded == ["quiz|MIT|2|\(fingerprint)"])
    #expect(
      try query("SELECT text FROM step WHERE kind = 'without'", in: kitchen.workspace)
        == ["{benchmarks: {quiz: \(fingerprint)}, rules: [words, tokens, whole, fuzzy]}"])
  }

  @Test func `hashes find the same, and no words are written down`() throws {
    let kitchen = try Self.kitchen("{ benchmarks: [quiz], rules: [tokens, whole, words] }")
    let library = Library(roots: [kitchen.folder.path])
    let questions = try kitchen.folder.write("questions.jsonl", Self.items)
    let read = try BenchmarkFile(reading: questions, library.benchmark("quiz"))
    let hashes = BenchmarkFile.fingerprint(of: [read], read.card)
    #expect(!hashes.lowercased().contains("sheep"))
    let path = try kitchen.folder.write("quiz.hashes", hashes)
    try kitchen.run { $0.benchmarks = ["quiz": path] }
    let evidence = try query(
      "SELECT evidence ->> '$.item', evidence ->> '$.words' FROM fate ORDER BY sample",
      in: kitchen.workspace)
    #expect(evidence == ["7|", "8|", "|"])
    #expect(
      try query("SELECT text FROM step WHERE kind = 'without'", in: kitchen.workspace)
        == ["{benchmarks: {quiz: \(read.fingerprint) (hashes)}, rules: [words, tokens, whole]}"])
  }

  @Test func `a benchmark may be JSON Lines, an array, CSV or gzip, and has one fingerprint`()
    throws
  {
    let kitchen = try Self.kitchen()
    let card = try Library(roots: [kitchen.folder.path]).benchmark("quiz")
    let lines = Self.items.split(separator: "\n")
    let csv =
      "question,\"number\",other\r\n\"\(Self.question) How many are left?\",7,\"a \"\"b\"\",\nc\"\r\n"
      + "Find $2+\\frac{3}{4}$.,8,\n"
    let files = [
      try kitchen.folder.write("q.jsonl", Self.items),
      try kitchen.folder.write("q.json", "[\(lines.joined(separator: ",\n"))]"),
      try kitchen.folder.write("q.csv", csv),
    ]
    try output(of: "gzip", ["-k", files[0]])
    let read = try (files + [files[0] + ".gz"]).map { try BenchmarkFile(reading: $0, card) }
    #expect(Set(read.map(\.fingerprint)).count == 1)
    #expect(read.map(\.benchmark.items.count) == [2, 2, 2, 2])
    #expect(read[2].benchmark.items.map(\.id) == ["7", "8"])
  }

  @Test func `what is missing or wrong is told with what to do`() throws {
    let kitchen = try Self.kitchen()
    let work = kitchen.workspace
    let expected =
      "the file of the benchmark 'quiz' is neither given by --benchmark, nor \(work)/benchmarks/"
      + "quiz.*; get it (hf download --repo-type dataset lab/quiz quiz.jsonl) and put it there, or"
      + " give it with --benchmark quiz=PATH; a file of hashes, made by 'branchmerge fingerprint quiz"
      + " PATH', will do"
    #expect(message { try kitchen.run() } == expected)
    try kitchen.folder.write("work/benchmarks/quiz.csv", "number,text\n1,x\n")
    let csv = work + "/benchmarks/quiz.csv"
    #expect(
      message { try kitchen.run() }
        == "\(csv): has no column 'question'; it has 'number' and 'text'")
    try kitchen.folder.write("work/benchmarks/quiz.csv", "number,question\n1,\"x\n")
    #expect(
      message { try kitchen.run() }
        == "\(csv): ends within quotation marks, at line 3; fetch it again")
    try kitchen.folder.write("work/benchmarks/quiz.jsonl", "{}\n")
    #expect(
      message { try kitchen.run() }
        == "\(work)/benchmarks: two files are called as the benchmark 'quiz': 'quiz.csv' and"
        + " 'quiz.jsonl'")
  }

  @Test(arguments: [
    ("[quizz]", "no benchmark is called 'quizz'; did you mean 'quiz'?"),
    ("[]", "'without' needs at least one benchmark"),
    ("[quiz, quiz]", "the benchmark 'quiz' stands twice here"),
    ("{ benchmarks: [quiz], rules: [word] }", "a rule cannot be 'word'; did you mean 'words'?"),
    ("{ rules: [words] }", "'without' needs 'benchmarks'"),
  ])
  func `a 'without' that cannot be is refused`(without: String, expected: String) throws {
    let complaint = try #require(try Self.kitchen(without).complaint())
    #expect(complaint.contains(expected), "\(complaint)")
  }

  @Test func `the cards that come with the program can be read`() throws {
    let library = Library(roots: [repository])
    #expect(
      library.benchmarkNames == [
        "aime-2024", "aime-2025", "gpqa-diamond", "livecodebench", "math-500",
      ])
    for name in library.benchmarkNames { _ = try library.benchmark(name) }
  }

  @Test func `what stands at the recipe is meant for branches that say nothing`() throws {
    let kitchen = try Pool.kitchen(
      recipe: """
        without: { benchmarks: [quiz], rules: [whole] }
        branches:
          math:
            sources: { pool: { response: "{answer}" } }
          more:
            sources: { pool: { response: teacher } }
            without: [quiz]

        """)
    try kitchen.folder.write("datasets/benchmarks/quiz.yaml", Self.card)
    let plan = try kitchen.plan()
    let texts = plan.takings(of: 0).map { taking in
      taking.steps.first { $0.kind == .without }?.text
    }
    #expect(
      texts == [
        "{benchmarks: [quiz], rules: [whole]}",
        "{benchmarks: [quiz], rules: [words, tokens, whole, fuzzy]}",
      ])
  }

  @Test func `ingredients name benchmarks, rules and cards`() throws {
    let plan = try Self.kitchen().plan()
    let ingredients = plan.ingredients(of: "math").filter {
      $0.name.contains("without") || $0.name.contains("benchmark")
    }
    #expect(
      ingredients == [
        Ingredient(
          "without of pool", "{benchmarks: [quiz], rules: [words, tokens, whole, fuzzy]}"),
        Ingredient("benchmark card quiz", #"{"id": "number", "prompt": "question"}"#),
      ])
  }
}
