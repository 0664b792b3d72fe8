import ArgumentParser
import Curation
import Foundation
import Lineage
import Web

/// `branchmerge serve`: a workspace in the browser.
struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Show a workspace in the browser: search samples, follow them, compare runs.",
    discussion: """
      The pages are for this machine alone unless --host says otherwise, and nothing can be changed \
      through them. New runs show without a restart. Ctrl-C ends it.

      Example:
        branchmerge serve work --port 8080
      """)

  @Argument(help: ArgumentHelp("The folder with the ledger.", valueName: "dir"))
  var workspace: String

  @Option(help: "Listen on this port; 0 for any free one.")
  var port = 8080

  @Option(
    help: ArgumentHelp(
      "Listen on this address; all who reach it can read the whole workspace.",
      valueName: "address"))
  var host = "127.0.0.1"

  func validate() throws {
    guard 0...65535 ~= port else { throw ValidationError("--port is a number up to 65535") }
  }

  func run() throws {
    // Before the port is taken, so that a wrong folder is told at once.
    _ = try Ledger(reading: Workspace.ledgerPath(in: workspace))
    if !["127.0.0.1", "::1", "localhost"].contains(host) {
      say("whoever reaches \(shown(host)) can read all of this workspace")
    }
    try AuditServer(workspace: workspace, host: host, port: port).run { address in
      show("serving \(workspace) at \(address), until Ctrl-C")
    }
  }
}
