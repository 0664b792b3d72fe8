internal import GRDB
package import Lineage
internal import Notation

extension Impact {
  /// What would be without a source, a licence or a sample, from the ledger alone; with `branch` there
  /// only. Reads the fates of the branches once.
  package init(without subject: Subject, branch: String? = nil, in ledger: Ledger) throws {
    let built = try BuiltBranches(ledger, only: branch)
    self.subject = subject
    branches = []
    let removed = try RemovedSamples(subject, built, ledger)
    if let id = removed.id { self.subject = .sample(id) }
    for (run, names) in built.byRun {
      let columns = try RunColumns.fates(of: run, branches: names, in: ledger)
      var heirs: Set<Int32> = []
      for (branch, fates) in zip(columns.run.branches, columns.fates) {
        let lost = removed.impact(on: fates, columns.run, &heirs)
        let result = try Branch(branch, of: run, lost, in: ledger, concerned: removed.samples)
        guard lost.contains(where: \.isTouched) || !result.experts.isEmpty else { continue }
        branches.append(result)
      }
    }
    let order = built.names
    branches.sort { order.firstIndex(of: $0.name) ?? 0 < order.firstIndex(of: $1.name) ?? 0 }
  }
}

/// The branches as they are, by the runs that built them.
struct BuiltBranches {
  let names: [String]
  let byRun: [(run: Int64, names: [String])]
  /// The runs that built them, and those whose rows their experts were trained on.
  let runs: [Int64]

  init(_ ledger: Ledger, only branch: String?) throws {
    let all = try Build(ledger).branches()
    if let branch, !all.contains(where: { $0.name == branch }) {
      throw LedgerError(
        "no branch is called \(quoted(branch))"
          + choices(for: branch, among: all.map(\.name), "there are"))
    }
    let wanted = all.filter { branch == nil || $0.name == branch }
    names = wanted.map(\.name)
    byRun = Set(wanted.map(\.run)).sorted().map { run in
      (run, wanted.filter { $0.run == run }.map(\.name))
    }
    runs = try ledger.access { database in
      let trained = try wanted.flatMap { branch in
        try RecordedExpert.all(of: branch.name, preferring: branch.id, in: database)
          .compactMap { $0.build?.run }
      }
      return Set(wanted.map(\.run) + trained).sorted()
    }
  }
}

/// The samples that are thought away.
private struct RemovedSamples {
  private let subject: Impact.Subject
  /// The whole id of the one that is asked for.
  let id: String?
  /// Where it is one sample: its number in each run, and those of the same identity after it.
  private var samples: Set<Int64> = []
  private var renamed: Set<Int64> = []

  init(_ subject: Impact.Subject, _ built: BuiltBranches, _ ledger: Ledger) throws {
    self.subject = subject
    let runs = built.runs
    switch subject {
    case .source(let name):
      id = nil
      try Self.check(name, "source", "name", runs, ledger)
    case .licence(let name):
      id = nil
      try Self.check(name, "licence", "licence", runs, ledger)
    case .sample(let beginning):
      let found = try Self.id(beginningWith: beginning, ledger)
      id = found
      (samples, renamed) = try Self.occurrences(of: found, runs, ledger)
      guard !samples.isEmpty else {
        throw LedgerError("\(ledger.path): no branch as it is reads the sample \(quoted(found))")
      }
    case .filter: preconditionFailure("a filter is no sample")
    }
  }

  private static func check(
    _ name: String, _ what: String, _ column: String, _ runs: [Int64], _ ledger: Ledger
  ) throws {
    let known = try ledger.access { database in
      try runs.flatMap { run in
        try String.fetchAll(
          database, sql: "SELECT \(column) FROM source WHERE run = ? ORDER BY id", arguments: [run])
      }
    }
    guard known.contains(name) else {
      var seen: Set<String> = []
      throw LedgerError(
        "\(ledger.path): no branch as it is reads a \(what) \(quoted(name))"
          + choices(for: name, among: known.filter { seen.insert($0).inserted }, "there are"))
    }
  }

  private static func id(beginningWith name: String, _ ledger: Ledger) throws -> String {
    let known = try ledger.access { database in
      try String.fetchAll(
        database,
        sql: """
          SELECT DISTINCT sample_id FROM sample WHERE sample_id >= ? AND sample_id < ?
          ORDER BY sample_id LIMIT 6
          """, arguments: [name, name + "\u{10FFFF}"])
    }
    if known.contains(name) { return name }
    guard known.count <= 1 else {
      throw LedgerError(
        "\(quoted(name)) is the beginning of several ids; write more of it:\n  "
          + known.prefix(5).joined(separator: "\n  ") + (known.count > 5 ? "\n  …" : ""))
    }
    guard let found = known.first else {
      throw LedgerError(
        "no sample has the id \(quoted(name)) in \(ledger.path); an id is 'source:' and 24"
          + " hexadecimal digits, as in the rows' \"id\"")
    }
    return found
  }

  /// The samples of an id in some runs, and those whose ids have a higher number at their ends.
  private static func occurrences(of id: String, _ runs: [Int64], _ ledger: Ledger) throws -> (
    Set<Int64>, Set<Int64>
  ) {
    let parts = id.split(separator: "#", maxSplits: 1)
    let base = String(parts.first ?? "")
    let number = parts.count == 2 ? Int(parts[1]) ?? 1 : 1
    return try ledger.access { database in
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT sample.id, sample_id, source.run FROM sample
          JOIN source_file ON source_file.id = sample.file
          JOIN source ON source.id = source_file.source
          WHERE sample_id = ?1 OR sample_id > ?1 || '#' AND sample_id < ?1 || '$'
          """, arguments: [base])
      var (own, later): (Set<Int64>, Set<Int64>) = ([], [])
      for row in rows where runs.contains(row[2]) {
        let name: String = row[1]
        if name == id {
          own.insert(row[0])
        } else if let other = Int(name.dropFirst(base.utf8.count + 1)), other > number {
          later.insert(row[0])
        }
      }
      return (own, later)
    }
  }

  /// Those that a run read.
  func samples(_ run: Int64, _ database: Database) throws -> [ClosedRange<Int64>] {
    let column: String
    switch subject {
    case .source: column = "name"
    case .licence: column = "licence"
    default: return samples.map { $0...$0 }
    }
    return try Row.fetchAll(
      database,
      sql: """
        SELECT first_sample, row_count FROM source_file
        JOIN source ON source.id = source_file.source WHERE run = ? AND \(column) = ?
        """, arguments: [run, subject.name]
    ).compactMap { row in
      let (first, count): (Int64, Int64) = (row[0], row[1])
      guard count > 0 else { return nil }
      let (last, isOver) = first.addingReportingOverflow(count - 1)
      return first...(isOver ? .max : last)
    }
  }

  private func isRemoved(_ source: RecordedSource, _ sample: Int) -> Bool {
    switch subject {
    case .source(let name): source.name == name
    case .licence(let name): source.licence == name
    default: samples.contains(source.firstSample + Int64(sample))
    }
  }

  /// Whether a sample is removed that is told by its number in the run.
  private func isRemoved(_ number: Int32, _ run: RecordedRun) -> Bool {
    var rest = Int(number)
    for source in run.sources {
      if rest < source.sampleCount { return isRemoved(source, rest) }
      rest -= source.sampleCount
    }
    return false
  }

  /// Of the samples that gave way to one that is removed, the first that is left is a row.
  ///
  /// Of near duplicates that is so where they resemble each other, too. `heirs` are the removed that
  /// have a successor in a branch before, where near duplicates are looked for across branches.
  func impact(
    on fates: [RunColumns.FateColumn], _ run: RecordedRun, _ heirs: inout Set<Int32>
  ) -> [Impact.Source] {
    var own: Set<Int32> = []
    return fates.map { column in
      let source = run.sources[column.source]
      var result = Impact.Source(source.name)
      for (sample, fate) in column.items.enumerated() {
        let number = source.firstSample + Int64(sample)
        var isRow = fate.isRow
        if isRemoved(source, sample) {
          result.concerned += 1
          if isRow { result.lostSamples.append(number) }
          continue
        }
        if fate.kind == .duplicate, isRemoved(fate.winner, run) {
          isRow =
            run.isAcross ? heirs.insert(fate.winner).inserted : own.insert(fate.winner).inserted
          if isRow { result.gainedSamples.append(number) }
        }
        if isRow && renamed.contains(number) { result.renamed += 1 }
      }
      result.lost = result.lostSamples.count
      result.gained = result.gainedSamples.count
      return result
    }
  }
}
