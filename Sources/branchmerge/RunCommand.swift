import ArgumentParser
import Audit
import Curation
import Files
import Foundation
import Lineage
import Teaching
import Training
import Workflow

/// `branchmerge run`: a whole recipe, from source files to a merged model.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Do all stages of a recipe: branch, teach, train, merge, report.",
    discussion: """
      What is done is not done again while all that it depends on is as it was; what was \
      interrupted goes on. 'branchmerge plan' tells beforehand what there is to do and why, \
      'branchmerge status' afterwards what became of it. Stages are branch, teach, \
      train, merge, report.

      Example:
        branchmerge run datasets/recipes/tinyr1.yaml --workspace work --until branch
        branchmerge run tinyr1 --workspace work --set base=models/base
      """)

  @OptionGroup var options: RecipeOptions

  @OptionGroup var build: BuildOptions

  @Flag(help: "Read every file again instead of trusting size, time and inode.")
  var rehash = false

  @Option(help: ArgumentHelp("Begin with this stage; what is before it is taken as it is."))
  var from: StageName = .branch

  @Option(help: ArgumentHelp("End with this stage."))
  var until: StageName = .report

  @Option(
    help: ArgumentHelp(
      "Do the stages of this branch alone; may be given several times.", valueName: "branch"))
  var only: [String] = []

  @Flag(help: "Refuse inputs other than those that recipe.lock.yaml in the workspace names.")
  var locked = false

  @Option(
    help: ArgumentHelp("Threads; the result is the same for any number.", valueName: "n"))
  var workers: Int = ProcessInfo.processInfo.activeProcessorCount

  @OptionGroup var shards: ShardOptions

  @Flag(name: .customLong("no-fsync"), help: "Do not wait for the disk.")
  var noSync = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard workers > 0 else { throw ValidationError("--workers must be at least 1") }
    guard from.kind <= until.kind else {
      throw ValidationError("--from \(from.rawValue) comes after --until \(until.rawValue)")
    }
  }

  func run() throws {
    let recipe = try options.resolved()
    var settings = Runner.Options()
    settings.curation = try build.curation(of: recipe.recipe)
    settings.curation.workers = workers
    settings.curation.isDurable = !noSync
    settings.from = from.kind
    settings.until = until.kind
    settings.only = only
    settings.rehashes = rehash
    settings.isLocked = locked
    settings.shardByteCount = shards.byteCount
    Interruption.watch()
    let line = ProgressLine()
    defer { line.clear() }
    let runner = Runner(
      recipe, in: options.workspace, settings, version: BranchMerge.version,
      commandLine: shellLine(["branchmerge"] + CommandLine.arguments.dropFirst()),
      Runner.Listener(line, currency: recipe.teacher?.prices?.currency))
    let summaries: [StageSummary]
    do {
      summaries = try runner.run()
    } catch let stopped as AskingStopped {
      line.clear()
      say("\(stopped)")
      throw ExitCode(128 + stopped.signal)
    } catch let stopped as Interrupted {
      line.clear()
      say("interrupted; what is finished is kept. The same command goes on from there.")
      throw ExitCode(128 + stopped.signal)
    }
    try draw(after: summaries)
    if json { show(try branchmerge.json(summaries.map(StageResult.init))) }
  }

  /// Draws the workspace anew where a stage was done.
  private func draw(after summaries: [StageSummary]) throws {
    let page = options.workspace + "/report.html"
    let isOld = summaries.contains { $0.result != .upToDate }
    guard until == .report, isOld || !FileManager.default.fileExists(atPath: page) else { return }
    let ledger = try Ledger(reading: Workspace.ledgerPath(in: options.workspace))
    try ReportCommand.write(
      Overview(ledger, in: options.workspace), to: page, isDurable: !noSync)
    say("in pictures: \(page)")
  }
}

extension Runner.Listener {
  /// Tells on standard error what goes on, on a line that is drawn again and again.
  init(_ line: ProgressLine, currency: String?) {
    self.init(
      note: { text in
        line.clear()
        say(text)
      },
      progress: { stage, state in
        if let asking = state.asking {
          line.update("\(stage)", asking, currency: currency)
        } else if state.isInBytes {
          line.update("\(stage)  \(state.text)", bytes: state.done, of: state.total)
        } else {
          line.update(
            "\(stage)  \(state.text)", steps: state.done, of: state.total,
            secondsLeft: state.secondsLeft)
        }
      },
      began: { _ in line.restart() },
      ended: { summary in
        line.clear()
        say("\(summary.stage): \(summary.told)")
      })
  }
}

/// A stage on the command line.
enum StageName: String, ExpressibleByArgument, CaseIterable {
  case branch, teach, train, merge, report

  var kind: Stage.Kind { Stage.Kind(rawValue: rawValue)! }
}

/// What `run --json` prints of a stage.
private struct StageResult: Encodable {
  var stage: String
  var result: String
  var message: String
  var seconds: Double

  init(_ summary: StageSummary) {
    stage = summary.stage.description
    result = summary.result.rawValue
    message = summary.message
    seconds = summary.seconds
  }
}

extension StageSummary {
  /// On one line.
  var told: String {
    let text = message.isEmpty ? "" : message
    return result == .upToDate
      ? "up to date" + (text.isEmpty ? "" : " (\(text))") : "\(text) in \(duration(seconds))"
  }
}
