internal import Curation
package import Lineage
internal import Notation

/// Why a sample is where it is: a trace with the values that every step saw, and told in sentences.
///
/// The ledger keeps the values of the step that dropped a sample. Those of the steps that it passed
/// are found by reading the row again, proving it by its hash, and asking the steps as they were
/// recorded. Where the row is gone the story is told without them.
package struct Story: Encodable, Sendable {
  package let trace: Trace
  /// How the row was proved; nil where it could not be read again.
  package let proof: OriginalRow.Proof?
  /// Why it could not be read again; nil where it could.
  package let unread: String?
  /// How its prompt begins, on one line; nil where the row could not be read again as a sample.
  package let prompt: String?
  package let branches: [Branch]
  /// What the account can be checked by, in the order of the sample's way.
  package let hashes: [Fact]

  /// What became of the sample in a branch.
  package struct Branch: Encodable, Sendable {
    package let branch: String
    package let fate: String
    package let steps: [Step]
    /// All of it in sentences, on one line, without hidden characters.
    package let text: String
  }

  package struct Step: Encodable, Sendable {
    package var name: String
    package var kind: String
    /// What the filter's file says of itself.
    package var about: String?
    /// What it asks, on one line.
    package var rule: String
    package var outcome: Outcome
    /// The fields that decided with the values that they had, as a JSON object; nil where they are
    /// not known.
    package var evidence: String?
    /// Whether the program that tells this decides as the ledger says; nil where it was not asked.
    package var isConfirmed: Bool?

    package enum Outcome: String, Encodable, Sendable {
      case passed, dropped
      case notAsked = "not asked"
    }
  }

  package struct Fact: Encodable, Sendable {
    package var of: String
    package var hash: String
  }

  /// One paragraph for each branch.
  package var paragraphs: [(branch: String, text: String)] {
    branches.map { ($0.branch, $0.text) }
  }

  package init(of trace: Trace, in ledger: Ledger) throws {
    self.trace = trace
    var row: OriginalRow?
    do {
      row = try OriginalRow(of: trace, in: ledger)
      unread = nil
    } catch {
      unread = plain("\(error)")
    }
    proof = row?.proof
    let card = try StepRecord.card(of: trace.source, run: trace.run.id, in: ledger)
    prompt = row.flatMap {
      try? Replay(of: $0.bytes, source: trace.source.name, card: card, steps: []).prompt
    }.map(Self.beginning)
    var branches: [Branch] = []
    for fate in trace.fates {
      var place = trace
      var bytes = row?.bytes
      if fate.run != trace.run.id, let name = trace.id {
        // An earlier run may have read other bytes under this id.
        place = try Trace.find(name, run: fate.run, in: ledger)
        bytes =
          place.place == trace.place ? bytes : try? OriginalRow(of: place, in: ledger).bytes
      }
      let steps = try Self.steps(of: fate, place.source, bytes, in: ledger)
      let stayed = try Stayed(instead: fate, in: ledger)
      let text = Sentences(trace: place, unread: bytes == nil ? unread : nil, proof: proof)
        .paragraph(on: fate, steps, stayed, try Untaught(fate, in: ledger))
      branches.append(
        Branch(branch: fate.branch, fate: fate.fate, steps: steps, text: plain(text)))
    }
    self.branches = branches
    hashes = Self.hashes(of: trace)
  }

  private static func beginning(of text: String) -> String {
    let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return plain(words.count > 300 ? words.prefix(280) + " …" : words)
  }

  /// The trace's own members, and beside them the account.
  package func encode(to encoder: any Encoder) throws {
    try trace.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encodeIfPresent(proof, forKey: .proof)
    try container.encodeIfPresent(unread, forKey: .unread)
    try container.encodeIfPresent(prompt, forKey: .prompt)
    try container.encode(branches, forKey: .account)
    try container.encode(hashes, forKey: .hashes)
  }

  private enum Key: CodingKey { case proof, unread, prompt, account, hashes }

  /// The steps of a branch with what the ledger and the row say of them.
  private static func steps(
    of fate: Trace.FateInBranch, _ source: Trace.Source, _ row: [UInt8]?, in ledger: Ledger
  ) throws -> [Step] {
    let recorded = try StepRecord.steps(of: fate.branch, source, run: fate.run, in: ledger)
    let isRead = fate.fate != Fate.quarantined.rawValue
    let card = try StepRecord.card(of: source, run: fate.run, in: ledger)
    let replay = try? Replay(
      of: isRead ? row : nil, source: source.name, card: card, steps: recorded,
      benchmarks: ledger.benchmarks(of: fate.run))
    let dropping = recorded.firstIndex { $0.name == fate.step }
    return recorded.enumerated().map { index, step in
      let again = replay?.steps[index]
      let outcome: Step.Outcome =
        !isRead || index > dropping ?? .max ? .notAsked : index == dropping ? .dropped : .passed
      // What the ledger has is of the step that dropped it, or else of the pick and of `verify`.
      let parts = NearEvidence.rest(of: fate.evidence).map(EvidenceParts.init)
      var known: String?
      if outcome == .dropped {
        known = fate.evidence
      } else if dropping == nil, step.kind == Plan.Step.Kind.pick.rawValue {
        known = parts?.pick
      } else if dropping == nil, step.kind == Plan.Step.Kind.verify.rawValue {
        known = parts?.verification
      }
      let evidence = known ?? again?.evidence
      return Step(
        name: step.name, kind: step.kind, about: again?.about, rule: again?.rule ?? step.text,
        outcome: outcome, evidence: outcome == .notAsked ? nil : evidence,
        isConfirmed: outcome == .notAsked ? nil : again?.holds.map { $0 == (outcome == .passed) })
    }
  }

  private static func hashes(of trace: Trace) -> [Fact] {
    let place = trace.place
    var facts = [Fact(of: "source file", hash: "XXH3 " + place.fileXXH3)]
    if let hash = place.publishedSHA256 {
      facts.append(Fact(of: "source file, as published", hash: "SHA-256 " + hash))
    }
    if let hash = place.sha256 { facts.append(Fact(of: "source file", hash: "SHA-256 " + hash)) }
    if let hash = place.rowXXH3 {
      facts.append(Fact(of: "row \(place.row) of it", hash: "XXH3 " + hash))
    }
    for fate in trace.fates {
      guard let path = fate.outputPath, let row = fate.outputRow else { continue }
      func add(_ row: Int, _ hash: String?, of path: String, _ fileHash: String?) {
        if let hash {
          let what = "row \(row) of \(path)\(fate.inBuild)"
          facts.append(Fact(of: plain(what), hash: "XXH3 " + hash))
        }
        if let fileHash {
          facts.append(Fact(of: plain(path + fate.inBuild), hash: "XXH3 " + fileHash))
        }
      }
      add(row, fate.outputRowXXH3, of: path, fate.outputXXH3)
      guard let teaching = fate.teaching else { continue }
      if let request = teaching.request {
        facts.append(Fact(of: plain("request to \(teaching.model)"), hash: "SHA-256 " + request))
      }
      if let row = teaching.outputRow {
        add(row, teaching.outputRowXXH3, of: teaching.outputPath, teaching.outputXXH3)
      }
    }
    return facts
  }
}

/// A text on one line, without characters that hide or move others.
func plain(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control where scalar == "\n": result += "\\n"
    case .control where scalar == "\t": result += "\\t"
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse:
      result += "\\u{" + String(scalar.value, radix: 16) + "}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
