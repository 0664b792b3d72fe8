internal import Foundation
internal import GRDB
package import Lineage
internal import Notation

extension Overview {
  /// A branch as it was built last.
  package struct Branch: Encodable, Sendable {
    package var name: String
    package var run: Int64
    package var rowFormat: String
    package var counts = Funnel.Counts()
    package var sources: [Intake]
    package var outputs: [Output]
    package var lengths: [LengthBin] = []
    /// Of the rows' tokens; nil where no pre-flight counted these rows.
    package var tokens: Tokens?
  }

  /// What a branch took from a source.
  package struct Intake: Encodable, Sendable {
    package var source: String
    package var config: String
    package var counts = Funnel.Counts()
    /// In the order of asking.
    package var steps: [Step]
  }

  package struct Step: Encodable, Sendable {
    package var name: String
    /// `filter`, `pick`, `prompt` or `response`.
    package var kind: String
    package var dropped: Int
  }

  package struct Output: Encodable, Sendable {
    package var path: String
    package var rows: Int
    package var bytes: Int
    package var xxh3: String
  }

  /// Samples whose rows have from `from` to `through` bytes in the source; the last may be open.
  package struct LengthBin: Encodable, Sendable {
    package var from: Int
    package var through: Int?
    package var read: Int
    /// With the seeds.
    package var kept: Int
  }

  /// What the pre-flight of a training counted.
  package struct Tokens: Encodable, Sendable {
    package var template: String
    package var limit: Int
    package var rows: Int
    package var trainedRows: Int
    package var tokens: Int
    package var keptTokens: Int
    package var learnedTokens: Int
    package var median: Int
    package var p99: Int
    package var longest: Int
    package var bins: [Bin]

    package struct Bin: Encodable, Sendable {
      package var from: Int
      package var through: Int?
      package var rows: Int
    }
  }
}

extension Overview.Branch {
  static func all(_ tally: FateTally, in database: Database) throws -> [Overview.Branch] {
    let byBranch = Dictionary(grouping: tally.groups, by: \.branch)
    let sourceOfFile = try Dictionary(
      uniqueKeysWithValues: Row.fetchAll(database, sql: "SELECT id, source FROM source_file")
        .map { ($0[0] as Int64, $0[1] as Int64) })
    let branches = try Row.fetchAll(
      database,
      sql: """
        SELECT id, name, run, row_format FROM branch WHERE id IN \(Facts.current) ORDER BY id
        """)
    return try branches.map { row in
      let id: Int64 = row[0]
      let groups = byBranch[id] ?? []
      var branch = Overview.Branch(
        name: row[1], run: row[2], rowFormat: row[3],
        sources: try Overview.Intake.all(
          of: id, Dictionary(grouping: groups) { sourceOfFile[$0.file] ?? 0 }, in: database),
        outputs: try Row.fetchAll(
          database,
          sql: """
            SELECT path, row_count, byte_count, xxh3 FROM output_file WHERE branch = ? ORDER BY id
            """, arguments: [id]
        ).map { Overview.Output(path: $0[0], rows: $0[1], bytes: $0[2], xxh3: $0[3]) })
      for source in branch.sources { branch.counts += source.counts }
      branch.lengths = lengths(groups)
      return branch
    }
  }

  /// All classes from the shortest to the longest row, the empty ones between them too.
  private static func lengths(_ groups: [FateTally.Group]) -> [Overview.LengthBin] {
    let classes = groups.map(\.lengthClass)
    guard let first = classes.min(), let last = classes.max() else { return [] }
    var bins = (first...last).map {
      Overview.LengthBin(
        from: LengthClass.from($0), through: LengthClass.through($0), read: 0, kept: 0)
    }
    for group in groups {
      bins[group.lengthClass - first].read += group.count
      if group.kind == .kept || group.kind == .seed {
        bins[group.lengthClass - first].kept += group.count
      }
    }
    return bins
  }
}

extension Overview.Intake {
  static func all(of branch: Int64, _ groups: [Int64: [FateTally.Group]], in database: Database)
    throws -> [Overview.Intake]
  {
    let steps = try Row.fetchAll(
      database,
      sql: """
        SELECT source.id, source.name, source.config, step.id, step.name, step.kind
        FROM step JOIN source ON source.id = step.source
        WHERE step.branch = ? ORDER BY source.id, step.position
        """, arguments: [branch])
    var result: [Overview.Intake] = []
    var source: Int64?
    for row in steps {
      let id: Int64 = row[0]
      let own = groups[id] ?? []
      if source != id {
        source = id
        var intake = Overview.Intake(source: row[1], config: row[2], steps: [])
        for group in own { intake.counts.add(group.count, group.kind, near: group.near) }
        result.append(intake)
      }
      let step: Int64 = row[3]
      let dropped = own.reduce(0) { $0 + ($1.step == step ? $1.count : 0) }
      result[result.count - 1].steps.append(
        Overview.Step(name: row[4], kind: row[5], dropped: dropped))
    }
    return result
  }
}

extension Overview.Branch {
  /// Takes what the latest pre-flight counted, if it counted as many rows as the branch has: those
  /// that it kept, or `rows` where a teacher completed them.
  mutating func readTokens(in workspace: String, rows: Int?) {
    guard
      let data = FileManager.default.contents(atPath: "\(workspace)/train/\(name)/preflight.json"),
      let json = try? JSON(parsing: Array(data)), json["rows"]?.int == rows ?? counts.kept,
      let lengths = json["lengths"], let bins = json["histogram"]?.items
    else { return }
    func number(_ key: String) -> Int { json[key]?.int ?? 0 }
    tokens = Overview.Tokens(
      template: json["template"]?.text ?? "", limit: number("limit"), rows: number("rows"),
      trainedRows: number("trainedRows"), tokens: number("tokens"),
      keptTokens: number("keptTokens"), learnedTokens: number("learnedTokens"),
      median: lengths["median"]?.int ?? 0, p99: lengths["p99"]?.int ?? 0,
      longest: lengths["max"]?.int ?? 0,
      bins: bins.map {
        Overview.Tokens.Bin(
          from: $0["from"]?.int ?? 0, through: $0["through"]?.int, rows: $0["rows"]?.int ?? 0)
      })
  }
}
