import Foundation
import Notation
import Testing

@testable import Fusion

struct MergeConfigTests {
  static func config(_ text: String) throws -> MergeConfig {
    try MergeConfig(parsing: text, file: "merge.yml")
  }

  static func document(_ text: String) throws -> MergeDocument {
    try #require(try config(text).documents.last)
  }

  static let several = """
    # Math and science first, then code.
    name: reasoning
    merge_method: slerp
    base_model: experts/math
    models: [{model: experts/math}, {model: experts/science}]
    parameters: {t: 0.5}
    ---
    merge_method: task_arithmetic
    base_model: backbone
    models:
      - {model: reasoning, parameters: {weight: 0.7}}
      - {model: coder, parameters: {weight: 0.3}}
    ---
    name: coder
    merge_method: passthrough
    models: [{model: experts/coding}]
    ---

    """

  @Test func `documents are put in the order in which they are needed`() throws {
    let config = try Self.config(Self.several)
    #expect(config.documents.map(\.name) == ["reasoning", "coder", nil])
    #expect(config.documents[2].inputs.map { config.document(for: $0) } == [0, 1, nil])
    #expect(config.text == Self.several)
    #expect(config.file == "merge.yml")
    #expect(config.documents[1].place.description == "merge.yml:14:1")
  }

  @Test func `a single document may have a name`() throws {
    let config = try Self.config("name: mine\nmerge_method: linear\nmodels: [{model: mine}]")
    #expect(config.documents.map(\.name) == ["mine"])
    #expect(config.document(for: config.documents[0].inputs[0]) == nil)
  }

  @Test func `a file is read, and named in its errors as it was given`() throws {
    let path = NSTemporaryDirectory() + "merge-config-\(UUID().uuidString).yml"
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(throws: (any Error).self) { try MergeConfig(reading: path) }
    try Self.several.write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try MergeConfig(reading: path).text == Self.several)
    try "merge_method:".write(toFile: path, atomically: true, encoding: .utf8)
    let error = #expect(throws: RecipeError.self) { try MergeConfig(reading: path) }
    #expect(error?.description == "\(path):1:1: a merge needs 'merge_method'")
    try Data([0x61, 0xff]).write(to: URL(fileURLWithPath: path))
    let other = #expect(throws: RecipeError.self) { try MergeConfig(reading: path) }
    #expect(other?.description == "\(path): is not UTF-8")
  }

  static func document(_ name: String?, of models: String...) -> String {
    (name.map { "name: \($0)\n" } ?? "") + "merge_method: linear\nmodels:\n"
      + models.map { "- model: \($0)\n" }.joined()
  }

  static let refused: [(String, String)] = [
    ("", ": is empty"),
    ("---\n---\n", ": is empty"),
    (document(nil, of: "a") + "---\n{", ":6:1: is not YAML: did not find expected node content"),
    (
      document("x", of: "a") + "---\n" + document("x", of: "b") + "---\n" + document(nil, of: "x"),
      ":6:1: another document is called 'x' already"
    ),
    (
      document(nil, of: "a") + "---\n" + document(nil, of: "b"),
      ":5:1: another document has no 'name' either; only the one that is the output goes without"
    ),
    (
      document("x", of: "a") + "---\n" + document("y", of: "x"),
      ":6:1: every document has a 'name'; the one that is the output goes without"
    ),
    (
      document("x", of: "a") + "---\n" + document(nil, of: "a"),
      ":1:1: the output does not use 'x'; name it as a model, or remove the document"
    ),
    (
      document("x", of: "a", "y") + "---\n" + document("y", of: "x") + "---\n"
        + document(nil, of: "y"),
      ":5:10: a document cannot be made from itself: 'y' needs 'x' needs 'y'"
    ),
    (
      document("x", of: "./x/") + "---\n" + document(nil, of: "a"),
      ":4:10: a document cannot be made from itself: 'x' needs 'x'"
    ),
    (
      "name: a/b\n" + document(nil, of: "a"),
      ":1:7: 'name' has letters, digits, '-', '_' and '.' only"
    ),
    (
      "name: ..\n" + document(nil, of: "a"),
      ":1:7: 'name' has letters, digits, '-', '_' and '.' only"
    ),
  ]

  @Test(arguments: refused)
  func `documents that do not fit together are refused`(text: String, expected: String) throws {
    let error = #expect(throws: RecipeError.self) { try Self.config(text) }
    #expect(error?.description == "merge.yml" + expected)
  }

  @Test func `a file nested without end is an error`() {
    let text = "merge_method: " + String(repeating: "[", count: 200_000)
    #expect(throws: RecipeError.self) { try Self.config(text) }
  }

  @Test func `any start of a valid file is read or refused`() {
    for length in 0...Self.several.count {
      _ = try? Self.config(String(Self.several.prefix(length)))
    }
  }
}
