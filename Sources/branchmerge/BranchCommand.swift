import ArgumentParser
import Curation
import Files
import Foundation
import Lineage
import Notation
import Teaching

/// `branchmerge branch`: builds the branch data sets of a recipe.
struct BranchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "branch",
    abstract: "Build the branch data sets of a recipe, with every row's fate on record.",
    discussion: """
      Rows go to DIR/branches/BRANCH/train.jsonl (and seeds.jsonl), with a data card and a \
      dataset_info.json beside them; fates go to DIR/lineage.sqlite. Files appear whole or not at \
      all. Without --source, files are looked up in DIR/sources/NAME and in the Hugging Face cache.

      Example:
        branchmerge branch datasets/recipes/tinyr1.yaml --workspace work \\
          --source openr1-math='openr1/data/*.parquet' --only math
      """)

  @OptionGroup var options: RecipeOptions

  @OptionGroup var build: BuildOptions

  @Option(
    help: ArgumentHelp(
      "Build this branch alone; may be given several times.", valueName: "branch"))
  var only: [String] = []

  @Option(
    help: ArgumentHelp("Threads that sift; the result is the same for any number.", valueName: "n"))
  var workers: Int = ProcessInfo.processInfo.activeProcessorCount

  @Flag(help: "Also compute the SHA-256 of each source file.")
  var sha256 = false

  @Flag(name: .customLong("no-fsync"), help: "Do not wait for the disk.")
  var noSync = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard workers > 0 else { throw ValidationError("--workers must be at least 1") }
  }

  func run() throws {
    let recipe = try Recipe(
      reading: try Library.recipe(options.recipe), setting: options.settings)
    let library = Library(near: recipe.path)
    let plan = try Plan(recipe, library: library, only: only)
    // The recipe's text is recorded: what should not stand in it is refused here, too.
    _ = try recipe.teacher.map { try TeacherPlan($0, library: library) }
    var curation = try build.curation(of: recipe)
    curation.workers = workers
    curation.isDurable = !noSync
    curation.computesSHA256 = sha256
    Interruption.watch()
    let line = ProgressLine()
    defer { line.clear() }
    let curator = Curator(
      plan, curation, tool: "branchmerge \(BranchMerge.version)", note: say,
      progress: { line.update(rows: $0.rows, bytes: $0.bytes, of: $0.totalBytes) })
    let outcome = try curator.run(in: options.workspace)
    line.clear()
    let report = BranchReport(outcome, workspace: options.workspace, seconds: line.seconds)
    show(json ? try branchmerge.json(report) : report.text)
    if outcome.outputs.allSatisfy({ $0.rowCount == 0 }) {
      say("no row was kept; the funnel says which step took them")
      throw ExitCode(1)
    }
  }
}

/// What `branch` prints.
struct BranchReport: Encodable {
  struct Output: Encodable {
    var path: String
    var rows: Int
    var bytes: Int
    var xxh3: String
  }
  /// Elapsed time, processor time of all threads, and the part of that which the ledger took.
  struct Seconds: Encodable {
    var total: Double
    var processor: Double
    var ledger: Double
  }

  var run: Int64
  var workspace: String
  var rowsRead: Int
  var bytesRead: Int
  var quarantined: Int
  var seconds: Seconds
  var outputs: [Output]
  var funnel: Funnel

  init(_ outcome: Curator.Outcome, workspace: String, seconds: Double) {
    run = outcome.run
    let folder = workspace.hasSuffix("/") ? String(workspace.dropLast()) : workspace
    self.workspace = folder
    rowsRead = outcome.rowsRead
    bytesRead = outcome.bytesRead
    quarantined = outcome.quarantined
    self.seconds = Seconds(
      total: seconds, processor: processorSeconds(), ledger: outcome.ledgerSeconds)
    funnel = outcome.funnel
    outputs = outcome.outputs.map {
      Output(
        path: folder + "/" + $0.path, rows: $0.rowCount, bytes: $0.byteCount,
        xxh3: $0.digest.description)
    }
  }

  var text: String {
    var parts = funnel.branches.map { table(FunnelTable($0).rows) }
    let files = outputs.map { [$0.path, counted($0.rows, "row"), size(Double($0.bytes))] }
    parts.append(table(files))
    if quarantined > 0 {
      parts.append(
        "\(counted(quarantined, "row")) could not be read:"
          + " \(workspace)/branches/quarantine.jsonl says why")
    }
    parts.append(
      "run \(run): \(counted(rowsRead, "row")), \(size(Double(bytesRead))) in"
        + " \(duration(seconds.total)), \(size(Double(bytesRead) / seconds.total))/s")
    return parts.joined(separator: "\n\n")
  }
}

/// Processor time that the process has used so far, in user and system mode.
private func processorSeconds() -> Double {
  var usage = rusage()
  getrusage(RUSAGE_SELF.rawValue, &usage)
  return [usage.ru_utime, usage.ru_stime].reduce(0) { sum, time in
    sum + Double(time.tv_sec) + Double(time.tv_usec) / 1e6
  }
}
