internal import Files
internal import Lineage
internal import Notation

/// The recipe that another one names as `compared_with`: what the data cards of the latter say of its
/// own steps is said beside this one.
final class Baseline: Sendable {
  let name: String
  private let plan: Plan

  /// Reads it from beside the recipe that names it, or from the library.
  init(_ yaml: YAML, of recipe: Recipe, _ library: Library) throws {
    name = try yaml.text("'compared_with'")
    guard let path = library.recipe(name, beside: recipe.path) else {
      throw yaml.fail(
        "no recipe is called '\(name)'\(choices(for: name, among: library.recipeNames, "there are"))"
      )
    }
    let other = try Recipe(reading: path)
    guard other.comparison == nil else {
      throw yaml.fail("'\(name)' compares itself with another recipe; name that one")
    }
    plan = try Plan(other, library: library)
  }

  /// How a step, or what else decides of a branch, stands to the baseline.
  enum Difference: String, Sendable { case new, changed, gone }

  /// Nil where the baseline has the same.
  func difference(of step: Plan.Step, in branch: String, _ source: String) -> Difference? {
    let same = steps(of: branch, source).first { $0.kind == step.kind && $0.name == step.name }
    guard let same else { return .new }
    return same.meaning == step.meaning ? nil : .changed
  }

  /// Of the search for near duplicates.
  func difference(of search: NearSearch, in branch: String) -> Difference? {
    guard let index = index(of: branch), let own = plan.search(of: index) else { return .new }
    let other = plan.searches[own]
    return other.near.meaning == search.near.meaning && other.isAcross == search.isAcross
      ? nil : .changed
  }

  /// The baseline's steps that a branch's source has not.
  func missing(among steps: [Plan.Step], in branch: String, _ source: String) -> [Plan.Step] {
    self.steps(of: branch, source).filter { old in
      !steps.contains { $0.kind == old.kind && $0.name == old.name }
    }
  }

  func hasBranch(_ name: String) -> Bool { index(of: name) != nil }

  /// What cards that are compared with it depend on.
  func identity(of branch: String) -> String {
    "\(name) \(Ingredient.identity(of: plan.ingredients(of: branch)))"
  }

  private func index(of branch: String) -> Int? {
    plan.branches.firstIndex { $0.name == branch }
  }

  private func steps(of branch: String, _ source: String) -> [Plan.Step] {
    guard let index = index(of: branch) else { return [] }
    return plan.sources.first { $0.card.name == source }?.takings.first { $0.branch == index }?
      .steps ?? []
  }
}
