internal import Files
internal import Foundation
internal import Notation

/// Brings one job to its end: writes its files, starts or resumes the trainer, follows it, and
/// looks at what it made.
///
/// A job whose identity is the one that its folder was last used for goes on from there, or is
/// found done; else what is in the folder goes. One process may run a job at a time: the caller
/// holds the workspace.
package struct TrainingRunner {
  package let trainer: any Trainer
  package var patience = ChildProcess.Patience()
  /// Asked often; what it throws ends the trainer and is thrown on.
  package var check: () throws -> Void = { try Interruption.check() }

  /// What an ended training left and is no longer as it was, in words.
  package var lost: () throws -> [String] = { [] }

  package init(_ trainer: any Trainer) { self.trainer = trainer }

  /// Runs the job, or finds it done.
  ///
  /// `identity` is a hash of all that the result depends on. `note` is told what a person may want
  /// to know, `progress` each new step. Throws `Interrupted` with a folder that can be continued,
  /// and `TrainingError` with the log's last lines.
  package func run(
    _ job: TrainingJob, identity: String, note: (String) -> Void,
    progress: (TrainingProgress) -> Void
  ) throws -> TrainingOutcome {
    var outcome = TrainingOutcome(job: job)
    guard !(try trainer.command(for: job, resumingFrom: nil)).isEmpty else {
      outcome.expert = try ExpertCheck(job.outputPath, base: job.basePath, branch: job.branch)
      return outcome
    }
    try Folder.create(job.folder)
    let lock = try JobLock(job.folder, patience: patience, note: note)
    let state = JobState(job.folder)
    let reader = ProgressReader(metrics: trainer.metricsPath(of: job), log: job.logPath)

    if state.isFinished(identity) {
      do {
        outcome.expert = try ExpertCheck(job.outputPath, base: job.basePath, branch: job.branch)
        let lost = try lost()
        guard lost.isEmpty else { throw TrainingError(job.branch, lost.joined(separator: "\n")) }
      } catch let error as TrainingError {
        throw TrainingError(
          job.branch,
          "\(error.message)\nit was whole when its training ended; put it back, or remove"
            + " \(job.folder) to train it anew")
      }
      outcome.command = try trainer.command(for: job, resumingFrom: nil)
      outcome.versions = TrainerVersions.of(outcome.command)
      reader.finish()
      outcome.history = reader.history.steps
      outcome.lastLines = LogTail.lines(of: job.logPath)
      outcome.wasDone = true
      discardCheckpoints(of: job)
      return outcome
    }
    // What can be refused is, before anything is removed.
    let files = try trainer.files(for: job)
    outcome.versions = TrainerVersions.of(try trainer.command(for: job, resumingFrom: nil))
    if let objection = trainer.objection(to: outcome.versions, for: job) {
      throw TrainingError(job.branch, objection)
    }
    let checkpoint = try prepare(job, state, isContinued: state.isBegun(identity), note: note)
    outcome.command = try trainer.command(for: job, resumingFrom: checkpoint?.path)
    outcome.resumedFrom = checkpoint?.step
    for file in files {
      try write(Array(file.text.utf8), to: job.folder + "/" + file.path)
    }
    try state.begin(identity)

    let start = ContinuousClock().now
    let end = try follow(job, outcome.command, checkpoint, lock, reader, note, progress)
    reader.finish()
    outcome.seconds = (ContinuousClock().now - start) / .seconds(1)
    outcome.history = reader.history.steps
    outcome.lastLines = LogTail.lines(of: job.logPath)
    guard end == .exit(0) else { throw failure(of: job, outcome, told(end, outcome.seconds)) }
    do {
      outcome.expert = try ExpertCheck(job.outputPath, base: job.basePath, branch: job.branch)
    } catch let error as TrainingError {
      throw failure(
        of: job, outcome,
        "the trainer ended well, and what it left cannot be used: \(error.message)")
    }
    try state.finish(identity)
    discardCheckpoints(of: job)
    return outcome
  }

  /// Removes what cannot be continued; returns the checkpoint to resume from.
  private func prepare(
    _ job: TrainingJob, _ state: JobState, isContinued: Bool, note: (String) -> Void
  ) throws -> ResumePoint? {
    let files = FileManager.default
    let points = isContinued ? ResumePoint.all(in: job.outputPath) : []
    let point = points.first(where: \.isWhole)
    if let point {
      // A trainer that looks for the latest by itself would take one that was cut short.
      for broken in points.prefix(while: { $0.step > point.step }) {
        note("\(broken.path.fileName) is not whole, and is removed")
        try files.removeItem(atPath: broken.path)
      }
      note("going on from step \(point.step)")
    } else if !isContinued || !type(of: trainer).keepsUnfinished {
      let previous = job.folder + "/output.previous"
      if state.isFinished, files.fileExists(atPath: job.outputPath) {
        // It may have cost days, and what changed may have been a slip.
        if files.fileExists(atPath: previous) { try files.removeItem(atPath: previous) }
        try Folder.rename(job.outputPath, to: previous, isDurable: true)
        note("the expert of before the change is kept as \(previous), until the next change")
      } else if files.fileExists(atPath: job.outputPath) {
        try files.removeItem(atPath: job.outputPath)
      }
      if files.fileExists(atPath: job.logPath) {
        try Folder.rename(
          job.logPath, to: job.folder + "/train.previous.log", isDurable: false)
      }
    }
    // A trainer may have left a file there, or a link to nowhere.
    if !Folder.isFolder(job.outputPath),
      (try? files.attributesOfItem(atPath: job.outputPath)) != nil
    {
      try files.removeItem(atPath: job.outputPath)
    }
    try Folder.create(job.outputPath)
    return point
  }

  private func follow(
    _ job: TrainingJob, _ words: [String], _ checkpoint: ResumePoint?, _ lock: JobLock,
    _ reader: ProgressReader, _ note: (String) -> Void, _ progress: (TrainingProgress) -> Void
  ) throws -> ChildProcess.End {
    var batch = BatchWatch(job)
    let child = try ChildProcess(
      words, environment: environment(of: job, checkpoint), log: job.logPath,
      mark: ProcessMark(job.folder), lock: lock)
    return try child.wait(
      patience: patience, silence: job.settings.silence,
      check: {
        do {
          try check()
        } catch {
          let seconds = Int(patience.interrupt + patience.terminate)
          note(
            "\(job.branch): the trainer, process \(child.process), is told to end, and has"
              + " \(seconds) s for it; a second Ctrl-C kills it")
          throw error
        }
      },
      tick: {
        try batch.check()
        if let step = reader.read() { progress(step) }
      })
  }

  private func environment(of job: TrainingJob, _ checkpoint: ResumePoint?) -> [String: String] {
    var variables = trainer.environment(for: job)
    // Else Python keeps back what it prints, and steps come late and out of order.
    variables["PYTHONUNBUFFERED"] = "1"
    if let checkpoint { variables["BRANCHMERGE_RESUME"] = checkpoint.path }
    return variables
  }

  /// The last checkpoint of a finished training holds what the result holds, and the optimizer.
  private func discardCheckpoints(of job: TrainingJob) {
    guard !type(of: trainer).keepsUnfinished,
      !job.settings.extra.contains(where: { $0.key == "save_total_limit" })
    else { return }
    for point in ResumePoint.all(in: job.outputPath) {
      try? FileManager.default.removeItem(atPath: point.path)
    }
  }

  private func told(_ end: ChildProcess.End, _ seconds: Double) -> String {
    let time = "after \(Int(seconds.rounded())) s"
    switch end {
    case .exit(let status): return "the trainer failed with status \(status) \(time)"
    case .signal(let number): return "the trainer was ended by signal \(number) \(time)"
    case .silent(let limit):
      return "the trainer wrote nothing for \(decimal(limit)) s ('silence') and was ended \(time)"
    }
  }

  private func failure(of job: TrainingJob, _ outcome: TrainingOutcome, _ what: String)
    -> TrainingError
  {
    let lines = outcome.lastLines.map { "  | \($0)" }.joined(separator: "\n")
    let variables = environment(of: job, nil).sorted { $0.key < $1.key }
      .map { $0.key + "=" + $0.value }
    return TrainingError(
      job.branch,
      what + (lines.isEmpty ? "; its log is empty" : "; its last lines:\n\(lines)")
        + "\nthe whole log: \(job.logPath)\nto repeat it alone: "
        + shellLine(["env"] + variables + outcome.command))
  }
}

/// What there is to record of a job that came to its end.
package struct TrainingOutcome: Sendable {
  package let job: TrainingJob
  /// None where nothing was started.
  package var command: [String] = []
  /// Of the Python packages that matter; empty if they could not be told.
  package var versions: [String: String] = [:]
  package var history: [TrainingProgress] = []
  package var lastLines: [String] = []
  /// The step that it went on from.
  package var resumedFrom: Int?
  /// Of this start alone.
  package var seconds = 0.0
  /// Whether an earlier run had brought it to its end.
  package var wasDone = false
  /// Never nil once `run` has returned.
  package var expert: ExpertCheck?

  init(job: TrainingJob) { self.job = job }

  /// The command as a shell takes it.
  package var commandLine: String { shellLine(command) }
}

/// What a job's folder was last used for, in a file that is replaced as a whole.
private struct JobState {
  private let path: String

  init(_ folder: String) { path = folder + "/state.json" }

  func isBegun(_ identity: String) -> Bool { read()?["identity"]?.text == identity }

  func isFinished(_ identity: String) -> Bool { isBegun(identity) && isFinished }

  /// Whatever it was that was done.
  var isFinished: Bool { read()?["finished"]?.flag == true }

  func begin(_ identity: String) throws { try write(identity, isFinished: false) }
  func finish(_ identity: String) throws { try write(identity, isFinished: true) }

  private func read() -> JSON? { try? JSON(file: path) }

  private func write(_ identity: String, isFinished: Bool) throws {
    let json = JSON.object([
      JSON.Member("identity", .string(identity)), JSON.Member("finished", .bool(isFinished)),
    ])
    try Training.write(Array((json.formatted() + "\n").utf8), to: path)
  }
}

/// Writes a file that is either as it was or whole.
private func write(_ bytes: [UInt8], to path: String) throws {
  var file = try OutputFile(path + ".new", isDurable: true)
  try file.append(bytes.span)
  _ = try file.finish()
  try Folder.rename(path + ".new", to: path, isDurable: true)
}
