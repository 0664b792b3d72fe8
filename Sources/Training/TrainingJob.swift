package import Notation

/// One training of one branch: data, base, settings, and the folder where it happens.
///
/// All paths are absolute. The folder is the job's alone: configuration, log and output are in it,
/// and what an unfinished job left there is continued or removed.
package struct TrainingJob: Sendable {
  package var branch: String
  /// Rows as JSON Lines.
  package var dataPath: String
  /// The row format's name: sharegpt, messages, alpaca.
  package var rowFormat: String
  /// What `dataset_info.json` says of such rows, as an object; where the file lies is put in.
  package var datasetInfo: JSON
  package var rowCount: Int
  package var basePath: String
  package var folder: String
  /// The trained checkpoint: in the job's folder, or wherever a given expert lies.
  package var outputPath: String
  package var settings: TrainingSettings

  package init(
    branch: String, dataPath: String, rowFormat: String, datasetInfo: JSON, rowCount: Int,
    basePath: String, folder: String, given: String? = nil, settings: TrainingSettings
  ) {
    self.branch = branch
    self.dataPath = dataPath
    self.rowFormat = rowFormat
    self.datasetInfo = datasetInfo
    self.rowCount = rowCount
    self.basePath = basePath
    self.folder = folder
    outputPath = given ?? folder + "/output"
    self.settings = settings
  }

  package var logPath: String { folder + "/train.log" }

  /// The same job without places and counts of this machine's files.
  private var placeless: TrainingJob {
    var job = self
    job.dataPath = "{data}"
    job.basePath = "{base}"
    job.folder = "{folder}"
    job.outputPath = "{output}"
    job.rowCount = 0
    return job
  }

  /// Everything but data and base that the trained weights depend on, each with its name.
  ///
  /// How often is saved and logged is not among it.
  package func identity(with trainer: any Trainer) throws -> [IdentityPart] {
    let kind = type(of: trainer)
    var parts = [IdentityPart(name: "trainer", value: kind.name)]
    if let command = settings.command ?? kind.command {
      parts.append(IdentityPart(name: "command", value: command))
    }
    for file in try trainer.files(for: placeless) { parts += file.identity }
    // Files have what each GPU adds up, which is the same for twice the batch on twice the GPUs.
    if let batch = settings.batch, !parts.contains(where: { $0.name == "batch" }) {
      parts.append(IdentityPart(name: "batch", value: String(batch)))
    }
    return parts
  }
}

/// A setting that the trained weights depend on.
package struct IdentityPart: Sendable, Hashable {
  package var name: String
  package var value: String
}
