internal import GRDB

/// How many samples went in, how many each step took away, and how many are left.
package struct Funnel: Codable, Equatable, Sendable {
  package var branches: [Branch] = []

  package init() {}

  package struct Branch: Codable, Equatable, Sendable {
    package var name: String
    package var sources: [Source] = []

    package init(name: String) { self.name = name }

    package var total: Counts { sources.reduce(into: Counts()) { $0.add($1.counts) } }
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
    package var kept = 0
    package var seeds = 0

    package init() {}

    mutating func add(_ other: Counts) {
      read += other.read
      quarantined += other.quarantined
      dropped += other.dropped
      duplicates += other.duplicates
      kept += other.kept
      seeds += other.seeds
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
    let recounted = try recount(run: run, samples: samples, in: database)
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
    let odd = try Int.fetchOne(
      database,
      sql: """
        SELECT count(*) FROM fate WHERE sample >= ? AND sample < ? AND NOT (
          (kind IN ('kept', 'seed')) = (output IS NOT NULL)
          AND (output IS NULL) = (output_row IS NULL)
          AND (kind = 'dropped') = (step IS NOT NULL)
          AND (kind = 'duplicate') = (duplicate_of IS NOT NULL)
          AND coalesce(duplicate_of < sample, 1))
        """, arguments: [samples.lowerBound, samples.upperBound])
    guard odd == 0 else {
      throw LedgerError("\(odd ?? 0) fates in the ledger contradict themselves; this is a bug")
    }
    let outputs = try Row.fetchAll(
      database,
      sql: """
        SELECT output_file.path, output_file.row_count,
          count(fate.sample) AS counted, coalesce(max(fate.output_row), 0) AS last,
          coalesce(sum(fate.output_row), 0) AS total
        FROM output_file JOIN branch ON branch.id = output_file.branch
        LEFT JOIN fate ON fate.branch = output_file.branch AND fate.output = output_file.id
        WHERE branch.run = ? GROUP BY output_file.id
        """, arguments: [run])
    for row in outputs {
      let (path, rows, counted): (String, Int, Int) = (row[0], row[1], row[2])
      let (last, total): (Int, Int) = (row[3], row[4])
      guard rows == counted && rows == last && total == rows * (rows + 1) / 2 else {
        throw LedgerError("\(path) has \(rows) rows, the ledger \(counted); this is a bug")
      }
    }
  }

  /// The funnel of a run whose samples have these numbers, counted by the database alone.
  static func recount(run: Int64, samples: Range<Int64>, in database: Database) throws -> Funnel {
    var funnel = Funnel()
    let branches = try Row.fetchAll(
      database, sql: "SELECT id, name FROM branch WHERE run = ? ORDER BY id", arguments: [run])
    var sourceOfFile: [Int64: Int64] = [:]
    let files = try Row.fetchAll(
      database,
      sql: """
        SELECT source_file.id, source FROM source_file JOIN source ON source.id = source
        WHERE run = ?
        """, arguments: [run])
    for row in files { sourceOfFile[row[0]] = row[1] }
    // Samples and their fates are counted apart: a sample without a fate must show.
    var read: [Int64: Int] = [:]
    let counts = try Row.fetchAll(
      database,
      sql: "SELECT file, count(*) FROM sample WHERE id >= ? AND id < ? GROUP BY file",
      arguments: [samples.lowerBound, samples.upperBound])
    for row in counts {
      guard let source = sourceOfFile[row[0]] else {
        throw LedgerError("the ledger has a sample of a file that the run did not read")
      }
      read[source, default: 0] += row[1]
    }
    let fates = try Row.fetchAll(
      database,
      sql: """
        SELECT fate.branch, sample.file, fate.kind, fate.step, count(*)
        FROM sample JOIN fate ON fate.sample = sample.id
        WHERE sample.id >= ? AND sample.id < ? GROUP BY 1, 2, 3, 4
        """, arguments: [samples.lowerBound, samples.upperBound])
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
        for row in fates where row[0] == branch && sourceOfFile[row[1]] == source {
          let count: Int = row[4]
          switch Fate(rawValue: row[2]) {
          case .kept: item.counts.kept += count
          case .seed: item.counts.seeds += count
          case .duplicate: item.counts.duplicates += count
          case .quarantined: item.counts.quarantined += count
          case .dropped:
            item.counts.dropped += count
            if let index = own.firstIndex(where: { $0[0] == row[3] as Int64? }) {
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
