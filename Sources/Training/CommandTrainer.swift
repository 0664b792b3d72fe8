internal import Notation

/// Any program: it gets data, base, output folder and settings as words and as variables.
///
/// It may resume however it likes: its unfinished output is left to it, with the last whole
/// checkpoint of Hugging Face's shape, if there is one, as `{resume}` and BRANCHMERGE_RESUME.
package struct CommandTrainer: Trainer {
  package static let name = "command"
  package static let required = ["command"]
  package static let command: String? = nil
  package static let config = "settings.json"
  package static let keepsUnfinished = true

  package init() {}

  package func files(for job: TrainingJob) throws -> [TrainingFile] {
    let places = [
      ("branch", job.branch), ("data", job.dataPath), ("row_format", job.rowFormat),
      ("base", job.basePath), ("output", job.outputPath),
    ].map { (name: $0, json: JSON.quoted($1)) }
    let extra = job.settings.extra.map { (name: $0.key, json: $0.value ?? "null") }
    let members = places + job.settings.named
    let text =
      "{\n" + members.map { "  \(JSON.quoted($0.name)): \($0.json),\n" }.joined()
      + "  \"extra\": {"
      + extra.map { "\(JSON.quoted($0.name)): \($0.json)" }.joined(separator: ", ") + "}\n}\n"
    var file = TrainingFile(Self.config, text)
    file.identity = (job.settings.named.filter { $0.name != "save_steps" } + extra)
      .map { IdentityPart(name: $0.name, value: $0.json) }
    return [file]
  }

  package func environment(for job: TrainingJob) -> [String: String] {
    var variables = [
      "BRANCHMERGE_BRANCH": job.branch, "BRANCHMERGE_DATA": job.dataPath,
      "BRANCHMERGE_ROWS": String(job.rowCount), "BRANCHMERGE_ROW_FORMAT": job.rowFormat,
      "BRANCHMERGE_BASE": job.basePath, "BRANCHMERGE_OUTPUT": job.outputPath,
      "BRANCHMERGE_CONFIG": job.folder + "/" + Self.config,
    ]
    for (name, json) in job.settings.named {
      let value = json.hasPrefix("\"") ? String(json.dropFirst().dropLast()) : json
      variables["BRANCHMERGE_" + name.uppercased()] = value
    }
    return variables
  }
}
