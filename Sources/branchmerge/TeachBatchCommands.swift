import ArgumentParser
import Curation
import Files
import Foundation
import Teaching
import Training
import Workflow

/// `branchmerge teach export`: what is left to ask, as a file for a batch.
struct TeachExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the requests that are left as a file for an offline batch.",
    discussion: """
      The file is in OpenAI's batch format, which 'vllm run-batch' and the batch APIs read; each line \
      has the request's hash as custom_id. What is in the file counts as asked: nothing else asks it \
      again before its results are imported, or 'teach --ignore-batches' does. With --limit each \
      export gives the next requests.

      Example:
        branchmerge teach export tinyr1 batch.jsonl --workspace work
        vllm run-batch -i batch.jsonl -o results.jsonl --model deepseek-ai/DeepSeek-R1
        branchmerge teach import results.jsonl --workspace work
      """)

  @OptionGroup var options: RecipeOptions

  @Argument(help: "The file to write.")
  var file: String

  @Option(
    help: ArgumentHelp(
      "Export for this branch alone; may be given several times.", valueName: "branch"))
  var only: [String] = []

  @Option(help: ArgumentHelp("Write this many requests at most.", valueName: "n"))
  var limit: Int?

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard limit.map({ $0 > 0 }) ?? true else { throw ValidationError("--limit must be at least 1") }
  }

  func run() throws {
    let recipe = try options.resolved()
    let branches = try recipe.seedsToExport(only: only, in: options.workspace)
    guard let teacher = recipe.teacher else { return }
    Interruption.watch()
    let workspace = try Workspace(options.workspace, isDurable: true)
    let outcome = try withExtendedLifetime(workspace) {
      let store = try TeacherStore(
        writing: "\(workspace.path)/\(TeacherStore.fileName)", isDurable: true)
      for note in try BatchExport.recover(store) { say(note) }
      return try BatchExport(
        teacher, store, tool: "branchmerge \(BranchMerge.version)", recipe: recipe.recipe.name
      ).run(branches, to: file, limit: limit)
    }
    let report = BatchExportReport(outcome, currency: teacher.prices?.currency)
    show(json ? try branchmerge.json(report) : report.text(workspace: options.workspace))
  }
}

/// What `teach export` prints.
struct BatchExportReport: Encodable {
  var file: String?
  var requests: Int
  var bytes: Int
  var isEarlier: Bool
  /// Of the answers, at most.
  var tokens: Int
  var cost: Double?
  var currency: String?
  /// Requests in other batches.
  var out: Int
  /// Why not all that is left is in the file.
  var stoppedBy: String?
  var warnings: [String] = []

  init(_ outcome: BatchExport.Outcome, currency: String?) {
    requests = outcome.requests
    file = requests > 0 ? outcome.path : nil
    bytes = outcome.byteCount
    isEarlier = outcome.isEarlier
    tokens = outcome.tokens
    cost = outcome.cost
    self.currency = cost == nil ? nil : currency
    out = outcome.out
    switch outcome.end {
    case .limit: stoppedBy = "--limit"
    case .budget(let words): stoppedBy = "the budget of \(words)"
    case nil: break
    }
    if requests > BatchExport.requestLimit {
      warnings.append(
        "the batch APIs take \(grouped(BatchExport.requestLimit)) requests a file at most; export"
          + " to several files, each with --limit \(BatchExport.requestLimit)")
    }
    if bytes > BatchExport.byteLimit {
      warnings.append(
        "the batch APIs take \(size(Double(BatchExport.byteLimit))) a file at most; export to"
          + " several files with --limit")
    }
  }

  func text(workspace: String) -> String {
    let elsewhere = out > 0 ? "; \(counted(out, "request")) in other batches" : ""
    guard let file else {
      let reason = stoppedBy.map { "\($0) does not allow another request" }
      return (reason ?? "nothing is left to export") + elsewhere
    }
    let contents = "\(file): \(counted(requests, "request")), \(size(Double(bytes)))"
    if isEarlier { return contents + "; exported before, and the file is as it was" }
    var text = contents + ", \(counted(tokens, "token")) at most"
    if let cost, let currency { text += String(format: ", %.2f %@ at most", cost, currency) }
    text += elsewhere
    if let stoppedBy { text += "\nmore are left: \(stoppedBy) allows no more here" }
    for warning in warnings { text += "\nnote: \(warning)" }
    return text + "\nwhat comes of it is taken back with\n  branchmerge teach import RESULTS -w "
      + shellLine([workspace])
  }
}

/// `branchmerge teach import`: what came of a batch.
struct TeachImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Take the results of offline batches into the store of answers.",
    discussion: """
      Files of results and of errors, of the batch APIs and of 'vllm run-batch', packed or not, in \
      any order; what is there already changes nothing. A request that failed is free to be asked \
      again, and what is in no file stays out. Exit status 1 tells of lines that belong to no \
      request of this workspace, or could not be read; all others were taken.

      Example:
        branchmerge teach import results.jsonl errors.jsonl --workspace work
      """)

  @Argument(help: "Files of results.")
  var files: [String]

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The folder of the run that was exported from.", valueName: "dir"))
  var workspace: String

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let path = "\(workspace)/\(TeacherStore.fileName)"
    guard FileManager.default.fileExists(atPath: path) else {
      throw FileError(path, "is not there, so nothing was ever exported from this workspace")
    }
    // Before anything is taken, all of them must be there.
    for file in files { _ = try FileStream(file) }
    Interruption.watch()
    let line = ProgressLine()
    defer { line.clear() }
    var report = BatchImportReport()
    let held = try Workspace(workspace, isDurable: true)
    try withExtendedLifetime(held) {
      let store = try TeacherStore(writing: path, isDurable: true)
      let batches = BatchImport(store, tool: "branchmerge \(BranchMerge.version)")
      do {
        for file in files {
          let outcome = try batches.take(file) { lines, bytes, total in
            line.update(counted(lines, "line"), bytes: bytes, of: total)
          }
          report.add(outcome, of: file)
        }
      } catch let stopped as Interrupted {
        line.clear()
        say("interrupted; what was read is kept. The same command takes the rest.")
        throw ExitCode(128 + stopped.signal)
      }
      report.out = try store.requestsOut().map { .init(file: $0.path, requests: $0.count) }
    }
    line.clear()
    show(json ? try branchmerge.json(report) : report.text)
    if !report.holds { throw ExitCode(1) }
  }
}

/// What `teach import` prints.
struct BatchImportReport: Encodable {
  var files: [Row] = []
  var total = Row(BatchImport.Tally(), of: nil)
  var problems: [Problem] = []
  var unknown: [String] = []
  var out: [Out] = []

  struct Row: Encodable {
    var file: String?
    var read, answered, known, failed, unknown, unreadable: Int

    init(_ tally: BatchImport.Tally, of file: String?) {
      self.file = file
      read = tally.read
      answered = tally.answered
      known = tally.known
      failed = tally.failed
      unknown = tally.unknown
      unreadable = tally.unreadable
    }

    private enum CodingKeys: String, CodingKey {
      case file, read, answered
      case known = "alreadyThere"
      case failed, unknown, unreadable
    }

    fileprivate var cells: [String] {
      [file.map(shown) ?? "total"]
        + [read, answered, known, failed, unknown, unreadable].map(grouped)
    }
  }

  struct Problem: Encodable {
    var file: String
    var line, byte: Int?
    var message: String

    fileprivate var text: String {
      let place = line.map { ":\($0)" } ?? ""
      return "\(file)\(place): \(message)" + (byte.map { " (byte \(grouped($0)))" } ?? "")
    }
  }

  struct Out: Encodable {
    var file: String
    var requests: Int
  }

  private var sum = BatchImport.Tally()

  private enum CodingKeys: CodingKey { case files, total, problems, unknown, out }

  mutating func add(_ outcome: BatchImport.Outcome, of file: String) {
    files.append(Row(outcome.tally, of: file))
    sum = sum + outcome.tally
    total = Row(sum, of: nil)
    problems += outcome.problems.map {
      Problem(file: $0.path, line: $0.line, byte: $0.byte, message: $0.message)
    }
    unknown += outcome.unknown
  }

  var holds: Bool { total.unknown + total.unreadable == 0 }

  /// Lines that are shown of one kind; `--json` has more.
  private static let limit = 8

  var text: String {
    let head = ["", "read", "answered", "already there", "failed", "unknown", "unreadable"]
    var parts = [
      table([head] + files.map(\.cells) + (files.count > 1 ? [total.cells] : []))
    ]
    if total.unreadable > 0 {
      parts.append(
        Self.list("not read:", problems.map(\.text), of: total.unreadable))
    }
    if total.unknown > 0 {
      parts.append(
        Self.list("requests that were never exported here:", unknown.map(shown), of: total.unknown))
    }
    if !out.isEmpty {
      parts.append(
        Self.list(
          "still out:", out.map { "\(counted($0.requests, "request")) of \($0.file)" },
          of: out.count))
    }
    return parts.joined(separator: "\n\n")
  }

  private static func list(_ title: String, _ lines: [String], of count: Int) -> String {
    let first = lines.prefix(limit)
    let more = count - first.count
    return ([title] + first.map { "  " + $0 } + (more > 0 ? ["  and \(grouped(more)) more"] : []))
      .joined(separator: "\n")
  }
}
