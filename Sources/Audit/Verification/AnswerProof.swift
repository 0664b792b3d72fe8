internal import Curation
internal import Files
internal import Foundation
internal import GRDB
internal import Lineage
internal import Notation
internal import Teaching

/// What became of each seed, proved from the seeds and the store: the request is made again and has
/// the recorded hash, the answer that was taken is judged again, and gives the row's bytes again.
struct AnswerProof {
  private let teaching: CurrentTeaching
  private let ledger: Ledger
  private let proof: Proof
  private let workspace: String
  private let plan: TeacherPlan
  private let maker: RequestMaker
  private let judge: Judge
  private let branch: Plan.Branch

  /// Nil where nothing can be made again: another proof says why.
  init?(
    _ teaching: CurrentTeaching, workspace: String, _ ledger: Ledger, _ proof: Proof
  ) {
    let record = teaching.record
    guard let build = teaching.build,
      let branch = Plan.Branch(recorded: build.name, rowFormat: build.rowFormat),
      let plan = try? TeacherPlan(
        TeacherRecord(question: record.question, policy: record.policy))
    else { return nil }
    (self.teaching, self.ledger, self.proof) = (teaching, ledger, proof)
    (self.workspace, self.plan, self.branch) = (workspace, plan, branch)
    (maker, judge) = (RequestMaker(plan), Judge(plan))
  }

  /// What the ledger has of a seed.
  private struct Told {
    let row: Int
    let id: String
    let kind: TeachingEntry.Kind?
    let reason, request: String?
    let attempt: Int64?
    let attempts: Int
    let server, finishReason: String?
    let promptTokens, completionTokens: Int?
    let byteCount: Int?
    let hash: Int64?
  }

  func prove() throws {
    let told = try told()
    proveUnanswered(told)
    let store = openStore()
    let path = "\(workspace)/branches/\(teaching.name)/seeds.jsonl"
    var next = 0
    func compare(_ seed: SeedRow) throws {
      try Interruption.check()
      defer { next += 1 }
      guard next < told.count else { return }
      try prove(told[next], seed, store)
    }
    do {
      try SeedFile(path).forEach(compare)
    } catch let error as Interrupted {
      throw error
    } catch {
      proof.cannotCheck(
        .teaching, "the seeds of a teaching cannot be read", at: path, because: "\(error)",
        count: max(1, told.count - next))
    }
  }

  private func told() throws -> [Told] {
    try ledger.access { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT seed_row, sample_id, kind, reason, request, attempt, attempts, server,
            finish_reason, prompt_tokens, completion_tokens, output_byte_count, output_xxh3
          FROM taught JOIN sample ON sample.id = taught.seed WHERE teaching = ? ORDER BY seed_row
          """, arguments: [teaching.record.id]
      ).map { row in
        Told(
          row: row[0], id: row[1] as String? ?? "", kind: TeachingEntry.Kind(rawValue: row[2]),
          reason: row[3], request: row[4], attempt: row[5], attempts: row[6], server: row[7],
          finishReason: row[8], promptTokens: row[9], completionTokens: row[10],
          byteCount: row[11], hash: row[12])
      }
    }
  }

  private func openStore() -> TeacherStore? {
    let name = teaching.record.store
    do {
      return try TeacherStore(reading: name.hasPrefix("/") ? name : "\(workspace)/\(name)")
    } catch {
      let count = teaching.record.rowCount &- teaching.record.keptCount
      proof.cannotCheck(
        .answer, "the store of a teacher's answers cannot be read", at: quoted(name),
        because: "\(error)", count: max(1, count))
      return nil
    }
  }

  /// The list beside the rows has a line for each seed without one, and nothing else.
  private func proveUnanswered(_ told: [Told]) {
    let path = teaching.record.path.parentPath + "/unanswered.jsonl"
    guard let data = FileManager.default.contents(atPath: "\(workspace)/\(path)") else {
      return proof.cannotCheck(.teaching, "the list of seeds without a row is not there", at: path)
    }
    let lines = data.split(separator: 0x0A).map { try? JSON(parsing: Array($0)) }
    let expected = told.filter { $0.kind != .taught }
    proof.expect(
      .teaching, lines.count == expected.count,
      "the list of seeds without a row has other seeds than the ledger", at: path,
      expected: "\(expected.count) lines", found: "\(lines.count)")
    for (index, (line, seed)) in zip(lines, expected).enumerated() {
      let found = ["id", "kind", "reason", "request"].map { line?[$0]?.text }
      proof.expect(
        .teaching, found == [seed.id, seed.kind?.rawValue, seed.reason, seed.request],
        "a line of the list of seeds without a row is not that of the ledger",
        at: "\(path) line \(index + 1)",
        expected: shortened("\(seed.id) \(seed.kind?.rawValue ?? ""): \(seed.reason ?? "")"),
        found: shortened(line?.compact ?? "no JSON"))
    }
  }

  // MARK: - A seed

  private func prove(_ told: Told, _ seed: SeedRow, _ store: TeacherStore?) throws {
    let place = "\(quoted(teaching.stage.name)), seed \(seed.number)"
    let requests = maker.requests(for: seed) ?? []
    let isAsked = told.request.map { hash in requests.contains { $0.hash == hash } }
    proof.expect(
      .teaching, told.id == seed.id && isAsked ?? (told.kind != .taught),
      "a seed was put to the teacher in other words", at: place,
      expected: "\(told.id), request \(told.request ?? "none")",
      found: "\(seed.id), request \(requests.first?.hash ?? "none")")
    guard let store else { return }
    do {
      var answers: [KeptAnswer] = []
      for request in requests {
        answers += try store.answers(to: request.hash, policy: plan.policy.text)
      }
      try proveAnswers(told, seed, answers, at: place)
    } catch let error as StoreError {
      proof.cannotCheck(
        .answer, "an answer cannot be read", at: place, because: error.description)
    }
  }

  /// The answers that came are as many as the ledger says, and each is judged as it was.
  private func proveAnswers(
    _ told: Told, _ seed: SeedRow, _ answers: [KeptAnswer], at place: String
  ) throws {
    // A later asking, or a batch that came back since, may have brought more.
    let own = answers.filter { !$0.isOfBatch && $0.started < teaching.stage.finished ?? "" }
    proof.expect(
      .answer, own.count...answers.count ~= told.attempts,
      "another number of answers came for a seed", at: place, expected: "\(told.attempts)",
      found: "\(answers.count)")
    var refusals: [String] = []
    for answer in answers {
      let refusal = refusal(of: answer, to: seed)
      if let refusal { refusals.append(refusal) }
      guard let verdict = answer.verdict else { continue }
      proof.expect(
        .answer, verdict.isAccepted == (refusal == nil) && verdict.reason == refusal,
        "an answer is judged otherwise now", at: "\(place), attempt \(answer.attempt)",
        expected: verdict.isAccepted ? "accepted" : shortened(verdict.reason ?? "turned down"),
        found: refusal.map(shortened) ?? "accepted")
    }
    if told.kind == .rejected {
      proof.expect(
        .answer, told.reason.map(refusals.contains) ?? false,
        "no answer to a seed was turned down for the reason that is recorded", at: place,
        expected: told.reason.map(shortened),
        found: refusals.isEmpty ? "none" : refusals.map(shortened).joined(separator: "; "))
    }
    guard told.kind == .taught else { return }
    let taken = answers.first { $0.attempt == told.attempt }
    proof.expect(
      .answer,
      taken.map {
        $0.hash == told.request && $0.server == told.server
          && $0.finishReason == told.finishReason && $0.tokens.prompt == told.promptTokens
          && $0.tokens.completion == told.completionTokens
      } ?? false,
      "an answer is not the one that is recorded", at: place,
      expected: "attempt \(told.attempt ?? 0) from \(shortened(told.server ?? "nowhere")), "
        + "\(told.finishReason.map(shortened) ?? "no finish reason"), "
        + "\(told.promptTokens ?? 0) + \(told.completionTokens ?? 0) tokens",
      found: taken.map {
        "\(shortened($0.server)), \($0.finishReason.map(shortened) ?? "no finish reason"), "
          + "\($0.tokens.prompt) + \($0.tokens.completion) tokens"
      } ?? "no such answer")
    guard let taken else { return }
    if plan.policy.pick == .first,
      let first = own.first(where: { refusal(of: $0, to: seed) == nil })
    {
      proof.expect(
        .answer, taken.isOfBatch || first.attempt == taken.attempt,
        "another answer was taken than the first that is accepted", at: place,
        expected: "attempt \(told.attempt ?? 0)", found: "attempt \(first.attempt)")
    }
    proveRow(told, seed, taken, at: place)
  }

  /// Why an answer is turned down, in the words of its verdict; nil where it is accepted.
  private func refusal(of answer: KeptAnswer, to seed: SeedRow) -> String? {
    do {
      return judge.refusal(of: try Completion(JSON(parsing: answer.response)), to: seed)
    } catch let error as CompletionError {
      return "\(error)"
    } catch {
      return "the stored answer is no JSON: \(error)"
    }
  }

  /// The answer that was taken is one that the policy accepts, and makes the bytes of the row.
  private func proveRow(_ told: Told, _ seed: SeedRow, _ answer: KeptAnswer, at place: String) {
    guard let completion = try? Completion(JSON(parsing: answer.response)) else {
      return proof.fails(.answer, "an answer that was taken is no whole answer", at: place)
    }
    if let refusal = judge.refusal(of: completion, to: seed) {
      return proof.fails(
        .answer, "an answer that was taken is not accepted", at: place, expected: "accepted",
        found: shortened(refusal))
    }
    let fields = judge.fields(of: completion, to: seed)
    let row = plan.form.response(of: fields).map {
      branch.row(id: seed.id, prompt: seed.promptBytes, response: $0)
    }
    let hash = row.map { Int64(bitPattern: fastHash(of: $0.span)) }
    func text(_ count: Int?, _ hash: Int64?) -> String {
      "\(count ?? 0) bytes, XXH3 \(hash.map { hex(UInt64(bitPattern: $0)) } ?? "none")"
    }
    proof.expect(
      .answer, row?.count == told.byteCount && hash == told.hash,
      "an answer makes another row than was written", at: place,
      expected: text(told.byteCount, told.hash), found: text(row?.count, hash))
  }
}
