import Curation
import Files
import Foundation
import Lineage
import Notation
import Teaching
import Workflow

/// Does what the stage `teach` does, without servers: answers come from a closure, are kept in the
/// store, judged, written as rows and recorded.
struct FixtureTeacher {
  let recipe: ResolvedRecipe
  var tool = "branchmerge 1.2.3"
  /// What comes of the attempts at a seed, in their order.
  var replies: (SeedRow) -> [Reply] = Self.everyKind

  enum Reply {
    case answer(reasoning: String?, content: String, finish: String = "stop")
    case failure(String)
    case refusal(String)
  }

  /// The third of nine seeds is turned down, the fifth fails, the seventh is refused.
  static func everyKind(_ seed: SeedRow) -> [Reply] {
    switch seed.number % 9 {
    case 3:
      (1...3).map { .answer(reasoning: nil, content: "Hm \($0)", finish: "length") }
    case 5: [.failure("the connection was cut"), .failure("no byte came in 600 s")]
    case 7: [.refusal("this prompt is too long")]
    case 8:
      [
        .answer(reasoning: nil, content: "<think>never closed"),
        .answer(reasoning: nil, content: "<think>\nStep <b>\(seed.number)</b>\n</think>\n\n42"),
      ]
    default:
      [
        .answer(reasoning: "Let me \"see\": \(seed.prompt)", content: "It is \(seed.number).\n")
      ]
    }
  }

  private static let server = "http://127.0.0.1:8000/v1"

  /// Teaches the seeds of a branch as it is, and records it as the stage would.
  func teach(_ branch: String, in workspace: String) throws {
    let plan = try needed(recipe.teacher, "the recipe has no teacher")
    let form = try needed(recipe.plan.branches.first { $0.name == branch }, "no such branch")
    let (maker, judge) = (RequestMaker(plan), Judge(plan))
    let store = try TeacherStore(writing: workspace + "/teacher.sqlite", isDurable: false)
    let (asking, first) = try store.beginAsking(
      .server, tool: tool, recipe: recipe.recipe.name, branch: branch)
    let policy = try store.number(ofPolicy: plan.policy.text)
    let path = Stage.taughtFolder(branch) + "/train.jsonl"
    let kept = try Data(
      contentsOf: URL(fileURLWithPath: workspace + "/branches/\(branch)/train.jsonl"))
    var file = kept
    let record = TeacherRecord(plan)
    let seedsPath = "branches/\(branch)/seeds.jsonl"
    var entry = TeachingEntry(
      branch: branch, seedsXXH3: try Self.hash(workspace + "/" + seedsPath),
      model: plan.question.model, question: record.question, policy: record.policy,
      store: TeacherStore.fileName, path: path)
    entry.keptCount = kept.count { $0 == 0x0A }
    entry.rowCount = entry.keptCount
    var number = first
    var unanswered = ""
    var seeds: [SeedRow] = []
    func take(_ seed: SeedRow) { seeds.append(seed) }
    try SeedFile(workspace + "/" + seedsPath).forEach(take)
    for seed in seeds {
      let request = try needed(maker.requests(for: seed)?.first, "no text")
      var told = TeachingEntry.Seed(row: seed.number, kind: .failed)
      told.request = request.hash
      // What was answered before is not asked again.
      let isAnswered = try !store.answers(to: request.hash, policy: plan.policy.text).isEmpty
      for reply in isAnswered ? [] : replies(seed) {
        var attempt = Attempt(
          id: number, asking: asking, request: request, seed: seed.id, server: Self.server,
          started: "2026-11-21T20:00:00Z",
          tokens: Attempt.Tokens(prompt: 0, completion: 0, usage: .none), cost: nil)
        number += 1
        try store.record([.begun(attempt)])
        switch reply {
        case .failure(let words):
          (attempt.state, attempt.problem) = (.failed, words)
          (told.kind, told.reason) = (.failed, words)
        case .refusal(let words):
          (attempt.state, attempt.status, attempt.problem) = (.refused, 400, words)
          (told.kind, told.reason) = (.refused, words)
        case .answer(let reasoning, let content, let finish):
          let json = Self.completion(reasoning, content, finish, seed)
          let completion = try Completion(json)
          attempt.state = .answered
          attempt.response = Array(json.compact.utf8)
          attempt.finishReason = finish
          attempt.tokens = Attempt.Tokens(
            prompt: completion.promptTokens ?? 0, completion: completion.completionTokens ?? 0,
            usage: .server)
          let reason = judge.refusal(of: completion, to: seed)
          try store.record([.judged(attempt: attempt.id, policy: policy, reason: reason)])
        }
        try store.record([.ended(attempt)])
      }
      for answer in try store.answers(to: request.hash, policy: plan.policy.text) {
        let completion = try Completion(JSON(parsing: answer.response))
        told.attempts += 1
        (told.kind, told.reason) = (.rejected, answer.verdict?.reason)
        guard answer.verdict?.isAccepted == true else { continue }
        told.reason = nil
        (told.server, told.finishReason) = (answer.server, answer.finishReason)
        (told.promptTokens, told.completionTokens) = (
          answer.tokens.prompt, answer.tokens.completion
        )
        let fields = judge.fields(of: completion, to: seed)
        let row = form.row(
          id: seed.id, prompt: seed.promptBytes,
          response: try needed(plan.form.response(of: fields), "no response"))
        entry.rowCount += 1
        (told.kind, told.attempt) = (.taught, answer.attempt)
        told.output = TeachingEntry.Output(
          row: entry.rowCount, offset: file.count, byteCount: row.count,
          hash: fastHash(of: row.span))
        file += row
        break
      }
      if told.kind != .taught {
        unanswered +=
          "{\"id\": \"\(seed.id)\", \"kind\": \"\(told.kind.rawValue)\", \"reason\":"
          + " \(JSON.quoted(told.reason ?? "")), \"request\": \"\(request.hash)\"}\n"
      }
      entry.seeds.append(told)
    }
    try store.endAsking(asking, seconds: 1)
    try Folder.create(workspace + "/" + Stage.taughtFolder(branch))
    try file.write(to: URL(fileURLWithPath: workspace + "/" + path))
    try Data(unanswered.utf8).write(
      to: URL(fileURLWithPath: "\(workspace)/\(Stage.taughtFolder(branch))/unanswered.jsonl"))
    entry.byteCount = file.count
    entry.xxh3 = try Self.hash(workspace + "/" + path)
    let ledger = try Ledger(writing: workspace + "/lineage.sqlite", isDurable: false)
    let ingredients =
      [Ingredient("tool", tool)] + plan.ingredients.map { Ingredient($0.name, $0.value) }
      + [
        Ingredient("row", form.rowFormat), Ingredient("seeds", entry.seedsXXH3),
        Ingredient("rows", try Self.hash(workspace + "/branches/\(branch)/train.jsonl")),
      ]
    let stage = try ledger.beginStage(
      "teach \(branch)", ingredients,
      of: Ledger.Command(
        tool: tool, recipePath: recipe.recipe.path, line: "branchmerge teach"))
    let files = try Folder.files(below: "\(workspace)/\(Stage.taughtFolder(branch))").map { name in
      let file = "\(Stage.taughtFolder(branch))/\(name)"
      let bytes = try Data(contentsOf: URL(fileURLWithPath: workspace + "/" + file))
      return StageRecord.Product(
        path: file, byteCount: bytes.count, xxh3: try Self.hash(workspace + "/" + file))
    }
    var outcome = StageOutcome(ingredients, files, message: "\(entry.rowCount) rows")
    outcome.teaching = entry
    try ledger.finishStage(stage, outcome)
  }

  private static func completion(
    _ reasoning: String?, _ content: String, _ finish: String, _ seed: SeedRow
  ) -> JSON {
    let message =
      [JSON.Member("role", .string("assistant")), .init("content", .string(content))]
      + (reasoning.map { [.init("reasoning_content", .string($0))] } ?? [])
    return .object([
      .init("object", .string("chat.completion")),
      .init(
        "choices",
        .array([
          .object([
            .init("index", .whole(0)), .init("message", .object(message)),
            .init("finish_reason", .string(finish)),
          ])
        ])),
      .init(
        "usage",
        .object([
          .init("prompt_tokens", .whole(10 + seed.number)),
          .init("completion_tokens", .whole(100 * seed.number)),
        ])),
    ])
  }

  static func hash(_ path: String) throws -> String {
    let stream = try FileStream(path)
    var buffer = ByteBuffer()
    while try stream.read(into: &buffer, upTo: 1 << 16) > 0 {}
    return stream.digest.description
  }
}

/// What a fixture needs, or an error that says what is missing.
private func needed<Value>(_ value: Value?, _ words: String) throws -> Value {
  guard let value else { throw LedgerError(words) }
  return value
}
