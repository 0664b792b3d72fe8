internal import Files

/// What the trainer would do to the rows of a branch.
package struct PreflightReport: Encodable, Sendable {
  package let template: String
  package let cutoff: Int
  /// How many tokens of a row are kept: the cut-off, or one less with packing.
  package let limit: Int
  package let packing: TrainingSettings.Packing
  package let overlong: TrainingSettings.Overlong
  package let batch: Int
  package let epochs: Double

  /// Rows of the file.
  package let rows: Int
  /// Rows that go to training, their tokens before they are cut, and what is left of these.
  package let trainedRows, tokens, keptTokens: Int
  /// Those of responses, which the loss counts.
  package let learnedTokens: Int
  /// How many rows have a finding, by its name; those that do not go to training included.
  package let findings: [String: Int]
  /// Tokens of the rows that the trainer can encode; nil where there are none.
  package let lengths: Lengths?
  package let histogram: [Bucket]
  /// What one step takes `batch` of: packs, or rows without packing.
  package let packs: Int
  /// Taking the last, smaller batch of an epoch as a step too.
  package let stepsPerEpoch, totalSteps: Int
  /// The rows with something to tell, in order.
  package let listed: [Row]
  /// Tokens that the trainer adds to the base's vocabulary, for which its embeddings need room.
  package let newTokens: [String]
  /// Keys of the recipe's `extra` that change the counts and are not counted.
  package let uncounted: [String]
  /// Of the file as it was read.
  let digest: Digest

  private enum CodingKeys: CodingKey {
    case template, cutoff, limit, packing, overlong, batch, epochs, rows, trainedRows, tokens
    case keptTokens, learnedTokens, findings, lengths, histogram, packs, stepsPerEpoch, totalSteps
    case listed, newTokens, uncounted
  }

  package struct Lengths: Encodable, Equatable, Sendable {
    package let min, median, p90, p95, p99, max: Int
    package let mean: Double
  }

  /// How many rows have from `from` to `through` tokens; the last may be open.
  package struct Bucket: Encodable, Equatable, Sendable {
    package let from: Int
    package let through: Int?
    package let rows: Int
  }

  package struct Row: Encodable, Equatable, Sendable {
    /// Counted from 1.
    package let row: Int
    package let id: String?
    package let tokens, kept: Int
    package let findings: [Finding]
    /// Whether it does not go to training: the trainer cannot use it, or the recipe drops it.
    package let isLeftOut: Bool

    /// Why it does not go to training; nil where it does.
    package var reason: Finding? {
      isLeftOut ? findings.first { $0.drops || $0 == .overlong } : nil
    }
  }

  /// The share of the packs' room that holds tokens, from 0 to 1; without packing 1.
  package var fill: Double {
    guard packing != .none, packs > 0 else { return 1 }
    return Double(keptTokens) / Double(packs) / Double(cutoff)
  }

  /// How many rows have a finding.
  package func count(_ finding: Finding) -> Int { findings[finding.rawValue] ?? 0 }

  /// Throws where the recipe says `overlong: fail` and rows are too long.
  package func check(_ path: String) throws {
    guard overlong == .fail, count(.overlong) > 0 else { return }
    let rows = listed.filter { $0.findings.contains(.overlong) }
    let first = rows.prefix(3).map { "\($0.row) (\($0.tokens) tokens)" }.joined(separator: ", ")
    throw FileError(
      path,
      "\(rows.count) of \(self.rows) rows have more than the \(limit) tokens that the trainer keeps"
        + " with 'cutoff: \(cutoff)'\(packing == .none ? "" : " and packing"): row \(first)"
        + "\(rows.count > 3 ? ", …" : ""); raise 'cutoff', or say 'overlong: drop' or"
        + " 'overlong: keep'")
  }
}

extension TrainingSettings.Overlong: Encodable {}
extension TrainingSettings.Packing: Encodable {}

/// Adds up what became of the rows, in their order.
struct PreflightTally {
  private let request: Preflight.Request
  private(set) var rowCount = 0
  private var tokens = 0
  private var learned = 0
  private var counts: [Finding: Int] = [:]
  private var listed: [PreflightReport.Row] = []
  /// Of the rows that the trainer can encode, and what is kept of those that go to training.
  private var lengths: [Int] = []
  private var kept: [Int] = []

  init(_ request: Preflight.Request) { self.request = request }

  mutating func add(_ outcome: RowOutcome) {
    rowCount += 1
    for finding in outcome.findings { counts[finding, default: 0] += 1 }
    let isUsable = !outcome.findings.contains(where: \.drops)
    let isLeftOut =
      !isUsable || (request.overlong == .drop && outcome.findings.contains(.overlong))
    if isUsable { lengths.append(outcome.tokens) }
    if !isLeftOut {
      tokens += outcome.tokens
      learned += outcome.learned
      kept.append(outcome.kept)
    }
    // Where rows have no thoughts at all, this one is true of each and every one.
    if !outcome.findings.isEmpty && outcome.findings != [.addsEmptyThought] {
      listed.append(
        PreflightReport.Row(
          row: rowCount, id: outcome.id, tokens: outcome.tokens, kept: outcome.kept,
          findings: outcome.findings, isLeftOut: isLeftOut))
    }
  }

  func report(digest: Digest, newTokens: [String]) -> PreflightReport {
    let lengths = lengths.sorted()
    let packs =
      request.packing == .none
      ? kept.count
      : Knapsack.packs(kept, capacity: request.limit, processes: request.processes).count
    let steps = packs == 0 ? 0 : (packs - 1) / request.batch + 1
    return PreflightReport(
      template: request.template, cutoff: request.cutoff, limit: request.limit,
      packing: request.packing, overlong: request.overlong, batch: request.batch,
      epochs: request.epochs, rows: rowCount, trainedRows: kept.count, tokens: tokens,
      keptTokens: kept.reduce(0, +), learnedTokens: learned,
      findings: Dictionary(
        uniqueKeysWithValues: Finding.allCases.map { ($0.rawValue, counts[$0] ?? 0) }),
      lengths: Self.figures(lengths), histogram: histogram(lengths), packs: packs,
      stepsPerEpoch: steps,
      totalSteps: Int((request.epochs * Double(steps)).rounded(.up)), listed: listed,
      newTokens: newTokens, uncounted: request.uncounted, digest: digest)
  }

  /// A share's figure is the least length that so many do not exceed.
  private static func figures(_ sorted: [Int]) -> PreflightReport.Lengths? {
    guard let first = sorted.first, let last = sorted.last else { return nil }
    func quantile(_ percent: Int) -> Int { sorted[(sorted.count * percent + 99) / 100 - 1] }
    return PreflightReport.Lengths(
      min: first, median: quantile(50), p90: quantile(90), p95: quantile(95), p99: quantile(99),
      max: last, mean: Double(sorted.reduce(0, +)) / Double(sorted.count))
  }

  /// At most 17 buckets of equal width, of which one ends at the limit.
  private func histogram(_ sorted: [Int]) -> [PreflightReport.Bucket] {
    guard let longest = sorted.last else { return [] }
    let limit = request.limit
    // Eight up to the limit and eight beyond, or up to 16 where no row goes beyond.
    var parts = longest > limit ? 8 : 16
    while longest <= limit && longest * parts <= limit * 8 && parts < limit { parts *= 2 }
    var buckets: [PreflightReport.Bucket] = []
    var from = 0
    var place = 0
    for part in 1... {
      let isLast = part == 17
      let through = limit * part / parts
      if through < from { continue }
      let end = isLast ? sorted.count : sorted[place...].firstIndex { $0 > through } ?? sorted.count
      buckets.append(.init(from: from, through: isLast ? nil : through, rows: end - place))
      from = through + 1
      place = end
      if place == sorted.count { break }
    }
    return buckets
  }
}
