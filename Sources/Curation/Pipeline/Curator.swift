internal import Files
internal import Foundation
package import Lineage
internal import Notation
package import Samples

/// Builds the branch data sets of a plan and records every sample's fate.
package struct Curator {
  /// What the user chooses about a run besides the recipe.
  package struct Options: Sendable {
    package var workers = ProcessInfo.processInfo.activeProcessorCount
    package var isDurable = true
    package var limits = ReadLimits()
    package var maxQuarantined = QuarantineLimit.share(0.01)
    package var computesSHA256 = false
    /// Source name to path.
    package var given: [String: String] = [:]
    /// Benchmark name to path.
    package var benchmarks: [String: String] = [:]

    package init() {}
  }

  /// What a run made.
  package struct Outcome {
    package var run: Int64
    package var funnel: Funnel
    package var outputs: [FileSummary]
    package var quarantined: Int
    package var rowsRead: Int
    package var bytesRead: Int
    /// Processor time that the ledger took.
    package var ledgerSeconds: Double
  }

  let plan: Plan
  let options: Options
  let tool: String
  /// Receives lines for people: what was recovered, what was read.
  let note: (String) -> Void
  let progress: (Progress) -> Void

  package init(
    _ plan: Plan, _ options: Options, tool: String, note: @escaping (String) -> Void,
    progress: @escaping (Progress) -> Void
  ) {
    self.plan = plan
    self.options = options
    self.tool = tool
    self.note = note
    self.progress = progress
  }

  /// Runs the plan in a workspace; nothing appears there unless all of it succeeds.
  package func run(in path: String) throws -> Outcome {
    let files = try locate(in: path)
    let workspace = try Workspace(path, isDurable: options.isDurable)
    let ledger = try Ledger(
      writing: Workspace.ledgerPath(in: path), isDurable: options.isDurable)
    for line in try workspace.recover(ledger) { note(line) }
    return try run(files, in: workspace, ledger)
  }

  /// The same for one who holds the workspace already, and has recovered it.
  package func run(_ files: [SourceFiles], in workspace: Workspace, _ ledger: Ledger) throws
    -> Outcome
  {
    let recorder = try RunRecorder(
      ledger,
      RunRecorder.Description(
        tool: tool, recipe: plan.recipe, recipePath: plan.recipePath, recipeText: plan.recipeText,
        options: optionsText))
    let outcome: Outcome
    do {
      let staging = workspace.staging(of: recorder.run)
      let plan = plan.holding(try readBenchmarks(in: workspace.path))
      let near =
        plan.searches.isEmpty
        ? nil
        : try NearPass(
          plan: plan, files: files, options: options, folder: staging + "/near",
          progress: progress
        ).run()
      let collector = try Collector(plan, options, files, recorder, near, staging: staging)
      let feeder = Feeder(plan, files, options)
      let passes = NearPass.passes(of: plan)
      let branches = plan.sources.map(\.takings.count).max() ?? 0
      let conveyor = Conveyor(
        pieces: (0..<options.workers + 2).map { _ in Harvest(branches: branches) },
        fill: feeder.fill)
      var bytesRead = 0
      var state = Progress(totalBytes: feeder.totalBytes * (passes + 1))
      try conveyor.run(
        workers: options.workers,
        makeWork: {
          let sifter = Sifter(plan)
          return sifter.sift
        },
        collect: { harvest in
          try Interruption.check()
          try collector.collect(harvest)
          state.rows = collector.rowsRead
          bytesRead = harvest.bytesRead
          state.bytes = feeder.totalBytes * passes + bytesRead
          progress(state)
        })
      try Interruption.check()
      outcome = try collector.finish(bytesRead: bytesRead)
    } catch {
      workspace.discard(recorder.run)
      throw error
    }
    // From here on the run is done; should this fail, the next run does it.
    try workspace.publish(recorder.run, ledger)
    return outcome
  }

  /// The files of the plan's sources, in its order; those that are missing are named together, with
  /// how to get them. With `branch` those of the sources that it takes from.
  package func locate(in workspace: String, of branch: String? = nil) throws -> [SourceFiles] {
    var found: [SourceFiles] = []
    var missing: [String] = []
    let names = branch.map { plan.sourceNames(of: $0) }
    for source in plan.sources where names?.contains(source.card.name) ?? true {
      let given = options.given[source.card.name]
      if let files = try SourceFiles.locate(
        source.card, source.config, given: given, workspace: workspace)
      {
        found.append(files)
      } else {
        let command =
          SourceFiles.fetchCommand(source.card, source.config).map { "; fetch them with\n  \($0)" }
          ?? ""
        missing.append(
          "the files of the source '\(source.card.name)' are neither given by --source, nor in"
            + " \(workspace)/sources, nor in the Hugging Face cache\(command)")
      }
    }
    missing += try locateBenchmarks(in: workspace, of: branch).missing
    guard missing.isEmpty else {
      throw MissingSources(sources: missing)
    }
    return found
  }

  /// The benchmarks' files, and what to do about those that are not there.
  package func locateBenchmarks(in workspace: String, of branch: String? = nil) throws
    -> (found: [(card: BenchmarkCard, path: String)], missing: [String])
  {
    var found: [(card: BenchmarkCard, path: String)] = []
    var missing: [String] = []
    for card in plan.benchmarks(of: branch) {
      let given = options.benchmarks[card.name]
      if let path = try BenchmarkFile.locate(card, given: given, workspace: workspace) {
        found.append((card, path))
      } else {
        missing.append(
          "the file of the benchmark '\(card.name)' is neither given by --benchmark, nor"
            + " \(workspace)/benchmarks/\(card.name).*; \(card.advice)")
      }
    }
    return (found, missing)
  }

  private func readBenchmarks(in workspace: String) throws -> [BenchmarkFile] {
    let (found, missing) = try locateBenchmarks(in: workspace)
    guard missing.isEmpty else { throw MissingSources(sources: missing) }
    return try found.map { try BenchmarkFile(reading: $0.path, $0.card) }
  }

  /// What was chosen, for the ledger; workers and durability change nothing and are left out.
  private var optionsText: String {
    let given = options.given.sorted { $0.key < $1.key }
      .map { "\(JSON.quoted($0.key)): \(JSON.quoted($0.value))" }.joined(separator: ", ")
    let branches = plan.branches.map { JSON.quoted($0.name) }.joined(separator: ", ")
    let set = plan.settings.map { JSON.quoted($0) }.joined(separator: ", ")
    return
      "{\"branches\": [\(branches)], \"sources\": {\(given)}, \"set\": [\(set)],"
      + " \"max_quarantined\": \(JSON.quoted(options.maxQuarantined.description)),"
      + " \"max_row_bytes\": \(options.limits.rowBytes)}"
  }
}

/// How far a run has come.
package struct Progress: Sendable {
  package var rows = 0
  package var bytes = 0
  package var totalBytes: Int
}

/// How many rows of a source may be quarantined before the run fails.
package enum QuarantineLimit: Sendable {
  case count(Int)
  case share(Double)

  /// `N` or `P%`.
  package init?(_ text: String) {
    if text.hasSuffix("%") {
      guard let percent = Double(text.dropLast()), (0...100).contains(percent) else { return nil }
      self = .share(percent / 100)
    } else {
      guard let count = Int(text), count >= 0 else { return nil }
      self = .count(count)
    }
  }

  package func admits(_ quarantined: Int, of rows: Int) -> Bool {
    switch self {
    case .count(let limit): quarantined <= limit
    case .share(let share): Double(quarantined) <= share * Double(rows)
    }
  }

  package var description: String {
    switch self {
    case .count(let count): "\(count)"
    case .share(let share): "\((share * 1e6).rounded() / 1e4)%".replacing(".0%", with: "%")
    }
  }
}

/// Hands out the chunks of all files, in the order of the plan; called by one thread at a time.
final class Feeder {
  private let plan: Plan
  private let files: [SourceFiles]
  private let limits: ReadLimits
  private var source = 0
  private var file = 0
  private var reader: (any RowReader)?
  private var finishedBytes = 0
  let totalBytes: Int

  init(_ plan: Plan, _ files: [SourceFiles], _ options: Curator.Options) {
    self.plan = plan
    self.files = files
    limits = options.limits
    totalBytes = files.flatMap(\.paths).reduce(0) { sum, path in
      let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
      return sum + (size ?? 0)
    }
  }

  func fill(_ harvest: Harvest) throws -> Bool {
    try Interruption.check()
    guard source < files.count else { return false }
    harvest.clear()
    let reader = try reader ?? open()
    self.reader = reader
    harvest.source = source
    harvest.file = file
    let hasRows = try reader.next(harvest.chunk)
    harvest.bytesRead = finishedBytes + reader.file.position
    if !hasRows {
      harvest.ending = FileEnding(byteCount: reader.file.position, digest: reader.file.digest)
      finishedBytes += reader.file.position
      self.reader = nil
      file += 1
      if file == files[source].paths.count {
        source += 1
        file = 0
      }
    }
    return true
  }

  private func open() throws -> any RowReader {
    let reader = try SourceFile(files[source].paths[file])
      .rows(plan.sources[source].projection, limits)
    try plan.sources[source].card.check(reader)
    return reader
  }
}
