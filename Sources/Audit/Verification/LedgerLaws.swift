internal import GRDB
internal import Lineage
internal import Notation

/// What must hold between the rows of a run in the ledger, whatever the files say.
///
/// Everything is counted from the samples and the fates themselves, in one scan of each.
struct LedgerLaws {
  private let run: BuiltRun
  private let ledger: Ledger
  private let proof: Proof

  init(_ run: BuiltRun, _ ledger: Ledger, _ proof: Proof) {
    self.run = run
    self.ledger = ledger
    self.proof = proof
  }

  func prove() throws {
    if !run.isPublished {
      proof.fails(
        .ledger, "a run was stopped while its files got their names", at: "run \(run.id)",
        advice: "any 'branchmerge run' in this workspace ends that")
    }
    try proveSamples()
    try proveFates()
    try proveDuplicates()
  }

  private func name(_ branch: Int64) -> String {
    quoted(run.branches.first { $0.id == branch }?.name ?? "branch \(branch)")
  }

  /// The samples of a file follow each other without a gap.
  private func proveSamples() throws {
    for source in run.currentSources {
      for file in source.files {
        let row = try ledger.access { database in
          try Row.fetchOne(
            database,
            sql: """
              SELECT count(*), coalesce(sum(file = ?), 0) FROM sample WHERE id >= ? AND id < ?
              """,
            arguments: [file.id, file.samples.lowerBound, file.samples.upperBound])
        }
        let (count, own): (Int, Int) = (row?[0] ?? 0, row?[1] ?? 0)
        proof.expect(
          .ledger, count == file.rowCount && own == count,
          "the samples of a file are not those that it had", at: quoted(file.path),
          expected: "\(file.rowCount) samples from number \(file.firstSample) on",
          found: "\(count), and \(own) of this file")
      }
    }
  }

  /// Fates of one kind in one branch, for the samples of one file.
  private struct Group {
    var kind: String
    var step: Int64?
    var output: Int64?
    var count: Int
    var odd: Int
  }

  /// read = kept + seeds + dropped + duplicates + quarantined, and no fate contradicts itself.
  private func proveFates() throws {
    for source in run.currentSources {
      var groups: [Int64: [Group]] = [:]
      for file in source.files where file.rowCount > 0 {
        for (branch, group) in try self.groups(of: file) {
          groups[branch, default: []].append(group)
        }
      }
      let read = source.files.reduce(0) { $0 + $1.rowCount }
      for branch in run.currentBranches {
        let steps = run.steps.filter { $0.branch == branch.id && $0.source == source.id }
        let own = groups[branch.id] ?? []
        guard !steps.isEmpty || !own.isEmpty else { continue }
        let place = "\(quoted(branch.name)), \(quoted(source.name))"
        let count = own.reduce(0) { $0 + $1.count }
        proof.expect(
          .ledger, count == read,
          "read is not kept + seeds + dropped + duplicates + quarantined", at: place,
          expected: "\(read) fates, one for each sample that was read", found: "\(count)")
        let known = Set(steps.map(\.id))
        let outputs = Set(run.outputs.filter { $0.branch == branch.id }.map(\.id))
        for group in own {
          let isSound =
            group.odd == 0 && Fate(rawValue: group.kind) != nil
            && group.step.map(known.contains) ?? true && group.output.map(outputs.contains) ?? true
          guard !isSound else { continue }
          proof.fails(
            .ledger, "fates contradict themselves", at: place,
            expected: "the columns that a fate of its kind has, and a step of this branch",
            found: "\(max(group.odd, 1)) of \(group.count) that are \(quoted(group.kind))")
        }
      }
    }
    for output in run.currentOutputs {
      let branch = run.branches.first { $0.id == output.branch }?.name ?? ""
      proof.expect(
        .ledger,
        ["branches/\(branch)/train.jsonl", "branches/\(branch)/seeds.jsonl"].contains(output.path),
        "a data set lies where its branch does not", at: quoted(output.path),
        expected: "branches/\(branch)/train.jsonl or seeds.jsonl")
    }
  }

  private func groups(of file: BuiltRun.File) throws -> [(Int64, Group)] {
    try ledger.access { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT branch, kind, step, output, count(*),
            sum(NOT (
              (kind IN ('kept', 'seed')) = (output IS NOT NULL)
              AND (output IS NULL) = (output_row IS NULL)
              AND (output_offset IS NULL) = (output_byte_count IS NULL)
              AND (output_offset IS NULL) = (output_xxh3 IS NULL)
              AND (output_offset IS NULL OR output IS NOT NULL)
              AND (kind = 'dropped') = (step IS NOT NULL)
              AND (kind = 'duplicate') = (duplicate_of IS NOT NULL)
              AND (picked IS NULL) = (candidates IS NULL)
              AND coalesce(duplicate_of < sample OR \(Fate.isNear), 1)))
          FROM fate WHERE sample >= ? AND sample < ? GROUP BY 1, 2, 3, 4
          """, arguments: [file.samples.lowerBound, file.samples.upperBound]
      ).map { ($0[0], Group(kind: $0[1], step: $0[2], output: $0[3], count: $0[4], odd: $0[5])) }
    }
  }

  /// The sample that stayed in another's stead is a row or a seed of the same branch; of near
  /// duplicates across branches that of the branch which the evidence names.
  private func proveDuplicates() throws {
    for source in run.currentSources {
      for file in source.files where file.rowCount > 0 {
        let lost = try ledger.access { database in
          try Row.fetchAll(
            database,
            sql: """
              SELECT fate.branch, sample.row, stayed.kind FROM fate
              JOIN sample ON sample.id = fate.sample
              LEFT JOIN fate AS stayed
                ON stayed.sample = fate.duplicate_of AND stayed.branch = \(Fate.stayedBranch)
              WHERE fate.sample >= ? AND fate.sample < ? AND fate.kind = 'duplicate'
                AND coalesce(stayed.kind NOT IN ('kept', 'seed'), 1)
              LIMIT 1000
              """, arguments: [file.samples.lowerBound, file.samples.upperBound])
        }
        for row in lost where run.isCurrent(row[0]) {
          proof.fails(
            .ledger, "the sample that stayed in a duplicate's stead did not stay",
            at: "\(quoted(file.path)) row \(row[1] as Int), \(name(row[0]))",
            expected: "kept or seed", found: row[2] ?? "no fate")
        }
        if lost.isEmpty { proof.holds(.ledger) }
      }
    }
  }
}
