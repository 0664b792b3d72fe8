internal import Curation
internal import Files
internal import Foundation
internal import Notation

/// Puts requests that still lack an answer into a file for `vllm run-batch` or a batch API.
///
/// All of the file is on disk, under the name FILE.new, when its requests are recorded as begun in
/// one commit; only then it gets its name. Killed before the commit, an export left nothing that
/// counts. Killed after it, the requests count as out, so that nobody asks them a second time, and
/// the next export gives the file its name. No order of the two would let a file be run that the
/// store does not know.
package struct BatchExport {
  private let plan: TeacherPlan
  private let store: TeacherStore
  private let tool, recipe: String

  package init(_ plan: TeacherPlan, _ store: TeacherStore, tool: String, recipe: String) {
    self.plan = plan
    self.store = store
    self.tool = tool
    self.recipe = recipe
  }

  /// A branch, and the file of its seeds with the hash that this should have.
  package struct Branch {
    let name: String
    let seeds: String
    let xxh3: String?

    package init(_ name: String, seeds: String, xxh3: String? = nil) {
      self.name = name
      self.seeds = seeds
      self.xxh3 = xxh3
    }
  }

  /// What the batch APIs take at most in one file.
  package static let requestLimit = 50_000
  package static let byteLimit = 200_000_000

  package struct Outcome: Sendable {
    /// The file's whole path.
    package var path: String
    /// Lines of the file; none where nothing was left to export.
    package var requests = 0
    package var byteCount = 0
    /// What the answers may come to at most.
    package var tokens = 0
    package var cost: Double?
    /// Whether an earlier export wrote the same file.
    package var isEarlier = false
    /// Requests that were passed over because they are in other batches.
    package var out = 0
    /// Why the file has not all that is left; nil where it has.
    package var end: End?

    package enum End: Equatable, Sendable {
      case limit
      /// What of the budget does not allow another request, in words.
      case budget(String)
    }
  }

  /// Exports the next requests of these branches' seeds, at most so many.
  package func run(_ branches: [Branch], to file: String, limit: Int?) throws -> Outcome {
    let path = try Self.place(of: file)
    let isThere = FileManager.default.fileExists(atPath: path)
    if isThere, let batch = try store.latestBatch(at: path), let known = try earlier(batch) {
      return known
    }
    let staged = Self.staged(path)
    var selection = try Selection(self, path: path, limit: limit)
    let asking: Int64
    do {
      try selection.write(branches, to: staged)
      guard !selection.places.isEmpty else {
        try? FileManager.default.removeItem(atPath: staged)
        return selection.outcome
      }
      guard try !isThere || Self.digest(of: path) == selection.digest else {
        throw FileError(path, "is there already, with other content; name another file")
      }
      asking = try record(selection, of: branches)
    } catch {
      try? FileManager.default.removeItem(atPath: staged)
      throw error
    }
    // From here on the file is all that is missing, and is there under its first name.
    try Folder.rename(staged, to: path, isDurable: true)
    try store.endBatch(asking)
    return selection.outcome
  }

  /// Records all requests of the file as begun, in one commit and in the file's order.
  private func record(_ selection: Selection, of branches: [Branch]) throws -> Int64 {
    try store.change { database in
      let asking = try TeacherStore.beginBatch(
        tool: tool, recipe: recipe, branches: branches.map(\.name), plan.prices, in: database)
      var attempt = try TeacherStore.nextAttempt(in: database)
      let maker = RequestMaker(plan)
      var left = selection.places
      for (index, branch) in branches.enumerated() {
        let seeds = try SeedReader(branch.seeds)
        while let next = try seeds.next() {
          for seed in next {
            for request in maker.requests(for: seed) ?? []
            where left.remove(request.hash) != nil {
              let tokens = selection.reserved(request)
              try TeacherStore.insert(
                Attempt(
                  id: attempt, asking: asking, request: request, seed: seed.id,
                  server: selection.outcome.path, started: timestamp(), tokens: tokens,
                  cost: plan.cost(of: tokens)), in: database)
              attempt += 1
            }
          }
        }
        guard seeds.digest == selection.seedDigests[index] else {
          throw FileError(branch.seeds, "changed while it was read; run the same again")
        }
      }
      return asking
    }
  }

  /// Gives the files of exports their names that were killed before they could, and tells which.
  ///
  /// A file without the name is the sign that it never had it; one that somebody has moved since
  /// stays where it is.
  package static func recover(_ store: TeacherStore) throws -> [String] {
    var notes: [String] = []
    for batch in try store.unfinishedBatches() {
      let staged = staged(batch.path)
      if FileManager.default.fileExists(atPath: staged) {
        if FileManager.default.fileExists(atPath: batch.path) {
          try? FileManager.default.removeItem(atPath: staged)
        } else {
          var output = try OutputFile(staged, isDurable: true)
          try store.forEachRequest(of: batch) { try output.append(BatchLine.text(of: $0)) }
          _ = try output.finish()
          try Folder.rename(staged, to: batch.path, isDurable: true)
          notes.append("an export to \(batch.path) was stopped before it was done; finished that")
        }
      }
      try store.endBatch(batch.asking)
    }
    return notes
  }

  private static func staged(_ path: String) -> String { path + ".new" }

  /// What the batch came to, if the file is still the one that was written then.
  private func earlier(_ batch: StoredBatch) throws -> Outcome? {
    var outcome = Outcome(path: batch.path, isEarlier: true)
    var hash = ContentHash()
    try store.forEachRequest(of: batch) { request in
      let line = Array(BatchLine.text(of: request).utf8)
      hash.update(line.span)
      outcome.requests += 1
      outcome.byteCount += line.count
    }
    guard try Self.digest(of: batch.path) == hash.digest else { return nil }
    return outcome
  }

  private static func digest(of path: String) throws -> Digest {
    let stream = try FileStream(path)
    var buffer = ByteBuffer(capacity: 1 << 20)
    while try stream.read(into: &buffer, upTo: 1 << 20) > 0 { buffer.removeAll() }
    return stream.digest
  }

  private static func place(of file: String) throws -> String {
    URL(fileURLWithPath: try OutputFile.target(of: file)).standardizedFileURL.path
  }
}

extension BatchExport {
  /// The requests that go into the file, in the order of the seeds.
  private struct Selection {
    private let export: BatchExport
    private let limit: Int?
    var outcome: Outcome
    /// Hashes.
    private(set) var places: Set<String> = []
    /// With those that are passed over: one that two seeds have in common counts once.
    private var seen: Set<String> = []
    private(set) var seedDigests: [Digest] = []
    /// Of the file.
    private(set) var digest: Digest?
    private var budget: Budget

    init(_ export: BatchExport, path: String, limit: Int?) throws {
      self.export = export
      self.limit = limit
      outcome = Outcome(path: path)
      let spent = try export.store.spending(on: export.plan.question.model)
      budget = Budget(export.plan, spent: spent)
    }

    /// Chooses requests, and writes their lines to a file that is on disk then.
    mutating func write(_ branches: [Branch], to path: String) throws {
      let (plan, store) = (export.plan, export.store)
      let policy = try store.number(ofPolicy: plan.policy.text)
      var output = try OutputFile(path, isDurable: true)
      for branch in branches {
        let pass = SeedPass(plan, store, policy: policy)
        let digest = try pass.forEach(of: branch.seeds) { standing in
          for place in standing.open(attempts: plan.limits.attempts)
          where seen.insert(standing.requests[place].hash).inserted {
            if standing.standings[place].batch != nil {
              outcome.out += 1
            } else {
              try choose(standing.requests[place], &output)
            }
          }
        }
        guard branch.xxh3 == nil || branch.xxh3 == digest.description else {
          throw FileError(
            branch.seeds,
            "is not what the branch wrote; build the branch again with 'branchmerge run --until"
              + " branch'")
        }
        seedDigests.append(digest)
      }
      outcome.byteCount = output.byteCount
      digest = try output.finish()
    }

    private mutating func choose(
      _ request: TeacherRequest, _ output: inout OutputFile
    ) throws(FileError) {
      guard outcome.end == nil else { return }
      if outcome.requests == limit {
        outcome.end = .limit
        return
      }
      let tokens = reserved(request)
      let cost = export.plan.cost(of: tokens)
      if let lack = budget.lack(for: tokens, cost: cost) {
        outcome.end = .budget(lack)
        return
      }
      budget.add(tokens, cost: cost)
      places.insert(request.hash)
      try output.append(BatchLine.text(of: request))
      outcome.requests += 1
      outcome.tokens += tokens.prompt + tokens.completion
      if let cost { outcome.cost = (outcome.cost ?? 0) + cost }
    }

    /// What an answer may come to at most.
    func reserved(_ request: TeacherRequest) -> Attempt.Tokens {
      Attempt.Tokens(
        prompt: request.promptTokenLimit, completion: export.plan.question.maxTokens,
        usage: .reserved)
    }
  }
}

extension TeacherPlan {
  fileprivate func cost(of tokens: Attempt.Tokens) -> Double? {
    prices?.cost(prompt: tokens.prompt, completion: tokens.completion)
  }
}
