import ArgumentParser
import Curation
import Files
import Foundation
import Fusion
import Notation

/// `branchmerge merge`: merges checkpoints as a merge file says.
struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Merge checkpoints as a mergekit YAML file says, exactly and out of core.",
    discussion: """
      OUT gets the shards with their index, the patched config.json, the tokenizer and all other \
      files of the base model, a model card, the merge file, and merge-report.json, which says of \
      every tensor how it was made. The folder appears whole or not at all. After any interruption \
      the same command goes on where it stopped, and gives the same bytes.

      Example:
        branchmerge merge arcee.yml merged/math-science --plan
        branchmerge merge arcee.yml merged/math-science
      """)

  @Argument(help: "The merge file, in mergekit's schema.")
  var config: String

  @Argument(help: "The folder of the merged model, which is not there yet.")
  var out: String

  @Flag(help: "Say what would be done, from headers alone, and do nothing.")
  var plan = false

  @Option(
    help: ArgumentHelp("Threads that merge; the bytes are the same for any number.", valueName: "n")
  )
  var workers: Int = ProcessInfo.processInfo.activeProcessorCount

  @OptionGroup var shards: ShardOptions

  @Option(
    help: ArgumentHelp("mergekit: do as it does also where that is a defect.", valueName: "tool"))
  var compat: String?

  @Option(help: ArgumentHelp("Of random methods, in place of the file's.", valueName: "n"))
  var seed: Int?

  @Flag(help: "Also compute the SHA-256 of each tensor.")
  var sha256 = false

  @Flag(
    name: .customLong("allow-nonfinite"), help: "Merge also where an input has NaN or infinity.")
  var allowsNonFinite = false

  @Flag(name: .customLong("no-fsync"), help: "Do not wait for the disk.")
  var noSync = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard workers > 0 else { throw ValidationError("--workers must be at least 1") }
    guard compat == nil || compat == "mergekit" else {
      throw ValidationError("--compat \(compat ?? ""): only mergekit can be named")
    }
  }

  func run() throws {
    let config = try MergeConfig(reading: config)
    var planning = MergePlan.Options()
    planning.shardByteCount = shards.byteCount
    planning.isCompatible = compat.map { _ in true }
    planning.seed = seed
    var options = Merger.Options()
    options.workers = workers
    options.isDurable = !noSync
    options.withSHA256 = sha256
    options.policy.allowsNonFinite = allowsNonFinite
    let job = MergeJob(config, to: out, planning, options, version: BranchMerge.version)
    if plan {
      let plans = try job.plans()
      show(
        json
          ? plans.map { PlanText($0, to: out, workers: workers).json.formatted() }
            .joined(separator: "\n")
          : plans.map { PlanText($0, to: out, workers: workers).text }.joined(separator: "\n\n"))
      return
    }
    Interruption.watch()
    let line = ProgressLine()
    defer { line.clear() }
    do {
      let outcome = try job.run(
        note: { warnings in
          for warning in warnings { say("warning: \(warning)") }
        },
        progress: { done in
          line.update(
            "\(done.tensors) of \(counted(done.totalTensors, "tensor"))", bytes: done.bytes,
            of: done.totalBytes)
        })
      line.clear()
      let summary = MergeSummary(outcome, path: out, seconds: line.seconds)
      show(json ? outcome.report.json.formatted() : summary.text)
    } catch let stopped as Merge.Stopped {
      line.clear()
      say(
        "interrupted; \(stopped.finished) of \(counted(stopped.total, "tensor")) are done."
          + " The same command goes on from there.")
      throw ExitCode(128 + stopped.signal)
    }
  }
}

/// Bytes as people write them, in powers of ten; nil for what is no size.
func byteCount(_ text: String) -> Int? {
  let units = ["KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000]
  let upper = text.uppercased().replacingOccurrences(of: " ", with: "")
  let letters = upper.reversed().prefix { $0.isLetter }.reversed()
  let unit = String(letters)
  let factor = unit.isEmpty || unit == "B" ? 1 : units[unit.count == 1 ? unit + "B" : unit]
  guard let factor, let number = Double(upper.dropLast(unit.count)), number > 0,
    let bytes = Int(exactly: (number * Double(factor)).rounded())
  else { return nil }
  return bytes
}

/// What `merge` prints when it is done.
struct MergeSummary {
  private let outcome: Merge.Outcome
  private let path: String
  private let seconds: Double

  init(_ outcome: Merge.Outcome, path: String, seconds: Double) {
    self.outcome = outcome
    self.path = path
    self.seconds = seconds
  }

  var text: String {
    let report = outcome.report
    if outcome.wasThere { return "\(path) is there already, from the same merge" }
    var parts: [String] = []
    let total = Double(max(1, report.entriesFrom.reduce(0) { $0 + $1.count }))
    if !report.entriesFrom.isEmpty {
      parts.append(
        table(
          [["entries from", "", "share"]]
            + report.entriesFrom.map {
              [
                $0.label, grouped($0.count),
                String(format: "%.2f %%", 100 * Double($0.count) / total),
              ]
            }))
    }
    var notes: [String] = []
    if report.degenerate > 0 {
      notes.append(
        "\(counted(report.degenerate, "tensor")) had no spread of scores (interquartile range 0): the"
          + " threshold is the median; with 'stats_over: nonzero' unchanged entries do not count")
    }
    if report.overflowed > 0 {
      notes.append(
        "\(counted(report.overflowed, "entry", "entries")) became infinite in the output's type")
    }
    if outcome.continued > 0 {
      notes.append("\(counted(outcome.continued, "tensor")) had been merged before")
    }
    if !notes.isEmpty { parts.append(notes.joined(separator: "\n")) }
    let rate = Double(report.parameterCount) / seconds
    parts.append(
      "\(path): \(report.method), \(counted(report.records.count, "tensor")),"
        + " \(grouped(report.parameterCount)) parameters, \(size(Double(report.byteCount))) in"
        + " \(duration(seconds)), \(String(format: "%.0f", rate / 1e6)) M parameters/s")
    return parts.joined(separator: "\n\n")
  }
}
