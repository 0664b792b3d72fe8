internal import Lineage

/// Every sample's fate in every branch as CSV (RFC 4180), a line each, in the order of reading; of a
/// seed also what its teacher made of it.
package enum FateTable: ExportFormat {
  package static let name = "csv"
  package static let about = "each sample's fate in each branch, as a table"
  package static let knowsSamples = true

  package static func write(_ export: Export, _ write: (String) throws -> Void) throws {
    var values: [String: String] = [:]
    var conditions = ["fate.branch IN (SELECT max(id) FROM branch GROUP BY name)"]
    if let branch = export.branch {
      conditions.append("branch.name = :branch")
      values["branch"] = branch
    }
    if let sample = export.sample {
      conditions.append("fate.sample IN (SELECT id FROM sample WHERE sample_id = :sample)")
      values["sample"] = sample
    }
    // In the order of its key nothing has to be sorted, and the answer comes at once.
    let sql = """
      WITH latest AS MATERIALIZED (\(RecordedTeaching.latestOfBuilds))
      SELECT branch.name AS branch, sample.sample_id AS id, fate.kind AS fate, step.name AS step,
        stayed.sample_id AS duplicate_of, fate.evidence, fate.picked, fate.candidates,
        source.name AS source, source.config, source.licence, source.revision,
        source_file.path AS file, source_file.xxh3 AS file_xxh3, sample.row,
        sample.byte_offset, sample.byte_count, \(hexadecimal("sample.row_xxh3")) AS row_xxh3,
        output_file.path AS output, fate.output_row, fate.output_offset, fate.output_byte_count,
        \(hexadecimal("fate.output_xxh3")) AS output_xxh3, teaching.model AS teacher,
        taught.kind AS taught, taught.reason AS untaught_because, taught.request, taught.attempt,
        taught.attempts, taught.server, taught.finish_reason, taught.prompt_tokens,
        taught.completion_tokens,
        iif(taught.output_row IS NULL, NULL, teaching.path) AS taught_output,
        taught.output_row AS taught_row, taught.output_offset AS taught_offset,
        taught.output_byte_count AS taught_byte_count,
        \(hexadecimal("taught.output_xxh3")) AS taught_xxh3, branch.run
      FROM fate CROSS JOIN branch ON branch.id = fate.branch
      CROSS JOIN sample ON sample.id = fate.sample
      CROSS JOIN source_file ON source_file.id = sample.file
      CROSS JOIN source ON source.id = source_file.source
      LEFT JOIN step ON step.id = fate.step
      LEFT JOIN sample AS stayed ON stayed.id = fate.duplicate_of
      LEFT JOIN output_file ON output_file.id = fate.output
      LEFT JOIN latest ON latest.build = fate.branch AND fate.kind = 'seed'
      LEFT JOIN teaching ON teaching.id = latest.teaching
      LEFT JOIN taught ON taught.teaching = latest.teaching AND taught.seed_row = fate.output_row
      WHERE \(conditions.joined(separator: " AND ")) ORDER BY fate.sample, fate.branch
      """
    _ = try Query(sql, values: values).answer(from: export.ledger.path, as: .csv, write: write)
  }

  private static func hexadecimal(_ column: String) -> String {
    "iif(\(column) IS NULL, NULL, printf('%016x', \(column)))"
  }
}
