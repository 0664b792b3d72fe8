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
  /// How near duplicates are looked for in all branches at once.
  let across: Distinct.Near?
  /// The name of the recipe that data cards are to compare this one with.
  let comparison: YAML?
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
    let distinct: Distinct
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
    /// Its own, or those of the branch, or those of the recipe.
    let without: YAML?
    let verify: YAML?
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

  /// The same for benchmarks. What is wrong with a 'without' is told when it is resolved.
  package func checkGiven(benchmarks names: some Sequence<String>) throws {
    let known = branches.flatMap(\.sources).compactMap(\.without).flatMap(OverlapRules.names)
    for name in names.sorted() where !known.contains(name) {
      throw RecipeError(
        "--benchmark \(name)",
        "the recipe is without no benchmark of this name"
          + choices(for: name, among: Array(Set(known)).sorted(), "it is without"))
    }
  }

  private init(_ yaml: YAML, path: String, text: String, settings: [String]) throws(RecipeError) {
    self.path = path
    self.text = text
    self.settings = settings
    name = path.fileName.withoutExtension
    let keys = try yaml.keyed(
      "a recipe",
      [
        "about", "compared_with", "branches", "without", "distinct", "teacher", "base", "train",
        "merge",
      ])
    comparison = keys["compared_with"]
    (teacher, base, train, merge) = (
      keys["teacher"], keys["base"], keys["train"], keys["merge"]
    )
    about = try keys["about"]?.text("'about'") ?? ""
    across = try keys["distinct"].map(Distinct.across)
    guard let list = keys["branches"] else { throw yaml.fail("a recipe needs 'branches'") }
    var branches: [Branch] = []
    for (key, value) in try list.entries("'branches'") {
      branches.append(try Self.branch(try Self.branchName(key), value, of: keys))
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

  private static func branch(
    _ name: String, _ yaml: YAML, of recipe: [String: YAML]
  ) throws(RecipeError) -> Branch {
    var keys = try yaml.keyed(
      "a branch", ["about", "sources", "without", "verify", "distinct", "row"])
    keys["without"] = keys["without"] ?? recipe["without"]
    guard let list = keys["sources"] else { throw yaml.fail("a branch needs 'sources'") }
    var sources: [Taking] = []
    for (key, value) in try list.entries("'sources'") {
      let source = SourceReference(try key.text("a source's name"))
      guard !sources.contains(where: { $0.source.name == source.name }) else {
        throw key.fail("the branch takes from '\(source.name)' twice")
      }
      sources.append(try taking(source, at: key, value, of: keys))
    }
    guard !sources.isEmpty else { throw list.fail("a branch needs at least one source") }
    var distinct = Distinct.none
    if let yaml = keys["distinct"] {
      distinct = try Distinct(yaml)
      if recipe["distinct"] != nil && distinct.near != nil {
        throw yaml.fail("the recipe's own 'distinct' looks for near duplicates already")
      }
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
      distinct: distinct, format: format, place: yaml)
  }

  /// `branch` has what stands at the branch for all of its sources.
  private static func taking(
    _ source: SourceReference, at key: YAML, _ yaml: YAML, of branch: [String: YAML]
  ) throws(RecipeError) -> Taking {
    let keys = try yaml.keyed(
      "a branch's source", ["filters", "pick", "prompt", "without", "response", "verify"])
    guard let response = keys["response"] else {
      throw yaml.fail("a branch's source needs 'response': a template, or 'teacher'")
    }
    return Taking(
      source: source, place: key, filters: try keys["filters"]?.list("'filters'") ?? [],
      pick: keys["pick"], prompt: keys["prompt"], response: response,
      without: keys["without"] ?? branch["without"], verify: try verify(keys, response, branch))
  }

  /// A seed has nothing to verify: what stands at the branch is not meant for it, and what stands at
  /// its source is a mistake.
  private static func verify(_ keys: [String: YAML], _ response: YAML, _ branch: [String: YAML])
    throws(RecipeError) -> YAML?
  {
    guard try response.text("'response'") == "teacher" else {
      return keys["verify"] ?? branch["verify"]
    }
    if let verify = keys["verify"] {
      throw verify.fail(
        "a seed has no response to verify; leave 'verify' out here")
    }
    return nil
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
