internal import Files
internal import Foundation
internal import Notation
internal import Samples

/// What a survey looks at: files by themselves, or those of a source with its card.
package struct SurveySubject: Sendable {
  package let paths: [String]
  package let card: SourceCard?
  package let config: SourceCard.Config?
  private let argument: String

  /// A file, folder or pattern if there is one, else a source: `NAME` or `NAME/CONFIG`.
  package init(
    _ argument: String, library: Library, given: [String: String], workspace: String?
  ) throws {
    self.argument = argument
    let anyFile = SourceCard.Config(name: "", rows: nil, layouts: [])
    let found = try SourceFiles.files(at: argument, anyFile)
    guard found.isEmpty else {
      if let name = given.keys.min() {
        throw RecipeError("--source \(name)", "'\(argument)' is a file, not this source")
      }
      paths = found
      (card, config) = (nil, nil)
      return
    }
    if Folder.isFolder(argument) {
      throw FileError(argument, "no .jsonl, .json, .parquet or Posts.xml file is in this folder")
    }
    let reference = SourceReference(argument)
    guard library.hasCard(reference.name) else {
      throw RecipeError(
        argument,
        Self.isPath(argument)
          ? "no such file or folder"
          : "no file or folder is here, and \(library.unknownSource(reference.name))")
    }
    let card = try library.card(reference.name)
    guard let config = card.config(reference.config) else {
      let names = card.configs.map(\.name)
      let wanted = reference.config ?? ""
      throw RecipeError(
        argument,
        "'\(card.name)' has no config '\(wanted)'\(choices(for: wanted, among: names, "it has"))")
    }
    for name in given.keys.sorted() where name != card.name {
      throw RecipeError(
        "--source \(name)",
        "the survey is of '\(card.name)'"
          + suggestion(for: name, among: [card.name]))
    }
    let files = try SourceFiles.locate(
      card, config, given: given[card.name], workspace: workspace)
    guard let files else {
      let places = workspace.map { ", nor in \($0)/sources" } ?? ""
      let command =
        SourceFiles.fetchCommand(card, config).map { "; fetch them with\n  \($0)" } ?? ""
      throw MissingSources(sources: [
        "the files of the source '\(card.name)' are neither given by --source\(places), nor in"
          + " the Hugging Face cache\(command)"
      ])
    }
    paths = files.paths
    (self.card, self.config) = (card, config)
  }

  /// Whether the argument cannot have been meant as a source's name.
  private static func isPath(_ argument: String) -> Bool {
    let suffixes = [".jsonl", ".ndjson", ".json", ".parquet", ".xml", ".gz", ".zst"]
    return argument.contains { "*?[{~".contains($0) } || "./".contains(argument.prefix(1))
      || argument.count { $0 == "/" } > 1
      || suffixes.contains { argument.lowercased().hasSuffix($0) }
  }

  /// Where these fields lie, given by the card's names or as they stand in the rows.
  private func paths(of names: [String]) throws -> [FieldPath] {
    try names.map { name in
      if let field = card?.fields.first(where: { $0.name == name }) { return field.path }
      guard let path = FieldPath(name) else {
        throw RecipeError("--field \(name)", "a field is a name, 'key' or 'key[].member'")
      }
      return path
    }
  }

  /// All fields where no names are given, else these alone.
  package func scope(of names: [String]) throws -> SurveyScope {
    names.isEmpty ? SurveyScope() : SurveyScope(only: try paths(of: names))
  }

  /// Refuses a field that no row has, with the names that there are.
  package func check(_ names: [String], in survey: Survey) throws {
    for (name, path) in zip(names, try paths(of: names)) where !survey.contains(path) {
      let there = try paths.first.map { try Survey(glanceAt: $0).paths } ?? []
      let parts = card?.fields.map(\.name) ?? []
      throw RecipeError(
        argument,
        "no row has a field '\(name)'; there are \(listed(there))"
          + (parts.isEmpty ? "" : "; the card has \(listed(parts))")
          + suggestion(for: name, among: there + parts))
    }
  }
}
