internal import GRDB

/// How many samples went in, how many each step took away, and how many are left.
package struct Funnel: Codable, Equatable, Sendable {
  package var branches: [Branch] = []

  package init() {}

  package struct Branch: Codable, Equatable, Sendable {
    package var name: String
    package var sources: [Source] = []

    package init(name: String) { self.name = name }

    package var total: Counts { sources.reduce(into: Counts()) { $0 += $1.counts } }
  }

  /// What a branch took from one source.
  package struct Source: Codable, Equatable, Sendable {
    package var name: String
    /// The steps in order, with the samples that each dropped.
    package var steps: [Step]
    package var counts = Counts()

    package init(name: String, steps: [Step]) {
      self.name = name
      self.steps = steps
    }
  }

  package struct Step: Codable, Equatable, Sendable {
    package var name: String
    package var dropped: Int

    package init(name: String, dropped: Int = 0) {
      self.name = name
      self.dropped = dropped
    }
  }

  package struct Counts: Codable, Equatable, Sendable {
    package var read = 0
    package var quarantined = 0
    package var dropped = 0
    package var duplicates = 0
    /// Those of the duplicates that only resemble the sample that stayed.
    package var nearDuplicates = 0
    package var kept = 0
    package var seeds = 0

    package init() {}

    package static func += (sum: inout Counts, more: Counts) {
      sum.read += more.read
      sum.quarantined += more.quarantined
      sum.dropped += more.dropped
      sum.duplicates += more.duplicates
      sum.nearDuplicates += more.nearDuplicates
      sum.kept += more.kept
      sum.seeds += more.seeds
    }

    /// Whether what went in equals what came out one way or another.
    var isBalanced: Bool { read == quarantined + dropped + duplicates + kept + seeds }
  }
}

extension Funnel {
  /// Compares counters with the ledger's rows and checks the conservation law:
  /// read = kept + seeds + dropped + duplicates + quarantined, for each branch and source, with
  /// as many output rows as kept samples.
  static func verify(
    _ funnel: Funnel, run: Int64, samples: Range<Int64>, in database: Database
  ) throws {
    let groups = try FateGroup.all(of: run, samples, in: database)
    let recounted = try recount(run: run, samples: samples, groups, in: database)
    guard recounted == funnel else {
      throw LedgerError("the ledger's rows do not give the funnel that was counted; this is a bug")
    }
    for branch in recounted.branches {
      for source in branch.sources where !source.counts.isBalanced {
        throw LedgerError(
          "\(branch.name), \(source.name): read \(source.counts.read) samples, and their fates do"
            + " not add up to that; this is a bug")
      }
    }
    let odd = groups.reduce(0) { $0 + $1.odd }
    guard odd == 0 else {
      throw LedgerError("\(odd) fates in the ledger contradict themselves; this is a bug")
    }
    let outputs = try Row.fetchAll(
      database,
      sql: """
        SELECT output_file.id, output_file.path, output_file.row_count, branch.id
        FROM output_file JOIN branch ON branch.id = output_file.branch WHERE branch.run = ?
        """, arguments: [run])
    for row in outputs {
      let (id, path, rows, branch): (Int64, String, Int, Int64) = (row[0], row[1], row[2], row[3])
      let own = groups.filter { $0.output == id && $0.branch == branch }
      let counted = own.reduce(0) { $0 + $1.count }
      let last = own.map(\.lastRow).max() ?? 0
      let total = own.reduce(0) { $0 + $1.rowTotal }
      guard rows == counted && rows == last && total == rows * (rows + 1) / 2 else {
        throw LedgerError("\(path) has \(rows) rows, the ledger \(counted); this is a bug")
      }
    }
  }

  /// The funnel of a run whose samples have these numbers, counted by the database alone.
  private static func recount(
    run: Int64, samples: Range<Int64>, _ groups: [FateGroup], in database: Database
  ) throws -> Funnel {
    var funnel = Funnel()
    let branches = try Row.fetchAll(
      database, sql: "SELECT id, name FROM branch WHERE run = ? ORDER BY id", arguments: [run])
    // Samples and their fates are counted apart: a sample without a fate must show.
    var read: [Int64: Int] = [:]
    let files = try Row.fetchAll(
      database,
      sql: """
        SELECT source.id, count(*), max(sample.id) - min(sample.id) + 1, min(sample.id),
          first_sample, row_count
        FROM sample LEFT JOIN source_file ON source_file.id = sample.file
        LEFT JOIN source ON source.id = source_file.source AND source.run = ?
        WHERE sample.id >= ? AND sample.id < ? GROUP BY sample.file
        """, arguments: [run, samples.lowerBound, samples.upperBound])
    guard files.allSatisfy({ $0[0] as Int64? != nil }) else {
      throw LedgerError("the ledger has a sample of a file that the run did not read")
    }
    for row in files {
      let source: Int64 = row[0]
      let (count, span, rows): (Int, Int, Int) = (row[1], row[2], row[5])
      guard count == span && count == rows && row[3] as Int64 == row[4] else {
        throw LedgerError("the samples of a file do not follow each other; this is a bug")
      }
      read[source, default: 0] += count
    }
    let steps = try Row.fetchAll(
      database,
      sql: """
        SELECT step.id, step.branch, step.source, step.name, source.name, source.config
        FROM step JOIN source ON source.id = step.source
        WHERE source.run = ? ORDER BY step.branch, step.source, step.position
        """, arguments: [run])
    let sourcesOfBranch = try Row.fetchAll(
      database,
      sql: """
        SELECT branch_source.branch, source.id, source.name FROM (
          SELECT DISTINCT branch, source FROM step
        ) AS branch_source JOIN source ON source.id = branch_source.source
        WHERE source.run = ? ORDER BY branch_source.branch, source.id
        """, arguments: [run])
    for row in branches {
      let (branch, name): (Int64, String) = (row[0], row[1])
      var entry = Funnel.Branch(name: name)
      for row in sourcesOfBranch where row[0] == branch {
        let (source, sourceName): (Int64, String) = (row[1], row[2])
        let own = steps.filter { $0[1] == branch && $0[2] == source }
        var item = Funnel.Source(name: sourceName, steps: own.map { Step(name: $0[3]) })
        item.counts.read = read[source] ?? 0
        for group in groups where group.branch == branch && group.source == source {
          let count = group.count
          switch Fate(rawValue: group.kind) {
          case .kept: item.counts.kept += count
          case .seed: item.counts.seeds += count
          case .duplicate:
            item.counts.duplicates += count
            item.counts.nearDuplicates += group.near
          case .quarantined: item.counts.quarantined += count
          case .dropped:
            item.counts.dropped += count
            if let index = own.firstIndex(where: { $0[0] == group.step }) {
              item.steps[index].dropped += count
            }
          case nil: throw LedgerError("the ledger has a fate that this version does not know")
          }
        }
        entry.sources.append(item)
      }
      funnel.branches.append(entry)
    }
    return funnel
  }
}

/// Fates of one kind in one branch, for the samples of one file: all that is proved of a run comes
/// from one scan of its fates, in which no row is looked up.
private struct FateGroup {
  var source: Int64
  var branch: Int64
  var kind: String
  var step: Int64?
  var output: Int64?
  var count: Int
  /// Fates whose columns contradict each other.
  var odd: Int
  /// Near duplicates.
  var near: Int
  /// The largest and the sum of the rows' numbers in the output.
  var lastRow, rowTotal: Int

  static func all(of run: Int64, _ samples: Range<Int64>, in database: Database) throws
    -> [FateGroup]
  {
    let files = try Row.fetchAll(
      database,
      sql: """
        SELECT source, first_sample, row_count FROM source_file JOIN source ON source.id = source
        WHERE run = ? AND row_count > 0
        """, arguments: [run])
    return try files.flatMap { file in
      let first: Int64 = file[1]
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT branch, kind, step, output, count(*),
            sum(NOT (
              (kind IN ('kept', 'seed')) = (output IS NOT NULL)
              AND (output IS NULL) = (output_row IS NULL)
              AND (kind = 'dropped') = (step IS NOT NULL)
              AND (kind = 'duplicate') = (duplicate_of IS NOT NULL)
              AND coalesce(duplicate_of < sample OR \(Fate.isNear), 1))),
            coalesce(max(output_row), 0), coalesce(sum(output_row), 0),
            coalesce(sum(kind = 'duplicate' AND \(Fate.isNear)), 0)
          FROM fate WHERE sample >= ? AND sample < ? GROUP BY 1, 2, 3, 4
          """, arguments: [first, first + (file[2] as Int64)])
      return rows.map { row in
        FateGroup(
          source: file[0], branch: row[0], kind: row[1], step: row[2], output: row[3],
          count: row[4], odd: row[5], near: row[8], lastRow: row[6], rowTotal: row[7])
      }
    }
  }
}
