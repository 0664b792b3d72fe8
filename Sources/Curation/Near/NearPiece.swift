internal import Files
internal import Samples
internal import Similarity

/// A chunk in a pass before the run, with what its texts are compared by.
final class NearPiece {
  let harvest: Harvest
  /// One for each outcome that is not dropped, at its place; memory to use again.
  var signatures: [Signature] = []
  var lines: [Lines] = []

  init(branches: Int) { harvest = Harvest(branches: branches) }
}

/// A worker's hands in these passes: it sifts, and makes of every text that stays what the pass asks.
final class NearBench {
  private let plan: Plan
  private let sifter: Sifter
  /// One for each search; none where lines are counted.
  private var makers: [SignatureMaker]
  private var text = ByteBuffer()

  init(_ plan: Plan, _ makers: [SignatureMaker]) {
    self.plan = plan
    self.makers = makers
    sifter = Sifter(plan)
  }

  func work(on piece: NearPiece) {
    let harvest = piece.harvest
    guard harvest.ending == nil else { return }
    sifter.sift(harvest)
    let takings = plan.sources[harvest.source].takings
    for (place, outcome) in harvest.outcomes.enumerated() where outcome.verdict != .dropped {
      let position = place % takings.count
      guard let search = plan.search(of: takings[position].branch) else { continue }
      read(outcome, of: harvest.output[position].bytes, plan.searches[search].near.on)
      if makers.isEmpty {
        while piece.lines.count <= place { piece.lines.append(Lines()) }
        piece.lines[place].read(text.bytes)
      } else {
        while piece.signatures.count <= place { piece.signatures.append(Signature()) }
        makers[search].make(text.bytes, into: &piece.signatures[place])
      }
    }
  }

  private func read(
    _ outcome: Outcome, of bytes: borrowing ByteBuffer, _ part: Distinct.Near.Part
  ) {
    text.removeAll()
    let range = part == .prompt ? outcome.prompt : outcome.response
    unescape(bytes.bytes.extracting(range), into: &text)
  }
}
