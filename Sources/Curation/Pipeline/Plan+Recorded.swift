internal import Files
internal import Foundation
package import Lineage
internal import Notation
internal import Samples

extension Plan {
  /// What was recorded of a run, in the texts of that time.
  package struct Record {
    package var recipe: String
    /// What `--set` changed.
    package var settings: [String]
    /// The branches that the run built.
    package var branches: [String]
    /// Of the cards and the filters, by name.
    package var cards: [String: String]
    package var filters: [String: String]
    /// The benchmarks with where their files are now.
    package var benchmarks: [(record: RecordedBenchmark, path: String)]

    package init(
      recipe: String, settings: [String], branches: [String], cards: [String: String],
      filters: [String: String], benchmarks: [(record: RecordedBenchmark, path: String)]
    ) {
      self.benchmarks = benchmarks
      self.recipe = recipe
      self.settings = settings
      self.branches = branches
      self.cards = cards
      self.filters = filters
    }
  }

  /// The plan of a run, resolved anew from what was recorded; nothing but the record is looked at.
  ///
  /// The texts lie in a temporary folder while they are read. Errors name them by that folder's
  /// files, without the folder.
  package init(_ record: Record) throws {
    let folder = NSTemporaryDirectory() + "branchmerge-record-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    do {
      let benchmarks = Dictionary(
        record.benchmarks.map { ($0.record.name, $0.record.card) }, uniquingKeysWith: { $1 })
      for (kind, texts) in [
        ("datasets", record.cards), ("filters", record.filters),
        (Library.benchmarkFolder, benchmarks),
      ] {
        try Folder.create("\(folder)/\(kind)")
        for (name, text) in texts {
          guard !name.contains("/"), !name.hasPrefix(".") else {
            throw RecipeError("\(kind)/\(quoted(name))", "this is the name of no file")
          }
          try Self.write(text, to: "\(folder)/\(kind)/\(name).yaml")
        }
      }
      try Self.write(record.recipe, to: folder + "/recipe.yaml")
      let recipe = try Recipe(reading: folder + "/recipe.yaml", setting: record.settings)
      for name in record.branches where !recipe.branches.contains(where: { $0.name == name }) {
        throw RecipeError("recipe.yaml", "no branch is called \(quoted(name))")
      }
      try self.init(
        Recipe(recipe, only: record.branches), library: Library(roots: [folder]))
      let wanted = Set(self.benchmarks().map(\.name))
      self = holding(
        try record.benchmarks.filter { wanted.contains($0.record.name) }
          .map { try BenchmarkFile(recorded: $0.record, at: $0.path) })
    } catch {
      throw RecipeError("as recorded", "\(error)".replacing(folder + "/", with: ""))
    }
  }

  private static func write(_ text: String, to path: String) throws {
    var file = try OutputFile(path, isDurable: false)
    try file.append(text)
    _ = try file.finish()
  }

  /// One that reads a source with a recorded card and does nothing with it: its rows have their ids.
  package init(reading name: String, card text: String) throws {
    let card = try SourceCard(YAML(parsing: text, file: "\(name).yaml"), name: name, text: text)
    var projection = Projection()
    let identity = card.identity.compactMap { name in
      card.fields.first { $0.name == name }.map { projection.slot(of: $0) }
    }
    guard let field = card.fields.first(where: { $0.name == "prompt" }),
      let config = card.configs.first
    else { throw RecipeError("\(name).yaml", "has no field 'prompt'") }
    let prompt = projection.slot(of: field)
    (recipe, recipePath, recipeText, settings, branches) = ("", "", "", [], [])
    searches = []
    sources = [
      Source(
        card: card, config: config, projection: projection, identity: identity, prompt: prompt,
        required: [], takings: [])
    ]
  }

  /// Which branches take from a source, and by which steps.
  package func takings(of source: Int) -> [(branch: String, isDistinct: Bool, steps: [Step])] {
    sources[source].takings.map { taking in
      let branch = branches[taking.branch]
      return (branch.name, branch.distinct.isExact, taking.steps)
    }
  }
}

extension Recipe {
  /// A recipe without the branches that are not named.
  fileprivate init(_ other: Recipe, only names: [String]) {
    (name, path, about, text) = (other.name, other.path, other.about, other.text)
    branches = other.branches.filter { names.contains($0.name) }
    across = other.across
    // It has said what it had to say.
    comparison = nil
    settings = other.settings
    (teacher, base, train, merge) = (other.teacher, other.base, other.train, other.merge)
  }
}
