package import Curation
package import Files
package import Lineage
internal import Notation

/// Writes a branch's whole data set: the rows that it kept, then one for each taught seed, in the
/// order of the seeds; beside it a list of the seeds without a row.
package struct TaughtRows {
  private let pass: SeedPass
  private let branch: Plan.Branch
  private let isDurable: Bool

  package init(_ pass: SeedPass, of branch: Plan.Branch, isDurable: Bool) {
    self.pass = pass
    self.branch = branch
    self.isDurable = isDurable
  }

  /// What was written, and what became of each seed.
  package struct Outcome: Sendable {
    package var rows, unanswered: FileSummary
    /// Of the seeds as they were read.
    package var seedsDigest: Digest
    package var seeds: [TeachingEntry.Seed] = []
    /// Those that are not taught, by kind and reason in the order of their first, with the id of it.
    package var reasons: [Reason] = []
  }

  /// Why seeds have no row.
  package struct Reason: Equatable, Sendable {
    package let kind: TeachingEntry.Kind
    package let text: String
    package fileprivate(set) var count: Int
    /// A seed's id.
    package let example: String

    package init(kind: TeachingEntry.Kind, text: String, count: Int, example: String) {
      self.kind = kind
      self.text = text
      self.count = count
      self.example = example
    }
  }

  package static let rowsName = "train.jsonl"
  package static let unansweredName = "unanswered.jsonl"

  /// Writes both files into a folder; `kept` is the branch's own file as the ledger has it, and
  /// `failed` tells of each request that failed in transport with which problem, by hash.
  package func write(
    seeds path: String, kept: OutputRecord, at keptPath: String, failed: [String: String],
    to folder: String
  ) throws -> Outcome {
    var rows = try OutputFile("\(folder)/\(Self.rowsName)", isDurable: isDurable)
    var unanswered = try OutputFile("\(folder)/\(Self.unansweredName)", isDurable: isDurable)
    try Self.copy(kept, at: keptPath, to: &rows)
    var rowCount = kept.rowCount
    var seeds: [TeachingEntry.Seed] = []
    var reasons: [Reason] = []
    var places: [String: Int] = [:]
    let digest = try pass.forEach(of: path) { standing in
      try Interruption.check()
      let fate = standing.fate(attempts: pass.plan.limits.attempts, failed: failed)
      guard let fate else {
        throw StoreError("the seed \(standing.seed.id) was not asked for; this is a bug")
      }
      var entry = TeachingEntry.Seed(row: standing.seed.number, kind: fate.kind)
      entry.attempts = standing.answerCount
      entry.request = standing.requests.first?.hash
      if fate.kind == .taught {
        let row = try taught(standing, &entry)
        rowCount += 1
        entry.output = TeachingEntry.Output(
          row: rowCount, offset: rows.byteCount, byteCount: row.count, hash: fastHash(of: row.span))
        try rows.append(row.span)
      } else {
        let reason = fate.reason ?? "no reason was given"
        entry.reason = reason
        try unanswered.append(
          JSON.object([
            .init("id", .string(standing.seed.id)), .init("kind", .string(fate.kind.rawValue)),
            .init("reason", .string(reason)),
            .init("request", entry.request.map(JSON.string) ?? .null),
          ]).compact + "\n")
        let group = SeedFate.group(of: reason)
        let place = places["\(fate.kind) \(group)", default: reasons.count]
        places["\(fate.kind) \(group)"] = place
        if place == reasons.count {
          reasons.append(
            Reason(kind: fate.kind, text: group, count: 0, example: standing.seed.id))
        }
        reasons[place].count += 1
      }
      seeds.append(entry)
    }
    let (rowBytes, listBytes) = (rows.byteCount, unanswered.byteCount)
    return Outcome(
      rows: FileSummary(
        path: Self.rowsName, byteCount: rowBytes, rowCount: rowCount, digest: try rows.finish()),
      unanswered: FileSummary(
        path: Self.unansweredName, byteCount: listBytes,
        rowCount: seeds.count + kept.rowCount
          - rowCount, digest: try unanswered.finish()),
      seedsDigest: digest, seeds: seeds, reasons: reasons)
  }

  private func taught(_ standing: SeedStanding, _ entry: inout TeachingEntry.Seed) throws
    -> [UInt8]
  {
    let (answer, response) = try pass.pick(for: standing)
    entry.request = answer.hash
    entry.attempt = answer.attempt
    entry.server = answer.server
    entry.finishReason = answer.finishReason
    entry.promptTokens = answer.tokens.prompt
    entry.completionTokens = answer.tokens.completion
    return branch.row(
      id: standing.seed.id, prompt: standing.seed.promptBytes, response: response)
  }

  /// Copies the branch's rows, and sees on the way that they are those that it wrote.
  private static func copy(
    _ kept: OutputRecord, at path: String, to file: inout OutputFile
  ) throws {
    let stream = try FileStream(path)
    var buffer = ByteBuffer(capacity: 1 << 20)
    while try stream.read(into: &buffer, upTo: 1 << 20) > 0 {
      try Interruption.check()
      try file.append(buffer.bytes)
      buffer.removeAll()
    }
    guard stream.digest.description == kept.xxh3 else {
      throw FileError(
        path, "is not what the branch wrote; build the branch again, and run the same again")
    }
  }
}
