import ArgumentParser
import Curation
internal import Files
import Foundation
import Notation

/// `branchmerge sources`: the known sources and where their files are.
struct SourcesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sources",
    abstract: "List the known sources, where their files are, and how to fetch those missing.",
    discussion: """
      Files are looked up in DIR/sources/NAME of a workspace and in the Hugging Face cache \
      (HF_HOME).

      Example:
        branchmerge sources --workspace work
      """)

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "A workspace whose sources/ folder is looked through.", valueName: "dir"))
  var workspace: String?

  @Flag(help: "Print the result as JSON.")
  var json = false

  struct Entry: Encodable {
    var name: String
    var config: String
    var about: String
    var licence: String
    var homepage: String
    var publishedRows: Int?
    var revision: String
    var files: [String]
    var fetch: String?
  }

  func run() throws {
    let library = Library(near: FileManager.default.currentDirectoryPath)
    var entries: [Entry] = []
    for name in library.cardNames {
      let card = try library.card(name)
      for config in card.configs {
        let found = try SourceFiles.locate(card, config, given: nil, workspace: workspace)
        entries.append(
          Entry(
            name: card.name, config: config.name, about: card.about, licence: card.licence,
            homepage: card.homepage, publishedRows: config.rows,
            revision: found?.revision ?? card.revision, files: found?.paths ?? [],
            fetch: SourceFiles.fetchCommand(card, config)))
      }
    }
    guard !entries.isEmpty else {
      say("no source cards are known here; run this where datasets/ is, or install the program")
      throw ExitCode(1)
    }
    show(json ? try branchmerge.json(entries) : text(of: entries))
  }

  private func text(of entries: [Entry]) -> String {
    var rows = [["source", "licence", "rows as published", "files"]]
    for entry in entries {
      let place =
        entry.files.isEmpty
        ? "missing"
        : (entry.files.count == 1
          ? entry.files[0]
          : "\(entry.files.count) in \(entry.files[0].parentPath)")
      rows.append([
        "\(entry.name)/\(entry.config)", entry.licence,
        entry.publishedRows.map(grouped) ?? "", place,
      ])
    }
    var parts = [columns(rows)]
    let missing = entries.filter { $0.files.isEmpty && $0.fetch != nil }
    if !missing.isEmpty {
      parts.append(
        "Fetch what is missing with (pip install huggingface_hub):\n"
          + missing.compactMap { $0.fetch.map { "  " + $0 } }.joined(separator: "\n"))
    }
    return parts.joined(separator: "\n\n")
  }

  /// Names to the left, the number to the right, and the last column as it comes.
  private func columns(_ rows: [[String]]) -> String {
    let lines = table(rows.map { Array($0.prefix(3)) }, leftColumns: 2).split(separator: "\n")
    let width = lines.map(\.count).max() ?? 0
    return zip(lines, rows).map { line, row in
      line + String(repeating: " ", count: width - line.count) + "  " + row[3]
    }.joined(separator: "\n")
  }
}
