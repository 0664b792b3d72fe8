package import Curation
internal import Files
internal import Foundation
package import Fusion
internal import Notation
package import Teaching
package import Training

/// A recipe with everything that it names resolved, before any work: branches, base model,
/// trainings and merge.
package struct ResolvedRecipe {
  package let recipe: Recipe
  package let library: Library
  /// Of all branches.
  package let plan: Plan
  package let teacher: TeacherPlan?
  package let base: BaseModel?
  package let training: TrainingPlan?
  package let merge: MergeConfig?

  package init(reading path: String, setting settings: [String] = []) throws {
    let recipe = try Recipe(reading: path, setting: settings)
    let library = Library(near: path)
    let plan = try Plan(recipe, library: library)
    (self.recipe, self.library, self.plan) = (recipe, library, plan)
    teacher = try recipe.teacher.map { try TeacherPlan($0, library: library) }
    if let place = recipe.teacher, !recipe.branches.contains(where: { plan.hasSeeds($0.name) }) {
      throw place.fail(
        "no branch has anything for a teacher; give a source of one 'response: teacher'")
    }
    base = try recipe.base.map { place in
      let name = try place.text("'base'")
      guard !name.isEmpty else { throw place.fail("'base' is empty; name a folder, or a model") }
      return BaseModel(name)
    }
    let names = recipe.branches.map(\.name)
    training = try recipe.train.map { try TrainingPlan($0, branches: names) }
    if let place = recipe.train, base == nil, training?.isGiven == false {
      throw place.fail("training needs 'base', the model that it starts from")
    }
    merge = try recipe.merge.map { try Self.merge($0, recipe: path, branches: names) }
    if let place = recipe.merge, training == nil {
      throw place.fail(
        "a merge needs 'train': with {with: experts, experts: {NAME: PATH}} experts that are there"
          + " already are taken")
    }
    for model in merge?.models ?? [] where model.identity == "base" && base == nil {
      throw model.place.fail("the merge names 'base', and the recipe has no 'base'")
    }
  }

  /// The merge: a file beside the recipe, or in the recipe itself.
  private static func merge(_ yaml: YAML, recipe: String, branches: [String]) throws -> MergeConfig
  {
    let config: MergeConfig
    if yaml.isMapping {
      config = try MergeConfig(yaml)
    } else {
      let name = try yaml.text("'merge'")
      let folder = recipe.parentPath
      let path = name.hasPrefix("/") || folder.isEmpty ? name : folder + "/" + name
      guard FileManager.default.fileExists(atPath: path) else {
        throw yaml.fail("there is no merge file \(Library.shown(path)), beside the recipe")
      }
      config = try MergeConfig(reading: path)
    }
    for model in config.models where model.identity.hasPrefix("experts/") {
      let name = String(model.identity.dropFirst("experts/".count))
      guard branches.contains(name) else {
        throw model.place.fail(
          "no branch is called '\(name)'\(choices(for: name, among: branches, "there are"))")
      }
    }
    return config
  }

  /// Whether a teacher completes the branch.
  package func isTaught(_ branch: String) -> Bool { teacher != nil && plan.hasSeeds(branch) }

  /// The rows that a branch's expert is trained on, below the workspace: those of the branch, or all
  /// of them where a teacher wrote some.
  package func rowsPath(_ branch: String) -> String {
    (isTaught(branch) ? Stage.taughtFolder(branch) : "branches/\(branch)") + "/train.jsonl"
  }

  /// Where a branch's expert is: what its training makes in a workspace, or what the recipe gives.
  package func expertPath(_ branch: String, in workspace: String) -> String {
    training?.given(of: branch) ?? Stage.jobFolder(branch, in: workspace) + "/output"
  }

  /// Where the models are that the merge names, by the names that it gives them.
  package func modelFolders(in workspace: String) -> [String: String] {
    var folders: [String: String] = [:]
    for branch in recipe.branches {
      folders["experts/" + branch.name] = expertPath(branch.name, in: workspace)
    }
    folders["base"] = base?.path ?? base?.name
    return folders
  }

  /// All stages in the order in which they are done.
  package var stages: [Stage] {
    let names = recipe.branches.map(\.name)
    return names.map { .branch($0) } + names.filter(isTaught).map { .teach($0) }
      + (training == nil ? [] : names.map { .train($0) }) + (merge == nil ? [] : [.merge])
      + [.report]
  }

  /// The stages whose results a stage reads.
  package func needs(of stage: Stage) -> [Stage] {
    switch stage {
    case .branch: return []
    case .teach(let name): return [.branch(name)]
    case .train(let name):
      if training?.isGiven == true { return [] }
      return [isTaught(name) ? .teach(name) : .branch(name)]
    case .merge:
      let names = Set((merge?.models ?? []).map(\.identity))
      return recipe.branches.map(\.name).filter { names.contains("experts/" + $0) }
        .map { .train($0) }
    case .report: return stages.dropLast()
    }
  }
}

extension TrainingPlan {
  /// Whether nothing is trained, the experts being there already.
  package var isGiven: Bool { trainer is GivenExperts }
}
