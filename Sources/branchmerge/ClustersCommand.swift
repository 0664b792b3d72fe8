import ArgumentParser
import Audit
import Curation
import Files
import Foundation
import Lineage
import Notation

/// `branchmerge clusters`: near duplicates, each held against the row that stayed.
struct ClustersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clusters",
    abstract: "Show near duplicates, and how each differs from the row that stayed.",
    discussion: """
      Of the branches as they are, the largest clusters come first, and in each those samples that \
      resemble the row least. Texts are read again from the source files, as the templates wrote \
      them; what both have stands in the same columns, and marks are below what differs. The number \
      before a sample is the share of runs of five words that both have.

      Example:
        branchmerge clusters work --branch math --limit 5
      """)

  @Argument(help: ArgumentHelp("The folder with the ledger.", valueName: "dir"))
  var workspace: String

  @Option(help: ArgumentHelp("Of this branch only.", valueName: "name"))
  var branch: String?

  @Option(help: ArgumentHelp("Show so many clusters.", valueName: "n"))
  var limit = 10

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit must be at least 1") }
  }

  func run() throws {
    Interruption.watch()
    let ledger = try Ledger(reading: Workspace.ledgerPath(in: workspace))
    let clusters = try Clusters(of: branch, limit: limit, in: ledger)
    show(json ? try branchmerge.json(clusters) : text(of: clusters))
  }

  private func text(of clusters: Clusters) -> String {
    guard clusters.total > 0 else { return "No sample fell as a near duplicate." }
    var parts = [
      "\(counted(clusters.fallen, "sample")) fell in \(counted(clusters.total, "cluster"))"
        + (clusters.total > clusters.clusters.count
          ? "; these are the largest \(clusters.clusters.count)." : ".")
    ]
    for cluster in clusters.clusters {
      var lines = [
        "\(visible(cluster.branch)): \(counted(cluster.fallen, "sample")) fell for"
          + " \(place(cluster.stays)), by the \(cluster.part)"
      ]
      for fall in cluster.falls {
        let over = fall.over.map { ", over \(visible($0))" } ?? ""
        let branch = fall.branch == cluster.branch ? "" : " in \(visible(fall.branch))"
        lines.append(
          String(format: "  %.1f %%  ", fall.near * 100) + place(fall.member) + branch + over)
        guard let difference = fall.difference else {
          lines.append("    (a row cannot be read again as it was)")
          continue
        }
        if !difference.pieces.contains(where: { if case .both = $0 { false } else { true } }) {
          lines.append("    (the same words)")
          continue
        }
        for line in difference.aligned(width: 90) {
          lines.append("    stays  " + visible(line.first))
          lines.append("    falls  " + visible(line.second))
          if !line.marks.isEmpty { lines.append("           " + line.marks) }
        }
      }
      if cluster.fallen > cluster.falls.count {
        lines.append("  and \(counted(cluster.fallen - cluster.falls.count, "more sample"))")
      }
      parts.append(lines.joined(separator: "\n"))
    }
    return parts.joined(separator: "\n\n")
  }

  private func place(_ member: Clusters.Member) -> String {
    "\(visible(member.sampleID)) (row \(member.row) of \(visible(Library.shown(member.path))))"
  }
}
