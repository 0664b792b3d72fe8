internal import GRDB
internal import Lineage
internal import Notation

/// What became of the rows that a teacher wrote of a branch's seeds, from the latest teaching of one
/// build to that of another: by the samples' ids, each with one cause.
///
/// Rows before - removed + added = rows after. Where they stand in their files is not compared: they
/// follow the order of the seeds, of which the branch's own groups tell.
package struct TaughtDifference: Encodable, Sendable {
  /// Nil where a build was not taught.
  package var before, after: Side?
  /// Rows with the same bytes.
  package var same = 0
  /// In the order of `Difference.Change`, then from many rows to few.
  package var groups: [Group] = []
  /// What of the question and the policy is not what it was, whether or not a row depends on it.
  package var settings: [Setting] = []

  package struct Side: Encodable, Equatable, Sendable {
    package var stage: Int64
    package var finished: String
    package var model: String
    package var seeds: Int
    package var rows: Int
  }

  /// Rows with one change for one cause.
  package struct Group: Encodable, Equatable, Sendable {
    /// Added, removed or changed.
    package var change: Difference.Change
    /// In words.
    package var cause: String
    package var count = 0
    /// The first of them.
    package var example: String
  }

  package struct Setting: Encodable, Equatable, Sendable {
    package var name: String
    package var before, after: String
  }

  package func count(_ change: Difference.Change) -> Int {
    groups.reduce(0) { $0 + ($1.change == change ? $1.count : 0) }
  }
}

extension TaughtDifference {
  /// Nil where neither build was taught, or both by the same teaching.
  init?(_ before: (Ledger, build: Int64)?, _ after: (Ledger, build: Int64)?) throws {
    let sides = try [before, after].map { side in
      try side.flatMap { ledger, build in try TaughtBuild(build, in: ledger) }
    }
    guard sides.contains(where: { $0 != nil }) else { return nil }
    let isOneLedger = before?.0.path == after?.0.path
    if isOneLedger, sides[0]?.teaching.id == sides[1]?.teaching.id { return nil }
    self.before = sides[0]?.side
    self.after = sides[1]?.side
    settings = TaughtBuild.settings(sides[0]?.teaching, sides[1]?.teaching)
    compare(sides[0], sides[1], isOneLedger: isOneLedger)
    guard sides[0]?.side.rows ?? 0 == same + count(.removed) + count(.changed),
      sides[1]?.side.rows ?? 0 == same + count(.added) + count(.changed)
    else { throw LedgerError("the taught rows do not add up; this is a bug") }
  }

  private mutating func compare(
    _ before: TaughtBuild?, _ after: TaughtBuild?, isOneLedger: Bool
  ) {
    var places: [String: Int] = [:]
    func cause(_ old: TaughtBuild.Seed?, _ new: TaughtBuild.Seed?) -> String {
      self.cause(old, new, isOneLedger: isOneLedger)
    }
    func add(_ change: Difference.Change, _ cause: String, _ id: String) {
      let place = places["\(change) \(cause)", default: groups.count]
      places["\(change) \(cause)"] = place
      if place == groups.count { groups.append(Group(change: change, cause: cause, example: id)) }
      groups[place].count += 1
    }
    for id in after?.order ?? [] {
      guard let new = after?.seeds[id] else { continue }
      let old = before?.seeds[id]
      switch (old?.hash, new.hash) {
      case (let a?, let b?) where a == b: same += 1
      case (_?, _?): add(.changed, cause(old, new), id)
      case (nil, _?): add(.added, before == nil ? "taught now" : cause(old, new), id)
      case (_?, nil): add(.removed, cause(old, new), id)
      case (nil, nil): break
      }
    }
    for id in before?.order ?? [] where after?.seeds[id] == nil && before?.seeds[id]?.hash != nil {
      add(.removed, after == nil ? "not taught yet" : cause(before?.seeds[id], nil), id)
    }
    let order = Difference.Change.allCases
    groups.sort {
      (order.firstIndex(of: $0.change) ?? 0, -$0.count, $0.cause)
        < (order.firstIndex(of: $1.change) ?? 0, -$1.count, $1.cause)
    }
  }

  /// Where the two ways of a seed part: whether it is one, what was asked, what came of it, and what
  /// was made of the answer.
  private func cause(
    _ old: TaughtBuild.Seed?, _ new: TaughtBuild.Seed?, isOneLedger: Bool
  ) -> String {
    guard let old, let new else { return new == nil ? "no seed any more" : "a new seed" }
    let names = settings.map(\.name)
    guard old.request == new.request || old.request == nil || new.request == nil else {
      let asked = names.filter { !TaughtBuild.policyNames.contains($0) }
      return asked.isEmpty
        ? "the seed's prompt changed" : "the teacher's \(asked.joined(separator: ", ")) changed"
    }
    let judged = names.filter(TaughtBuild.policyNames.contains)
    if old.kind != new.kind {
      let kinds = "\(old.kind) became \(new.kind)"
      return judged.isEmpty ? kinds : "\(kinds), and \(judged.joined(separator: ", ")) changed"
    }
    // In another workspace attempts have other numbers.
    if isOneLedger, old.attempt == new.attempt {
      return judged.contains("response") ? "the response's template changed" : "another row format"
    }
    return judged.contains("response")
      ? "another answer was taken, or the response's template changed" : "another answer was taken"
  }
}

/// What a teaching made of the seeds of a build, by their ids.
private struct TaughtBuild {
  let teaching: RecordedTeaching
  let order: [String]
  let seeds: [String: Seed]

  struct Seed {
    let kind: String
    let request: String?
    let attempt: Int64?
    /// Of the row; nil where there is none.
    let hash: Int64?
  }

  /// Nil where the build was not taught.
  init?(_ build: Int64, in ledger: Ledger) throws {
    let found = try ledger.access { database -> (RecordedTeaching, [Row])? in
      guard let teaching = try RecordedTeaching.all(of: build, in: database).first else {
        return nil
      }
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT sample_id, kind, request, attempt, output_xxh3 FROM taught
          JOIN sample ON sample.id = taught.seed WHERE teaching = ? ORDER BY seed_row
          """, arguments: [teaching.id])
      return (teaching, rows)
    }
    guard let (teaching, rows) = found else { return nil }
    self.teaching = teaching
    order = rows.map { $0[0] as String? ?? "" }
    seeds = Dictionary(
      rows.map {
        ($0[0] as String? ?? "", Seed(kind: $0[1], request: $0[2], attempt: $0[3], hash: $0[4]))
      }, uniquingKeysWith: { first, _ in first })
  }

  var side: TaughtDifference.Side {
    TaughtDifference.Side(
      stage: teaching.stage, finished: teaching.finished, model: teaching.model,
      seeds: order.count, rows: teaching.rowCount - teaching.keptCount)
  }

  /// Those that decide what of the answers becomes a row.
  static let policyNames = ["attempts", "filters", "finish", "pick", "reasoning", "response"]

  /// What of question and policy differs.
  static func settings(_ before: RecordedTeaching?, _ after: RecordedTeaching?)
    -> [TaughtDifference.Setting]
  {
    guard let before, let after else { return [] }
    func members(_ text: String) -> [JSON.Member] {
      let members = (try? JSON(parsing: Array(text.utf8)))?.members ?? []
      // Parameters go by their own names.
      return members.flatMap { $0.key == "parameters" ? $0.value.members ?? [] : [$0] }
    }
    let old = members(before.question) + members(before.policy)
    let new = members(after.question) + members(after.policy)
    let names = old.map(\.key) + new.map(\.key).filter { key in !old.contains { $0.key == key } }
    func text(_ members: [JSON.Member], _ name: String) -> String {
      let value = members.first { $0.key == name }?.value
      return value.map { $0.text ?? $0.compact } ?? ""
    }
    return names.compactMap { name in
      let (a, b) = (text(old, name), text(new, name))
      return a == b ? nil : TaughtDifference.Setting(name: name, before: a, after: b)
    }
  }
}
