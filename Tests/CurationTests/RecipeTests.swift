import Testing

@testable import Curation

struct RecipeTests {
  static let taking = "sources: {pool: {response: teacher}}"

  static let refused: [(String, String)] = [
    ("about: A.", "1:1: a recipe needs 'branches'"),
    ("branches: {}", "1:11: a recipe needs at least one branch"),
    ("branches: []", "1:11: 'branches' should be a mapping, and is a list"),
    (
      "branch: {}",
      "1:1: a recipe has no 'branch'; did you mean 'branches'? It has 'about', 'compared_with', 'branches', 'without', 'distinct', 'teacher', 'base', 'train' and 'merge'"
    ),
    ("about: [a]\nbranches: {}", "1:8: 'about' should be a text, and is a list"),
    (
      "branches: {'a b': {\(taking)}}",
      "1:12: a branch's name has letters, digits, '-' and '_' only"
    ),
    ("branches: {../a: {}}", "1:12: a branch's name has letters, digits, '-' and '_' only"),
    ("branches: {'': {\(taking)}}", "1:12: a branch's name has letters, digits, '-' and '_' only"),
    ("branches: {a: {}}", "1:15: a branch needs 'sources'"),
    ("branches: {a: {sources: {}}}", "1:25: a branch needs at least one source"),
    ("branches: {a: {sources: [pool]}}", "1:25: 'sources' should be a mapping, and is a list"),
    (
      "branches: {a: {\(taking), rows: alpaca}}",
      "1:54: a branch has no 'rows'; did you mean 'row'? It has 'about', 'sources', 'without',"
        + " 'verify', 'distinct' and 'row'"
    ),
    (
      "branches: {a: {\(taking), row: alpaka}}",
      "1:59: no row format is called 'alpaka'; did you mean 'alpaca'? There are 'sharegpt',"
        + " 'messages' and 'alpaca'"
    ),
    (
      "branches: {a: {\(taking), distinct: response}}",
      "1:64: 'distinct' can be 'prompt', {on: prompt, near: …}, or left out"
    ),
    (
      "branches: {a: {sources: {pool: {response: teacher}, pool/x: {response: teacher}}}}",
      "1:53: the branch takes from 'pool' twice"
    ),
    (
      "branches:\n  a: {\(taking)}\n  a: {\(taking)}",
      "2:3: the key 'a' stands twice in one mapping"
    ),
    (
      "branches: {a: {sources: {pool: {}}}}",
      "1:32: a branch's source needs 'response': a template, or 'teacher'"
    ),
    (
      "branches: {a: {sources: {pool: {response: teacher, filter: [x]}}}}",
      "1:52: a branch's source has no 'filter'; did you mean 'filters'? It has 'filters', 'pick',"
        + " 'prompt', 'without', 'response' and 'verify'"
    ),
    (
      "branches: {a: {sources: {pool: {response: teacher, filters: x}}}}",
      "1:61: 'filters' should be a list, and is 'x'"
    ),
  ]

  @Test(arguments: refused)
  func `a recipe with something wrong is refused there`(text: String, expected: String) throws {
    let kitchen = try Kitchen(recipe: text, cards: ["pool": LibraryTests.card])
    #expect(kitchen.complaint() == "datasets/recipes/test.yaml:" + expected)
  }

  @Test func `a recipe is named after its file and keeps its text`() throws {
    let kitchen = try Pool.kitchen()
    let recipe = try Recipe(reading: kitchen.recipePath)
    #expect(recipe.name == "test")
    #expect(recipe.path == kitchen.recipePath)
    #expect(recipe.about == "A recipe with two branches.")
    #expect(recipe.text == Pool.recipe)
    #expect(recipe.branches.map(\.name) == ["math", "waiting"])
    #expect(recipe.branches.map(\.distinct.meaning) == ["prompt", "no"])
    #expect(recipe.branches.map { $0.format.name } == ["sharegpt", "messages"])
    #expect(recipe.sourceNames == ["pool"])
  }

  @Test func `a source given for nothing is refused`() throws {
    let kitchen = try Pool.kitchen()
    let recipe = try Recipe(reading: kitchen.recipePath)
    #expect(message { try recipe.checkGiven(["pool"]) } == nil)
    #expect(
      message { try recipe.checkGiven(["pool", "pol"]) }
        == "--source pol: the recipe takes nothing from a source of this name; did you mean"
        + " 'pool'? It takes from 'pool'")
  }

  static let references: [(String, String, String?)] = [
    ("pool", "pool", nil), ("pool/all", "pool", "all"), ("a/b/c", "a", "b/c"), ("a/", "a", ""),
  ]

  @Test(arguments: references)
  func `a source is named with or without its config`(text: String, name: String, config: String?) {
    let reference = SourceReference(text)
    #expect(reference.name == name)
    #expect(reference.config == config)
    #expect(reference.description == text)
  }
}
