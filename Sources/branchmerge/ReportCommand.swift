import ArgumentParser
import Audit
import Curation
import Files
import Foundation
import Lineage
import Pages

/// `branchmerge report`: a workspace as one page.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write one HTML file that shows a workspace: flow, filters, sources, merge, hashes.",
    discussion: """
      The file needs no network and holds no script: open it from disk, print it,
      send it on. The same ledger and source files give the same bytes.

      Examples:
        branchmerge report work
        branchmerge report work --output report.html
        branchmerge report work --json | jq '.branches[].counts'
      """)

  @Argument(help: "The folder of a run.")
  var workspace: String

  @Option(
    help: ArgumentHelp(
      "Where to write the page; the workspace's report.html where it is not given.",
      valueName: "file"))
  var output: String?

  @Flag(help: "Print all numbers of the page as JSON, and write no page.")
  var json = false

  func validate() throws {
    if json && output != nil {
      throw ValidationError("--json prints the numbers and writes no page; leave --output out")
    }
  }

  func run() throws {
    let ledger = try Ledger(reading: Workspace.ledgerPath(in: workspace))
    let overview = try Overview(ledger, in: workspace)
    guard !json else { return show(try branchmerge.json(overview)) }
    let path = output ?? workspace + "/report.html"
    let byteCount = try Self.write(overview, to: OutputFile.target(of: path))
    show("\(path)  \(size(Double(byteCount)))")
  }

  /// Writes the page, whole or not at all; its size is returned.
  @discardableResult
  static func write(_ overview: Overview, to path: String, isDurable: Bool = true) throws -> Int {
    var file = try OutputFile(path + ".new", isDurable: isDurable)
    try file.append(Report(overview).page)
    let byteCount = file.byteCount
    _ = try file.finish()
    try Folder.rename(path + ".new", to: path, isDurable: isDurable)
    return byteCount
  }
}
