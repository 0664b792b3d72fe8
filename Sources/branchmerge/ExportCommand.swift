import ArgumentParser
import Audit
import Curation
import Files
import Foundation
import Lineage
import Notation
import Web

/// `branchmerge export`: what a workspace is made of, in the words of other programs.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the lineage in a format that other programs read.",
    discussion: """
      The formats:
      \(ExportFormats.all.map { "  \($0.name): \($0.about)" }.joined(separator: "\n"))

      All tell of the branches as they are; openlineage also of what was built before. Croissant \
      describes one branch, and names its files as seen from the folder of --output, or else from the \
      branch's own. With --send the events of openlineage are posted to a server; a key is taken from \
      the environment variable that --key-variable names.

      Example:
        branchmerge export work -f croissant --branch math -o math.croissant.json
        branchmerge export work -f prov --id openr1-math:5b1f
        branchmerge export work -f openlineage --send http://localhost:5000
      """)

  @Argument(help: ArgumentHelp("The folder with the ledger.", valueName: "dir"))
  var workspace: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "One of \(ExportFormats.all.map { $0.name }.joined(separator: ", ")).", valueName: "format"))
  var format: String

  @Option(help: "Tell of this branch alone.")
  var branch: String?

  @Option(help: "Tell of this sample alone: its id, or its beginning, or FILE:ROW.")
  var id: String?

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Write this file instead of standard output.", valueName: "file"))
  var output: String?

  @Option(help: ArgumentHelp("Post the events to this server.", valueName: "url"))
  var send: String?

  @Option(
    help: ArgumentHelp("The environment variable with the server's key.", valueName: "name"))
  var keyVariable: String?

  func validate() throws {
    let type = try formatType()
    guard id == nil || type.knowsSamples else {
      throw ValidationError("--id is for prov and csv; \(format) does not tell of single samples")
    }
    guard send == nil || type.name == OpenLineage.name else {
      throw ValidationError("--send is for openlineage, not for \(format)")
    }
    guard send == nil || output == nil else {
      throw ValidationError("--send or --output, not both")
    }
    guard keyVariable == nil || send != nil else {
      throw ValidationError("--key-variable is for --send, and there is none")
    }
  }

  func run() throws {
    let ledger = try Ledger(reading: Workspace.ledgerPath(in: workspace))
    let export = try Export(
      workspace, ledger: ledger, branch: branch, sample: id, folder: output?.parentPath,
      tool: "branchmerge \(BranchMerge.version)")
    if let send { return try post(export, to: send) }
    guard let output else {
      return try formatType().write(export) { try write($0) }
    }
    // Until here a signal ends the process at once, as there is nothing to clear away.
    Interruption.watch()
    let target = try OutputFile.target(of: output)
    let partial = target + ".partial"
    var file = try OutputFile(partial, isDurable: false)
    try formatType().write(export) { try file.append($0) }
    _ = try file.finish()
    try Folder.rename(partial, to: target, isDurable: false)
  }

  private func formatType() throws -> any ExportFormat.Type {
    if let type = ExportFormats.all.first(where: { $0.name == format }) { return type }
    throw ValidationError(
      "no format is called \(quoted(format))"
        + choices(for: format, among: ExportFormats.all.map { $0.name }, "there are"))
  }

  private func post(_ export: Export, to url: String) throws {
    let key = try keyVariable.map { name in
      guard let key = ProcessInfo.processInfo.environment[name], !key.isEmpty else {
        throw ValidationError("the environment has no \(quoted(name)), which --key-variable names")
      }
      return key
    }
    let sender = try EventSender(to: url, key: key)
    let events = try OpenLineage.events(of: export)
    for (number, event) in events.enumerated() {
      do {
        try sender.send(event.compact)
      } catch let error as FileError {
        throw FileError(
          error.path,
          error.message + "; \(counted(number, "event")) of \(events.count) had been sent. Sending"
            + " all again does no harm: runs keep their ids")
      }
    }
    say("\(counted(events.count, "event")) sent to \(shown(url))")
  }

  private func write(_ text: String) throws {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    } catch {
      throw FileError("standard output", failedTo: "write")
    }
  }
}
