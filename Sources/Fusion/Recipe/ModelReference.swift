internal import Notation

/// A model as a merge file names it: a folder, or an earlier document of the file.
///
/// mergekit's other forms (`PATH@REVISION`, `PATH+LORA`, an architecture to pretend) are understood
/// in order to be refused by name.
package struct ModelReference: Sendable, CustomStringConvertible {
  package let path: String
  package let place: Place

  package var description: String { path }

  /// Whether both mean the same folder, however its path is spelt.
  package func isSame(as other: ModelReference) -> Bool { identity == other.identity }

  /// The path without what does not matter to it: `./experts//math/` is `experts/math`.
  package var identity: String {
    let parts = path.split(separator: "/").filter { $0 != "." }
    return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
  }

  init(_ yaml: YAML, _ what: String) throws(RecipeError) {
    place = Place(yaml)
    path =
      yaml.isMapping ? try Self.path(ofMapping: yaml, what) : try Self.path(ofText: yaml, what)
  }

  private static func path(ofMapping yaml: YAML, _ what: String) throws(RecipeError) -> String {
    let keys = try yaml.present(what, ["model", "lora", "override_architecture"])
    if let lora = keys["lora"] {
      throw lora.fail(noLoRA(lora.isScalar ? try lora.text("'lora'") : "the adapter"))
    }
    if let architecture = keys["override_architecture"] {
      throw architecture.fail(
        "'override_architecture' is not supported: a merge goes by the names of the tensors,"
          + " whatever the architecture; leave it out")
    }
    guard let model = keys["model"] else { throw yaml.fail("\(what) needs 'model'") }
    guard model.isMapping else { return try path(ofText: model, what) }
    let parts = try model.present("'model'", ["path", "revision"])
    guard let path = parts["path"] else { throw model.fail("'model' needs 'path'") }
    let text = try path.text("'path'")
    guard !text.isEmpty else { throw path.fail("'path' is empty") }
    if let revision = parts["revision"] {
      throw revision.fail(noRevision(try revision.text("'revision'"), of: text))
    }
    return text
  }

  private static func path(ofText yaml: YAML, _ what: String) throws(RecipeError) -> String {
    let text = try yaml.text(what)
    let halves = text.split(separator: "+", omittingEmptySubsequences: false)
      .map { $0.split(separator: "@", omittingEmptySubsequences: false) }
    guard halves.count <= 2, halves.allSatisfy({ $0.count <= 2 && !$0.contains("") }) else {
      throw yaml.fail("'\(text)' names no model; a model is the path of its folder\(mapping)")
    }
    if halves.count == 2 {
      throw yaml.fail(noLoRA(halves[1].joined(separator: "@")) + mapping)
    }
    if halves[0].count == 2 {
      throw yaml.fail(noRevision(String(halves[0][1]), of: String(halves[0][0])) + mapping)
    }
    return text
  }

  private static let mapping = " (one with '@' or '+' in it is written {model: {path: PATH}})"

  private static func noLoRA(_ adapter: String) -> String {
    "a LoRA adapter is not applied here: merge '\(adapter)' into its model first, and name the"
      + " folder of the result"
  }

  private static func noRevision(_ revision: String, of path: String) -> String {
    "a revision is not fetched here: download '\(revision)' of '\(path)', and name its folder"
  }
}
