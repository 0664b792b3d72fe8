internal import Files

/// A program that turns base and rows into an expert: what it reads, how it is started.
///
/// A new trainer is one file and one line in `Trainers`.
package protocol Trainer: Sendable {
  static var name: String { get }
  /// The settings that it cannot do without.
  static var required: [String] { get }
  /// The chat templates that it has; empty for any.
  static var templates: [String] { get }
  /// The command where the recipe has none.
  static var command: String? { get }
  /// Its main file among `files`, for `{config}`.
  static var config: String { get }
  /// Whether it makes of its own unfinished output what it can; else that is removed first, unless
  /// there is a whole checkpoint to resume from.
  static var keepsUnfinished: Bool { get }

  init()
  /// The files that it needs in the job's folder; the same job gives the same bytes.
  func files(for job: TrainingJob) throws -> [TrainingFile]
  /// The words to start; none where nothing is to be started.
  func command(for job: TrainingJob, resumingFrom checkpoint: String?) throws -> [String]
  /// What it is told besides; a variable that the user has set keeps the user's value.
  func environment(for job: TrainingJob) -> [String: String]
  /// Where it writes its steps as JSON Lines; nil if its log has them.
  func metricsPath(of job: TrainingJob) -> String?
  /// What is known to go wrong with these versions of its packages, and what to do.
  func objection(to versions: [String: String], for job: TrainingJob) -> String?
}

extension Trainer {
  package static var templates: [String] { [] }
  package static var keepsUnfinished: Bool { false }

  package func command(for job: TrainingJob, resumingFrom checkpoint: String?) throws -> [String] {
    words(for: job, resumingFrom: checkpoint)
  }

  /// The command's words with everything filled in.
  func words(for job: TrainingJob, resumingFrom checkpoint: String?) -> [String] {
    CommandTemplate(job.settings.command ?? Self.command ?? "").filled([
      "config": job.folder + "/" + Self.config, "data": job.dataPath, "base": job.basePath,
      "output": job.outputPath, "branch": job.branch, "gpus": String(job.settings.gpus),
      "resume": checkpoint ?? "",
    ])
  }

  package func environment(for job: TrainingJob) -> [String: String] { [:] }
  package func metricsPath(of job: TrainingJob) -> String? { nil }
  package func objection(to versions: [String: String], for job: TrainingJob) -> String? { nil }

  /// Files that settings name and the trained weights may depend on: scripts, DeepSpeed's JSON.
  ///
  /// Words that have a file-name extension and name a file, as seen from the present folder.
  package func inputs(of job: TrainingJob) -> [String] {
    let words = CommandTemplate(job.settings.command ?? "").words
    let values = job.settings.extra.compactMap(\.value).map {
      $0.hasPrefix("\"") ? String($0.dropFirst().dropLast()) : $0
    }
    var seen: Set<String> = []
    return (words + values).filter { path in
      path.withoutExtension != path && (try? OpenFile(path)) != nil && seen.insert(path).inserted
    }
  }
}

/// A file for a trainer, and what of it the trained weights depend on.
package struct TrainingFile: Sendable {
  /// Relative to the job's folder.
  package var path: String
  package var text: String
  package var identity: [IdentityPart]

  /// A file that counts as a whole.
  init(_ path: String, _ text: String) {
    self.path = path
    self.text = text
    identity = [IdentityPart(name: path, value: text)]
  }

  /// A file of settings, each of which counts for itself.
  init(_ path: String, _ config: TrainerConfig) {
    self.path = path
    text = config.text
    identity = config.identity
  }
}

package enum Trainers {
  package static let all: [any Trainer.Type] = [
    LlamaFactory.self, TRL.self, CommandTrainer.self, GivenExperts.self,
  ]
}
