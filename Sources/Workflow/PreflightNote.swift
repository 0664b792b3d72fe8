internal import Curation
internal import Files
internal import Foundation
internal import Notation
internal import Training

/// What the last pre-flight of a branch counted, kept in the job's folder for `plan`.
struct PreflightNote {
  static let fileName = "preflight.json"
  private let json: JSON

  /// Nil unless it was counted with these settings, after the rows were written.
  init?(_ job: TrainingJob) {
    func time(_ path: String) -> Date? {
      (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
    }
    let path = job.folder + "/" + Self.fileName
    guard let data = FileManager.default.contents(atPath: path),
      let json = try? JSON(parsing: Array(data)), let counted = time(path),
      let written = time(job.dataPath), written <= counted,
      json["base"]?.text == job.basePath, json["template"]?.text == job.settings.template,
      json["cutoff"]?.int == job.settings.cutoff, json["batch"]?.int == job.settings.batch,
      json["epochs"]?.double == job.settings.epochs,
      json["packing"]?.text == job.settings.packing.rawValue,
      json["overlong"]?.text == job.settings.overlong.rawValue
    else { return nil }
    self.json = json
  }

  /// Keeps what was counted, whole or not at all.
  static func write(_ report: PreflightReport, of job: TrainingJob) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var json = try JSON(parsing: Array(encoder.encode(report)))
    json["base"] = .string(job.basePath)
    let path = job.folder + "/" + fileName
    var file = try OutputFile(path + ".new", isDurable: false)
    try file.append(json.formatted() + "\n")
    _ = try file.finish()
    try Folder.rename(path + ".new", to: path, isDurable: false)
  }

  /// In words.
  var figures: [String] {
    guard let rows = json["trainedRows"]?.int, let tokens = json["tokens"]?.int,
      let packs = json["packs"]?.int, let steps = json["stepsPerEpoch"]?.int,
      let total = json["totalSteps"]?.int
    else { return [] }
    let isPacked = json["packing"]?.text != "none"
    return ["\(grouped(rows)) rows, \(grouped(tokens)) tokens"]
      + (isPacked ? ["\(grouped(packs)) packs"] : [])
      + ["\(grouped(steps)) steps an epoch, \(grouped(total)) in all"]
  }
}
