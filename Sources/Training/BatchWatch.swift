/// Compares the batch that Hugging Face's trainer counts at its start with the recipe's.
///
/// A launcher that sees fewer GPUs than the recipe has makes smaller steps and says nothing of it.
struct BatchWatch {
  private var log: GrowingFile
  private let job: TrainingJob

  init(_ job: TrainingJob) {
    self.job = job
    log = GrowingFile(atEndOf: job.logPath)
  }

  /// Throws once the log tells another number.
  mutating func check() throws(TrainingError) {
    guard let batch = job.settings.batch else { return }
    var counted: Int?
    log.forEachLine { line, _ in
      guard line.contains("Total train batch size (w. parallel"),
        let number = line.split(separator: "=").last
      else { return }
      counted = Int(number.filter(\.isNumber))
    }
    guard let counted, counted != batch else { return }
    throw TrainingError(
      job.branch,
      "the trainer makes steps of \(counted) \(job.settings.unit), and the recipe has \(batch): it"
        + " runs on another number of GPUs than 'gpus: \(job.settings.gpus)'; mend that, or the"
        + " 'command' that starts it")
  }
}
