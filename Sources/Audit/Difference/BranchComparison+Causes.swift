internal import Files
internal import Lineage
internal import Notation

/// Reasons as people read them, and all inputs of the branch that differ.
extension BranchComparison {
  func cause(_ reason: Reason) -> Cause {
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
    case .filter, .pick, .prompt, .without, .response, .verify:
      let side = reason.change == .added ? 1 : 0
      let step = lane.steps.steps[side][reason.item]
      let other = lane.steps.counterparts[side][reason.item].map {
        lane.steps.steps[1 - side][$0].shown
      }
      cause.name = step.name
      (cause.before, cause.after) = side == 0 ? (step.shown, other) : (other, step.shown)
    case .rowFormat: (cause.before, cause.after) = both { $0.branch?.rowFormat }
    case .distinct:
      (cause.before, cause.after) = both { $0.branch?.distinct }
    case .rowLimit: (cause.before, cause.after) = both { $0.run?.maxRowBytes.map { "\($0) bytes" } }
    case .program: (cause.before, cause.after) = both { $0.run?.tool }
    case .row, .near, .stepOrder, .sourceOrder, .fileOrder, .unreadable, .unexplained: break
    }
    return cause
  }

  func both(_ value: (Side) -> String?) -> (String?, String?) {
    (value(sides[0]), value(sides[1]))
  }

  /// All that differs, whether or not a row depends on it.
  var inputs: [Difference.Input] {
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

  func reasons(of lane: Lane, _ index: Int) -> [Reason] {
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
