internal import GRDB
internal import Lineage

extension Overview {
  /// Rows that could not be read; each counts once, however many branches read its source.
  package struct Quarantine: Encodable, Sendable {
    package var rows: Int
    package var reasons: [Reason]
    package var examples: [Fault]

    package struct Reason: Encodable, Sendable {
      package var reason: String
      package var rows: Int
    }

    package struct Fault: Encodable, Sendable {
      package var path: String
      package var row: Int
      package var reason: String
      package var message: String
      /// Of the decompressed file; nil for a table.
      package var byte: Int?
    }
  }
}

extension Overview.Quarantine {
  static let shownRows = 10

  init(in database: Database) throws {
    // Several runs may have read the same row.
    let rows = """
      SELECT source_file.path, source_file.xxh3, sample.row, min(sample.id) AS first,
        max(CASE WHEN json_valid(evidence) THEN evidence END) AS fault
      FROM fate JOIN sample ON sample.id = fate.sample
      JOIN source_file ON source_file.id = sample.file
      WHERE branch IN \(Facts.current) AND kind = 'quarantined' GROUP BY 1, 2, 3
      """
    reasons = try Row.fetchAll(
      database,
      sql: """
        SELECT coalesce(fault ->> '$.reason', 'not recorded'), count(*) FROM (\(rows))
        GROUP BY 1 ORDER BY 2 DESC, 1
        """
    ).map { Reason(reason: $0[0], rows: $0[1]) }
    self.rows = reasons.reduce(0) { $0 + $1.rows }
    examples = try Row.fetchAll(
      database,
      sql: """
        SELECT path, row, coalesce(fault ->> '$.reason', 'not recorded'),
          coalesce(fault ->> '$.message', ''), CAST(fault ->> '$.fault_offset' AS INTEGER)
        FROM (\(rows)) ORDER BY first LIMIT \(Self.shownRows)
        """
    ).map { Fault(path: $0[0], row: $0[1], reason: $0[2], message: $0[3], byte: $0[4]) }
  }
}

extension LedgerError {
  /// A row of one table names a sample that is not there.
  static func missing(_ sample: Int64) -> LedgerError {
    LedgerError(
      "the ledger has no sample \(sample), of which it tells; 'branchmerge verify' says more")
  }
}
