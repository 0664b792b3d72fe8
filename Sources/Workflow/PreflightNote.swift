internal import Configuration
internal import Foundation

/// What the last pre-flight of a branch counted, kept in the job's folder for `plan`.
struct PreflightNote {
  static let fileName = "preflight.json"
  private let json: JSON

  init?(_ folder: String) {
    guard let data = FileManager.default.contents(atPath: folder + "/" + Self.fileName),
      let json = try? JSON(parsing: Array(data))
    else { return nil }
    self.json = json
  }

  /// In words.
  var figures: [String] {
    guard let rows = json["trainedRows"]?.int, let tokens = json["tokens"]?.int,
      let packs = json["packs"]?.int, let steps = json["stepsPerEpoch"]?.int,
      let total = json["totalSteps"]?.int
    else { return [] }
    let isPacked = json["packing"]?.text != "none"
    return ["\(rows) rows, \(tokens) tokens"] + (isPacked ? ["\(packs) packs"] : [])
      + ["\(steps) steps an epoch, \(total) in all"]
  }
}
