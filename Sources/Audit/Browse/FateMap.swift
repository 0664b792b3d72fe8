internal import GRDB
package import Lineage

/// What became of every sample in the branches that a run built, in two bytes for each fate.
///
/// The ledger finds a fate by its sample alone. This counts the fates of any kind, and finds the
/// next of them, in a millisecond or two for a million samples. Made by one scan of the run's fates.
package struct FateMap: Sendable {
  package let run: Int64
  package let builds: [Build]
  private let firstSample: Int64

  /// A branch as the run built it.
  package struct Build: Sendable {
    package let id: Int64
    package let name: String
    package fileprivate(set) var groups: [Group] = []
    /// For each sample of the run its group, counted from 1; 0 where the branch does not read it.
    fileprivate var codes: [UInt16]
    /// Duplicates with the samples that stayed in their stead, in the order of the latter.
    fileprivate var duplicates: [(stayed: Int64, sample: Int64)] = []

    /// The samples that gave way to this one, and how many they are.
    package func duplicates(of sample: Int64, limit: Int) -> (samples: [Int64], total: Int) {
      var (low, high) = (0, duplicates.count)
      while low < high {
        let middle = (low + high) / 2
        if duplicates[middle].stayed < sample { low = middle + 1 } else { high = middle }
      }
      let own = duplicates[low...].prefix { $0.stayed == sample }
      return (own.prefix(limit).map(\.sample), own.count)
    }
  }

  /// The samples of a source that met the same fate.
  package struct Group: Equatable, Sendable {
    package let source: String
    package let fate: Fate
    /// What dropped them; nil for every other fate.
    package let step: String?
    /// Steps in the recipe's order have rising ones; 0 where none dropped them.
    package let position: Int64
    package fileprivate(set) var count = 0
  }

  /// Which groups are meant; nil means any.
  package struct Filter: Equatable, Sendable {
    package var source: String?
    package var fate: Fate?
    package var step: String?

    package init(source: String? = nil, fate: Fate? = nil, step: String? = nil) {
      self.source = source
      self.fate = fate
      self.step = step
    }

    package func takes(_ group: Group) -> Bool {
      (source == nil || source == group.source) && (fate == nil || fate == group.fate)
        && (step == nil || step == group.step)
    }
  }

  package init(run: Int64, in ledger: Ledger) throws {
    self.run = run
    (firstSample, builds) = try ledger.access { database in
      try Self.scan(run, path: ledger.path, in: database)
    }
  }

  package func build(_ name: String) -> Build? { builds.first { $0.name == name } }
}

// MARK: - Pages

extension FateMap {
  /// Some samples of a list, in the order of the ledger.
  package struct Page: Equatable, Sendable {
    package var samples: [Int64]
    /// The place of the first in the whole list, counted from 1.
    package var start: Int
    /// How many the whole list has.
    package var total: Int
  }

  /// Which way a page is from a sample that it does not hold.
  package enum Turn: Equatable, Sendable {
    case after(Int64)
    case before(Int64)
  }

  package func page(of build: Build, _ filter: Filter, _ turn: Turn, limit: Int) -> Page {
    let isWanted = [false] + build.groups.map { filter.takes($0) }
    let total = build.groups.reduce(0) { $0 + (filter.takes($1) ? $1.count : 0) }
    let codes = build.codes
    func place(of sample: Int64) -> Int {
      // Any number may be asked for.
      guard sample >= firstSample else { return -1 }
      return Int(min(sample - firstSample, Int64(codes.count)))
    }
    var found: [Int] = []
    switch turn {
    case .after(let sample):
      var index = max(place(of: sample) + 1, 0)
      while index < codes.count && found.count < limit {
        if isWanted[Int(codes[index])] { found.append(index) }
        index += 1
      }
    case .before(let sample):
      var index = min(place(of: sample), codes.count) - 1
      while index >= 0 && found.count < limit {
        if isWanted[Int(codes[index])] { found.append(index) }
        index -= 1
      }
      found.reverse()
    }
    var start = 1
    for index in 0..<(found.first ?? 0) where isWanted[Int(codes[index])] { start += 1 }
    return Page(samples: found.map { firstSample + Int64($0) }, start: start, total: total)
  }
}

// MARK: - Making

extension FateMap {
  private static func scan(_ run: Int64, path: String, in database: Database) throws -> (
    Int64, [Build]
  ) {
    let files = try Row.fetchAll(
      database,
      sql: """
        SELECT first_sample, row_count, source.name FROM source_file
        JOIN source ON source.id = source_file.source
        WHERE source.run = ? AND row_count > 0 ORDER BY first_sample
        """, arguments: [run]
    ).map { (first: $0[0] as Int64, rows: $0[1] as Int64, source: $0[2] as String) }
    let first = files.first?.first ?? 0
    var end = first
    for file in files {
      let (next, isTooLarge) = file.first.addingReportingOverflow(file.rows)
      guard file.first == end, file.first >= 0, !isTooLarge else { throw broken(run, path) }
      end = next
    }
    // Before room is made for them: the numbers could be anybody's.
    let count =
      try Int64.fetchOne(
        database, sql: "SELECT count(*) FROM sample WHERE id >= ? AND id < ?",
        arguments: [first, end]) ?? 0
    guard count == end - first else { throw broken(run, path) }

    var builds = try Row.fetchAll(
      database, sql: "SELECT id, name FROM branch WHERE run = ? ORDER BY id", arguments: [run]
    ).map {
      Build(id: $0[0], name: $0[1], codes: [UInt16](repeating: 0, count: Int(end - first)))
    }
    let placeOfBuild = Dictionary(
      uniqueKeysWithValues: builds.enumerated().map { ($1.id, $0) })
    let steps = Dictionary(
      uniqueKeysWithValues: try Row.fetchAll(
        database,
        sql: """
          SELECT step.id, step.name FROM step JOIN branch ON branch.id = step.branch
          WHERE branch.run = ?
          """, arguments: [run]
      ).map { ($0[0] as Int64, $0[1] as String) })

    // Numbers are read several times as fast as words.
    let places = Fate.allCases.enumerated().map { "WHEN '\($1.rawValue)' THEN \($0)" }
      .joined(separator: " ")
    let fates = try Row.fetchCursor(
      database,
      sql: """
        SELECT sample, branch, CASE kind \(places) END, coalesce(step, 0), duplicate_of
        FROM fate WHERE sample >= ? AND sample < ?
        """, arguments: [first, end])
    var file = 0
    var codes: [Key: UInt16] = [:]
    // Fates come in crowds, and each look into a dictionary costs as much as reading one.
    var last: [(key: Key, code: UInt16)?] = Array(repeating: nil, count: builds.count)
    while let row = try fates.next() {
      let sample: Int64 = row[0]
      let branch: Int64 = row[1]
      guard let build = placeOfBuild[branch], let kind = row[2] as Int? else {
        throw broken(run, path)
      }
      while file + 1 < files.count && sample >= files[file + 1].first { file += 1 }
      let key = Key(build: build, file: file, fate: Fate.allCases[kind], step: row[3])
      let code: UInt16
      if let known = last[build], known.key == key {
        code = known.code
      } else if let known = codes[key] {
        code = known
      } else {
        let group = Group(
          source: files[file].source, fate: key.fate, step: steps[key.step], position: key.step)
        guard let made = builds[build].code(of: group) else {
          throw LedgerError(
            "\(path): run \(run) has more kinds of fates in \(builds[build].name) than can be listed"
          )
        }
        code = made
        codes[key] = made
      }
      last[build] = (key, code)
      builds[build].codes[Int(sample - first)] = code
      builds[build].groups[Int(code) - 1].count += 1
      if key.fate == .duplicate, let stayed = row[4] as Int64? {
        builds[build].duplicates.append((stayed, sample))
      }
    }
    for build in builds.indices {
      builds[build].duplicates.sort { $0 < $1 }
    }
    return (first, builds)
  }

  /// What decides a group, as the ledger writes it.
  private struct Key: Hashable {
    var build, file: Int
    var fate: Fate
    var step: Int64
  }

  private static func broken(_ run: Int64, _ path: String) -> LedgerError {
    LedgerError(
      "\(path): the samples of run \(run) and their fates are not as a run writes them;"
        + " 'branchmerge verify' tells more")
  }
}

extension FateMap.Build {
  /// The code of a group, new or not; nil when there are too many.
  fileprivate mutating func code(of group: FateMap.Group) -> UInt16? {
    if let known = groups.firstIndex(where: {
      $0.source == group.source && $0.fate == group.fate && $0.step == group.step
    }) {
      return UInt16(known + 1)
    }
    guard groups.count < Int(UInt16.max) else { return nil }
    groups.append(group)
    return UInt16(groups.count)
  }
}
