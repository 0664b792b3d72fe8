internal import Curation
internal import Files
internal import Foundation
internal import GRDB
package import Lineage
internal import Notation

extension Impact {
  /// What would be without a filter: its source files are read again, held against their hashes, and
  /// asked all other steps, as they were recorded. With `branch` there only.
  package init(
    withoutFilter name: String, branch: String? = nil, in ledger: Ledger,
    workers: Int = ProcessInfo.processInfo.activeProcessorCount,
    progress: (Int, Int, Int) -> Void = { _, _, _ in }
  ) throws {
    subject = .filter(name)
    branches = []
    let built = try BuiltBranches(ledger, only: branch)
    var known: [String] = []
    for (run, names) in built.byRun {
      let recorded = try RecordedRun(run, branches: Set(names), in: ledger)
      func filters(of branch: RecordedBranch) -> [String] {
        branch.takings.flatMap(\.steps).filter { $0.kind == "filter" }.map(\.name)
      }
      known += recorded.branches.flatMap(filters)
      let own = recorded.branches.filter { filters(of: $0).contains(name) }.map(\.name)
      guard !own.isEmpty else { continue }
      // What a branch before it keeps, a branch may lose.
      let read = recorded.isAcross ? try RecordedRun(run, in: ledger).branches.map(\.name) : own
      let columns = try RunColumns.fates(of: run, branches: read, in: ledger)
      let sieve = try SecondSieve(columns, leavingOut: name)
      branches += try sieve.result(workers: workers, progress: progress).filter { branch in
        own.contains(branch.name)
          || names.contains(branch.name) && branch.sources.contains { $0.gained + $0.lost > 0 }
      }
    }
    guard known.contains(name) else {
      var seen: Set<String> = []
      throw LedgerError(
        "\(ledger.path): no branch as it is has a filter \(quoted(name))"
          + choices(for: name, among: known.filter { seen.insert($0).inserted }, "there are"))
    }
    let order = built.names
    branches.sort { order.firstIndex(of: $0.name) ?? 0 < order.firstIndex(of: $1.name) ?? 0 }
  }
}

/// A run's branches once more, from what the ledger recorded, without one filter.
private struct SecondSieve {
  private let columns: RunColumns
  private let filter: String
  private let plan: Plan
  private let files: [File]
  private var run: RecordedRun { columns.run }

  /// A source file, where its samples are looked up.
  private struct File {
    let recorded: RecordedFile
    /// Index of the plan's sources.
    let source: Int
  }

  /// What one branch does with the samples of a source, before and now.
  private struct Way {
    let branch: Int
    let column: RunColumns.FateColumn
    let taking: RecordedTaking
    /// Index of the branch's takings.
    let slot: Int
    /// Index of the plan's branches.
    let planned: Int
    let isDistinct: Bool
    /// Whether near duplicates fall, so that what is a row depends on all other rows.
    let isNear: Bool
    /// Names of the steps that are left.
    let steps: [String]
  }

  /// A branch while its rows are counted anew.
  private struct Tally {
    var sources: [Impact.Source]
    /// For each prompt whether the filter dropped the first sample that has it.
    var seen: [Digest: Bool] = [:]
    /// For each source the names of later steps.
    var later: [[String: Int]]
  }

  init(_ columns: RunColumns, leavingOut filter: String) throws {
    self.columns = columns
    self.filter = filter
    let run = columns.run
    let plan = try Plan(Self.record(of: run, columns.ledger)).leavingOut(filter: filter)
    self.plan = plan
    files = plan.sources.enumerated().flatMap { index, source in
      let own = run.sources.first { $0.name == source.card.name }?.files ?? []
      return own.map { File(recorded: $0, source: index) }
    }
  }

  private static func record(of run: RecordedRun, _ ledger: Ledger) throws -> Plan.Record {
    let (recipe, options) = try ledger.access { database in
      let row = try Row.fetchOne(
        database, sql: "SELECT recipe_text, options FROM run WHERE id = ?", arguments: [run.id])
      guard let row else { throw RecordedRun.contradiction(ledger.path, run.id) }
      return (row[0] as String, row[1] as String)
    }
    let benchmarks = try ledger.benchmarks(of: run.id)
    let settings = (try? JSON(parsing: Array(options.utf8)))?["set"]?.items ?? []
    let steps = run.branches.flatMap(\.takings).flatMap(\.steps).filter { $0.kind == "filter" }
    return Plan.Record(
      recipe: recipe, settings: settings.compactMap(\.text), branches: run.branches.map(\.name),
      cards: Dictionary(run.sources.map { ($0.name, $0.card.text) }) { first, _ in first },
      filters: Dictionary(steps.map { ($0.name, $0.text) }) { first, _ in first },
      benchmarks: benchmarks.map { ($0, $0.path) })
  }

  func result(workers: Int, progress: (Int, Int, Int) -> Void) throws -> [Impact.Branch] {
    let ways = try plan.sources.indices.map(ways)
    var tallies = run.branches.map { branch in
      Tally(
        sources: branch.takings.map { Impact.Source(run.sources[$0.source].name) },
        later: branch.takings.map { _ in [:] })
    }
    let near = try withoutActuallyEscaping(progress) { progress in
      try plan.nearDuplicates(
        in: plan.sources.indices.map { source in
          files.filter { $0.source == source }.map(\.recorded.path)
        }, rowByteLimit: run.maxRowBytes ?? 64 << 20, workers: workers, progress: progress)
    }
    var read = 0
    try sift(workers: workers, progress: progress) { source, sample, chunk, index in
      defer { read += 1 }
      let isReadable = chunk.row(index).fault == nil
      var agrees = true
      for (place, way) in ways[source].enumerated() {
        let verdict = isReadable ? chunk.verdict(index, place) : nil
        let falls = near?.fall(of: read, in: way.planned) != nil
        agrees = count(sample, verdict, falls: falls, way, &tallies[way.branch]) && agrees
      }
      return agrees
    }
    return try zip(run.branches, tallies).map { branch, tally in
      let sources = try sources(of: branch, tally)
      return try Impact.Branch(branch, of: run.id, sources, in: columns.ledger) { run, database in
        try lost(sources.flatMap(\.lostSamples), run, in: database)
      }
    }
  }

  /// The rows that would be lost, as another run numbered them.
  private func lost(_ samples: [Int64], _ run: Int64, in database: Database) throws
    -> [ClosedRange<Int64>]
  {
    guard run != self.run.id else { return samples.map { $0...$0 } }
    let statement = try database.makeStatement(
      sql: """
        SELECT other.id FROM sample JOIN sample AS other ON other.sample_id = sample.sample_id
        JOIN source_file ON source_file.id = other.file
        JOIN source ON source.id = source_file.source AND source.run = ? WHERE sample.id = ?
        """)
    return try samples.flatMap {
      try Int64.fetchAll(statement, arguments: [run, $0]).map { $0...$0 }
    }
  }

  private func ways(of source: Int) throws -> [Way] {
    let name = plan.sources[source].card.name
    guard let index = run.sources.firstIndex(where: { $0.name == name }) else { throw disagreement }
    return try plan.takings(of: source).map { taking in
      guard let branch = run.branches.firstIndex(where: { $0.name == taking.branch }),
        let slot = run.branches[branch].takings.firstIndex(where: { $0.source == index })
      else { throw disagreement }
      return Way(
        branch: branch, column: columns.fates[branch][slot],
        taking: run.branches[branch].takings[slot], slot: slot,
        planned: plan.branches.firstIndex { $0.name == taking.branch } ?? 0,
        isDistinct: taking.isDistinct, isNear: plan.looksForNearDuplicates(in: taking.branch),
        steps: taking.steps.map(\.name))
    }
  }

  /// Hands over every row, counted from 0 in its source, to one who says whether the ledger agrees; a
  /// file that is not what it was is an error, and is told before any row that is not.
  private func sift(
    workers: Int, progress: (Int, Int, Int) -> Void,
    _ body: (_ source: Int, _ sample: Int, SiftedChunk, _ index: Int) -> Bool
  ) throws {
    for file in files where !FileManager.default.fileExists(atPath: file.recorded.path) {
      throw FileError(
        file.recorded.path,
        "is gone; its rows have to be read again, so put the file back where it was")
    }
    let bytes = try files.map { try OpenFile($0.recorded.path).byteCount }
    let resifter = Resifter(
      plan, files.map { Resifter.File(source: $0.source, path: $0.recorded.path) },
      rowByteLimit: run.maxRowBytes ?? 64 << 20)
    var (rows, fileRows, agrees) = (0, 0, true)
    try resifter.run(workers: workers) { chunk in
      let file = files[chunk.file]
      if let failure = chunk.failure { throw failure }
      for index in 0..<chunk.rowCount {
        agrees = body(file.source, file.recorded.start + fileRows + index, chunk, index) && agrees
      }
      rows += chunk.rowCount
      fileRows += chunk.rowCount
      progress(rows, bytes[..<chunk.file].reduce(0, +) + chunk.bytesRead, bytes.reduce(0, +))
      guard let ending = chunk.ending else { return }
      guard ending.digest.description == file.recorded.xxh3, fileRows == file.recorded.rowCount
      else {
        throw FileError(
          file.recorded.path,
          "is not the file that was read: its XXH3 is \(ending.digest), and the ledger has"
            + " \(file.recorded.xxh3); put that one back, or build the branches again")
      }
      guard agrees else { throw disagreement }
      fileRows = 0
    }
  }

  /// Holds what became of a sample against what becomes of it now; without a verdict it could not
  /// be read. False where what the ledger says cannot be.
  private func count(
    _ sample: Int, _ verdict: SiftedChunk.Verdict?, falls: Bool, _ way: Way, _ tally: inout Tally
  ) -> Bool {
    guard sample < way.column.items.count else { return false }
    let fate = way.column.items[sample]
    guard let verdict else { return fate.kind == .quarantined }
    let step = fate.kind == .dropped ? way.taking.steps[Int(fate.step)] : nil
    let isFreed = step?.kind == "filter" && step?.name == filter
    if isFreed { tally.sources[way.slot].concerned += 1 }
    guard verdict.kind != .dropped else {
      let name = way.steps[verdict.step]
      guard isFreed || step?.name == name else { return false }
      if isFreed { tally.later[way.slot][name, default: 0] += 1 }
      return true
    }
    guard isFreed || fate.isPassed else { return false }
    var isFirstFreed: Bool?
    if way.isDistinct {
      isFirstFreed = tally.seen[verdict.promptKey]
      if isFirstFreed == nil { tally.seen[verdict.promptKey] = isFreed }
    }
    let number = run.sources[way.taking.source].firstSample + Int64(sample)
    if way.isNear {
      let isRow = isFirstFreed == nil && !falls
      if isRow && !fate.isRow { tally.sources[way.slot].gainedSamples.append(number) }
      if !isRow && fate.isRow { tally.sources[way.slot].lostSamples.append(number) }
      if isFreed && !isRow { tally.sources[way.slot].duplicates += 1 }
      if isRow && !fate.isRow && !isFreed { tally.sources[way.slot].others += 1 }
      return true
    }
    switch (isFirstFreed, fate.isRow) {
    case (nil, true): break
    case (nil, false):
      guard isFreed else { return false }
      tally.sources[way.slot].gainedSamples.append(number)
    case (let isFirstFreed?, true):
      // Only one that the filter dropped can have come before it.
      guard isFirstFreed else { return false }
      tally.sources[way.slot].lostSamples.append(number)
    case (_?, false):
      if isFreed { tally.sources[way.slot].duplicates += 1 }
    }
    return true
  }

  private func sources(of branch: RecordedBranch, _ tally: Tally) throws -> [Impact.Source] {
    try zip(branch.takings, zip(tally.sources, tally.later)).map { taking, counts in
      var (source, later) = counts
      source.droppedLater = taking.steps.compactMap { step in
        later.removeValue(forKey: step.name).map {
          Impact.Source.Step(name: step.name, samples: $0)
        }
      }
      source.lost = source.lostSamples.count
      source.gained = source.gainedSamples.count
      let told =
        source.gained - source.others + source.duplicates
        + source.droppedLater.reduce(0) { $0 + $1.samples }
      guard source.concerned == told else {
        throw LedgerError("the samples of \(quoted(source.name)) do not add up; this is a bug")
      }
      return source
    }
  }

  private var disagreement: LedgerError {
    LedgerError(
      "\(columns.ledger.path): this version of the program decides otherwise than run"
        + " \(columns.run.id) did (\(columns.run.tool)); build the branches with it, and ask again")
  }
}
