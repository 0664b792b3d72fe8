internal import GRDB
package import Lineage

/// All numbers of a workspace's report, for its branches as they are: the latest build of each.
///
/// A pass over the fates and another over those that were dropped; prompts come from the source
/// files, where these are as they were. The same ledger and files give the same overview.
package struct Overview: Encodable, Sendable {
  /// Of the latest run.
  package var recipe: String
  package var tool: String
  /// The runs that built the branches, in order.
  package var runs: [Run]
  package var sources: [Source]
  package var branches: [Branch]
  package var removals: [Removal]
  package var duplicates: Duplicates
  package var quarantine: Quarantine
  package var teachings: [Teaching]
  package var trainings: [Training]
  package var merge: Merge?
  package var checkpoints: [Checkpoint]
  package var stages: [Stage]
  /// Prompts that are not shown, and why.
  package var notes: [String]

  package struct Run: Encodable, Sendable {
    package var id: Int64
    package var started: String
    package var finished: String
    package var tool: String
    package var recipe: String
    package var recipeText: String
    /// JSON.
    package var options: String
    package var branches: [String]
  }
}

extension Overview {
  /// All fates together.
  package var counts: Funnel.Counts {
    branches.reduce(into: Funnel.Counts()) { sum, branch in
      for source in branch.sources { sum += source.counts }
    }
  }

  package init(_ ledger: Ledger, in workspace: String) throws {
    let stages = try ledger.stages(anyState: true).values.sorted { $0.id < $1.id }
    let facts = try ledger.access { database in
      // All answers are of one state, also while a run commits.
      var facts: Facts?
      try database.inTransaction(.deferred) {
        facts = try Facts(database)
        return .commit
      }
      return facts
    }
    guard var facts, let last = facts.latestRun else {
      throw LedgerError(
        "\(ledger.path): nothing was built here yet; 'branchmerge run' or 'branchmerge branch' does"
      )
    }
    var excerpts = Excerpts(facts.excerptRequests)
    excerpts.read()
    facts.removals.fill(from: excerpts)
    facts.duplicates.fill(from: excerpts)
    facts.teachings.fill(from: excerpts)
    for index in facts.branches.indices {
      let name = facts.branches[index].name
      let taught = facts.teachings.first { $0.branch == name }?.output.rows
      facts.branches[index].readTokens(in: workspace, rows: taught)
    }
    self.init(
      recipe: last.recipe, tool: last.tool, runs: facts.runs, sources: facts.sources,
      branches: facts.branches, removals: facts.removals, duplicates: facts.duplicates,
      quarantine: facts.quarantine, teachings: facts.teachings, trainings: facts.trainings,
      merge: facts.merge,
      checkpoints: facts.checkpoints, stages: stages.map(Stage.init), notes: excerpts.notes)
  }
}

extension Funnel.Counts {
  /// What the branch wrote.
  package var written: Int { kept + seeds }
}

/// What the ledger alone says.
struct Facts {
  var latestRun: Overview.Run?
  var runs: [Overview.Run]
  var sources: [Overview.Source]
  var branches: [Overview.Branch]
  var removals: [Overview.Removal]
  var duplicates: Overview.Duplicates
  var quarantine: Overview.Quarantine
  var teachings: [Overview.Teaching]
  var trainings: [Overview.Training]
  var merge: Overview.Merge?
  var checkpoints: [Overview.Checkpoint]

  /// The builds that count.
  static let current = "(SELECT max(id) FROM branch GROUP BY name)"

  init(_ database: Database) throws {
    let tally = try FateTally(database)
    branches = try Overview.Branch.all(tally, in: database)
    sources = try Overview.Source.all(tally, in: database)
    removals = try Overview.Removal.all(in: database)
    duplicates = try Overview.Duplicates(in: database)
    quarantine = try Overview.Quarantine(in: database)
    teachings = try Overview.Teaching.all(in: database)
    trainings = try Overview.Training.all(in: database)
    merge = try Overview.Merge.latest(in: database)
    checkpoints = try Overview.Checkpoint.all(in: database)
    runs = try Overview.Run.all(in: database)
    latestRun = runs.last
  }

  /// The samples whose prompts are shown.
  var excerptRequests: [Overview.Example] {
    removals.flatMap { $0.values.map(\.example) } + duplicates.largest.map(\.stayed)
      + teachings.examples
  }
}

extension Overview.Run {
  static func all(in database: Database) throws -> [Overview.Run] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT DISTINCT run.* FROM run JOIN branch ON branch.run = run.id
        WHERE branch.id IN \(Facts.current) ORDER BY run.id
        """
    ).map { row in
      let id: Int64 = row["id"]
      return Overview.Run(
        id: id, started: row["started"], finished: row["finished"], tool: row["tool"],
        recipe: row["recipe"], recipeText: row["recipe_text"], options: row["options"],
        branches: try String.fetchAll(
          database,
          sql: "SELECT name FROM branch WHERE run = ? AND id IN \(Facts.current) ORDER BY id",
          arguments: [id]))
    }
  }
}
