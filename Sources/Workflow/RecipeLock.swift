internal import Files
internal import Foundation
package import Lineage
internal import Notation

/// `recipe.lock.yaml`: which bytes a recipe was run on, so that it can be run on them alone again.
package struct RecipeLock {
  private let path: String

  package static let fileName = "recipe.lock.yaml"

  package init(_ workspace: String) { path = workspace + "/" + Self.fileName }

  package var isThere: Bool { FileManager.default.fileExists(atPath: path) }

  /// Writes it anew, whole or not at all.
  package func write(_ inputs: [Ingredient], recipe: String, tool: String) throws {
    let text = LockedInputs(recipe: recipe, tool: tool, inputs: inputs).text
    let bytes = Array(text.utf8)
    if FileManager.default.contents(atPath: path).map(Array.init) == bytes { return }
    var file = try OutputFile(path + ".new", isDurable: true)
    try file.append(bytes.span)
    _ = try file.finish()
    try Folder.rename(path + ".new", to: path, isDurable: true)
  }

  /// Reads it; what it says, and its text as it stands there.
  package func read() throws -> (content: LockedInputs, text: String) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw FileError(
        path, "--locked needs this file; a run without --locked writes it, or copy it here")
    }
    let text = String(decoding: data, as: UTF8.self)
    let keys = try YAML(parsing: text, file: path).keyed(
      "a lock file", ["recipe", "tool", "inputs"])
    var inputs: [Ingredient] = []
    for (key, value) in try keys["inputs"]?.entries("'inputs'") ?? [] {
      inputs.append(Ingredient(try key.text("an input"), try value.text("a hash")))
    }
    let content = LockedInputs(
      recipe: try keys["recipe"]?.text("'recipe'") ?? "",
      tool: try keys["tool"]?.text("'tool'") ?? "", inputs: inputs)
    return (content, text)
  }

  /// Refuses inputs that are not those of the file.
  package func check(_ inputs: [Ingredient]) throws {
    let locked = try read().content.inputs
    let changes = Ingredient.changes(
      from: locked.sorted { $0.name < $1.name }, to: inputs.sorted { $0.name < $1.name })
    guard changes.isEmpty else {
      throw FileError(
        path,
        "the inputs are not those that are locked here:\n  " + changes.joined(separator: "\n  ")
          + "\nrun without --locked to take them as they are now")
    }
  }
}

/// What a lock file says.
package struct LockedInputs {
  package var recipe: String
  package var tool: String
  package var inputs: [Ingredient]

  /// As it is written: the same inputs give the same bytes.
  package var text: String {
    var text = """
      # The inputs that the recipe was last run on, by their XXH3. 'branchmerge run --locked' refuses
      # to run on any other.
      recipe: \(JSON.quoted(recipe))
      tool: \(JSON.quoted(tool))
      inputs:

      """
    for input in inputs { text += "  \(JSON.quoted(input.name)): \(JSON.quoted(input.value))\n" }
    if inputs.isEmpty { text += "  {}\n" }
    return text
  }
}
