internal import Audit
internal import Lineage

/// What a flow chart draws: branches, sources and steps by name, the small ones of many as one.
struct Flow {
  struct Branch {
    var name: String
    var colour: String
    /// For each source of the flow.
    var sources: [(written: Int, dropped: Int)]
    var kept = 0
    var seeds = 0
    /// Seeds that a teacher wrote rows of; nil where it was not asked.
    var taught: Int?
    var sinks: [Sink] = []
    var training: Training?
    var isMerged = false
    /// Its part of the merged model.
    var entryShare: String?
  }

  /// What removed rows, and how many of each source of the flow.
  struct Sink {
    var name: String
    var rows: [Int]
    var total: Int { rows.reduce(0, +) }
  }

  struct Training {
    /// Of the branch as it is; nil where nobody knows, and `why`.
    var rows: Int?
    var why: String
  }

  var sources: [String]
  /// Each row once, however many branches read it.
  var sourceRows: [Int]
  var branches: [Branch] = []
  /// Rows that branches read: those of a source count for each branch.
  var rows: Int

  /// Whether a teacher wrote rows for some branch, or was to.
  var isTaught: Bool { branches.contains { $0.taught != nil } }

  init(_ overview: Overview) {
    let names = Self.distinct(overview.sources.map(\.name))
    let folded = names.count > FlowChart.shownSources
    let shown = folded ? Array(names.prefix(FlowChart.shownSources - 1)) : names
    sources = shown + (folded ? ["\(names.count - shown.count) other sources"] : [])
    sourceRows = Array(repeating: 0, count: sources.count)
    func place(_ name: String) -> Int { shown.firstIndex(of: name) ?? shown.count }
    for source in overview.sources { sourceRows[place(source.name)] += source.rows }
    rows = overview.counts.read

    var all: [Branch] = []
    for (index, branch) in overview.branches.enumerated() {
      all.append(
        Branch(
          branch, colour: "c\(index % 8)", sourceCount: sources.count, place, overview))
    }
    if all.count > FlowChart.detailedBranches {
      for index in all.indices { all[index].foldSinks(to: 1) }
    }
    guard all.count > FlowChart.shownBranches else {
      branches = all
      return
    }
    // Those that went on to a model first, then those that read most.
    let largest = all.indices.sorted {
      (all[$1].stage, all[$1].rows, $0) < (all[$0].stage, all[$0].rows, $1)
    }
    .prefix(FlowChart.shownBranches - 1)
    branches = all.indices.filter(largest.contains).map { all[$0] }
    branches.append(
      Branch(sumOf: all.indices.filter { !largest.contains($0) }.map { all[$0] }))
  }

  private static func distinct(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }
}

extension Flow.Branch {
  /// How far it went.
  fileprivate var stage: Int { isMerged ? 2 : training != nil ? 1 : 0 }

  var rows: Int { sources.reduce(0) { $0 + $1.written + $1.dropped } }

  /// What it wrote, in words.
  var counted: String {
    Numerals.written(kept: kept, seeds: seeds)
  }

  init(
    _ branch: Overview.Branch, colour: String, sourceCount: Int, _ place: (String) -> Int,
    _ overview: Overview
  ) {
    name = branch.name
    self.colour = colour
    (kept, seeds) = (branch.counts.kept, branch.counts.seeds)
    taught = overview.teachings.first { $0.branch == branch.name }.map {
      min($0.taught, branch.counts.seeds)
    }
    sources = Array(repeating: (0, 0), count: sourceCount)
    var sinks: [Flow.Sink] = []
    func add(_ name: String, _ rows: Int, _ source: Int) {
      guard rows > 0 else { return }
      if let known = sinks.firstIndex(where: { $0.name == name }) {
        sinks[known].rows[source] += rows
      } else {
        sinks.append(Flow.Sink(name: name, rows: Array(repeating: 0, count: sourceCount)))
        sinks[sinks.count - 1].rows[source] = rows
      }
    }
    for intake in branch.sources {
      let source = place(intake.source)
      sources[source].written += intake.counts.written
      sources[source].dropped += intake.counts.read - intake.counts.written
      for step in intake.steps { add(step.name, step.dropped, source) }
    }
    for intake in branch.sources {
      add("duplicates", intake.counts.duplicates, place(intake.source))
    }
    for intake in branch.sources {
      add("unreadable", intake.counts.quarantined, place(intake.source))
    }
    self.sinks = sinks
    foldSinks(to: FlowChart.shownSteps)
    training = overview.trainings.first { $0.branch == branch.name }.map { training in
      Flow.Training(
        rows: training.isCurrent == true ? training.rows : nil,
        why: training.isGiven
          ? "its expert was given; the ledger does not know of which rows it is"
          : "its expert was trained on other rows than the branch has now")
    }
    guard let merge = overview.merge,
      let input = merge.inputs.first(where: { $0.branch == branch.name })
    else { return }
    isMerged = true
    let all = merge.inputs.reduce(0) { $0 + ($1.entries ?? 0) }
    entryShare = input.entries.map { Numerals.share($0, of: all) }
  }

  /// Many branches as one.
  init(sumOf branches: [Flow.Branch]) {
    name = "\(branches.count) other branches"
    colour = "neutral"
    sources = branches.first?.sources.map { _ in (0, 0) } ?? []
    var removed = Flow.Sink(name: "steps and duplicates", rows: sources.map { _ in 0 })
    for branch in branches {
      kept += branch.kept
      seeds += branch.seeds
      if let more = branch.taught { taught = (taught ?? 0) + more }
      for index in sources.indices {
        sources[index].written += branch.sources[index].written
        sources[index].dropped += branch.sources[index].dropped
        removed.rows[index] += branch.sources[index].dropped
      }
    }
    sinks = removed.total > 0 ? [removed] : []
  }

  /// Keeps those that removed most by name, in their order.
  fileprivate mutating func foldSinks(to count: Int) {
    guard sinks.count > count else { return }
    let largest = sinks.indices.sorted { (sinks[$1].total, $0) < (sinks[$0].total, $1) }
      .prefix(count - 1)
    var rest = Flow.Sink(
      name: count == 1
        ? "steps and duplicates" : "\(sinks.count - largest.count) other steps",
      rows: sources.map { _ in 0 })
    for index in sinks.indices where !largest.contains(index) {
      for source in sources.indices { rest.rows[source] += sinks[index].rows[source] }
    }
    sinks = sinks.indices.filter(largest.contains).map { sinks[$0] } + [rest]
  }
}
