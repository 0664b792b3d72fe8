internal import Curation
internal import Files
internal import Foundation
package import Training

/// The pre-flight of a job, as the `train` stage and `branchmerge preflight` do it.
package enum PreflightStage {
  /// Counts the job's rows; nil where no template says how, or the base has no tokenizer to count
  /// with and the recipe does not depend on it.
  ///
  /// With `fails` rows that the recipe refuses (`overlong: fail`) are an error here.
  /// What was counted stays in the job's folder for `branchmerge plan`.
  package static func run(
    _ job: TrainingJob, workers: Int, note: (String) -> Void, fails: Bool = true,
    progress: (StageProgress) -> Void = { _ in }
  ) throws -> PreflightReport? {
    guard job.settings.template != nil, job.settings.cutoff != nil, job.settings.batch != nil,
      job.settings.epochs != nil
    else {
      guard job.settings.overlong == .keep else {
        throw TrainingError(
          job.branch,
          "'overlong: \(job.settings.overlong.rawValue)' needs 'template' and 'cutoff', to count"
            + " the tokens of the rows by")
      }
      return nil
    }
    guard
      job.settings.overlong != .keep
        || FileManager.default.fileExists(atPath: job.basePath + "/tokenizer.json")
    else {
      note("\(job.branch): tokens are not counted, as \(job.basePath) has no tokenizer.json")
      return nil
    }
    var request = try Preflight.Request(job)
    request.workers = workers
    let report = try Preflight(base: job.basePath).run(request) { state in
      progress(
        StageProgress(
          text: "\(grouped(state.rows)) rows counted", done: state.bytes, total: state.totalBytes))
    }
    try Folder.create(job.folder)
    try PreflightNote.write(report, of: job)
    if fails { try report.check(job.dataPath) }
    return report
  }

  /// Where the recipe drops what is too long, a file of the rows that go to training, and how many
  /// they are; nil where all rows do.
  static func withoutOverlong(_ job: TrainingJob, _ report: PreflightReport) throws -> (
    String, Int
  )? {
    guard report.overlong == .drop, report.listed.contains(where: \.isLeftOut) else { return nil }
    let path = job.folder + "/rows.jsonl"
    let (rows, _) = try Preflight.copyTrainingRows(
      of: job.dataPath, report, to: path + ".new", isDurable: true)
    try Folder.rename(path + ".new", to: path, isDurable: true)
    guard rows > 0 else {
      throw TrainingError(
        job.branch, "all \(report.rows) rows are longer than the cut-off; raise 'cutoff'")
    }
    return (path, rows)
  }
}
