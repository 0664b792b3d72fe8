package import GRDB

/// A benchmark that a run held its prompts against, as the ledger has it.
package struct RecordedBenchmark: Sendable {
  package var name: String
  package var licence: String
  package var homepage: String
  package var revision: String
  /// The card's text.
  package var card: String
  package var path: String
  package var byteCount: Int
  package var itemCount: Int
  /// Of the file as it was given.
  package var xxh3: String
  /// Of the questions' hashes, whichever file they came from.
  package var fingerprint: String

  package init(
    name: String, licence: String, homepage: String, revision: String, card: String, path: String,
    byteCount: Int, itemCount: Int, xxh3: String, fingerprint: String
  ) {
    self.name = name
    self.licence = licence
    self.homepage = homepage
    self.revision = revision
    self.card = card
    self.path = path
    self.byteCount = byteCount
    self.itemCount = itemCount
    self.xxh3 = xxh3
    self.fingerprint = fingerprint
  }
}

extension RecordedBenchmark {
  /// In the order in which the run read them.
  package static func all(of run: Int64, in database: Database) throws -> [RecordedBenchmark] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT name, licence, homepage, revision, card, path, byte_count, item_count, xxh3,
          fingerprint
        FROM benchmark WHERE run = ? ORDER BY id
        """, arguments: [run]
    ).map {
      RecordedBenchmark(
        name: $0[0], licence: $0[1], homepage: $0[2], revision: $0[3], card: $0[4], path: $0[5],
        byteCount: $0[6], itemCount: $0[7], xxh3: $0[8], fingerprint: $0[9])
    }
  }
}

extension Ledger {
  /// Those that a run read.
  package func benchmarks(of run: Int64) throws -> [RecordedBenchmark] {
    try access { try RecordedBenchmark.all(of: run, in: $0) }
  }
}
