internal import GRDB

extension Trace {
  /// Fills in which experts of the branch saw the sample, and which did not see its row.
  static func follow(
    _ fate: inout FateInBranch, _ samples: [Int64], branch: Int64, in database: Database
  ) throws {
    let experts = try RecordedExpert.all(of: fate.branch, preferring: branch, in: database)
    let isKept = fate.fate == Fate.kept.rawValue
    let isRow = isKept || fate.teaching?.outputRow != nil
    for expert in experts {
      let build = expert.build
      // A kept row is the same whatever a teacher wrote behind it.
      let isOwn =
        expert.dataXXH3 == nil
        || build?.branch == branch && (isKept || build?.teaching == fate.teaching?.id)
      let row = try build.flatMap { try Self.row(of: samples, in: $0, database) }
      // What an earlier expert did not see is nobody's question, nor what is no row at all.
      guard row != nil || isRow && (isOwn || build != nil && expert.isLatest) else { continue }
      let leftOut = try Row.fetchOne(
        database,
        sql: "SELECT reason, token_count FROM left_out WHERE training = ? AND output_row = ?",
        arguments: [expert.training, row])
      let taught = try (build?.teaching).flatMap { try RecordedTeaching.find($0, in: database) }
      let training = Training(
        trainer: expert.trainer, expert: expert.path, isLatest: expert.isLatest, rows: expert.rows,
        run: build?.run, teaching: taught?.stage, row: row, leftOut: leftOut?[0],
        tokens: leftOut?[1], merges: expert.merges)
      if isOwn && fate.training == nil {
        fate.training = training
      } else {
        fate.otherTrainings.append(training)
      }
      guard let build, let taught, taught.id != fate.teaching?.id, row != nil,
        !fate.otherTeachings.contains(where: { $0.id == taught.id }),
        let seed = try seedRow(of: samples, in: build, database)
      else { continue }
      if let teaching = try Teaching(ofSeed: seed, in: taught, database) {
        fate.otherTeachings.append(teaching)
      }
    }
    let latest = try Row.fetchOne(
      database,
      sql: "SELECT id, run FROM branch WHERE name = ? ORDER BY id DESC LIMIT 1",
      arguments: [fate.branch])
    guard let latest, !experts.isEmpty else { return }
    let rows = try RowsToTrain(of: latest[0], in: database)
    if experts.allSatisfy({ $0.dataXXH3 != nil && $0.dataXXH3 != rows.xxh3 }) {
      (fate.untrainedRun, fate.untrainedTeaching) = (latest[1], rows.teaching?.stage)
    }
  }

  /// The row of a sample, which has several numbers, among those that an expert was trained on.
  private static func row(
    of samples: [Int64], in build: RecordedExpert.Build, _ database: Database
  ) throws -> Int? {
    let kept = try samples.compactMap {
      try Int.fetchOne(
        database,
        sql: "SELECT output_row FROM fate WHERE sample = ? AND branch = ? AND output = ?",
        arguments: [$0, build.branch, build.output])
    }.first
    if let kept { return kept }
    guard let teaching = build.teaching, let seed = try seedRow(of: samples, in: build, database)
    else { return nil }
    return try Int.fetchOne(
      database, sql: "SELECT output_row FROM taught WHERE teaching = ? AND seed_row = ?",
      arguments: [teaching, seed])
  }

  /// The number of a sample among the seeds of a build.
  private static func seedRow(
    of samples: [Int64], in build: RecordedExpert.Build, _ database: Database
  ) throws -> Int? {
    try samples.compactMap {
      try Int.fetchOne(
        database,
        sql: "SELECT output_row FROM fate WHERE sample = ? AND branch = ? AND kind = 'seed'",
        arguments: [$0, build.branch])
    }.first
  }
}
