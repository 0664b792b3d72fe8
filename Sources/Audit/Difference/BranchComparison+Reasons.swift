internal import Files
internal import Lineage
internal import Notation

/// Where the two ways of a sample part, and which input differs there.
extension BranchComparison {
  func rest(_ lane: Int) -> Reason {
    Reason(
      kind: sides[0].run?.tool == sides[1].run?.tool ? .unexplained : .program, lane: lane)
  }

  /// Why a sample is not read on the other side.
  func absence(of sample: Int, _ index: Int, on side: Int) -> Reason {
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
  func reason(
    _ index: Int, _ sample: Int, _ old: HeldFate, _ other: Int, _ new: HeldFate
  ) -> Reason {
    guard old.isPassed && new.isPassed else {
      return reasonOfVerdict(index, sample, old, new)
    }
    if let was = sides[0].branch?.distinct, let isNow = sides[1].branch?.distinct, was != isNow {
      return Reason(kind: .distinct, lane: index)
    }
    let isNear = old.isNear || new.isNear
    // What stays in another branch is not in these columns.
    if isNear && sides.contains(where: { $0.run?.isAcross ?? false }) {
      return Reason(kind: .near, lane: index)
    }
    let (loser, taker) = (winner(of: old, on: 0), winner(of: new, on: 1))
    if let loser, let reason = reasonOfLoss(loser, on: 0) { return reason }
    if let taker, let reason = reasonOfLoss(taker, on: 1) { return reason }
    let reason = reasonOfPrompts((index, sample, other), loser, taker)
    return isNear && reason.kind == .unexplained ? Reason(kind: .near, lane: index) : reason
  }

  /// Why the steps decided otherwise.
  func reasonOfVerdict(
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
  func reason(_ index: Int, _ sample: Int, ofStep place: Int) -> Reason {
    let links = lanes[index].steps
    if links.isTextChanged[place] { return step(index, place, .changed) }
    if links.areFieldsChanged[place] { return Reason(kind: .card, lane: index) }
    // A template writes what the pick took, and some steps look at what a template wrote.
    let kind = links.steps[0][place].kind
    let template = ["without": "prompt", "verify": "response"][kind]
    if let template, let reason = reasonOfTemplate(template, index) { return reason }
    if kind != "filter", kind != "pick", let reason = reasonOfPick(index) { return reason }
    return lanes[index].pairs?.rows[sample] == .same
      ? rest(index) : Reason(kind: .row, lane: index)
  }

  private func reasonOfTemplate(_ kind: String, _ index: Int) -> Reason? {
    let links = lanes[index].steps
    guard let place = links.place(of: kind, on: 0) else { return nil }
    if links.isTextChanged[place] { return step(index, place, .changed) }
    return links.areFieldsChanged[place] ? Reason(kind: .card, lane: index) : nil
  }

  func reasonOfPick(_ index: Int) -> Reason? {
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

  func step(_ index: Int, _ place: Int, _ change: Cause.Change) -> Reason {
    let kind = lanes[index].steps.steps[change == .added ? 1 : 0][place].kind
    return Reason(
      kind: Cause.Kind(rawValue: kind) ?? .filter, change: change, lane: index, item: place)
  }

  /// Why a row has other bytes; nil where nothing tells that it has.
  func reasonOfBytes(_ index: Int, _ sample: Int, _ old: HeldFate, _ new: HeldFate)
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

  func isSame(_ index: Int, _ sample: Int, _ old: HeldFate, _ new: HeldFate) -> Bool {
    guard old.kind == new.kind else { return false }
    if old.hasHash && new.hasHash { return old.hash == new.hash }
    return reasonOfBytes(index, sample, old, new) == nil && old.picked == new.picked
  }

  /// Why a row stands elsewhere among those of its source.
  func reasonOfPlace(_ index: Int, _ sample: Int) -> Reason {
    let lane = lanes[index]
    let item = lane.sources[0].flatMap {
      lane.pairs?.change(of: sample, $0.files, isBefore: true)
    }
    if let item { return Reason(kind: .file, lane: index, item: item) }
    return Reason(kind: .fileOrder, lane: index)
  }

  // MARK: - Duplicates

  typealias Place = (lane: Int, sample: Int)

  /// The sample that stayed in the stead of a duplicate.
  func winner(of fate: HeldFate, on side: Int) -> Place? {
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
  func isOther(_ index: Int, _ old: HeldFate, _ new: HeldFate) -> Bool {
    guard old.kind == new.kind else { return true }
    switch old.kind {
    case .dropped: return lanes[index].steps.counterparts[0][Int(old.step)] != Int(new.step)
    case .duplicate:
      let (was, now) = (winner(of: old, on: 0), winner(of: new, on: 1))
      guard let was, let now else { return was != nil || now != nil || old.isNear != new.isNear }
      return was.lane != now.lane
        || lanes[was.lane].partner(of: was.sample, on: 0) != now.sample
    case .kept, .seed, .quarantined: return false
    }
  }

  /// Why a sample that stayed in the stead of others on this side could not on the other one; nil
  /// where it could.
  func reasonOfLoss(_ winner: Place, on side: Int) -> Reason? {
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
  func reasonOfPrompts(
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
  func reasonOfPrompt(_ index: Int) -> Reason? {
    let links = lanes[index].steps
    if let place = links.place(of: "prompt", on: 0) {
      if links.isTextChanged[place] { return step(index, place, .changed) }
      if links.areFieldsChanged[place] { return Reason(kind: .card, lane: index) }
    }
    return reasonOfPick(index)
  }
}
