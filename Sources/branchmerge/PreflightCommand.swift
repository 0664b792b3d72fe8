import ArgumentParser
import Curation
import Files
import Foundation
import Training
import Workflow

/// `branchmerge preflight`: what the trainer would do to the rows.
struct PreflightCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preflight",
    abstract: "Tell what the trainer would do to the rows, before it does.",
    discussion: """
      Tokens are counted with the base model's own tokenizer and the trainer's template, row for row \
      as LLaMA-Factory does it: which rows are longer than the cut-off, which would lose the end of \
      their reasoning or of their answer, which would be passed over, and how many packs and steps \
      there are. The branches must have been built. The stage 'train' counts the same first.

      Example:
        branchmerge preflight datasets/recipes/tinyr1.yaml --workspace work --only coding
      """)

  @OptionGroup var options: RecipeOptions

  @Option(
    help: ArgumentHelp(
      "Count this branch alone; may be given several times.", valueName: "branch"))
  var only: [String] = []

  @Option(
    help: ArgumentHelp("Threads; the result is the same for any number.", valueName: "n"))
  var workers: Int = ProcessInfo.processInfo.activeProcessorCount

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard workers > 0 else { throw ValidationError("--workers must be at least 1") }
  }

  func run() throws {
    let recipe = try options.resolved()
    Interruption.watch()
    let line = ProgressLine()
    defer { line.clear() }
    var reports: [(name: String, report: PreflightReport)] = []
    for job in try TrainingStage.jobs(recipe, only: only, workspace: options.workspace) {
      line.restart()
      let report = try PreflightStage.run(
        job, workers: workers, note: say, fails: false,
        progress: { line.update("\(job.branch)  \($0.text)", bytes: $0.done, of: $0.total) })
      if let report { reports.append((job.branch, report)) }
    }
    line.clear()
    guard !reports.isEmpty else {
      say(
        "nothing could be counted: that needs 'template', 'cutoff', 'batch' and 'epochs' in the"
          + " recipe, and a tokenizer.json in the base model's folder")
      throw ExitCode(1)
    }
    if json {
      show(
        try branchmerge.json(
          Dictionary(uniqueKeysWithValues: reports.map { ($0.name, $0.report) })))
    } else {
      show(PreflightText(reports).text)
    }
    // Said last, when all branches have been looked at.
    var isRefused = false
    for (name, report) in reports {
      do {
        try report.check(name)
      } catch {
        say("error: \(error)")
        isRefused = true
      }
    }
    if isRefused { throw ExitCode(1) }
  }
}
