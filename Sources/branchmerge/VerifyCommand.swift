import ArgumentParser
import Audit
import Curation
import Files
import Foundation
import Notation

/// `branchmerge verify`: holds a workspace against its ledger, byte for byte.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Prove that a workspace is what its ledger says, from the bytes of every file.",
    discussion: """
      Sources are read and sifted again, a teacher's answers are judged again and make their rows \
      again, data sets and models are hashed again, and some tensors of the merged model are merged \
      again from its inputs. No remembered hash is trusted, and nothing is written to the workspace. \
      What does not hold is named, and the exit status is then 1; so is what could not be checked, \
      because a file is not there. Only what is there now is asked: the latest build of each branch, \
      its latest teaching, the latest training and merge.

      Example:
        branchmerge verify work --full
      """)

  @Argument(help: "The folder of a run.")
  var workspace: String

  @Flag(help: "Merge every tensor again, not one in twenty.")
  var full = false

  @Option(
    help: ArgumentHelp("Threads; the result is the same for any number.", valueName: "n"))
  var workers: Int = ProcessInfo.processInfo.activeProcessorCount

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard workers > 0 else { throw ValidationError("--workers must be at least 1") }
  }

  func run() throws {
    var options = Verification.Options()
    options.workers = workers
    options.isFull = full
    options.tool = "branchmerge \(BranchMerge.version)"
    Interruption.watch()
    let line = ProgressLine()
    defer { line.clear() }
    let verification: Verification
    do {
      verification = try Verification(workspace, options) { done in
        line.update(done.doing, bytes: done.bytes, of: done.totalBytes)
      }
    } catch let stopped as Interrupted {
      line.clear()
      say("interrupted; nothing was proved. The same command starts again.")
      throw ExitCode(128 + stopped.signal)
    }
    line.clear()
    show(
      json
        ? try branchmerge.json(verification)
        : VerificationText(verification, seconds: line.seconds).text)
    if !verification.holds { throw ExitCode(1) }
  }
}

/// What `verify` prints.
struct VerificationText {
  private let verification: Verification
  private let seconds: Double

  init(_ verification: Verification, seconds: Double) {
    self.verification = verification
    self.seconds = seconds
  }

  var text: String {
    var parts = [counts]
    for failure in verification.failures { parts.append(text(of: failure)) }
    if !verification.unrecorded.isEmpty {
      parts.append(
        verification.unrecorded.map { "not recorded, and not checked: \($0)" }
          .joined(separator: "\n"))
    }
    let bytes = Double(verification.bytesRead)
    parts.append(
      conclusion + "; \(size(bytes)) in \(duration(seconds)), \(size(bytes / max(seconds, 1e-3)))/s"
    )
    return parts.joined(separator: "\n\n")
  }

  /// What there was to prove, and how much of it holds.
  private var counts: String {
    var rows = [["", "proved", "not"]]
    for matter in Matter.allCases {
      let proved = verification.proved.first { $0.matter == matter }?.count ?? 0
      let failed = verification.failures.filter { $0.matter == matter }
        .reduce(0) { $0 + $1.count }
      guard proved + failed > 0 else { continue }
      rows.append([matter.title, grouped(proved), failed == 0 ? "-" : grouped(failed)])
    }
    return table(rows)
  }

  /// Places that are shown of one kind; `--json` has more.
  private static let limit = 8

  private func text(of failure: Verification.Failure) -> String {
    var lines = [
      (failure.isUnchecked ? "not checked: " : "does not hold: ") + failure.problem
        + (failure.count > 1 ? " (\(grouped(failure.count)) times)" : "")
    ]
    for place in failure.places.prefix(Self.limit) {
      lines.append("  at \(place.place)")
      if let expected = place.expected { lines.append("    ledger: \(expected)") }
      if let found = place.found {
        let name = failure.isUnchecked ? "because" : "here"
        lines.append("    \(name): " + found.replacingOccurrences(of: "\n", with: "\n      "))
      }
    }
    let more = failure.count - min(failure.places.count, Self.limit)
    if more > 0 && failure.places.count > Self.limit { lines.append("  and \(grouped(more)) more") }
    lines.append("  \(failure.advice)")
    return lines.joined(separator: "\n")
  }

  private var conclusion: String {
    let failed = verification.failures.filter { !$0.isUnchecked }.reduce(0) { $0 + $1.count }
    let unchecked = verification.failures.filter(\.isUnchecked).reduce(0) { $0 + $1.count }
    if failed + unchecked == 0 { return "all of it holds" }
    var parts: [String] = []
    if failed > 0 {
      parts.append(
        "\(counted(failed, "thing")) of the ledger \(failed == 1 ? "does" : "do") not hold")
    }
    if unchecked > 0 { parts.append("\(counted(unchecked, "thing")) could not be checked") }
    return parts.joined(separator: ", ")
  }
}
