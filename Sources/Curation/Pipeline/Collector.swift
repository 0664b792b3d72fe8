internal import Files
internal import Foundation
internal import Lineage
internal import Notation
internal import Samples

/// Owns all that is shared between chunks: prompts seen, output files, the ledger.
///
/// Chunks come one after another in the plan's order, so what it writes depends on nothing else.
final class Collector {
  private let plan: Plan
  private let options: Curator.Options
  private let files: [SourceFiles]
  private let recorder: RunRecorder
  private let staging: String
  /// What falls as a near duplicate, where the recipe asks.
  private let near: NearFindings?
  private let firstSample: Int64

  private var branches: [BranchState] = []
  private var sources: [SourceState] = []
  private let quarantineFile: RowWriter
  private(set) var rowsRead = 0
  private var entries: [RunRecorder.SampleEntry] = []
  private var fates: [RunRecorder.FateEntry] = []

  /// What a branch remembers of the samples before.
  private final class BranchState {
    let id: Int64
    let rows: RowWriter
    let seeds: RowWriter?
    /// Prompts of the rows so far, each with its sample.
    var seen: [Digest: Int64] = [:]

    init(id: Int64, rows: RowWriter, seeds: RowWriter?) {
      self.id = id
      self.rows = rows
      self.seeds = seeds
    }
  }

  /// What is done with the samples of one source in one branch, and what came of it.
  private final class TakingState {
    let branch: BranchState
    /// Of the plan.
    let number: Int
    let isDistinct: Bool
    let fate: Fate
    let writer: RowWriter
    let frame: RowFrame
    /// The ledger's numbers of the steps.
    let steps: [Int64]
    var funnel: Funnel.Source
    /// Rows that stayed in which markup became text.
    var hadMarkup = 0

    init(
      _ taking: Plan.Taking, _ branch: Plan.Branch, _ state: BranchState, _ steps: [Int64],
      source: String
    ) {
      self.branch = state
      self.steps = steps
      number = taking.branch
      isDistinct = branch.distinct.isExact
      fate = taking.response == nil ? .seed : .kept
      writer = taking.response == nil ? state.seeds! : state.rows
      frame = taking.response == nil ? Seed.frame : branch.format.frame
      funnel = Funnel.Source(
        name: source, steps: taking.steps.map { Funnel.Step(name: $0.name, dropped: 0) })
    }
  }

  private final class SourceState {
    let name: String
    let paths: [String]
    let files: [Int64]
    let takings: [TakingState]
    var occurrences: [Digest: Int32] = [:]
    var rows = 0
    var quarantined = 0
    var fileRows = 0
    /// Rows of the file that are not quarantined.
    var readableRows = 0
    var isPresent: [Bool]
    var isChecked = false
    /// Files that have been read to their end.
    var finished: [FileSummary] = []

    init(name: String, paths: [String], files: [Int64], takings: [TakingState], columns: Int) {
      self.name = name
      self.paths = paths
      self.files = files
      self.takings = takings
      isPresent = Array(repeating: false, count: columns)
    }
  }

  init(
    _ plan: Plan, _ options: Curator.Options, _ files: [SourceFiles], _ recorder: RunRecorder,
    _ near: NearFindings?, staging: String
  ) throws {
    self.plan = plan
    self.options = options
    self.files = files
    self.recorder = recorder
    self.staging = staging
    self.near = near
    firstSample = recorder.upcomingSample
    try Folder.create(staging + "/branches")
    quarantineFile = try RowWriter(
      staging, "branches/quarantine.jsonl", id: 0, isDurable: options.isDurable)

    for (index, branch) in plan.branches.enumerated() {
      let folder = "branches/" + branch.name
      try Folder.create(staging + "/" + folder)
      let id = try recorder.addBranch(name: branch.name, rowFormat: branch.format.name)
      func writer(_ name: String) throws -> RowWriter {
        let path = folder + "/" + name
        let output = try recorder.addOutput(branch: id, path: path)
        return try RowWriter(staging, path, id: output, isDurable: options.isDurable)
      }
      let hasSeeds = plan.sources.contains { source in
        source.takings.contains { $0.branch == index && $0.response == nil }
      }
      branches.append(
        BranchState(
          id: id, rows: try writer("train.jsonl"), seeds: hasSeeds ? try writer("seeds.jsonl") : nil
        ))
    }
    for (source, found) in zip(plan.sources, files) { try add(source, found) }
    for file in plan.benchmarkFiles { try recorder.addBenchmark(file.record) }
  }

  private func add(_ source: Plan.Source, _ found: SourceFiles) throws {
    let id = try recorder.addSource(
      name: source.card.name, config: source.config.name, licence: source.card.licence,
      homepage: source.card.homepage, revision: found.revision, card: source.card.text)
    let takings = try source.takings.map { taking in
      let steps = try taking.steps.enumerated().map { position, step in
        try recorder.addStep(
          branch: branches[taking.branch].id, source: id, position: position, name: step.name,
          kind: step.kind.rawValue, text: step.text)
      }
      return TakingState(
        taking, plan.branches[taking.branch], branches[taking.branch], steps,
        source: source.card.name)
    }
    let files = try found.paths.map { path in
      try recorder.addFile(
        source: id, path: URL(fileURLWithPath: path).standardizedFileURL.path,
        format: try FileFormat(of: path).rawValue,
        publishedSHA256: SourceFiles.publishedSHA256(of: path))
    }
    sources.append(
      SourceState(
        name: source.card.name, paths: found.paths, files: files, takings: takings,
        columns: source.projection.columns.count))
  }

  /// Records a chunk's samples and writes the rows of those that stay.
  func collect(_ harvest: Harvest) throws {
    let source = sources[harvest.source]
    if let ending = harvest.ending { return try end(harvest, ending) }
    entries.removeAll(keepingCapacity: true)
    fates.removeAll(keepingCapacity: true)
    for (index, row) in harvest.rows.enumerated() {
      let place = harvest.chunk.rows[index]
      var sample = SampleInHand(number: recorder.upcomingSample + Int64(index))
      if row.fault == nil {
        sample.id = row.id
        let occurrence = source.occurrences[row.identity, default: 0] + 1
        source.occurrences[row.identity] = occurrence
        if occurrence > 1 { sample.suffix = "#\(occurrence)" }
      } else {
        sample.fault = try quarantine(row, at: place, harvest)
      }
      for (position, taking) in source.takings.enumerated() {
        let outcome = harvest.outcomes[index * source.takings.count + position]
        fates.append(try fate(of: outcome, sample, taking, harvest, harvest.output[position]))
      }
      entries.append(
        RunRecorder.SampleEntry(
          file: source.files[harvest.file], row: place.number, byteOffset: place.offset,
          byteCount: place.byteCount, rowHash: row.hash,
          sampleID: sample.fault == nil ? sample.id + sample.suffix : nil))
    }
    for (position, taking) in source.takings.enumerated() {
      try taking.writer.flush(from: harvest.output[position])
    }
    try recorder.record(entries, fates)
    rowsRead += harvest.rows.count
    source.rows += harvest.rows.count
    source.fileRows += harvest.rows.count
    source.readableRows += harvest.rows.count { $0.fault == nil }
    for column in harvest.isPresent.indices where harvest.isPresent[column] {
      source.isPresent[column] = true
    }
    if harvest.chunk.bytesRead >= Self.judgedBytes { try checkFields(harvest) }
  }

  /// What is known of a sample while its fates are decided.
  private struct SampleInHand {
    let number: Int64
    /// Without the number of its occurrence.
    var id = ""
    /// That number, from the second on.
    var suffix = ""
    /// Why it is quarantined, as JSON.
    var fault: String?
  }

  private func fate(
    of outcome: Outcome, _ sample: SampleInHand, _ taking: TakingState, _ harvest: Harvest,
    _ output: Output
  ) throws -> RunRecorder.FateEntry {
    var fate = RunRecorder.FateEntry(branch: taking.branch.id, fate: .quarantined)
    taking.funnel.counts.read += 1
    if let fault = sample.fault {
      fate.evidence = fault
      taking.funnel.counts.quarantined += 1
      return fate
    }
    if outcome.evidence >= 0 { fate.evidence = harvest.evidence[outcome.evidence] }
    if outcome.picked >= 0 {
      fate.picked = outcome.picked
      fate.candidates = outcome.candidates
    }
    if outcome.verdict == .dropped {
      fate.fate = .dropped
      fate.step = taking.steps[outcome.step]
      taking.funnel.counts.dropped += 1
      taking.funnel.steps[outcome.step].dropped += 1
      return fate
    }
    if taking.isDistinct {
      if let first = taking.branch.seen[outcome.promptKey] {
        fate.fate = .duplicate
        fate.duplicateOf = first
        taking.funnel.counts.duplicates += 1
        // The one with its prompt may have fallen itself.
        if let near, let fall = near.fall(of: Int(first - firstSample), in: taking.number) {
          taking.funnel.counts.nearDuplicates += 1
          fate.fall(fall, of: near, first: firstSample, twin: first)
        }
        return fate
      }
      taking.branch.seen[outcome.promptKey] = sample.number
    }
    if let near, let fall = near.fall(of: Int(sample.number - firstSample), in: taking.number) {
      taking.funnel.counts.duplicates += 1
      taking.funnel.counts.nearDuplicates += 1
      fate.fall(fall, of: near, first: firstSample, twin: nil)
      return fate
    }
    if outcome.hadMarkup { taking.hadMarkup += 1 }
    let idEnd = outcome.row.lowerBound + taking.frame.start.count + sample.id.utf8.count
    let offset = taking.writer.byteCount
    try taking.writer.add(outcome.row, of: output, inserting: sample.suffix, at: idEnd)
    fate.fate = taking.fate
    fate.output = RunRecorder.OutputPlace(
      file: taking.writer.id, row: taking.writer.rowCount, offset: offset,
      byteCount: taking.writer.byteCount - offset,
      hash: sample.suffix.isEmpty
        ? outcome.rowHash
        : hash(of: outcome.row, of: output.bytes, inserting: sample.suffix, at: idEnd))
    if taking.fate == .seed {
      taking.funnel.counts.seeds += 1
    } else {
      taking.funnel.counts.kept += 1
    }
    return fate
  }

  /// The hash of a row that is not written as the worker left it.
  private func hash(
    of row: Range<Int>, of output: borrowing ByteBuffer, inserting text: String, at place: Int
  ) -> UInt64 {
    var bytes = ByteBuffer(capacity: row.count + text.utf8.count)
    bytes.append(output.bytes.extracting(row.lowerBound..<place))
    bytes.append(text)
    bytes.append(output.bytes.extracting(place..<row.upperBound))
    return fastHash(of: bytes.bytes)
  }

  /// The counters of all branches.
  private var funnel: Funnel {
    var funnel = Funnel()
    funnel.branches = zip(plan.branches, branches).map { branch, state in
      var entry = Funnel.Branch(name: branch.name)
      entry.sources = sources.flatMap(\.takings).filter { $0.branch === state }.map(\.funnel)
      return entry
    }
    return funnel
  }

  /// Puts a row that cannot be read on the quarantine list; returns why, as JSON.
  private func quarantine(_ row: RowEntry, at place: RowPlace, _ harvest: Harvest) throws -> String
  {
    let source = sources[harvest.source]
    source.quarantined += 1
    let evidence = row.faultEvidence(at: place) ?? "{}"
    let path = source.paths[harvest.file]
    try quarantineFile.append(
      "{\"source\": \(JSON.quoted(source.name)),"
        + " \"file\": \(JSON.quoted(path)), \"row\": \(place.number),"
        + " \"byte_offset\": \(place.offset.map(String.init) ?? "null"),"
        + " \"byte_count\": \(place.byteCount), \(evidence.dropFirst())\n")
    return evidence
  }

  /// Completes a file, and with its last file a source.
  private func end(_ harvest: Harvest, _ ending: FileEnding) throws {
    let source = sources[harvest.source]
    let path = source.paths[harvest.file]
    try checkFields(harvest)
    if let near, near.digests[harvest.source][harvest.file] != ending.digest {
      throw FileError(
        path, "was changed while near duplicates were looked for; start again, nothing was written")
    }
    let computed = options.computesSHA256 ? try sha256(ofFile: path) : nil
    source.finished.append(
      FileSummary(
        path: path, byteCount: ending.byteCount, rowCount: source.fileRows, digest: ending.digest,
        sha256: SourceFiles.publishedSHA256(of: path) ?? computed))
    try recorder.finishFile(
      source.files[harvest.file], byteCount: ending.byteCount, rowCount: source.fileRows,
      xxh3: ending.digest, sha256: computed)
    source.fileRows = 0
    source.readableRows = 0
    source.isChecked = false
    for column in source.isPresent.indices { source.isPresent[column] = false }
    guard harvest.file == source.paths.count - 1 else { return }
    guard options.maxQuarantined.admits(source.quarantined, of: source.rows) else {
      throw TooManyQuarantined(
        source: source.name, rows: source.rows, quarantined: source.quarantined,
        limit: options.maxQuarantined, list: try keepQuarantineList())
    }
  }

  /// The list of quarantined rows outlives the run that failed because of it.
  private func keepQuarantineList() throws -> String {
    let finished = try quarantineFile.finish()
    let kept = staging.parentPath.parentPath + "/quarantine-of-failed-run.jsonl"
    try Folder.rename(staging + "/" + finished.path, to: kept, isDurable: false)
    return kept
  }

  /// Decompressed bytes of a file after which a field that no row has had counts as missing.
  private static let judgedBytes = 8 << 20

  /// Refuses a file in which no row so far has a field that the recipe needs.
  private func checkFields(_ harvest: Harvest) throws {
    let state = sources[harvest.source]
    guard !state.isChecked, state.readableRows > 0 else { return }
    state.isChecked = true
    let source = plan.sources[harvest.source]
    let missing = source.required.filter { !state.isPresent[$0.column] }.map(\.field)
    guard !missing.isEmpty else { return }
    let path = state.paths[harvest.file]
    throw MissingFields(
      path: path, source: source.card.name, rows: state.fileRows, missing: missing,
      present: try SourceFile(path).keys())
  }

  /// Completes all files and the ledger. Nothing has its final name yet.
  func finish(bytesRead: Int) throws -> Curator.Outcome {
    let funnel = funnel
    var summaries: [FileSummary] = []
    for (index, branch) in branches.enumerated() {
      var own: [FileSummary] = []
      for writer in [branch.rows, branch.seeds].compactMap({ $0 }) {
        let summary = try writer.finish()
        try recorder.finishOutput(
          writer.id, byteCount: summary.byteCount, rowCount: summary.rowCount, xxh3: summary.digest)
        own.append(summary)
      }
      let folder = "branches/" + plan.branches[index].name + "/"
      try write(
        folder + "dataset_info.json",
        DataCard.datasetInfo(plan.branches[index].name, plan.branches[index].format))
      let card = DataCard(
        plan: plan, branch: index, funnel: funnel.branches[index], files: files,
        read: sources.map(\.finished), outputs: own,
        hadMarkup: sources.flatMap(\.takings).filter { $0.branch === branch }.map(\.hadMarkup))
      try write(folder + "README.md", card.markdown)
      summaries += own
    }
    _ = try quarantineFile.finish()
    try recorder.commit(expecting: funnel)
    return Curator.Outcome(
      run: recorder.run, funnel: funnel, outputs: summaries,
      quarantined: sources.reduce(0) { $0 + $1.quarantined }, rowsRead: rowsRead,
      bytesRead: bytesRead, ledgerSeconds: recorder.processorSeconds)
  }

  private func write(_ path: String, _ text: String) throws {
    var file = try OutputFile(staging + "/" + path, isDurable: options.isDurable)
    try file.append(text)
    _ = try file.finish()
  }
}

extension RunRecorder.FateEntry {
  /// Leaves a sample out because it resembles one that stays.
  fileprivate mutating func fall(
    _ fall: NearFall, of findings: NearFindings, first: Int64, twin: Int64?
  ) {
    fate = .duplicate
    duplicateOf = first + Int64(fall.kept)
    evidence = findings.evidence(of: fall, first: first, twin: twin, addingTo: evidence)
  }
}
