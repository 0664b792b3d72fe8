internal import Files
internal import Foundation
internal import GRDB
internal import Lineage
internal import Notation

/// The quarantine list beside the branches: a line for each row that the latest run could not read,
/// and nothing else.
struct QuarantineProof {
  private let record: WorkspaceRecord
  private let ledger: Ledger
  private let proof: Proof

  init(_ record: WorkspaceRecord, _ ledger: Ledger, _ proof: Proof) {
    self.record = record
    self.ledger = ledger
    self.proof = proof
  }

  private static let name = "branches/quarantine.jsonl"

  func prove() throws {
    guard let run = record.latestRun else { return }
    let rows = try recorded(of: run)
    let path = "\(record.workspace)/\(Self.name)"
    guard let data = FileManager.default.contents(atPath: path) else {
      proof.cannotCheck(.quarantine, "the quarantine list is not there", at: Self.name)
      return
    }
    let lines = data.split(separator: 0x0A, omittingEmptySubsequences: false)
    proof.expect(
      .quarantine, lines.count - 1 == rows.count && (lines.last?.isEmpty ?? true),
      "the quarantine list has other rows than the ledger", at: Self.name,
      expected: "\(rows.count) lines", found: "\(max(0, lines.count - 1))")
    for (index, (line, row)) in zip(lines, rows).enumerated() {
      // The path is as the run was given it, maybe from another folder.
      let file = (try? JSON(parsing: Array(line)))?["file"]?.text ?? ""
      let expected = row.line(file: file)
      proof.expect(
        .quarantine, expected.utf8.elementsEqual(line) && isSame(file, row.path),
        "a line of the quarantine list is not that of the ledger",
        at: "\(Self.name) line \(index + 1)",
        expected: shortened(row.line(file: row.path)),
        found: shortened(String(decoding: line, as: UTF8.self)))
    }
  }

  private func isSame(_ given: String, _ path: String) -> Bool {
    given.hasPrefix("/")
      ? URL(fileURLWithPath: given).standardizedFileURL.path == path
      : given.fileName == path.fileName
  }

  private struct Quarantined {
    let source: String
    let path: String
    let row: Int
    let offset: Int?
    let byteCount: Int
    let evidence: String

    func line(file: String) -> String {
      "{\"source\": \(JSON.quoted(source)), \"file\": \(JSON.quoted(file)), \"row\": \(row),"
        + " \"byte_offset\": \(offset.map(String.init) ?? "null"), \"byte_count\": \(byteCount),"
        + " \(evidence.dropFirst())"
    }
  }

  /// In the order of reading; a row that no branch can read is one line.
  private func recorded(of run: Int64) throws -> [Quarantined] {
    try ledger.access { database in
      let files = try Row.fetchAll(
        database,
        sql: """
          SELECT source.name, path, first_sample, row_count FROM source_file
          JOIN source ON source.id = source_file.source WHERE run = ? ORDER BY first_sample
          """, arguments: [run])
      return try files.flatMap { file in
        let (source, path, first, count): (String, String, Int64, Int64) =
          (file[0], file[1], file[2], file[3])
        guard 0..<1 << 48 ~= first, 0..<1 << 48 ~= count else { return [Quarantined]() }
        return try Row.fetchAll(
          database,
          sql: """
            SELECT row, byte_offset, byte_count,
              coalesce((SELECT evidence FROM fate WHERE fate.sample = sample.id LIMIT 1), '{}')
            FROM sample WHERE id >= ? AND id < ? AND sample_id IS NULL ORDER BY id
            """, arguments: [first, first + count]
        ).map {
          Quarantined(
            source: source, path: path, row: $0[0], offset: $0[1], byteCount: $0[2],
            evidence: $0[3])
        }
      }
    }
  }
}
