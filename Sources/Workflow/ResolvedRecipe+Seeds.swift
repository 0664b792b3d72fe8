internal import Curation
internal import Foundation
internal import Lineage
package import Teaching

extension ResolvedRecipe {
  /// These branches, or all that a teacher completes, each with the seeds of its latest build.
  package func seedsToExport(only: [String], in workspace: String) throws -> [BatchExport.Branch] {
    let names = try taughtBranches(only: only)
    let path = Workspace.ledgerPath(in: workspace)
    let ledger =
      FileManager.default.fileExists(atPath: path) ? try Ledger(reading: path) : nil
    return try names.map { name in
      let seeds = Stage.seedsPath(name, in: workspace)
      guard let build = try ledger?.output(at: "branches/\(name)/seeds.jsonl"),
        FileManager.default.fileExists(atPath: seeds)
      else { throw Missing(buildAdvice(name, in: workspace)) }
      return BatchExport.Branch(name, seeds: seeds, xxh3: build.xxh3)
    }
  }
}
