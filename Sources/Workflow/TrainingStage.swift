internal import Curation
internal import Files
internal import Foundation
internal import Notation
package import Training

/// The `train` stage of one branch as a job for its trainer.
package enum TrainingStage {
  /// The jobs of these branches, or of all: what would be trained on rows that are there.
  package static func jobs(_ recipe: ResolvedRecipe, only: [String], workspace: String) throws
    -> [TrainingJob]
  {
    guard let training = recipe.training, !training.isGiven else {
      throw Missing("the recipe trains nothing: its experts are given, or it has no 'train'")
    }
    if let base = recipe.base, base.path == nil { throw Missing(base.advice) }
    let names = recipe.recipe.branches.map(\.name)
    for name in only where !names.contains(name) {
      throw Missing(
        "--only \(name): no branch has this name\(choices(for: name, among: names, "there are"))")
    }
    return try names.filter { only.isEmpty || only.contains($0) }.map { name in
      let data = workspace + "/" + recipe.rowsPath(name)
      guard FileManager.default.fileExists(atPath: data) else {
        let stage = recipe.isTaught(name) ? "teach" : "branch"
        throw Missing("\(data) is not there; 'branchmerge run --until \(stage)' builds it")
      }
      return try job(name, recipe, workspace: workspace, rowCount: 0)
    }
  }

  /// The job; its rows are the branch's own, unless some are left out.
  package static func job(
    _ branch: String, _ recipe: ResolvedRecipe, workspace: String, rowCount: Int,
    dataPath: String? = nil
  ) throws -> TrainingJob {
    guard let training = recipe.training,
      let plan = recipe.plan.branches.first(where: { $0.name == branch })
    else { throw Missing("the recipe trains nothing for \(branch)") }
    func absolute(_ path: String) -> String {
      URL(fileURLWithPath: path).standardizedFileURL.path
    }
    return TrainingJob(
      branch: branch, dataPath: absolute(dataPath ?? workspace + "/" + recipe.rowsPath(branch)),
      rowFormat: plan.rowFormat, datasetInfo: try JSON(parsing: Array(plan.datasetInfo.utf8)),
      rowCount: rowCount, basePath: (recipe.base?.path).map(absolute) ?? recipe.base?.name ?? "",
      folder: absolute(Stage.jobFolder(branch, in: workspace)),
      given: training.given(of: branch).map(absolute), settings: training.settings(of: branch))
  }
}
