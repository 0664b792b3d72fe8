internal import GRDB
internal import Lineage
internal import Notation
internal import Teaching

/// The teachings whose rows are those that experts are trained on: what the ledger says of each adds
/// up, and is what its stage depends on.
struct TeachingProof {
  let current: [CurrentTeaching]
  private let ledger: Ledger
  private let proof: Proof

  init(_ record: WorkspaceRecord, _ ledger: Ledger, _ proof: Proof) throws {
    (self.ledger, self.proof) = (ledger, proof)
    current = try StageProof.current(record.stages).compactMap { stage in
      guard stage.name.hasPrefix("teach ") else { return nil }
      let teaching = try ledger.access { database -> RecordedTeaching? in
        let id = try Int64.fetchOne(
          database, sql: "SELECT id FROM teaching WHERE stage = ? ORDER BY id DESC LIMIT 1",
          arguments: [stage.id])
        return try id.flatMap { try RecordedTeaching.find($0, in: database) }
      }
      guard let teaching else {
        proof.fails(.teaching, "a teaching left no record", at: quoted(stage.name))
        return nil
      }
      return CurrentTeaching(stage, teaching, record)
    }
  }

  func prove() throws {
    for teaching in current {
      try proveLaws(teaching)
      try proveStage(teaching)
    }
  }

  // MARK: - Laws

  /// seeds = taught + rejected + failed + refused, and none contradicts itself.
  private func proveLaws(_ teaching: CurrentTeaching) throws {
    let place = quoted(teaching.stage.name)
    let row = try ledger.access { database in
      try Row.fetchOne(
        database,
        sql: """
          SELECT count(*), total(kind = 'taught'), min(seed_row), max(seed_row),
            count(DISTINCT seed_row), total(NOT coalesce(\(Self.isSound), 0)),
            (SELECT count(*) FROM fate WHERE branch = ?2 AND kind = 'seed'),
            (SELECT count(*) FROM taught JOIN fate ON fate.sample = taught.seed
             WHERE teaching = ?1 AND fate.branch = ?2 AND fate.kind = 'seed'
               AND fate.output_row = taught.seed_row)
          FROM taught WHERE teaching = ?1
          """, arguments: [teaching.record.id, teaching.record.branch])
    }
    guard let row else { return }
    let (count, taught): (Int, Int) = (row[0], Int(row[1] as Double))
    let (first, last, distinct): (Int?, Int?, Int) = (row[2], row[3], row[4])
    let (odd, seeds, own): (Int, Int, Int) = (Int(row[5] as Double), row[6], row[7])
    proof.expect(
      .ledger,
      count == seeds && own == seeds && distinct == seeds
        && (seeds == 0 || first == 1 && last == seeds),
      "seeds are not taught + rejected + failed + refused", at: place,
      expected: "one entry for each of \(seeds) seeds, in their order",
      found: "\(count), and \(own) of these seeds")
    proof.expect(
      .ledger, odd == 0, "what became of seeds contradicts itself", at: place,
      expected: "a row and an answer of what was taught, a reason of what was not",
      found: "\(odd) others")
    let record = teaching.record
    proof.expect(
      .ledger, record.rowCount == record.keptCount &+ taught,
      "the rows of a taught branch are not those kept and those taught", at: place,
      expected: "\(record.rowCount) rows", found: "\(record.keptCount) kept + \(taught) taught")
  }

  /// The columns that what became of a seed has.
  private static let isSound = """
    (kind = 'taught') = (output_row IS NOT NULL) AND (kind = 'taught') = (reason IS NULL)
      AND (kind = 'taught') = (attempt IS NOT NULL)
      AND (output_row IS NULL) = (output_offset IS NULL)
      AND (output_row IS NULL) = (output_byte_count IS NULL)
      AND (output_row IS NULL) = (output_xxh3 IS NULL)
      AND (kind = 'taught') = (server IS NOT NULL)
      AND (kind = 'taught' OR
        coalesce(finish_reason, prompt_tokens, completion_tokens) IS NULL)
      AND (request IS NOT NULL OR kind = 'refused')
      AND (attempts > 0 OR kind IN ('failed', 'refused')) AND attempts >= 0
    """

  // MARK: - The stage

  /// What is recorded of the question and the policy is what the stage depends on, and its seeds are
  /// those that the branch has.
  private func proveStage(_ teaching: CurrentTeaching) throws {
    let (record, stage) = (teaching.record, teaching.stage)
    let place = quoted(stage.name)
    func expect(_ isSo: Bool, _ problem: String, _ expected: String?, _ found: String?) {
      proof.expect(
        .teaching, isSo, problem, at: place, expected: expected.map(shortened),
        found: found.map(shortened))
    }
    let taught = try ledger.access { database in
      try String.fetchOne(
        database, sql: "SELECT name FROM branch WHERE id = ?", arguments: [record.branch])
    }
    expect(
      taught == teaching.name, "a teaching is recorded of another branch", teaching.name, taught)
    let path = "teach/\(teaching.name)/train.jsonl"
    expect(record.path == path, "taught rows lie where their branch's do not", path, record.path)
    let product = stage.products.first { $0.path == record.path }
    expect(
      product.map { $0.xxh3 == record.xxh3 && $0.byteCount == record.byteCount } ?? false,
      "taught rows are not what their stage made",
      product.map { "\($0.byteCount) bytes, XXH3 \($0.xxh3)" } ?? "a file",
      "\(record.byteCount) bytes, XXH3 \(record.xxh3)")
    if teaching.build == nil {
      proof.fails(
        .teaching, "the seeds that were taught are not those that the branch has now", at: place)
    } else {
      proof.holds(.teaching)
      proof.expect(
        .teaching, teaching.kept?.rowCount == record.keptCount,
        "a teaching began with other rows than the branch keeps", at: place,
        expected: teaching.kept.map { "\($0.rowCount) rows" }, found: "\(record.keptCount) rows")
    }
    let own = [
      ("seeds", teaching.seeds?.xxh3), ("rows", teaching.kept?.xxh3),
      ("row", teaching.build?.rowFormat),
    ]
    for (name, expected) in own where teaching.build != nil {
      let value = stage.ingredients.first { $0.name == name }?.value
      expect(
        value == expected, "a teaching depends on another '\(name)' than the branch has", expected,
        value)
    }
    do {
      let plan = try TeacherPlan(TeacherRecord(question: record.question, policy: record.policy))
      expect(
        plan.question.model == record.model, "a teaching's model is not the one that was asked",
        plan.question.model, record.model)
      for (name, value) in plan.ingredients {
        let own = stage.ingredients.first { $0.name == name }?.value
        expect(
          own == value, "a teaching is recorded with another '\(name)' than its stage depends on",
          own, value)
      }
    } catch {
      proof.fails(
        .teaching, "a recorded question or policy cannot be understood any more", at: place,
        found: "\(error)")
    }
  }
}
