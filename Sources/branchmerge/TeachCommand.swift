import ArgumentParser
import Curation
import Files
import Foundation
import Lineage
import Teaching
import Training
import Workflow

/// `branchmerge teach`: a teacher's answers to the seeds of a recipe.
struct TeachCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "teach",
    abstract: "Have a teacher write the responses that the branches of a recipe lack.",
    discussion: """
      The recipe's 'teacher' says who is asked, what, and what is accepted; the branches must have \
      been built. Every answer is kept in DIR/teacher.sqlite, and none is asked for twice, by \
      whichever recipe. The data sets are DIR/teach/BRANCH: the branch's own rows, then the taught \
      ones. 'branchmerge run' has the same stage. Without the name of a subcommand 'ask' is meant.

      Example:
        branchmerge teach tinyr1 --workspace work --plan \\
          --set teacher='{url: http://localhost:8000/v1, model: deepseek-ai/DeepSeek-R1}'
      """,
    subcommands: [TeachAskCommand.self, TeachExportCommand.self, TeachImportCommand.self],
    defaultSubcommand: TeachAskCommand.self)
}

/// `branchmerge teach RECIPE`: asks for what is not answered yet, and writes the data sets.
struct TeachAskCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ask",
    abstract: "Ask for what is not answered yet, and write the data sets.",
    discussion: """
      What was answered before is taken from the store; what failed is asked for again. Budgets and \
      Ctrl-C end it with every answer kept, and the same command goes on.

      Example:
        branchmerge teach tinyr1 --workspace work --plan \\
          --set teacher='{url: http://localhost:8000/v1, model: deepseek-ai/DeepSeek-R1}'
      """)

  @OptionGroup var options: RecipeOptions

  @Flag(help: "Tell what there is to ask, and what it may cost, and ask nobody.")
  var plan = false

  @Flag(help: "Take answers from the store alone; fail where one is missing.")
  var replayOnly = false

  @Flag(help: "Ask also for what is out in an exported batch.")
  var ignoreBatches = false

  @Option(
    help: ArgumentHelp(
      "Ask for this branch alone; may be given several times.", valueName: "branch"))
  var only: [String] = []

  @Flag(name: .customLong("no-fsync"), help: "Do not wait for the disk.")
  var noSync = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard !plan || !replayOnly else {
      throw ValidationError("--plan asks nobody, and needs no --replay-only")
    }
  }

  func run() throws {
    let recipe = try options.resolved()
    let names = try recipe.taughtBranches(only: only)
    if plan {
      let forecast = try TeachingForecast(
        recipe, only: names, workspace: options.workspace, ignoringBatches: ignoreBatches)
      let report = TeachReport(forecast, recipe.teacher!)
      return show(json ? try branchmerge.json(report) : report.text)
    }
    var settings = Runner.Options()
    settings.curation.isDurable = !noSync
    settings.from = .teach
    settings.until = .teach
    settings.only = names
    settings.teaching.replaysOnly = replayOnly
    settings.teaching.ignoresBatches = ignoreBatches
    settings.teaching.asksAgain = !replayOnly
    Interruption.watch()
    let line = ProgressLine()
    defer { line.clear() }
    let runner = Runner(
      recipe, in: options.workspace, settings, version: BranchMerge.version,
      commandLine: shellLine(["branchmerge"] + CommandLine.arguments.dropFirst()),
      Runner.Listener(line, currency: recipe.teacher?.prices?.currency))
    do {
      let summaries = try runner.run()
      let ledger = try Ledger(reading: Workspace.ledgerPath(in: options.workspace))
      let results = try summaries.map { try TeachResult($0, ledger) }
      if json { show(try branchmerge.json(results)) }
    } catch let stopped as AskingStopped {
      line.clear()
      say("\(stopped)")
      throw ExitCode(128 + stopped.signal)
    } catch let stopped as Interrupted {
      line.clear()
      say("interrupted; every answer is kept. The same command goes on from there.")
      throw ExitCode(128 + stopped.signal)
    } catch let missing as NothingStored {
      line.clear()
      say("\(missing)")
      throw ExitCode(1)
    }
  }
}

/// What `teach --json` prints of a branch.
private struct TeachResult: Encodable {
  struct Seeds: Encodable {
    var taught, rejected, failed, refused: Int
  }
  struct Tokens: Encodable {
    var prompt, completion: Int
  }

  var stage: String
  var result: String
  var message: String
  var seconds: Double
  var rows: Int?
  var kept: Int?
  var seeds: Seeds?
  /// Of the answers that were taken.
  var tokens: Tokens?

  init(_ summary: StageSummary, _ ledger: Ledger) throws {
    stage = summary.stage.description
    result = summary.result.rawValue
    message = summary.message
    seconds = summary.seconds
    guard let record = try ledger.stages(anyState: false)[stage],
      let counts = try ledger.teachingCounts(of: record.id)
    else { return }
    rows = counts.rows
    kept = counts.kept
    seeds = Seeds(
      taught: counts[.taught], rejected: counts[.rejected], failed: counts[.failed],
      refused: counts[.refused])
    tokens = Tokens(prompt: counts.promptTokens, completion: counts.completionTokens)
  }
}
