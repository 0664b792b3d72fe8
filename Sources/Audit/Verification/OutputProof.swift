internal import Files
internal import Foundation
internal import GRDB
internal import Lineage
internal import Notation

/// Reads the data sets of a run: each whole file has its hash, and each row that was kept or is a
/// seed stands at its place with its hash and the id of its sample.
///
/// Rows stand in the order of their samples, so that one pass over the fates goes with one pass over
/// each file. Of a run that did not record places a row is the next line. Where a teacher completed
/// the rows, its file begins with the same rows, and the same pass goes with it.
struct OutputProof {
  private let record: WorkspaceRecord
  private let ledger: Ledger
  private let proof: Proof
  private let meter: ReadingMeter
  private let teachings: [CurrentTeaching]

  init(
    _ record: WorkspaceRecord, _ ledger: Ledger, _ proof: Proof, _ meter: ReadingMeter,
    _ teachings: [CurrentTeaching]
  ) {
    self.record = record
    self.ledger = ledger
    self.proof = proof
    self.meter = meter
    self.teachings = teachings
  }

  /// Samples whose fates are read in one go, so that a run that begins meanwhile need not wait.
  private static let step: Int64 = 1 << 14

  func prove(_ run: BuiltRun) throws {
    // A kept row stands in the branch's own file, and in the one that a teacher completed.
    var files: [Int64: [OutputFileInHand]] = [:]
    for output in run.currentOutputs {
      files[output.id] = open(output).map { [$0] }
    }
    let taught = teachings.filter { teaching in
      run.currentBranches.contains { $0.id == teaching.build?.id }
    }
    var completed: [(teaching: CurrentTeaching, file: OutputFileInHand)] = []
    for teaching in taught {
      guard let kept = teaching.kept, let file = open(teaching.output) else { continue }
      files[kept.id, default: []].append(file)
      completed.append((teaching, file))
    }
    for source in run.currentSources {
      for file in source.files {
        var next = file.samples.lowerBound
        while next < file.samples.upperBound {
          try Interruption.check()
          let end = min(file.samples.upperBound, next + Self.step)
          for row in try rows(of: next..<end) {
            for file in files[row.output] ?? [] { compare(row, in: file) }
          }
          next = end
        }
      }
    }
    for (teaching, file) in completed {
      for row in try teaching.rows(in: ledger) { compare(row, in: file) }
    }
    for file in run.currentOutputs.flatMap({ files[$0.id] ?? [] }) where !file.isLost {
      do {
        try file.end()
      } catch {
        lose(file, error)
      }
    }
  }

  private func open(_ output: BuiltRun.Output) -> OutputFileInHand? {
    do {
      return try OutputFileInHand(
        output, at: "\(record.workspace)/\(output.path)", proof, meter)
    } catch {
      proof.cannotCheck(
        .output, "a data set cannot be read", at: output.path, because: "\(error)")
      proof.cannotCheck(
        .outputRow, "rows are not there to be compared", at: output.path,
        count: max(1, output.rowCount))
      return nil
    }
  }

  private func compare(_ row: RecordedRow, in file: OutputFileInHand) {
    guard !file.isLost else { return }
    do {
      try file.compare(row)
    } catch {
      lose(file, error)
    }
  }

  private func lose(_ file: OutputFileInHand, _ error: any Error) {
    file.isLost = true
    proof.cannotCheck(
      .output, "a data set cannot be read", at: file.output.path, because: "\(error)")
  }

  /// What the ledger says of the rows made of these samples.
  private func rows(of samples: Range<Int64>) throws -> [RecordedRow] {
    try ledger.access { database in
      let cursor = try Row.fetchCursor(
        database.cachedStatement(
          sql: """
            SELECT output, output_row, output_offset, output_byte_count, output_xxh3, kind,
              sample_id
            FROM fate JOIN sample ON sample.id = fate.sample
            WHERE fate.sample >= ? AND fate.sample < ? AND output IS NOT NULL
            ORDER BY fate.sample
            """), arguments: [samples.lowerBound, samples.upperBound])
      var rows: [RecordedRow] = []
      while let row = try cursor.next() {
        rows.append(
          RecordedRow(
            output: row[0], number: row[1] as Int? ?? 0, offset: row[2], byteCount: row[3],
            hash: row[4], isSeed: row[5] == Fate.seed.rawValue, id: row[6] as String? ?? ""))
      }
      return rows
    }
  }
}
