package import Curation
package import Files
package import Lineage
internal import Notation

/// A seed with its requests, and what the store has of each.
package struct SeedStanding: Sendable {
  package let seed: SeedRow
  /// One for each answer; none where the prompt's template has no text.
  package let requests: [TeacherRequest]
  package fileprivate(set) var standings: [Standing]

  /// The requests that wait for an answer still: none of theirs was accepted, fewer than `attempts`
  /// were turned down, and no server refused them for good.
  package func open(attempts: Int) -> [Int] {
    standings.indices.filter { place in
      let standing = standings[place]
      return standing.accepted.isEmpty && standing.rejected < attempts && standing.refusal == nil
    }
  }

  /// Answers that came, whatever they were worth.
  package var answerCount: Int { standings.reduce(0) { $0 + $1.accepted.count + $1.rejected } }

  /// What became of the seed and why; nil while a request of it waits that is not among the
  /// `failed`. One accepted answer is enough. Where none is, what failed counts before what was
  /// turned down, as it may be asked again, and that before what was refused.
  package func fate(attempts: Int, failed: [String: String]) -> SeedFate? {
    guard !requests.isEmpty else {
      return SeedFate(.refused, "no question: a field of the prompt's template is null")
    }
    if standings.contains(where: { !$0.accepted.isEmpty }) { return SeedFate(.taught, nil) }
    let open = open(attempts: attempts)
    if let first = open.first {
      guard let problem = failed[requests[first].hash] else { return nil }
      return SeedFate(.failed, problem)
    }
    if let exhausted = standings.last(where: { $0.refusal == nil }) {
      return SeedFate(.rejected, exhausted.lastReason)
    }
    return SeedFate(.refused, standings[0].refusal)
  }
}

/// What became of a seed.
package struct SeedFate: Sendable {
  package let kind: TeachingEntry.Kind
  /// Nil for what was taught.
  package let reason: String?

  init(_ kind: TeachingEntry.Kind, _ reason: String?) {
    self.kind = kind
    self.reason = reason
  }

  /// The reason without what is the seed's alone, to count by.
  package static func group(of reason: String) -> String {
    guard reason.hasPrefix("filter "), let colon = reason.firstIndex(of: ":") else {
      return reason
    }
    return String(reason[..<colon])
  }
}

/// Goes through the seeds of a branch with what the store has of them, under the recipe's policy.
///
/// Answers that the policy has not judged are judged on the way, from the responses as they came.
package struct SeedPass {
  package let plan: TeacherPlan
  private let store: TeacherStore?
  private let policy: Int64?
  private let maker: RequestMaker
  private let judge: Judge

  /// Without a store nothing is known of any request; without the policy's number verdicts are not
  /// recorded.
  package init(_ plan: TeacherPlan, _ store: TeacherStore?, policy: Int64?) {
    self.plan = plan
    self.store = store
    self.policy = policy
    maker = RequestMaker(plan)
    judge = Judge(plan)
  }

  /// Seeds that the store is asked for at a time.
  private static let batch = 1000

  /// Lends every seed in its order; memory is bounded. Returns the hash of the file.
  @discardableResult
  package func forEach(of path: String, _ body: (SeedStanding) throws -> Void) throws -> Digest {
    let reader = try SeedReader(path)
    while let seeds = try reader.next() {
      for start in stride(from: 0, to: seeds.count, by: Self.batch) {
        let batch = seeds[start..<min(start + Self.batch, seeds.count)]
        for standing in try standings(of: Array(batch)) { try body(standing) }
      }
    }
    return reader.digest
  }

  private func standings(of seeds: [SeedRow]) throws -> [SeedStanding] {
    var result = seeds.map { seed in
      let requests = maker.requests(for: seed) ?? []
      return SeedStanding(
        seed: seed, requests: requests,
        standings: Array(repeating: Standing(), count: requests.count))
    }
    guard let store else { return result }
    var known = try store.standing(of: result.flatMap(\.requests).map(\.hash), policy: policy)
    var place = 0
    var verdicts: [TeacherStore.Entry] = []
    for standing in result {
      for _ in standing.requests {
        for attempt in known[place].unjudged {
          let reason = try refusal(of: attempt, to: standing.seed, store)
          if let policy {
            verdicts.append(.judged(attempt: attempt, policy: policy, reason: reason))
          } else if let reason {
            known[place].rejected += 1
            known[place].lastReason = reason
          } else {
            known[place].accepted.append(attempt)
          }
        }
        place += 1
      }
    }
    if !verdicts.isEmpty {
      try store.record(verdicts)
      known = try store.standing(of: result.flatMap(\.requests).map(\.hash), policy: policy)
    }
    place = 0
    for index in result.indices {
      let count = result[index].requests.count
      result[index].standings = Array(known[place..<place + count])
      place += count
    }
    return result
  }

  private func refusal(of attempt: Int64, to seed: SeedRow, _ store: TeacherStore) throws -> String?
  {
    let answer = try store.answer(attempt)
    do {
      return judge.refusal(of: try Completion(JSON(parsing: answer.response)), to: seed)
    } catch let error as CompletionError {
      return "\(error)"
    } catch let error as JSONError {
      return "the stored answer is no JSON: \(error)"
    }
  }

  /// The response of a taught seed's row, as the bytes of a JSON string, and the answer that the
  /// policy picks among those that were accepted.
  func pick(for standing: SeedStanding) throws -> (answer: StoredAnswer, response: [UInt8]) {
    let candidates = try candidates(of: standing)
    guard let store, !candidates.isEmpty else {
      throw StoreError("seed \(standing.seed.id) has no accepted answer; this is a bug")
    }
    let chosen =
      candidates.count == 1
      ? 0
      : plan.policy.pick.choice(
        among: candidates.map { ($0.tokens, $0.completion.characterCount) })
    let fields = judge.fields(of: candidates[chosen].completion, to: standing.seed)
    guard let response = plan.form.response(of: fields) else {
      throw StoreError(
        "\(store.path): answer \(candidates[chosen].answer.attempt) was accepted, and has no"
          + " response; this is a bug")
    }
    return (candidates[chosen].answer, response)
  }

  private typealias Candidate = (answer: StoredAnswer, completion: Completion, tokens: Int?)

  /// The accepted answers in the order of requests, of each in the order of coming; just the first
  /// where that is the one to take.
  private func candidates(of standing: SeedStanding) throws -> [Candidate] {
    guard let store else { return [] }
    var attempts = standing.standings.flatMap(\.accepted)
    if plan.policy.pick == .first { attempts = Array(attempts.prefix(1)) }
    return try attempts.map { attempt in
      let answer = try store.answer(attempt)
      let completion = try Completion(JSON(parsing: answer.response))
      return (answer, completion, answer.tokens.usage == .server ? answer.tokens.completion : nil)
    }
  }
}

extension AcceptancePolicy.Pick {
  /// The place of the answer to take: by tokens where the server told them of all, else by
  /// characters; of several that are as long the first.
  func choice(among answers: [(tokens: Int?, characters: Int)]) -> Int {
    let tokens = answers.compactMap(\.tokens)
    let lengths = tokens.count == answers.count ? tokens : answers.map(\.characters)
    switch self {
    case .first: return 0
    case .shortest: return lengths.firstIndex(of: lengths.min() ?? 0) ?? 0
    case .longest: return lengths.firstIndex(of: lengths.max() ?? 0) ?? 0
    }
  }
}
