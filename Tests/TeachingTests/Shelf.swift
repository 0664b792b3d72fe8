import Curation
import Files
import Foundation
import Notation

@testable import Teaching

/// A folder with filters, and recipes' sections that name them.
final class Shelf {
  let path = FileManager.default.temporaryDirectory.path + "/shelf-\(UUID().uuidString)"

  init() throws {
    try write(
      "filters/terse.yaml",
      """
      about: Keeps short solutions.
      keep:
        solution: { length: { at_most: 12 } }
      examples:
        - keep: { solution: short }
        - drop: { solution: as long as it gets }
          because: solution

      """)
    try write(
      "filters/foreign.yaml",
      """
      about: Knows another field.
      keep: { level: { at_most: 5 } }
      examples:
        - keep: { level: 5 }
        - { drop: { level: 6 }, because: level }

      """)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ text: String) throws {
    try Folder.create("\(path)/\(name)".parentPath)
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
  }

  /// The section, which begins in the second line of its file, in the third column.
  func plan(_ text: String) throws -> TeacherPlan {
    let lines = text.split(separator: "\n").joined(separator: "\n  ")
    let yaml = try YAML(parsing: "teacher:\n  \(lines)\n", file: "r.yaml")
    return try TeacherPlan(
      yaml.keyed("a recipe", ["teacher"])["teacher"]!, library: Library(roots: [path]))
  }

  /// A usual one, with more keys.
  func plan(with more: String) throws -> TeacherPlan {
    try plan("{url: http://127.0.0.1:9/v1, model: r1\(more.isEmpty ? "" : ", ")\(more)}")
  }
}
