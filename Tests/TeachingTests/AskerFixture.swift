import Curation
import Foundation
import GRDB
import Notation
import StubTeacher

@testable import Teaching

/// A stub, a store in a folder of its own, and what an asking of them needs.
final class AskerFixture {
  let folder: String
  let stub: StubTeacher
  /// Read anew for each asking.
  var recipe = ""
  var urls: [String]
  var key: String?
  var patience = Patience(backOff: 0.01, longestBackOff: 0.05, unreachable: 0.2)
  var signals = Signals(first: { nil }, watchForAnother: {}, isInsisting: { false })
  private(set) var notes: [String] = []
  private(set) var progress = AskingProgress()

  init(_ behaviour: Behaviour = Behaviour()) throws {
    folder = FileManager.default.temporaryDirectory.path + "/teaching-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    stub = try StubTeacher(behaviour)
    urls = [stub.url]
  }

  deinit {
    stub.stop()
    try? FileManager.default.removeItem(atPath: folder)
  }

  var storePath: String { folder + "/teacher.sqlite" }

  func store() throws -> TeacherStore { try TeacherStore(writing: storePath, isDurable: false) }

  func plan() throws -> TeacherPlan {
    let text = "urls: [\(urls.joined(separator: ", "))]\nmodel: stub\nmax_tokens: 512\n" + recipe
    return try TeacherPlan(
      YAML(parsing: text, file: "recipe.yaml"), library: Library(roots: [folder]))
  }

  /// An errand for each prompt, and each of the answers that the recipe wants.
  func errands(_ prompts: [String]) throws -> [Errand] {
    let rows = prompts.enumerated().map { number, prompt in
      "{\"id\": \"seed-\(number)\", \"prompt\": \(JSON.quoted(prompt))}\n"
    }
    try rows.joined().write(toFile: folder + "/seeds.jsonl", atomically: false, encoding: .utf8)
    let maker = RequestMaker(try plan())
    var errands: [Errand] = []
    let reader = try SeedReader(folder + "/seeds.jsonl")
    while let seeds = try reader.next() {
      for seed in seeds {
        errands += (maker.requests(for: seed) ?? []).map { Errand($0, for: seed, rejected: 0) }
      }
    }
    return errands
  }

  /// Asks all that is not yet accepted in the store, each prompt being a seed's; then the error.
  func ask(_ prompts: [String], failingWith error: (any Error)? = nil) throws -> AskingOutcome {
    let plan = try plan()
    let store = try store()
    let policy = try store.number(ofPolicy: plan.policy.text)
    var asker = Asker(
      plan, store, key: try key.map { try TeacherKey($0, from: "STUB_KEY") }, policy: policy,
      tool: "test",
      listener: Asker.Listener(
        note: { self.notes.append($0) }, progress: { self.progress = $0 }))
    asker.patience = patience
    asker.signals = signals
    let errands = try errands(prompts).compactMap { errand in
      let standing = try store.standing(of: [errand.request.hash], policy: policy)[0]
      guard standing.accepted.isEmpty else { return nil as Errand? }
      return Errand(errand.request, for: errand.seed, rejected: standing.rejected)
    }
    var rest = errands[...]
    return try asker.run(
      recipe: "test", branch: "science", errandCount: errands.count
    ) {
      if rest.isEmpty, let error { throw error }
      return rest.popFirst()
    }
  }

  /// What an asking threw, in words.
  func failure(_ prompts: [String]) -> String {
    do {
      return "ended: \(try ask(prompts))"
    } catch {
      return "\(error)"
    }
  }

  struct StoredAttempt {
    var state, usage: String
    var status: Int?
    var completionTokens: Int
    var problem: String?
  }

  private func database() throws -> DatabaseQueue {
    var configuration = Configuration()
    // The store of an asking may still be closing.
    configuration.busyMode = .timeout(30)
    return try DatabaseQueue(path: storePath, configuration: configuration)
  }

  /// All attempts in the store, in the order of their beginning.
  func attempts() throws -> [StoredAttempt] {
    try database().read { database in
      try Row.fetchAll(
        database,
        sql: "SELECT state, usage, status, completion_tokens, problem FROM attempt ORDER BY id"
      ).map {
        StoredAttempt(
          state: $0[0], usage: $0[1], status: $0[2], completionTokens: $0[3], problem: $0[4])
      }
    }
  }

  /// The store's file with all that is in its log.
  func storedBytes() throws -> Data {
    try database().writeWithoutTransaction {
      try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
    }
    return try Data(contentsOf: URL(filePath: storePath))
  }
}
