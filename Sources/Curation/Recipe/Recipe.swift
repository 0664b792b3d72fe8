internal import Files
internal import Foundation
package import Notation

/// The branches to build, and what is done with them afterwards: `datasets/recipes/NAME.yaml`.
package struct Recipe {
  package let name: String
  package let path: String
  package let about: String
  package let text: String
  package let branches: [Branch]
  /// What `--set` changed, as given.
  package let settings: [String]
  /// Who writes the missing responses, the model that training starts from, how experts are trained,
  /// and how they are merged: kept for those who know of models.
  package let teacher, base, train, merge: YAML?

  /// One output data set.
  package struct Branch {
    package let name: String
    let about: String
    let sources: [Taking]
    let isDistinct: Bool
    let format: any RowFormat.Type
    let place: YAML
  }

  /// What a branch takes from one source, and how.
  struct Taking {
    let source: SourceReference
    let place: YAML
    let filters: [YAML]
    let pick: YAML?
    let prompt: YAML?
    let response: YAML
  }

  /// Reads a recipe and then changes it as each of `settings` says, `KEY=VALUE`.
  package init(reading path: String, setting settings: [String] = []) throws {
    let text = try Library.text(of: path)
    let file = Library.shown(URL(fileURLWithPath: path).standardizedFileURL.path)
    let yaml = try settings.reduce(YAML(parsing: text, file: file)) { try $0.setting($1) }
    try self.init(yaml, path: path, text: text, settings: settings)
  }

  /// Names of all sources that some branch takes from, in the order of the file.
  package var sourceNames: [String] {
    var seen: Set<String> = []
    return branches.flatMap(\.sources).map(\.source.name).filter { seen.insert($0).inserted }
  }

  /// Refuses a source, given on the command line, that the recipe does not know.
  package func checkGiven(_ names: some Sequence<String>) throws {
    for name in names.sorted() where !sourceNames.contains(name) {
      throw RecipeError(
        "--source \(name)",
        "the recipe takes nothing from a source of this name"
          + choices(for: name, among: sourceNames, "it takes from"))
    }
  }

  private init(_ yaml: YAML, path: String, text: String, settings: [String]) throws(RecipeError) {
    self.path = path
    self.text = text
    self.settings = settings
    name = path.fileName.withoutExtension
    let keys = try yaml.keyed(
      "a recipe", ["about", "branches", "teacher", "base", "train", "merge"])
    (teacher, base, train, merge) = (
      keys["teacher"], keys["base"], keys["train"], keys["merge"]
    )
    about = try keys["about"]?.text("'about'") ?? ""
    guard let list = keys["branches"] else { throw yaml.fail("a recipe needs 'branches'") }
    var branches: [Branch] = []
    for (key, value) in try list.entries("'branches'") {
      branches.append(try Self.branch(try Self.branchName(key), value))
    }
    guard !branches.isEmpty else { throw list.fail("a recipe needs at least one branch") }
    self.branches = branches
  }

  private static func branchName(_ key: YAML) throws(RecipeError) -> String {
    let name = try key.text("a branch's name")
    guard
      !name.isEmpty,
      name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) })
    else { throw key.fail("a branch's name has letters, digits, '-' and '_' only") }
    return name
  }

  private static func branch(_ name: String, _ yaml: YAML) throws(RecipeError) -> Branch {
    let keys = try yaml.keyed("a branch", ["about", "sources", "distinct", "row"])
    guard let list = keys["sources"] else { throw yaml.fail("a branch needs 'sources'") }
    var sources: [Taking] = []
    for (key, value) in try list.entries("'sources'") {
      let source = SourceReference(try key.text("a source's name"))
      guard !sources.contains(where: { $0.source.name == source.name }) else {
        throw key.fail("the branch takes from '\(source.name)' twice")
      }
      sources.append(try taking(source, at: key, value))
    }
    guard !sources.isEmpty else { throw list.fail("a branch needs at least one source") }
    var isDistinct = false
    if let distinct = keys["distinct"] {
      guard try distinct.text("'distinct'") == "prompt" else {
        throw distinct.fail("'distinct' can be 'prompt', or left out")
      }
      isDistinct = true
    }
    var format: any RowFormat.Type = ShareGPT.self
    if let row = keys["row"] {
      let wanted = try row.text("'row'")
      guard let known = RowFormats.all.first(where: { $0.name == wanted }) else {
        let names = RowFormats.all.map { $0.name }
        throw row.fail(
          "no row format is called '\(wanted)'\(choices(for: wanted, among: names, "there are"))")
      }
      format = known
    }
    return Branch(
      name: name, about: try keys["about"]?.text("'about'") ?? "", sources: sources,
      isDistinct: isDistinct, format: format, place: yaml)
  }

  private static func taking(_ source: SourceReference, at key: YAML, _ yaml: YAML)
    throws(RecipeError) -> Taking
  {
    let keys = try yaml.keyed("a branch's source", ["filters", "pick", "prompt", "response"])
    guard let response = keys["response"] else {
      throw yaml.fail("a branch's source needs 'response': a template, or 'teacher'")
    }
    return Taking(
      source: source, place: key, filters: try keys["filters"]?.list("'filters'") ?? [],
      pick: keys["pick"], prompt: keys["prompt"], response: response)
  }
}

/// A source as a recipe or a command names it: `NAME` or `NAME/CONFIG`.
package struct SourceReference: Hashable, Sendable, CustomStringConvertible {
  package var name: String
  package var config: String?

  package init(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    name = String(parts[0])
    config = parts.count == 2 ? String(parts[1]) : nil
  }

  package var description: String { config.map { "\(name)/\($0)" } ?? name }
}
