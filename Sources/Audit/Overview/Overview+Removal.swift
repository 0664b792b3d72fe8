internal import GRDB
internal import Lineage

extension Overview {
  /// What a step of a branch removed from a source.
  package struct Removal: Encodable, Sendable {
    package var branch: String
    package var source: String
    package var step: String
    package var kind: String
    /// The step as it was in the run.
    package var text: String
    package var dropped: Int
    /// How many different values decided.
    package var distinct: Int
    /// Those that removed most, with the first sample of each.
    package var values: [Value]
  }

  package struct Value: Encodable, Sendable {
    /// JSON, as in the ledger; nil where it has none.
    package var evidence: String?
    package var dropped: Int
    package var example: Example
  }

  /// A sample to look at.
  package struct Example: Encodable, Sendable {
    package var id: String?
    package var path: String
    /// Counted from 1.
    package var row: Int
    /// The beginning of its prompt; nil where it cannot be read any more.
    package var prompt: String?
    /// What reads it again.
    let place: Place

    private enum CodingKeys: CodingKey { case id, path, row, prompt }

    struct Place: Sendable {
      var sample: Int64
      var offset: Int?
      var byteCount: Int
      var rowHash: Int64?
      var source: String
      var card: String
      var fileXXH3: String
    }
  }
}

extension Overview.Removal {
  static let shownValues = 6

  static func all(in database: Database) throws -> [Overview.Removal] {
    // The groups come in order, so that no more of them are held than are shown. Of an overlap or a
    // verdict what all samples have of their own is left out.
    let groups = try Row.fetchCursor(
      database,
      sql: """
        SELECT step,
          CASE WHEN step IN (SELECT id FROM step WHERE kind IN ('without', 'verify'))
            THEN json_remove(evidence, '$.share', '$.span', '$.words', '$.rules', '$.hits',
              '$.found', '$.expected')
            ELSE evidence END,
          count(*), min(sample)
        FROM fate WHERE branch IN \(Facts.current) AND kind = 'dropped' GROUP BY 1, 2
        """)
    var tops: [Int64: Top] = [:]
    while let row = try groups.next() {
      guard let step: Int64 = row[0] else { continue }
      tops[step, default: Top()].add(evidence: row[1], count: row[2], first: row[3])
    }
    let steps = try Row.fetchAll(
      database,
      sql: """
        SELECT step.id, branch.name, source.name, step.name, step.kind, step.text
        FROM step JOIN branch ON branch.id = step.branch JOIN source ON source.id = step.source
        WHERE branch.id IN \(Facts.current) ORDER BY branch.id, source.id, step.position
        """)
    return try steps.compactMap { row in
      guard let top = tops[row[0]] else { return nil }
      return Overview.Removal(
        branch: row[1], source: row[2], step: row[3], kind: row[4], text: row[5],
        dropped: top.dropped, distinct: top.distinct,
        values: try top.values.map { value in
          Overview.Value(
            evidence: value.evidence, dropped: value.count,
            example: try Overview.Example.find(value.first, in: database))
        })
    }
  }

  /// The values of one step that removed most.
  private struct Top {
    var dropped = 0
    var distinct = 0
    var values: [(evidence: String?, count: Int, first: Int64)] = []

    mutating func add(evidence: String?, count: Int, first: Int64) {
      dropped += count
      distinct += 1
      // Among equals the one that was met first.
      let place = values.firstIndex { ($0.count, first) < (count, $0.first) } ?? values.count
      guard place < Overview.Removal.shownValues else { return }
      values.insert((evidence, count, first), at: place)
      if values.count > Overview.Removal.shownValues { values.removeLast() }
    }
  }
}

extension Overview.Example {
  static func find(_ sample: Int64, in database: Database) throws -> Overview.Example {
    let row = try Row.fetchOne(
      database,
      sql: """
        SELECT sample_id, path, row, byte_offset, sample.byte_count, row_xxh3, source.name, card,
          xxh3
        FROM sample JOIN source_file ON source_file.id = sample.file
        JOIN source ON source.id = source_file.source WHERE sample.id = ?
        """, arguments: [sample])
    guard let row else { throw LedgerError.missing(sample) }
    return Overview.Example(
      id: row[0], path: row[1], row: row[2],
      place: Place(
        sample: sample, offset: row[3], byteCount: row[4], rowHash: row[5], source: row[6],
        card: row[7], fileXXH3: row[8]))
  }
}

extension [Overview.Removal] {
  mutating func fill(from excerpts: Excerpts) {
    for removal in indices {
      for value in self[removal].values.indices {
        let sample = self[removal].values[value].example.place.sample
        self[removal].values[value].example.prompt = excerpts[sample]
      }
    }
  }
}
