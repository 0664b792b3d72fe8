import Lineage
import Notation
import Testing

@testable import Curation

struct DistinctTests {
  private func distinct(_ text: String) throws -> Distinct {
    try Distinct(YAML(parsing: text, file: "recipe.yaml"))
  }

  private static let usual =
    "near {threshold: 0.8, on: prompt, keep: first, frequent_lines: ignore, limit: 1000}"

  @Test(arguments: [
    ("prompt", "prompt"), ("{near: {}}", usual), ("{on: prompt, near: {}}", "prompt, " + usual),
    (
      "{near: {threshold: 0.65, on: response, keep: longest, frequent_lines: compare, limit: 7}}",
      "near {threshold: 0.65, on: response, keep: longest, frequent_lines: compare, limit: 7}"
    ),
    (
      "{near: {keep: verified, prefixes: [\"Solve:\", 'Say \"why\"']}}",
      "near {threshold: 0.8, on: prompt, keep: verified, frequent_lines: ignore, limit: 1000,"
        + #" prefixes: ["Solve:", "Say \"why\""]}"#
    ),
  ])
  func `what decides is told on one line`(_ text: String, _ meaning: String) throws {
    #expect(try distinct(text).meaning == meaning)
  }

  @Test(arguments: [
    ("yes", "1:1: 'distinct' can be 'prompt', {on: prompt, near: …}, or left out"),
    ("{on: prompt}", "1:1: this 'distinct' needs 'near'"),
    ("{on: answer, near: {}}", "1:6: 'on' can be 'prompt'"),
    ("{near: 0.8}", "1:8: 'near' should be a mapping, and is '0.8'"),
    (
      "{near: {treshold: 1}}",
      "1:9: 'near' has no 'treshold'; did you mean 'threshold'? It has 'threshold', 'on', 'keep',"
        + " 'prefixes', 'frequent_lines' and 'limit'"
    ),
    ("{near: {threshold: 0.2}}", "1:20: 'threshold' should be from 0.3 to 1, and is '0.2'"),
    ("{near: {threshold: 80}}", "1:20: 'threshold' should be from 0.3 to 1, and is '80'"),
    (
      "{near: {keep: last}}",
      "1:15: 'keep' cannot be 'last'; it can be 'first', 'longest' and 'verified'"
    ),
    ("{near: {limit: 0}}", "1:16: 'limit' should be from 1 to 1073741824, and is '0'"),
    (
      "{near: {prefixes: ['...']}}",
      "1:20: a prefix needs a letter or a digit; it is compared by its words"
    ),
  ])
  func `what is wrong is told at its place`(_ text: String, _ expected: String) {
    #expect(message { _ = try distinct(text) } == "recipe.yaml:" + expected)
  }

  private static let branch = "sources: {pool: {response: teacher}}"

  @Test(arguments: [
    (
      "branches: {a: {\(branch)}}\ndistinct: {near: {}}",
      "datasets/recipes/test.yaml:2:11: a recipe's 'distinct' needs 'near' and 'across: branches'"
    ),
    (
      "branches: {a: {\(branch)}}\ndistinct: {near: {}, across: sources}",
      "datasets/recipes/test.yaml:2:30: 'across' can be 'branches'"
    ),
    (
      "branches: {a: {\(branch), distinct: {near: {}}}}\ndistinct: {near: {}, across: branches}",
      "datasets/recipes/test.yaml:1:64: the recipe's own 'distinct' looks for near duplicates already"
    ),
  ])
  func `a recipe says it once`(_ recipe: String, _ expected: String) throws {
    let kitchen = try Kitchen(recipe: recipe, cards: ["pool": LibraryTests.card])
    #expect(kitchen.complaint() == expected)
  }

  @Test func `branches that are compared with each other are built together`() throws {
    let kitchen = try Kitchen(
      recipe: """
        branches: {a: {\(Self.branch)}, b: {\(Self.branch)}}
        distinct: {near: {}, across: branches}
        """, cards: ["pool": LibraryTests.card])
    #expect(kitchen.complaint() == nil)
    #expect(
      kitchen.complaint(only: ["b"])
        == "datasets/recipes/test.yaml: 'distinct' compares the branches with each other, so that all"
        + " are built together; 'a' is left out")
  }

  @Test func `what a branch loses to an earlier one depends on that`() throws {
    func ingredients(_ settings: String) throws -> [String] {
      let kitchen = try Kitchen(
        recipe: """
          branches:
            a: {sources: {pool: {response: teacher, prompt: "\(settings){prompt}"}}}
            b: {\(Self.branch)}
          distinct: {near: {}, across: branches}
          """, cards: ["pool": LibraryTests.card])
      return try kitchen.plan().ingredients(of: "b").map { "\($0.name): \($0.value)" }
    }
    let (one, other) = (try ingredients(""), try ingredients("Q: "))
    #expect(one.contains("distinct across branches: " + Self.usual))
    #expect(zip(one, other).filter { $0 != $1 }.count == 1)
    #expect(one.filter { !other.contains($0) }.allSatisfy { $0.hasPrefix("earlier branch a: ") })
  }
}
