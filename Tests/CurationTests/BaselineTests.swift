import Foundation
import Testing

@testable import Curation
@testable import Lineage

/// `compared_with`: what a data card says of the steps that another recipe has not.
struct BaselineTests {
  static let baseline = """
    branches:
      math:
        sources:
          pool:
            filters: [mathematics]
            pick: { first: responses, where: { verified: { is: true } } }
            response: "{responses}"
          later: { filters: [mathematics], response: "{answer}" }
        distinct: prompt

    """
  static let recipe = """
    compared_with: plain
    branches:
      math:
        sources:
          pool:
            filters: [mathematics, plain-words]
            pick: { longest: responses, where: { verified: { is: true } } }
            prompt: "{prompt|markup}"
            response: "{responses}"
          later: { filters: [plain-words], prompt: "{prompt|markup}", response: "{answer}" }
        distinct: { on: prompt, near: { threshold: 0.9 } }
      other:
        sources:
          pool: { response: "{answer}" }

    """
  static let filter = """
    about: Keeps plain words.
    keep: { prompt: { contains: e } }
    examples:
      - keep: { prompt: we }
      - { drop: { prompt: all }, because: prompt }

    """

  static func kitchen(_ recipe: String = recipe) throws -> Kitchen {
    let kitchen = try Pool.kitchen(recipe: recipe)
    try kitchen.folder.write("datasets/recipes/plain.yaml", baseline)
    try kitchen.folder.write("datasets/later.yaml", Pool.card)
    try kitchen.folder.write("filters/plain-words.yaml", filter)
    let rows = [
      Pool.row("a1", #""One <b>or</b> two of the seven birds that sat there left.""#),
      Pool.row("a2", #""Two or one of the seven birds that sat there left.""#),
      Pool.row("a3", #""What is 1+1?""#),
      Pool.row("a4", #""Where is it?""#, correct: "[false, false]"),
    ]
    try kitchen.folder.write("work/sources/pool.jsonl", rows.joined(separator: "\n") + "\n")
    let later = Pool.row("b1", #""One or two of the seven birds that sat there left!""#)
    try kitchen.folder.write("work/sources/later.jsonl", later + "\n")
    return kitchen
  }

  private func section(of card: String) throws -> String {
    let start = try #require(card.range(of: "## Compared with"))
    let end = try #require(card.range(of: "\n## Sources"))
    return String(card[start.lowerBound..<end.lowerBound])
  }

  @Test func `a card counts what steps left out that the other recipe has not`() throws {
    let kitchen = try Self.kitchen()
    try kitchen.run()
    let card = try kitchen.folder.text("work/branches/math/README.md")
    #expect(
      try section(of: card) == """
        ## Compared with plain

        Steps that the recipe `plain` has not, or has otherwise, left out 3 of 5 rows. A changed \
        step is counted with all that it left out. Markup was turned into text in 1 of the rows \
        that stayed.

        | left out by | | pool | later | total |
        |---|---|---:|---:|---:|
        | `plain-words` | new | 1 | 0 | 1 |
        | `pick` | changed | 1 |  | 1 |
        | `prompt` | changed | 0 | 0 | 0 |
        | `mathematics` | gone |  |  | 0 |
        | near duplicates | new | 0 | 1 | 1 |

        """)
    // The other recipe has no branch of this name.
    #expect(try !kitchen.folder.text("work/branches/other/README.md").contains("Compared"))
  }

  @Test func `a recipe with the same steps says so`() throws {
    let kitchen = try Self.kitchen("compared_with: plain\n" + Self.baseline)
    try kitchen.run()
    #expect(
      try section(of: kitchen.folder.text("work/branches/math/README.md"))
        == "## Compared with plain\n\nThe recipe `plain` has the same steps.\n")
  }

  @Test func `a card depends on what it is compared with`() throws {
    let kitchen = try Self.kitchen()
    let before = try kitchen.plan().ingredients(of: "math")
    #expect(before.contains { $0.name == "compared with" })
    try kitchen.folder.write(
      "datasets/recipes/plain.yaml", Self.baseline.replacing("first:", with: "shortest:"))
    let after = try kitchen.plan().ingredients(of: "math")
    #expect(zip(before, after).filter { $0 != $1 }.map(\.0.name) == ["compared with"])
  }

  @Test(arguments: [
    (
      "compared_with: plane",
      "datasets/recipes/test.yaml:1:16: no recipe is called 'plane'; did you mean 'plain'? There"
        + " are 'plain' and 'test'"
    ),
    (
      "compared_with: test",
      "datasets/recipes/test.yaml:1:16: 'test' compares itself with another recipe; name that one"
    ),
    (
      "compare_with: plain",
      "datasets/recipes/test.yaml:1:1: a recipe has no 'compare_with'; did you mean"
        + " 'compared_with'? It has 'about', 'compared_with', 'branches', 'without', 'distinct',"
        + " 'teacher', 'base', 'train' and 'merge'"
    ),
  ])
  func `a comparison that cannot be made is refused`(line: String, expected: String) throws {
    let kitchen = try Self.kitchen(line + "\n" + Self.baseline)
    #expect(kitchen.complaint() == expected)
  }

  @Test func `a mistake in the other recipe is told`() throws {
    let kitchen = try Self.kitchen()
    try kitchen.folder.write(
      "datasets/recipes/plain.yaml", Self.baseline.replacing("{answer}", with: "{anser}"))
    let complaint = try #require(kitchen.complaint())
    #expect(complaint.hasPrefix("datasets/recipes/plain.yaml:8:50: later has no field called"))
  }
}
