internal import Files
internal import Lineage
internal import Notation

/// Says of every sample of a branch what happened to it and why.
///
/// A sample's way is the same function of the same inputs in both builds: its row, the card's words on
/// the fields that a step looks at, the step, the program; and what stays of duplicates hangs on the
/// samples before. So the step where the two ways part has at least one input that differs.
struct BranchComparison {
  let name: String
  /// Before and after.
  let sides: [Side]
  let lanes: [Lane]
  var groups: [GroupKey: Int] = [:]
  var found: [(key: GroupKey, pairs: [Difference.Pair])] = []
  var latest: (key: GroupKey, index: Int)?
  var counts: [Difference.Source]
  /// For each lane the rows whose bytes are the same, in order, with where they are now.
  var unchanged: [Fate: [[(sample: Int32, place: Int32)]]]

  /// One build of the branch; it may have none of this name.
  struct Side {
    let columns: RunColumns?
    let branch: RecordedBranch?
    /// For each source of the run its lane.
    var lanes: [Int?]

    var run: RecordedRun? { columns?.run }
  }

  /// What is done with one source on both sides.
  struct Lane {
    let name: String
    /// Where the branch takes from it.
    var sources: [RecordedSource?]
    var fates: [[HeldFate]]
    var steps: StepLinks
    /// Nil unless both runs read it.
    let pairs: SamplePairs?
    /// How many samples of the run come before its first.
    var starts: [Int]

    func isTaken(_ side: Int) -> Bool { sources[side] != nil }

    func partner(of sample: Int, on side: Int) -> Int? {
      guard let pairs else { return nil }
      let partner = side == 0 ? pairs.after[sample] : pairs.before[sample]
      return partner < 0 ? nil : Int(partner)
    }
  }

  /// What a cause is made of once; small, as there is one for every row that differs.
  struct Reason: Hashable {
    var kind: Cause.Kind
    var change = Cause.Change.changed
    var lane: Int
    /// A step, or a change of a file.
    var item = 0
    var isOfWinner = false
  }

  struct GroupKey: Hashable {
    var lane: Int
    var change: Difference.Change
    var reason: Reason
  }

  init(_ name: String, _ before: RunColumns?, _ after: RunColumns?, _ pairing: RunPairing) {
    self.name = name
    let columns = [before, after]
    let branches = columns.map { $0?.run.branches.first { $0.name == name } }
    var names: [String] = []
    for side in [1, 0] {
      for taking in branches[side]?.takings ?? [] {
        guard let source = columns[side]?.run.sources[taking.source] else { continue }
        if !names.contains(source.name) { names.append(source.name) }
      }
    }
    lanes = names.map { name in
      var lane = Lane(
        name: name, sources: [nil, nil], fates: [[], []],
        steps: StepLinks([nil, nil], [nil, nil]), pairs: pairing.sources[name], starts: [0, 0])
      var takings: [RecordedTaking?] = [nil, nil]
      for side in 0...1 {
        guard let own = columns[side],
          let place = own.run.branches.firstIndex(where: { $0.name == branches[side]?.name }),
          let index = own.run.branches[place].takings.firstIndex(where: {
            own.run.sources[$0.source].name == name
          })
        else { continue }
        let taking = own.run.branches[place].takings[index]
        let source = own.run.sources[taking.source]
        takings[side] = taking
        lane.sources[side] = source
        lane.fates[side] = own.fates[place][index].items
        lane.starts[side] = Int(source.firstSample - own.run.firstSample)
      }
      lane.steps = StepLinks(takings, lane.sources.map { $0?.card })
      return lane
    }
    sides = (0...1).map { side in
      Side(
        columns: columns[side], branch: branches[side],
        lanes: columns[side]?.run.sources.map { source in
          names.firstIndex(of: source.name)
        } ?? [])
    }
    counts = names.map { Difference.Source(name: $0) }
    unchanged = [.kept: names.map { _ in [] }, .seed: names.map { _ in [] }]
  }

  /// Looks at all samples.
  mutating func result() throws -> Difference.Branch {
    try countSamples()
    for lane in lanes.indices { try compare(lane) }
    for kind in [Fate.kept, .seed] { try findMoves(kind) }
    try checkCounts()
    return Difference.Branch(
      name: name, before: side(0), after: side(1), sources: counts, groups: sortedGroups,
      inputs: inputs)
  }

  func side(_ side: Int) -> Difference.Side? {
    guard let run = sides[side].run, let branch = sides[side].branch else { return nil }
    return Difference.Side(
      run: run.id, finished: run.finished, recipe: run.recipe, tool: run.tool,
      rows: branch.outputRows, branch: branch.id)
  }

  // MARK: - Counting

  mutating func countSamples() throws {
    for (index, lane) in lanes.enumerated() {
      counts[index].readBefore = lane.fates[0].count
      counts[index].readAfter = lane.fates[1].count
      counts[index].rowsBefore = lane.fates[0].count { $0.isRow }
      counts[index].rowsAfter = lane.fates[1].count { $0.isRow }
    }
    for (side, rows) in zip(sides, [\Difference.Source.rowsBefore, \.rowsAfter]) {
      guard let branch = side.branch, let columns = side.columns else { continue }
      guard counts.reduce(0, { $0 + $1[keyPath: rows] }) == branch.outputRows else {
        throw RecordedRun.contradiction(columns.ledger.path, columns.run.id)
      }
    }
  }

  func checkCounts() throws {
    for count in counts {
      guard count.rowsBefore - count.removed + count.added == count.rowsAfter,
        count.same + count.moved + count.changed + count.removed == count.rowsBefore
      else { throw LedgerError("the rows of \(quoted(count.name)) do not add up; this is a bug") }
    }
  }

  mutating func add(
    _ lane: Int, _ change: Difference.Change, _ reason: Reason, _ before: Int?, _ after: Int?
  ) {
    switch change {
    case .added: counts[lane].added += 1
    case .removed: counts[lane].removed += 1
    case .changed: counts[lane].changed += 1
    case .moved: counts[lane].moved += 1
    case .outside: counts[lane].outside += 1
    }
    let key = GroupKey(lane: lane, change: change, reason: reason)
    let index: Int
    if let latest, latest.key == key {
      index = latest.index
    } else {
      index = groups[key] ?? found.count
      if index == found.count {
        found.append((key, []))
        groups[key] = index
      }
      latest = (key, index)
    }
    found[index].pairs.append(
      Difference.Pair(number(of: before, lane, 0), number(of: after, lane, 1)))
  }

  func number(of sample: Int?, _ lane: Int, _ side: Int) -> Int64 {
    guard let sample, let source = lanes[lane].sources[side] else { return 0 }
    return source.firstSample + Int64(sample)
  }

  var sortedGroups: [Difference.Group] {
    let order = Difference.Change.allCases
    return found.map { key, pairs in
      (
        key,
        Difference.Group(
          source: lanes[key.lane].name, change: key.change, cause: cause(key.reason), pairs: pairs)
      )
    }.sorted { a, b in
      if a.0.lane != b.0.lane { return a.0.lane < b.0.lane }
      if a.0.change != b.0.change {
        return order.firstIndex(of: a.0.change)! < order.firstIndex(of: b.0.change)!
      }
      if a.1.count != b.1.count { return a.1.count > b.1.count }
      return a.1.cause.description < b.1.cause.description
    }.map(\.1)
  }

  // MARK: - One source

  mutating func compare(_ index: Int) throws {
    let lane = lanes[index]
    for (sample, fate) in lane.fates[0].enumerated() {
      if sample & 0xFFFF == 0 { try Interruption.check() }
      guard lane.isTaken(1), let other = lane.partner(of: sample, on: 0) else {
        add(
          index, fate.isRow ? .removed : .outside,
          absence(of: sample, index, on: 0), sample, nil)
        continue
      }
      let new = lane.fates[1][other]
      switch (fate.isRow, new.isRow) {
      case (true, true):
        if isSame(index, sample, fate, new) {
          unchanged[fate.kind]?[index].append((Int32(sample), new.outputRow))
        } else {
          let reason = reasonOfBytes(index, sample, fate, new) ?? rest(index)
          add(index, .changed, reason, sample, other)
        }
      case (true, false):
        add(index, .removed, reason(index, sample, fate, other, new), sample, other)
      case (false, true):
        add(index, .added, reason(index, sample, fate, other, new), sample, other)
      case (false, false):
        guard isOther(index, fate, new) else { continue }
        add(index, .outside, reason(index, sample, fate, other, new), sample, other)
      }
    }
    for (sample, fate) in lane.fates[1].enumerated() {
      if lane.isTaken(0), lane.partner(of: sample, on: 1) != nil { continue }
      add(
        index, fate.isRow ? .added : .outside, absence(of: sample, index, on: 1), nil, sample)
    }
  }

  /// Tells rows that kept their order from those that moved, within their source or with all of it:
  /// a file has the rows of one source after those of another.
  mutating func findMoves(_ kind: Fate) throws {
    let rows = unchanged[kind] ?? []
    let order = lanes.indices.filter { !rows[$0].isEmpty }
      .sorted { lanes[$0].starts[0] < lanes[$1].starts[0] }
    let stays = order.map { longestAscent(of: rows[$0].map(\.place)) }
    let blocks = zip(order, stays).map { lane, stays in
      (place: lanes[lane].starts[1], weight: stays.count { $0 })
    }
    for (block, isBlockKept) in heaviestAscent(of: blocks).enumerated() {
      try Interruption.check()
      let lane = order[block]
      for (row, isKept) in zip(rows[lane], stays[block]) {
        if isKept && isBlockKept {
          counts[lane].same += 1
          continue
        }
        let sample = Int(row.sample)
        let reason = isKept ? Reason(kind: .sourceOrder, lane: lane) : reasonOfPlace(lane, sample)
        add(lane, .moved, reason, sample, lanes[lane].partner(of: sample, on: 0))
      }
    }
    unchanged[kind] = nil
  }
}
