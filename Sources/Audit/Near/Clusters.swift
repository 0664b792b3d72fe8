internal import Curation
internal import GRDB
package import Lineage
internal import Notation

/// The near duplicates of the branches as they are, with the texts that were compared.
package struct Clusters: Encodable, Sendable {
  /// The largest first, of several the one whose row was read first.
  package let clusters: [Cluster]
  /// How many there are, and how many samples fell in them.
  package let total: Int
  package let fallen: Int

  package struct Cluster: Encodable, Sendable {
    package var branch: String
    /// What was compared: prompt or response.
    package var part: String
    package var stays: Member
    /// How many samples fell.
    package var fallen: Int
    /// Some of them, the one that resembles the row least first.
    package var falls: [Fall]
  }

  package struct Member: Encodable, Sendable {
    package var sampleID: String
    package var path: String
    package var row: Int
    /// The text as it was compared; nil where the row cannot be read again.
    package var text: String?
  }

  package struct Fall: Encodable, Sendable {
    package var branch: String
    package var member: Member
    package var near: Double
    /// The sample over which it hangs on the row, or the one that has its prompt.
    package var over: String?
    package var difference: WordDifference?
  }

  /// At most `limit` of them, with `members` samples of each.
  package init(
    of branch: String? = nil, limit: Int, members: Int = 5, in ledger: Ledger
  ) throws {
    // Says so where there is no such branch.
    _ = try BuiltBranches(ledger, only: branch)
    let current = """
      SELECT max(id) FROM branch \(branch == nil ? "" : "WHERE name = ?") GROUP BY name
      """
    let name: StatementArguments = branch.map { [$0] } ?? []
    let (groups, total, fallen) = try ledger.access { database in
      let found = """
        SELECT \(Fate.stayedBranch) AS place, duplicate_of, count(*) AS members FROM fate
        WHERE branch IN (\(current)) AND kind = 'duplicate' AND \(Fate.isNear)
        GROUP BY place, duplicate_of
        """
      let sum = try Row.fetchOne(
        database, sql: "SELECT count(*), coalesce(sum(members), 0) FROM (\(found))",
        arguments: name)
      let rows = try Row.fetchAll(
        database, sql: found + " ORDER BY members DESC, duplicate_of, place LIMIT \(limit)",
        arguments: name)
      return (
        rows.map { (branch: $0[0] as Int64, sample: $0[1] as Int64, count: $0[2] as Int) },
        sum?[0] as Int? ?? 0, sum?[1] as Int? ?? 0
      )
    }
    (self.total, self.fallen) = (total, fallen)
    clusters = try groups.map { group in
      try Self.cluster(
        group.sample, stayedIn: group.branch, count: group.count, members: members,
        (current, name), ledger)
    }
  }

  private static func cluster(
    _ sample: Int64, stayedIn branch: Int64, count: Int, members: Int,
    _ current: (sql: String, name: StatementArguments), _ ledger: Ledger
  ) throws -> Cluster {
    let (rows, name, run) = try ledger.access { database in
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT sample.sample_id, branch.name, evidence,
            (SELECT sample_id FROM sample AS middle WHERE middle.id =
              coalesce(evidence ->> '$.same_prompt', evidence ->> '$.over'))
          FROM fate JOIN sample ON sample.id = fate.sample JOIN branch ON branch.id = fate.branch
          WHERE duplicate_of = ? AND kind = 'duplicate' AND \(Fate.isNear)
            AND \(Fate.stayedBranch) = ? AND fate.branch IN (\(current.sql))
          ORDER BY evidence ->> '$.near', fate.sample, fate.branch LIMIT \(members)
          """, arguments: [sample, branch] + current.name)
      let place = try Row.fetchOne(
        database, sql: "SELECT name, run FROM branch WHERE id = ?", arguments: [branch])
      return (rows, place?[0] as String? ?? "", place?[1] as Int64? ?? 0)
    }
    let evidence = rows.map { NearEvidence($0[2]) }
    let part = evidence.lazy.compactMap { $0?.part }.first ?? "prompt"
    let id = try ledger.access {
      try String.fetchOne(
        $0, sql: "SELECT sample_id FROM sample WHERE id = ?", arguments: [sample]) ?? ""
    }
    let stays = try member(id, in: name, run: run, part, ledger)
    let falls = try zip(rows, evidence).map { row, evidence in
      let fallen = try member(row[0] ?? "", in: row[1], run: run, part, ledger)
      var difference: WordDifference?
      if let first = stays.text, let second = fallen.text {
        difference = WordDifference(first, second)
      }
      return Fall(
        branch: row[1], member: fallen, near: evidence?.near ?? 0, over: row[3],
        difference: difference)
    }
    return Cluster(branch: name, part: part, stays: stays, fallen: count, falls: falls)
  }

  /// A sample with its text, as the templates of the run wrote it.
  private static func member(
    _ id: String, in branch: String, run: Int64, _ part: String, _ ledger: Ledger
  ) throws -> Member {
    let trace = try Trace.find(id, run: run, in: ledger)
    var text: String?
    if let row = try? OriginalRow(of: trace, in: ledger) {
      let card = try StepRecord.card(of: trace.source, run: run, in: ledger)
      let steps = try StepRecord.steps(of: branch, trace.source, run: run, in: ledger)
      let replay = try? Replay(
        of: row.bytes, source: trace.source.name, card: card, steps: steps)
      text = replay?.steps.first { $0.kind.rawValue == part }?.written
    }
    return Member(sampleID: id, path: trace.place.path, row: trace.place.row, text: text)
  }
}
