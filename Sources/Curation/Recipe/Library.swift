internal import Files
internal import Foundation
package import Notation
internal import Samples

/// The source cards, benchmark cards and filters that names mean.
///
/// Folders with `datasets/` and `filters/` in them are looked through in order: first that of the
/// recipe, then those installed with the program. The first that has a name gives its meaning.
package final class Library {
  package let roots: [String]
  private var cards: [String: SourceCard] = [:]
  private var filters: [String: Filter] = [:]
  private var benchmarks: [String: BenchmarkCard] = [:]

  package init(roots: [String]) { self.roots = roots }

  /// The library for a recipe or a folder: the nearest folder above it that has `datasets/`, and
  /// the one installed with the program.
  package convenience init(near path: String) {
    var roots: [String] = []
    var folder = URL(fileURLWithPath: path).standardizedFileURL
    while folder.path != "/" {
      if Folder.isFolder(folder.path + "/datasets") {
        roots.append(folder.path)
        break
      }
      folder.deleteLastPathComponent()
    }
    if let installed = Self.installed, !roots.contains(installed) { roots.append(installed) }
    self.init(roots: roots)
  }

  /// `share/branchmerge` beside the program's `bin`.
  package static var installed: String? {
    let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let share = program.deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("share/branchmerge")
    return Folder.isFolder(share.path + "/datasets") ? share.path : nil
  }

  /// The file of a recipe: a path, or the name of one in `datasets/recipes` here or installed.
  package static func recipe(_ name: String) throws -> String {
    if FileManager.default.fileExists(atPath: name) { return name }
    let folders = [FileManager.default.currentDirectoryPath, installed]
      .compactMap { $0.map { $0 + "/datasets/recipes" } }
    var known: [String] = []
    for folder in folders {
      let names = Folder.files(below: folder)
        .filter { $0.hasSuffix(".yaml") && !$0.contains("/") }
        .map { $0.withoutExtension }
      if names.contains(name) { return "\(folder)/\(name).yaml" }
      known += names
    }
    throw FileError(
      name,
      "there is no such file" + choices(for: name, among: known, "recipes known by name are"))
  }

  /// Names of all source cards, in order.
  package var cardNames: [String] { names(in: "datasets") }

  /// Names of all filters, in order.
  package var filterNames: [String] { names(in: "filters") }

  package func card(_ name: String) throws -> SourceCard {
    if let card = cards[name] { return card }
    guard let path = path("datasets", name) else {
      throw RecipeError(
        "datasets/\(name).yaml",
        unknownSource(name))
    }
    let text = try Self.text(of: path)
    let card = try SourceCard(YAML(parsing: text, file: Self.shown(path)), name: name, text: text)
    cards[name] = card
    return card
  }

  package func filter(_ name: String) throws -> Filter {
    if let filter = filters[name] { return filter }
    guard let path = path("filters", name) else {
      throw RecipeError("filters/\(name).yaml", unknownFilter(name))
    }
    let text = try Self.text(of: path)
    let filter = try Filter(YAML(parsing: text, file: Self.shown(path)), name: name, text: text)
    filters[name] = filter
    return filter
  }

  /// Names of all recipes, in order.
  var recipeNames: [String] { names(in: Self.recipeFolder) }

  /// The file of a recipe that another one names: in the same folder, or in the library.
  func recipe(_ name: String, beside path: String) -> String? {
    let folder = URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent().path
    if let file = files(folder).first(where: { stem($0) == name }) { return "\(folder)/\(file)" }
    return self.path(Self.recipeFolder, name)
  }

  private static let recipeFolder = "datasets/recipes"

  /// Names of all benchmark cards, in order.
  package var benchmarkNames: [String] { names(in: Self.benchmarkFolder) }

  package func benchmark(_ name: String) throws -> BenchmarkCard {
    if let card = benchmarks[name] { return card }
    guard let path = path(Self.benchmarkFolder, name) else {
      throw RecipeError("\(Self.benchmarkFolder)/\(name).yaml", unknownBenchmark(name))
    }
    let text = try Self.text(of: path)
    let card = try BenchmarkCard(
      YAML(parsing: text, file: Self.shown(path)), name: name, text: text)
    benchmarks[name] = card
    return card
  }

  /// Where the cards of benchmarks are, below a root.
  static let benchmarkFolder = "datasets/benchmarks"

  func hasBenchmark(_ name: String) -> Bool { path(Self.benchmarkFolder, name) != nil }

  func unknownBenchmark(_ name: String) -> String {
    "no benchmark is called '\(name)'\(choices(for: name, among: benchmarkNames, "there are"))"
  }

  /// The message for a name that no card has.
  func unknownSource(_ name: String) -> String {
    "no source is called '\(name)'\(choices(for: name, among: cardNames, "there are"))"
  }

  func unknownFilter(_ name: String) -> String {
    "no filter is called '\(name)'\(choices(for: name, among: filterNames, "there are"))"
  }

  package func hasCard(_ name: String) -> Bool { path("datasets", name) != nil }
  func hasFilter(_ name: String) -> Bool { path("filters", name) != nil }

  /// Two files of one name in one folder: which of them is meant cannot be told.
  package func duplicateNames() -> [RecipeError] {
    roots.flatMap { root in
      ["datasets", "filters", Self.benchmarkFolder].flatMap { kind in
        Dictionary(grouping: files(root + "/" + kind), by: { stem($0) })
          .filter { $0.value.count > 1 }.keys.sorted()
          .map { RecipeError(Self.shown(root + "/" + kind), "two files are called '\($0)'") }
      }
    }
  }

  private func names(in kind: String) -> [String] {
    Set(roots.flatMap { files($0 + "/" + kind).map(stem) }).sorted()
  }

  private func path(_ kind: String, _ name: String) -> String? {
    for root in roots {
      if let file = files("\(root)/\(kind)").first(where: { stem($0) == name }) {
        return "\(root)/\(kind)/\(file)"
      }
    }
    return nil
  }

  private func files(_ folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) && !$0.hasPrefix(".") }
      .sorted()
  }

  private func stem(_ file: String) -> String { file.withoutExtension }

  static func text(of path: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw FileError(path, "could not be read")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw RecipeError(shown(path), "is not UTF-8")
    }
    return text
  }

  /// A path as messages show it: relative where it lies below the working folder.
  package static func shown(_ path: String) -> String {
    let here = FileManager.default.currentDirectoryPath + "/"
    return path.hasPrefix(here) ? String(path.dropFirst(here.count)) : path
  }
}
