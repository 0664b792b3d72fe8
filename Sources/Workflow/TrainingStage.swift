internal import Configuration
internal import Curation
internal import Files
internal import Foundation
internal import Training

/// The `train` stage of one branch as a job for its trainer.
enum TrainingStage {
  /// The job; its rows are the branch's own, unless some are left out.
  static func job(
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
      branch: branch, dataPath: absolute(dataPath ?? Stage.dataPath(branch, in: workspace)),
      rowFormat: plan.rowFormat, datasetInfo: try JSON(parsing: Array(plan.datasetInfo.utf8)),
      rowCount: rowCount, basePath: (recipe.base?.path).map(absolute) ?? recipe.base?.name ?? "",
      folder: absolute(Stage.jobFolder(branch, in: workspace)),
      given: training.given(of: branch).map(absolute), settings: training.settings(of: branch))
  }
}
