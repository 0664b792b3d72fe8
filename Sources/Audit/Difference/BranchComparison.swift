internal import Files
internal import Lineage
internal import Notation

/// Says of every sample of a branch what happened to it and why.
///
/// A sample's way is the same function of the same inputs in both builds: its row, the card's words on
/// the fields that a step looks at, the step, the program; and what stays of duplicates hangs on the
/// samples before. So the step where the two ways part has at least one input that differs.
struct BranchComparison {
  private let name: String
  /// Before and after.
  private let sides: [Side]
  private let lanes: [Lane]
  private var groups: [GroupKey: Int] = [:]
  private var found: [(key: GroupKey, pairs: [Difference.Pair])] = []
  private var latest: (key: GroupKey, index: Int)?
  private var counts: [Difference.Source]
  /// For each lane the rows whose bytes are the same, in order, with where they are now.
  private var unchanged: [Fate: [[(sample: Int32, place: Int32)]]]

  /// One build of the branch; it may have none of this name.
  private struct Side {
    let columns: RunColumns?
    let branch: RecordedBranch?
    /// For each source of the run its lane.
    var lanes: [Int?]

    var run: RecordedRun? { columns?.run }
  }

  /// What is done with one source on both sides.
  private struct Lane {
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
  private struct Reason: Hashable {
    var kind: Cause.Kind
    var change = Cause.Change.changed
    var lane: Int
    /// A step, or a change of a file.
    var item = 0
    var isOfWinner = false
  }

  private struct GroupKey: Hashable {
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

  private func side(_ side: Int) -> Difference.Side? {
    guard let run = sides[side].run, let branch = sides[side].branch else { return nil }
    return Difference.Side(
      run: run.id, finished: run.finished, recipe: run.recipe, tool: run.tool,
      rows: branch.outputRows, branch: branch.id)
  }

  // MARK: - Counting

  private mutating func countSamples() throws {
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

  private func checkCounts() throws {
    for count in counts {
      guard count.rowsBefore - count.removed + count.added == count.rowsAfter,
        count.same + count.moved + count.changed + count.removed == count.rowsBefore
      else { throw LedgerError("the rows of \(quoted(count.name)) do not add up; this is a bug") }
    }
  }

  private mutating func add(
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

  private func number(of sample: Int?, _ lane: Int, _ side: Int) -> Int64 {
    guard let sample, let source = lanes[lane].sources[side] else { return 0 }
    return source.firstSample + Int64(sample)
  }

  private var sortedGroups: [Difference.Group] {
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

  private mutating func compare(_ index: Int) throws {
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
  private mutating func findMoves(_ kind: Fate) throws {
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

  // MARK: - Reasons

  private func rest(_ lane: Int) -> Reason {
    Reason(
      kind: sides[0].run?.tool == sides[1].run?.tool ? .unexplained : .program, lane: lane)
  }

  /// Why a sample is not read on the other side.
  private func absence(of sample: Int, _ index: Int, on side: Int) -> Reason {
    let lane = lanes[index]
    let change: Cause.Change = side == 0 ? .removed : .added
    guard let own = lane.sources[side], let other = lane.sources[1 - side] else {
      let hasBranch = sides[1 - side].branch != nil
      return Reason(kind: hasBranch ? .source : .branch, change: change, lane: index)
    }
    if own.config != other.config { return Reason(kind: .config, lane: index) }
    if lane.steps.isIDChanged { return Reason(kind: .card, lane: index) }
    // A file that is the same has other ids where a sample before it had the same one.
    let item =
      lane.pairs?.change(of: sample, own.files, isBefore: side == 0)
      ?? lane.pairs?.changes.indices.first
    return item.map { Reason(kind: .file, lane: index, item: $0) } ?? rest(index)
  }

  /// Why a sample that is read on both sides has another fate.
  private func reason(
    _ index: Int, _ sample: Int, _ old: HeldFate, _ other: Int, _ new: HeldFate
  ) -> Reason {
    guard old.isPassed && new.isPassed else {
      return reasonOfVerdict(index, sample, old, new)
    }
    if let was = sides[0].branch?.isDistinct, let isNow = sides[1].branch?.isDistinct, was != isNow
    {
      return Reason(kind: .distinct, lane: index)
    }
    let (loser, taker) = (winner(of: old, on: 0), winner(of: new, on: 1))
    if let loser, let reason = reasonOfLoss(loser, on: 0) { return reason }
    if let taker, let reason = reasonOfLoss(taker, on: 1) { return reason }
    return reasonOfPrompts((index, sample, other), loser, taker)
  }

  /// Why the steps decided otherwise.
  private func reasonOfVerdict(
    _ index: Int, _ sample: Int, _ old: HeldFate, _ new: HeldFate
  ) -> Reason {
    let links = lanes[index].steps
    if (old.kind == .quarantined) != (new.kind == .quarantined) {
      guard lanes[index].pairs?.rows[sample] == .same else {
        return Reason(
          kind: .unreadable, change: new.kind == .quarantined ? .removed : .added, lane: index)
      }
      if sides[0].run?.maxRowBytes != sides[1].run?.maxRowBytes {
        return Reason(kind: .rowLimit, lane: index)
      }
      return links.cardChanges.isEmpty ? rest(index) : Reason(kind: .card, lane: index)
    }
    let was = old.kind == .dropped ? Int(old.step) : nil
    let now = new.kind == .dropped ? Int(new.step) : nil
    if let was {
      let here = links.counterparts[0][was]
      if let here, now == nil || here < now! { return reason(index, sample, ofStep: was) }
      // The step that drops it now, where that comes first.
      if let now, let there = links.counterparts[1][now] {
        if there < was { return reason(index, sample, ofStep: there) }
        if here != nil {
          return links.isTextChanged[there]
            ? step(index, there, .changed) : Reason(kind: .stepOrder, lane: index)
        }
      } else if let now, here != nil {
        return step(index, now, .added)
      }
      return step(index, was, .removed)
    }
    guard let now else { return rest(index) }
    guard let there = links.counterparts[1][now] else { return step(index, now, .added) }
    return reason(index, sample, ofStep: there)
  }

  /// Why a step that was asked on both sides gave two answers.
  private func reason(_ index: Int, _ sample: Int, ofStep place: Int) -> Reason {
    let links = lanes[index].steps
    if links.isTextChanged[place] { return step(index, place, .changed) }
    if links.areFieldsChanged[place] { return Reason(kind: .card, lane: index) }
    // A template writes what the pick took.
    let kind = links.steps[0][place].kind
    if kind == "prompt" || kind == "response", let reason = reasonOfPick(index) { return reason }
    return lanes[index].pairs?.rows[sample] == .same
      ? rest(index) : Reason(kind: .row, lane: index)
  }

  private func reasonOfPick(_ index: Int) -> Reason? {
    let links = lanes[index].steps
    switch (links.place(of: "pick", on: 0), links.place(of: "pick", on: 1)) {
    case (nil, nil): return nil
    case (let place?, nil): return step(index, place, .removed)
    case (nil, let place?): return step(index, place, .added)
    case (let place?, _):
      if links.isTextChanged[place] { return step(index, place, .changed) }
      return links.areFieldsChanged[place] ? Reason(kind: .card, lane: index) : nil
    }
  }

  private func step(_ index: Int, _ place: Int, _ change: Cause.Change) -> Reason {
    let kind = lanes[index].steps.steps[change == .added ? 1 : 0][place].kind
    return Reason(
      kind: Cause.Kind(rawValue: kind) ?? .filter, change: change, lane: index, item: place)
  }

  /// Why a row has other bytes; nil where nothing tells that it has.
  private func reasonOfBytes(_ index: Int, _ sample: Int, _ old: HeldFate, _ new: HeldFate)
    -> Reason?
  {
    let links = lanes[index].steps
    // What would be enough to change every row comes first.
    if old.kind == .kept && new.kind == .kept,
      sides[0].branch?.rowFormat != sides[1].branch?.rowFormat
    {
      return Reason(kind: .rowFormat, lane: index)
    }
    for kind in ["response", "prompt"] {
      switch (links.place(of: kind, on: 0), links.place(of: kind, on: 1)) {
      case (nil, nil): break
      case (let place?, nil): return step(index, place, .removed)
      case (nil, let place?): return step(index, place, .added)
      case (let place?, _): if links.isTextChanged[place] { return step(index, place, .changed) }
      }
    }
    if old.picked != new.picked, let reason = reasonOfPick(index) { return reason }
    let templates = ["prompt", "response"].compactMap { links.place(of: $0, on: 0) }
    if templates.contains(where: { links.areFieldsChanged[$0] })
      || old.kind == .seed && links.isAnswerChanged
    {
      return Reason(kind: .card, lane: index)
    }
    return lanes[index].pairs?.rows[sample] == .same ? nil : Reason(kind: .row, lane: index)
  }

  private func isSame(_ index: Int, _ sample: Int, _ old: HeldFate, _ new: HeldFate) -> Bool {
    guard old.kind == new.kind else { return false }
    if old.hasHash && new.hasHash { return old.hash == new.hash }
    return reasonOfBytes(index, sample, old, new) == nil && old.picked == new.picked
  }

  /// Why a row stands elsewhere among those of its source.
  private func reasonOfPlace(_ index: Int, _ sample: Int) -> Reason {
    let lane = lanes[index]
    let item = lane.sources[0].flatMap {
      lane.pairs?.change(of: sample, $0.files, isBefore: true)
    }
    if let item { return Reason(kind: .file, lane: index, item: item) }
    return Reason(kind: .fileOrder, lane: index)
  }

  // MARK: - Duplicates

  private typealias Place = (lane: Int, sample: Int)

  /// The sample that stayed in the stead of a duplicate.
  private func winner(of fate: HeldFate, on side: Int) -> Place? {
    guard fate.kind == .duplicate, let run = sides[side].run else { return nil }
    var rest = Int(fate.winner)
    for (source, lane) in zip(run.sources, sides[side].lanes) {
      if rest < source.sampleCount {
        return lane.flatMap { lanes[$0].isTaken(side) ? ($0, rest) : nil }
      }
      rest -= source.sampleCount
    }
    return nil
  }

  /// Whether a sample that is a row in neither build has another fate.
  private func isOther(_ index: Int, _ old: HeldFate, _ new: HeldFate) -> Bool {
    guard old.kind == new.kind else { return true }
    switch old.kind {
    case .dropped: return lanes[index].steps.counterparts[0][Int(old.step)] != Int(new.step)
    case .duplicate:
      guard let was = winner(of: old, on: 0), let now = winner(of: new, on: 1) else { return true }
      return was.lane != now.lane
        || lanes[was.lane].partner(of: was.sample, on: 0) != now.sample
    case .kept, .seed, .quarantined: return false
    }
  }

  /// Why a sample that stayed in the stead of others on this side could not on the other one; nil
  /// where it could.
  private func reasonOfLoss(_ winner: Place, on side: Int) -> Reason? {
    let lane = lanes[winner.lane]
    var reason: Reason
    if lane.isTaken(1 - side), let partner = lane.partner(of: winner.sample, on: side) {
      let before = side == 0 ? winner.sample : partner
      let after = side == 0 ? partner : winner.sample
      let (old, new) = (lane.fates[0][before], lane.fates[1][after])
      if (side == 0 ? new : old).isPassed { return nil }
      reason = reasonOfVerdict(winner.lane, before, old, new)
    } else {
      reason = absence(of: winner.sample, winner.lane, on: side)
    }
    reason.isOfWinner = true
    return reason
  }

  /// Why of samples that all got through the steps on both sides others stay: another order, or
  /// prompts that are no longer alike, or are now.
  private func reasonOfPrompts(
    _ own: (lane: Int, before: Int, after: Int), _ loser: Place?, _ taker: Place?
  ) -> Reason {
    // All as places before; those after are found through their partners.
    var others: [Place] = []
    if let loser { others.append(loser) }
    if let taker, let before = lanes[taker.lane].partner(of: taker.sample, on: 1) {
      others.append((taker.lane, before))
    }
    let all = others + [(own.lane, own.before)]
    let isOneGroup = [0, 1].allSatisfy { side in
      Set(
        all.map { place -> [Int] in
          let sample =
            side == 0
            ? place.sample : lanes[place.lane].partner(of: place.sample, on: 0) ?? place.sample
          let fate = lanes[place.lane].fates[side][sample]
          let first = winner(of: fate, on: side) ?? (place.lane, sample)
          return [first.lane, first.sample]
        }
      ).count == 1
    }
    var reason: Reason?
    if isOneGroup {
      // Of a sample that is a duplicate on both sides the two that stay changed places.
      let swapped = others.count == 2 ? others : all
      reason =
        Set(swapped.map(\.lane)).count == 1
        ? swapped.lazy.map { reasonOfPlace($0.lane, $0.sample) }.first { $0.kind == .file }
          ?? Reason(kind: .fileOrder, lane: swapped[0].lane)
        : Reason(kind: .sourceOrder, lane: own.lane)
    } else {
      reason =
        all.lazy.compactMap { reasonOfPrompt($0.lane) }.first
        ?? [.changed, .unknown].lazy.compactMap { state in
          all.first { lanes[$0.lane].pairs?.rows[$0.sample] == state }
        }.first.map { Reason(kind: .row, lane: $0.lane) }
    }
    var found = reason ?? rest(own.lane)
    found.isOfWinner = true
    return found
  }

  /// What in the making of a source's prompts is not what it was.
  private func reasonOfPrompt(_ index: Int) -> Reason? {
    let links = lanes[index].steps
    if let place = links.place(of: "prompt", on: 0) {
      if links.isTextChanged[place] { return step(index, place, .changed) }
      if links.areFieldsChanged[place] { return Reason(kind: .card, lane: index) }
    }
    return reasonOfPick(index)
  }

  // MARK: - Causes in words

  private func cause(_ reason: Reason) -> Cause {
    guard lanes.indices.contains(reason.lane) else { return Cause(reason.kind) }
    let lane = lanes[reason.lane]
    var cause = Cause(
      reason.kind, reason.change, winnerOf: reason.isOfWinner ? lane.name : nil)
    switch reason.kind {
    case .branch: cause.name = name
    case .source: cause.name = lane.name
    case .config: (cause.before, cause.after) = (lane.sources[0]?.config, lane.sources[1]?.config)
    case .file:
      guard let change = lane.pairs?.changes[reason.item] else { break }
      let names = [change.before, change.after].compactMap { $0?.path.fileName }
      cause.name = Set(names).count == 2 ? "\(names[0]), now \(names[1])," : names.last
      (cause.before, cause.after) = (change.before?.xxh3, change.after?.xxh3)
      cause.change = change.before == nil ? .added : change.after == nil ? .removed : .changed
    case .card: cause.name = lane.steps.cardChanges.joined(separator: ", ")
    case .filter, .pick, .prompt, .response:
      let side = reason.change == .added ? 1 : 0
      let step = lane.steps.steps[side][reason.item]
      let other = lane.steps.counterparts[side][reason.item].map {
        lane.steps.steps[1 - side][$0].shown
      }
      cause.name = step.name
      (cause.before, cause.after) = side == 0 ? (step.shown, other) : (other, step.shown)
    case .rowFormat: (cause.before, cause.after) = both { $0.branch?.rowFormat }
    case .distinct:
      (cause.before, cause.after) = both { side in
        side.branch?.isDistinct.map { $0 ? "prompt" : "no" }
      }
    case .rowLimit: (cause.before, cause.after) = both { $0.run?.maxRowBytes.map { "\($0) bytes" } }
    case .program: (cause.before, cause.after) = both { $0.run?.tool }
    case .row, .stepOrder, .sourceOrder, .fileOrder, .unreadable, .unexplained: break
    }
    return cause
  }

  private func both(_ value: (Side) -> String?) -> (String?, String?) {
    (value(sides[0]), value(sides[1]))
  }

  /// All that differs, whether or not a row depends on it.
  private var inputs: [Difference.Input] {
    guard sides[0].branch != nil && sides[1].branch != nil else {
      let change: Cause.Change = sides[0].branch == nil ? .added : .removed
      return [Difference.Input(source: nil, cause: Cause(.branch, change, name: name))]
    }
    var inputs: [Difference.Input] = []
    for kind in [Cause.Kind.program, .rowLimit, .rowFormat, .distinct] {
      let cause = cause(Reason(kind: kind, lane: 0))
      let isKnown = kind != .distinct || cause.before != nil && cause.after != nil
      if cause.before != cause.after && isKnown {
        inputs.append(Difference.Input(source: nil, cause: cause))
      }
    }
    let common = lanes.indices.filter { lanes[$0].isTaken(0) && lanes[$0].isTaken(1) }
    let order = common.sorted { lanes[$0].starts[0] < lanes[$1].starts[0] }
    if order != common.sorted(by: { lanes[$0].starts[1] < lanes[$1].starts[1] }) {
      inputs.append(Difference.Input(source: nil, cause: Cause(.sourceOrder)))
    }
    for (index, lane) in lanes.enumerated() {
      for reason in reasons(of: lane, index) {
        inputs.append(Difference.Input(source: lane.name, cause: cause(reason)))
      }
    }
    return inputs
  }

  private func reasons(of lane: Lane, _ index: Int) -> [Reason] {
    guard let before = lane.sources[0], let after = lane.sources[1] else {
      return [
        Reason(kind: .source, change: lane.isTaken(0) ? .removed : .added, lane: index)
      ]
    }
    var reasons: [Reason] = []
    if before.config != after.config { reasons.append(Reason(kind: .config, lane: index)) }
    if let pairs = lane.pairs {
      reasons += pairs.changes.indices.map { Reason(kind: .file, lane: index, item: $0) }
      let stay = zip(before.files, pairs.changeBefore).filter { $0.1 == nil }.map(\.0.xxh3)
      if stay != zip(after.files, pairs.changeAfter).filter({ $0.1 == nil }).map(\.0.xxh3) {
        reasons.append(Reason(kind: .fileOrder, lane: index))
      }
    }
    let links = lane.steps
    if !links.cardChanges.isEmpty { reasons.append(Reason(kind: .card, lane: index)) }
    for place in links.steps[0].indices {
      if links.counterparts[0][place] == nil { reasons.append(step(index, place, .removed)) }
      if links.isTextChanged[place] { reasons.append(step(index, place, .changed)) }
    }
    for place in links.steps[1].indices where links.counterparts[1][place] == nil {
      reasons.append(step(index, place, .added))
    }
    if links.isOrderChanged { reasons.append(Reason(kind: .stepOrder, lane: index)) }
    return reasons
  }
}
