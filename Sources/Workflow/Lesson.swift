internal import Curation
internal import Files
internal import Foundation
internal import Lineage
internal import Teaching

/// What a teacher is asked for one branch: which requests wait for an answer, and that they get one.
struct Lesson {
  let pass: SeedPass
  let seedsPath: String
  private let teacher: TeacherPlan
  private let branch: String
  private let work: StageWork
  /// Nil where there is nothing to ask for, or nothing may be written.
  private let store: TeacherStore?
  private let policy: Int64?

  init(_ teacher: TeacherPlan, _ branch: String, _ seeds: OutputRecord, _ work: StageWork) throws {
    self.teacher = teacher
    self.branch = branch
    self.work = work
    seedsPath = "\(work.path)/\(seeds.path)"
    let path = "\(work.path)/\(TeacherStore.fileName)"
    let isThere = FileManager.default.fileExists(atPath: path)
    store =
      seeds.rowCount == 0 || (work.runner.options.teaching.replaysOnly && !isThere)
      ? nil
      : try TeacherStore(
        writing: path, isDurable: work.runner.options.curation.isDurable)
    policy = try store?.number(ofPolicy: teacher.policy.text)
    pass = SeedPass(teacher, store, policy: policy)
  }

  /// Asks for what is not there; of requests that failed the last problem by hash.
  func ask() throws -> [String: String] {
    let options = work.runner.options.teaching
    let count = try RequestCount(pass, seedsPath, takesBatches: options.ignoresBatches)
    guard count.open.count + count.inBatches > 0 else { return [:] }
    if options.replaysOnly { throw NothingStored(branch, count) }
    var failed: [String: String] = [:]
    if let store, let policy, !count.open.isEmpty {
      let listener = work.runner.listener
      let key = try TeacherKey(named: teacher.servers.keyVariable)
      listener.note(
        "\(Stage.teach(branch)): \(grouped(count.answered)) of \(grouped(count.requests)) requests"
          + " are answered; asking \(teacher.question.model) for \(grouped(count.open.count)) more")
      let stage = Stage.teach(branch)
      let asker = Asker(
        teacher, store, key: key, policy: policy, tool: work.runner.tool,
        listener: Asker.Listener(
          note: listener.note,
          progress: { state in
            listener.progress(
              stage,
              StageProgress(
                text: "", done: state.done, total: state.done + state.left, isInBytes: false,
                secondsLeft: state.secondsLeft, asking: state))
          }))
      var errands = try Errands(count.open, of: seedsPath, RequestMaker(teacher))
      let outcome = try asker.run(
        recipe: work.recipe.recipe.name, branch: branch, errandCount: count.open.count,
        next: { try errands.next() })
      if let stop = outcome.stop { try end(stop) }
      failed = outcome.failed
    }
    guard count.inBatches == 0 else { throw OutInBatches(branch, count, workspace: work.path) }
    return failed
  }

  private func end(_ stop: AskingOutcome.Stop) throws {
    let count = try RequestCount(
      pass, seedsPath, takesBatches: work.runner.options.teaching.ignoresBatches, mayStop: false)
    let left = count.open.count + count.inBatches
    let told =
      "\(grouped(count.answered)) of \(grouped(count.requests)) requests are answered and"
      + " kept, \(grouped(left)) are left"
    switch stop {
    case .budget(let words):
      throw TeachingFailed(
        "\(branch): the budget is used up: \(words). \(told); raise 'budget', and the same command"
          + " goes on from there")
    case .interrupted(let signal):
      throw AskingStopped(
        signal: signal,
        description: "interrupted; \(told). The same command goes on from there")
    }
  }

  /// Throws where more seeds than may be are without a row.
  func admit(_ outcome: TaughtRows.Outcome) throws {
    let unanswered = outcome.unanswered.rowCount
    guard !teacher.maxUnanswered.admits(unanswered, of: outcome.seeds.count) else { return }
    var text =
      "\(branch): \(grouped(unanswered)) of \(grouped(outcome.seeds.count)) seeds have no answer,"
      + " more than the \(teacher.maxUnanswered.description) that 'max_unanswered' admits:"
    let reasons = outcome.reasons.enumerated()
      .sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }.map(\.element)
    for reason in reasons.prefix(10) {
      text +=
        "\n  \(grouped(reason.count)) \(reason.kind.rawValue): \(reason.text), such as"
        + " \(reason.example)"
    }
    if reasons.count > 10 { text += "\n  and \(reasons.count - 10) more reasons" }
    text += "\n\(Stage.taughtFolder(branch)) stays as it was, and every answer is kept."
    let kinds = Set(reasons.map(\.kind))
    if kinds.contains(.failed) { text += " What failed is asked again by the same command." }
    if kinds.contains(.rejected) {
      text += " For what was rejected raise 'attempts' or 'max_tokens', or change 'accept'."
    }
    if kinds.contains(.refused) {
      text += " What was refused is not asked again, unless prompt or parameters change."
    }
    throw TeachingFailed(text + " Or raise 'max_unanswered'.")
  }
}

/// The requests of a branch's seeds: which are answered, which wait, and which are out.
struct RequestCount {
  private(set) var seeds = 0
  /// Different ones in all.
  private(set) var requests = 0
  /// Those that an answer was accepted to, that used up their attempts, that a server will not have.
  private(set) var answered = 0
  private(set) var rejected = 0
  private(set) var refused = 0
  /// Those to ask, in the order of the seeds.
  private(set) var open: [Errands.Place] = []
  /// Bytes of the messages of those to ask.
  private(set) var openBytes = 0
  private(set) var inBatches = 0
  /// A batch's file, and requests that are out in it.
  private(set) var batches: [(file: String, count: Int)] = []
  /// The first seed with a request that waits.
  private(set) var example: String?

  /// With `mayStop` a signal ends it, which is not wanted of one who tells what is left after one.
  init(_ pass: SeedPass, _ path: String, takesBatches: Bool, mayStop: Bool = true) throws {
    var seen: Set<Digest> = []
    let attempts = pass.plan.limits.attempts
    try pass.forEach(of: path) { seed in
      if mayStop { try Interruption.check() }
      let open = seed.open(attempts: attempts)
      seeds += 1
      for (place, request) in seed.requests.enumerated() {
        // Seeds with the same question share its answers.
        guard seen.insert(Digest(of: Array(request.hash.utf8).span)).inserted else { continue }
        requests += 1
        let standing = seed.standings[place]
        guard open.contains(place) else {
          if !standing.accepted.isEmpty {
            answered += 1
          } else if standing.refusal != nil {
            refused += 1
          } else {
            rejected += 1
          }
          continue
        }
        example = example ?? seed.seed.id
        if let file = standing.batch, !takesBatches {
          inBatches += 1
          if let known = batches.firstIndex(where: { $0.file == file }) {
            batches[known].count += 1
          } else {
            batches.append((file, 1))
          }
        } else {
          openBytes += request.messages.utf8.count
          self.open.append(
            Errands.Place(
              seed: seed.seed.number, answer: place + 1, rejected: standing.rejected))
        }
      }
    }
  }
}

/// Hands out the requests that wait, reading the seeds again as it goes.
struct Errands {
  struct Place {
    /// The seed's number, from 1.
    var seed: Int
    /// From 1.
    var answer: Int
    var rejected: Int
  }

  private let places: [Place]
  private let maker: RequestMaker
  private let reader: SeedReader
  private var seeds: [SeedRow] = []
  private var seed = 0
  private var position = 0

  init(_ places: [Place], of path: String, _ maker: RequestMaker) throws {
    self.places = places
    self.maker = maker
    reader = try SeedReader(path)
  }

  mutating func next() throws -> Errand? {
    guard position < places.count else { return nil }
    let place = places[position]
    position += 1
    while true {
      while seed < seeds.count, seeds[seed].number < place.seed { seed += 1 }
      if seed < seeds.count { break }
      guard let more = try reader.next() else {
        throw Missing("the seeds changed while they were asked for; run the same again")
      }
      (seeds, seed) = (more, 0)
    }
    guard let requests = maker.requests(for: seeds[seed]), requests.count >= place.answer else {
      return nil
    }
    return Errand(requests[place.answer - 1], for: seeds[seed], rejected: place.rejected)
  }
}

/// Why a stage `teach` came to nothing, and what to do.
struct TeachingFailed: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}

/// An asking that a signal stopped, with what is answered and what is left.
package struct AskingStopped: Error, CustomStringConvertible {
  package var signal: Int32
  package var description: String
}

/// What the store lacks, where nobody may be asked.
package struct NothingStored: Error, CustomStringConvertible {
  package let description: String

  init(_ branch: String, _ count: RequestCount) {
    let left = count.open.count + count.inBatches
    description =
      "\(branch): the store has no accepted answer to \(grouped(left)) of"
      + " \(grouped(count.requests)) requests, the first for the seed \(count.example ?? "");"
      + " nothing was written. Without --replay-only they are asked"
  }
}

/// Requests that were exported and whose results did not come back.
struct OutInBatches: Error, CustomStringConvertible {
  let description: String

  init(_ branch: String, _ count: RequestCount, workspace: String) {
    let files = count.batches.map { "\(grouped($0.count)) in \($0.file)" }
    description =
      "\(branch): of \(grouped(count.requests)) requests \(grouped(count.inBatches)) are out in a"
      + " batch, and were not asked: \(files.joined(separator: ", ")). 'branchmerge teach import RESULTS --workspace"
      + " \(workspace)' takes back what came of them; with 'branchmerge teach --ignore-batches' they"
      + " are asked all the same, and may be paid for twice"
  }
}
