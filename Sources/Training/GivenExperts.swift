/// Experts that are there already: nothing is started, their checkpoints are looked at.
package struct GivenExperts: Trainer {
  package static let name = "experts"
  package static let required: [String] = []
  package static let command: String? = nil
  package static let config = ""
  package static let keepsUnfinished = true

  package init() {}

  package func files(for job: TrainingJob) throws -> [TrainingFile] { [] }

  package func command(for job: TrainingJob, resumingFrom checkpoint: String?) throws -> [String] {
    []
  }
}
