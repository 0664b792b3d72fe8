internal import Files
internal import Foundation
internal import Samples
internal import Similarity

/// Looks for the near duplicates of a plan before a row is written: it sifts all rows and compares
/// those that would stay.
///
/// One pass makes signatures; where frequent lines are ignored one before it counts these. In memory
/// are a hash for each prompt and some 70 bytes for each text, all else is in temporary files.
struct NearPass {
  let plan: Plan
  let files: [SourceFiles]
  let options: Curator.Options
  /// Where temporary files lie.
  let folder: String
  let progress: (Progress) -> Void

  private var countsLines: Bool { plan.searches.contains { $0.near.frequentLines == .ignore } }

  /// How often the rows are read before they are written.
  static func passes(of plan: Plan) -> Int {
    if plan.searches.isEmpty { return 0 }
    return plan.searches.contains { $0.near.frequentLines == .ignore } ? 2 : 1
  }

  /// For a plan that looks for some.
  func run() throws -> NearFindings {
    try Folder.create(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var boilerplates = plan.searches.map { Boilerplate(prefixes: $0.near.prefixes) }
    if countsLines {
      let counts = try countLines()
      for (index, search) in plan.searches.enumerated()
      where search.near.frequentLines == .ignore {
        boilerplates[index] = Boilerplate(
          prefixes: search.near.prefixes, frequent: FrequentLines(counts[index]))
      }
    }
    let states = try zip(plan.searches, boilerplates).map { search, boilerplate in
      try SearchState(search, boilerplate, folder)
    }
    let digests = try sign(states)
    var findings = NearFindings(
      falls: [], digests: digests, branches: plan.branches.map(\.name), searches: plan.searches)
    for state in states { findings.falls.append(try falls(state)) }
    return findings
  }

  // MARK: - Passes

  /// Lends every text that stays: its place in the piece, its sample and its branch.
  private func each(
    pass: Int, _ makers: [SignatureMaker],
    _ body: (NearPiece, _ place: Int, _ sample: Int, _ branch: Int) throws -> Void
  ) throws -> [[Digest]] {
    let feeder = Feeder(plan, files, options)
    let branches = plan.sources.map(\.takings.count).max() ?? 0
    let conveyor = Conveyor(
      pieces: (0..<options.workers + 2).map { _ in NearPiece(branches: branches) },
      fill: { try feeder.fill($0.harvest) })
    let plan = plan
    var seen = plan.branches.map { _ in Set<Digest>() }
    var digests: [[Digest]] = plan.sources.map { _ in [] }
    let passes = Self.passes(of: plan) + 1
    var state = Progress(totalBytes: feeder.totalBytes * passes)
    try conveyor.run(
      workers: options.workers,
      makeWork: {
        let bench = NearBench(plan, makers)
        return { bench.work(on: $0) }
      },
      collect: { piece in
        try Interruption.check()
        let harvest = piece.harvest
        if let ending = harvest.ending { return digests[harvest.source].append(ending.digest) }
        let takings = plan.sources[harvest.source].takings
        for row in harvest.rows.indices {
          for (position, taking) in takings.enumerated() {
            let place = row * takings.count + position
            let outcome = harvest.outcomes[place]
            guard outcome.verdict != .dropped else { continue }
            if plan.branches[taking.branch].distinct.isExact {
              guard seen[taking.branch].insert(outcome.promptKey).inserted else { continue }
            }
            try body(piece, place, state.rows + row, taking.branch)
          }
        }
        state.rows += harvest.rows.count
        state.bytes = feeder.totalBytes * pass + harvest.bytesRead
        progress(state)
      })
    return digests
  }

  private func countLines() throws -> [LineCounts] {
    var counts = plan.searches.map { _ in LineCounts() }
    _ = try each(pass: 0, []) { piece, place, _, branch in
      guard let search = plan.search(of: branch) else { return }
      counts[search].add(piece.lines[place])
    }
    return counts
  }

  private func sign(_ states: [SearchState]) throws -> [[Digest]] {
    let makers = states.map { $0.makeSignatureMaker() }
    return try each(pass: countsLines ? 1 : 0, makers) { piece, place, sample, branch in
      guard let search = plan.search(of: branch) else { return }
      let outcome = piece.harvest.outcomes[place]
      try states[search].add(piece.signatures[place], outcome, sample: sample, branch: branch)
    }
  }

  // MARK: - What comes of it

  private func falls(_ state: SearchState) throws -> [NearFall] {
    let answer = try state.clusters()
    if let cluster = answer.clusters.first(where: \.isTooLarge) {
      throw try tooLarge(cluster, state)
    }
    var falls: [(number: Int, fall: NearFall)] = []
    for (index, cluster) in answer.clusters.enumerated() {
      for (member, near) in zip(cluster.members, cluster.resemblances)
      where member != cluster.kept {
        let link = near < state.search.near.threshold ? cluster.way(from: member).first : nil
        falls.append(
          (
            member,
            NearFall(
              sample: state.samples[member], branch: state.branch(of: member),
              kept: state.samples[cluster.kept], keptBranch: state.branch(of: cluster.kept),
              cluster: UInt32(index + 1), size: UInt32(cluster.members.count), near: near,
              link: link.map {
                NearFall.Link(
                  sample: state.samples[$0.first == member ? $0.second : $0.first],
                  near: $0.resemblance)
              })
          ))
      }
    }
    falls.sort { $0.number < $1.number }
    return falls.map(\.fall)
  }

  /// Reads the rows once more for some texts of the cluster.
  private func tooLarge(_ cluster: NearCluster, _ state: SearchState) throws -> TooLargeCluster {
    var wanted = [cluster.centre ?? cluster.kept]
    for part in 0..<3 {
      let member = cluster.members[part * (cluster.members.count - 1) / 2]
      if !wanted.contains(member) { wanted.append(member) }
    }
    let search = state.search
    let keys = wanted.map { (sample: Int(state.samples[$0]), branch: Int(state.branch(of: $0))) }
    var texts: [TooLargeCluster.Text?] = keys.map { _ in nil }
    do {
      _ = try each(pass: Self.passes(of: plan), []) { piece, place, sample, branch in
        let harvest = piece.harvest
        for (index, key) in keys.enumerated() where key.sample == sample && key.branch == branch {
          let count = plan.sources[harvest.source].takings.count
          let outcome = harvest.outcomes[place]
          let range = search.near.on == .prompt ? outcome.prompt : outcome.response
          texts[index] = TooLargeCluster.Text(
            id: harvest.rows[place / count].id,
            text: decoded(range, of: harvest.output[place % count].bytes))
        }
        if texts.allSatisfy({ $0 != nil }) { throw Found() }
      }
    } catch is Found {}
    return TooLargeCluster(
      branches: search.branches.map { plan.branches[$0].name }, part: search.near.on.rawValue,
      size: cluster.members.count, limit: search.near.limit, texts: texts.compactMap { $0 })
  }

  private func decoded(_ range: Range<Int>, of bytes: borrowing ByteBuffer) -> String {
    var text = ByteBuffer(capacity: range.count)
    unescape(bytes.bytes.extracting(range), into: &text)
    return String(copying: text.bytes)
  }

  private struct Found: Error {}
}

/// A search while texts are added to it.
private final class SearchState {
  let search: NearSearch
  private var duplicates: NearDuplicates?
  /// Of each text, by its number in the search.
  private(set) var samples: [UInt32] = []
  private var branches: [UInt16] = []

  init(_ search: NearSearch, _ boilerplate: Boilerplate, _ folder: String) throws {
    self.search = search
    duplicates = try NearDuplicates(
      threshold: search.near.threshold, sizeLimit: search.near.limit, boilerplate: boilerplate,
      folder: folder)
  }

  func makeSignatureMaker() -> SignatureMaker { duplicates!.makeSignatureMaker() }

  func add(
    _ signature: borrowing Signature, _ outcome: Outcome, sample: Int, branch: Int
  ) throws {
    let length = search.near.on == .prompt ? outcome.prompt.count : outcome.response.count
    let own = search.near.keep.rank(length: length, isVerified: outcome.isVerified)
    // An earlier branch has it before any policy is asked.
    let rank = UInt64(search.branches.upperBound - branch) << 48 | min(own, 1 << 48 - 1)
    try duplicates!.add(signature, as: samples.count, rank: rank)
    samples.append(UInt32(sample))
    if search.isAcross { branches.append(UInt16(branch)) }
  }

  func branch(of number: Int) -> UInt16 {
    search.isAcross ? branches[number] : UInt16(search.branches.lowerBound)
  }

  func clusters() throws -> NearAnswer {
    guard let duplicates = duplicates.take() else { preconditionFailure("asked twice") }
    return try duplicates.clusters(checking: Interruption.check)
  }
}
