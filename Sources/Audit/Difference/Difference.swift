internal import Files
internal import Lineage
internal import Notation

/// What became of every row from one build of the branches to another, each with one cause.
///
/// Rows are those of `train.jsonl` and of `seeds.jsonl`; samples are told apart by their ids. For each
/// branch and source, rows before - removed + added = rows after, and rows before = same + moved +
/// changed + removed; this is checked. Memory: some 110 bytes for each sample and branch of both builds
/// while it is made, 16 bytes for each row that differs afterwards.
package struct Difference: Encodable, Sendable {
  /// In the order of the build after; those that are left out follow.
  package var branches: [Branch] = []

  /// Whether every sample has the fate, the bytes and the place that it had, and every taught row
  /// its bytes.
  package var isEmpty: Bool {
    branches.allSatisfy { $0.groups.isEmpty && $0.taught?.groups.isEmpty ?? true }
  }

  /// What happened to a row, or to a sample that is a row in neither build.
  package enum Change: String, Codable, CaseIterable, Sendable {
    case added, removed
    /// Other bytes.
    case changed
    /// The same bytes, out of the order that most rows kept.
    case moved
    /// No row before or after: new, gone, dropped by another step, a duplicate of another row.
    case outside
  }

  package struct Branch: Encodable, Sendable {
    package var name: String
    /// Nil where the build has no such branch.
    package var before, after: Side?
    package var sources: [Source] = []
    /// In the order of the sources, then of `Change`, then from many rows to few.
    package var groups: [Group] = []
    /// All that differs in what the branch is made from, whether or not a row depends on it.
    package var inputs: [Input] = []
    /// Nil where no teacher wrote rows of its seeds, or both builds have the same teaching.
    package var taught: TaughtDifference?
  }

  /// One build of a branch.
  package struct Side: Encodable, Equatable, Sendable {
    package var run: Int64
    package var finished: String
    package var recipe: String
    package var tool: String
    package var rows: Int
    /// The branch's number in its ledger.
    package var branch: Int64
  }

  /// The counts of one source in a branch.
  package struct Source: Encodable, Equatable, Sendable {
    package var name: String
    package var readBefore = 0
    package var readAfter = 0
    package var rowsBefore = 0
    package var rowsAfter = 0
    package var same = 0
    package var moved = 0
    package var changed = 0
    package var removed = 0
    package var added = 0
    package var outside = 0
  }

  /// Samples of one source with one change for one cause.
  package struct Group: Encodable, Sendable {
    package var source: String
    package var change: Change
    package var cause: Cause
    package var count: Int { pairs.count }
    /// In the order of reading; what a sample was is asked of the ledgers by `rows`.
    package var pairs: [Pair]

    enum CodingKeys: String, CodingKey { case source, change, cause, sentence, count }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(source, forKey: .source)
      try container.encode(change, forKey: .change)
      try container.encode(cause, forKey: .cause)
      try container.encode(cause.description, forKey: .sentence)
      try container.encode(count, forKey: .count)
    }
  }

  /// A sample's numbers in the two ledgers; nil where it is not read.
  package struct Pair: Hashable, Sendable {
    private let old, new: Int64
    package var before: Int64? { old == 0 ? nil : old }
    package var after: Int64? { new == 0 ? nil : new }

    init(_ before: Int64, _ after: Int64) { (old, new) = (before, after) }
  }

  /// Something that a branch is made from, which is not what it was; without a source where it
  /// concerns all of them.
  package struct Input: Encodable, Equatable, Sendable {
    package var source: String?
    package var cause: Cause
  }

  /// Compares all branches, or the one that is asked for; reads the fates of both builds once.
  package init(before: Build, after: Build, branch: String? = nil) throws {
    let (old, new) = (try before.branches(), try after.branches())
    var names = new.map(\.name)
    names += old.map(\.name).filter { !names.contains($0) }
    if let branch {
      guard names.contains(branch) else {
        throw LedgerError(
          "no branch is called \(quoted(branch))\(choices(for: branch, among: names, "there are"))")
      }
      names = [branch]
    }
    // Branches of the same two runs share what is read.
    var found: [String: Branch] = [:]
    var left = names
    while let first = left.first {
      let runs = (old.first { $0.name == first }?.run, new.first { $0.name == first }?.run)
      let together = left.filter { name in
        old.first { $0.name == name }?.run == runs.0 && new.first { $0.name == name }?.run == runs.1
      }
      left.removeAll { together.contains($0) }
      let both = try RunColumns.read(
        runs.0.map { (before.ledger, $0) }, runs.1.map { (after.ledger, $0) }, branches: together)
      let pairing = RunPairing(both.before, both.after)
      for name in together {
        var comparison = BranchComparison(name, both.before, both.after, pairing)
        found[name] = try comparison.result()
      }
    }
    branches = try names.compactMap { name in
      guard var branch = found[name] else { return nil }
      let sides = (branch.before?.branch, branch.after?.branch)
      branch.taught = try TaughtDifference(
        sides.0.map { (before.ledger, $0) }, sides.1.map { (after.ledger, $0) })
      return branch
    }
  }
}
