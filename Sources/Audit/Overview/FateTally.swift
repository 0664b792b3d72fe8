internal import GRDB
internal import Lineage

/// How many samples of each file met which fate in which branch, and how long their rows are:
/// one pass over all fates of the branches as they are.
struct FateTally {
  struct Group {
    var branch: Int64
    var file: Int64
    var kind: Fate
    var step: Int64?
    var lengthClass: Int
    var count: Int
    /// Those of them that are near duplicates.
    var near: Int
    var bytes: Int
  }

  var groups: [Group] = []

  init(_ database: Database) throws {
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT fate.branch, sample.file, fate.kind, fate.step, \(LengthClass.sql) AS length,
          count(*), sum(sample.byte_count), sum(fate.kind = 'duplicate' AND \(Fate.isNear))
        FROM fate CROSS JOIN sample ON sample.id = fate.sample
        WHERE fate.branch IN \(Facts.current)
        GROUP BY 1, 2, 3, 4, 5
        """)
    while let row = try rows.next() {
      guard let kind = Fate(rawValue: row[2]) else {
        throw LedgerError("the ledger has a fate that this version does not know; use a later one")
      }
      groups.append(
        Group(
          branch: row[0], file: row[1], kind: kind, step: row[3], lengthClass: row[4],
          count: row[5], near: row[7], bytes: row[6]))
    }
  }
}

extension Funnel.Counts {
  /// `near` of them are near duplicates.
  mutating func add(_ count: Int, _ kind: Fate, near: Int = 0) {
    read += count
    nearDuplicates += near
    switch kind {
    case .kept: kept += count
    case .seed: seeds += count
    case .dropped: dropped += count
    case .duplicate: duplicates += count
    case .quarantined: quarantined += count
    }
  }
}

/// Rows by their length: four classes for each doubling.
enum LengthClass {
  /// The least number of bytes of each class but the first: 16, 20, 23, 27, 32 … 2^30.
  static let bounds: [Int] =
    (4..<30).flatMap { power in
      // The roots of two, in billionths; rounded up.
      [1_000_000_000, 1_189_207_115, 1_414_213_562, 1_681_792_831].map {
        ($0 << power + 999_999_999) / 1_000_000_000
      }
    } + [1 << 30]

  /// The class of `sample.byte_count`, found in seven comparisons.
  static let sql: String = {
    func tree(_ range: Range<Int>) -> String {
      guard !range.isEmpty else { return "\(range.lowerBound)" }
      let middle = range.lowerBound + range.count / 2
      return "CASE WHEN sample.byte_count < \(bounds[middle])"
        + " THEN \(tree(range.lowerBound..<middle))"
        + " ELSE \(tree(middle + 1..<range.upperBound)) END"
    }
    return tree(bounds.startIndex..<bounds.endIndex)
  }()

  /// The class of a length.
  static func index(_ length: Int) -> Int {
    var range = bounds.startIndex..<bounds.endIndex
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      range = length < bounds[middle] ? range.lowerBound..<middle : middle + 1..<range.upperBound
    }
    return range.lowerBound
  }

  static func from(_ index: Int) -> Int { index == 0 ? 0 : bounds[index - 1] }

  /// Nil where it is open.
  static func through(_ index: Int) -> Int? { index < bounds.count ? bounds[index] - 1 : nil }
}
