internal import Files
internal import Glibc

/// Asks a teacher's servers for what is missing, until nothing is, or there is a reason to stop.
package struct Asker {
  /// Who hears of it; called on the thread that asks.
  package struct Listener {
    /// A sentence that people should read.
    package var note: (String) -> Void
    /// About ten times a second.
    package var progress: (AskingProgress) -> Void

    package init(
      note: @escaping (String) -> Void, progress: @escaping (AskingProgress) -> Void
    ) {
      self.note = note
      self.progress = progress
    }
  }

  private let plan: TeacherPlan
  private let store: TeacherStore
  private let key: TeacherKey?
  private let policy: Int64
  private let tool: String
  private let listener: Listener
  var patience = Patience()
  var signals = Signals()

  /// `policy` is the number of the plan's policy in the store, `tool` what the asking is recorded
  /// with. The store must be held alone.
  package init(
    _ plan: TeacherPlan, _ store: TeacherStore, key: TeacherKey?, policy: Int64, tool: String,
    listener: Listener
  ) {
    self.plan = plan
    self.store = store
    self.key = key
    self.policy = policy
    self.tool = tool
    self.listener = listener
  }

  /// Returns when all errands are done, or the budget is used up, or somebody interrupted.
  ///
  /// `next` gives one errand after the other, on this thread, and nil when there are no more; it is
  /// called only when there is room for one. What a server says that makes going on useless is
  /// thrown, when what is in flight has ended. `recipe` and `branch` are for the record.
  package func run(
    recipe: String, branch: String, errandCount: Int, next: () throws -> Errand?
  ) throws -> AskingOutcome {
    let concurrency = concurrency(among: Self.raiseFileLimit())
    let mailbox = Mailbox()
    let client = try TeacherClient(
      plan.servers, key: key, concurrency: concurrency, mailbox: mailbox)
    defer { client.close() }
    let (asking, firstAttempt) = try store.beginAsking(
      .server, tool: tool, recipe: recipe, branch: branch)
    let loop = AskingLoop(
      plan, Budget(plan, spent: try store.spending(on: plan.question.model)),
      Recorder(store, Judge(plan), policy: policy, mailbox: mailbox), client, mailbox, listener,
      asking: asking, firstAttempt: firstAttempt, errandCount: errandCount,
      concurrency: concurrency, patience, signals)
    do {
      let outcome = try loop.run(next)
      try store.endAsking(asking, seconds: loop.busySeconds)
      return outcome
    } catch {
      try? store.endAsking(asking, seconds: loop.busySeconds)
      throw error
    }
  }

  /// Connections to each server at once: as many as the recipe allows, and the system.
  private func concurrency(among files: Int) -> Int {
    let most = max(1, (files - Self.otherFiles) / plan.servers.urls.count)
    guard most < plan.servers.concurrency else { return plan.servers.concurrency }
    listener.note(
      "The system lets this process have \(files) files open, which are \(most) requests at once at"
        + " each server; `ulimit -n` can change that.")
    return most
  }

  /// What a process has open besides connections, in plenty.
  private static let otherFiles = 128

  /// As many files as the system lets this process have open; returns how many.
  private static func raiseFileLimit() -> Int {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_cur)
  }
}

/// How long what is waited for; seconds.
struct Patience {
  /// Before the first further attempt at a failed request; doubles up to the longest.
  var backOff = 1.0
  var longestBackOff = 60.0
  /// With all servers unreachable from the beginning.
  var unreachable = 10.0
}

/// Ctrl-C, once and again.
struct Signals {
  var first: () -> Int32? = {
    do throws(Interrupted) {
      try Interruption.check()
      return nil
    } catch {
      return error.signal
    }
  }
  var watchForAnother: () -> Void = Interruption.watchForAnother
  var isInsisting: () -> Bool = { Interruption.isInsisting }
}
