internal import Curation
internal import Dispatch

/// Brings what happened to disk, in groups: while one is being written the next one gathers.
///
/// Answers are judged there as well, beside the loop.
struct Recorder {
  /// Something that is to be on disk, and what then follows from it.
  enum Item: Sendable {
    case begun(Attempt)
    case ended(Attempt)
    case answered(Attempt, Completion, SeedRow)

    var attempt: Attempt {
      switch self {
      case .begun(let attempt), .ended(let attempt), .answered(let attempt, _, _): attempt
      }
    }
  }

  private let store: TeacherStore
  private let judge: Judge
  private let policy: Int64
  private let mailbox: Mailbox
  private let thread = DispatchQueue(label: "teacher.sqlite")
  private var gathered: [Item] = []
  private var writing: [Item] = []

  init(_ store: TeacherStore, _ judge: Judge, policy: Int64, mailbox: Mailbox) {
    self.store = store
    self.judge = judge
    self.policy = policy
    self.mailbox = mailbox
  }

  var isIdle: Bool { gathered.isEmpty && writing.isEmpty }

  mutating func add(_ item: Item) { gathered.append(item) }

  /// Begins to write what has gathered, unless a group is being written.
  mutating func write() {
    guard writing.isEmpty, !gathered.isEmpty else { return }
    swap(&writing, &gathered)
    let (items, store, judge, policy, mailbox) = (writing, store, judge, policy, mailbox)
    thread.async {
      mailbox.put(.recorded(Result { try Self.record(items, store, judge, policy) }))
    }
  }

  /// The group that is on disk now, or never will be.
  mutating func written() -> [Item] {
    let items = writing
    writing = []
    return items
  }

  private static func record(
    _ items: [Item], _ store: TeacherStore, _ judge: Judge, _ policy: Int64
  ) throws -> [String?] {
    var entries: [TeacherStore.Entry] = []
    var reasons: [String?] = []
    entries.reserveCapacity(items.count)
    for item in items {
      switch item {
      case .begun(let attempt): entries.append(.begun(attempt))
      case .ended(let attempt): entries.append(.ended(attempt))
      case .answered(let attempt, let completion, let seed):
        let reason = judge.refusal(of: completion, to: seed)
        reasons.append(reason)
        entries.append(.ended(attempt))
        entries.append(.judged(attempt: attempt.id, policy: policy, reason: reason))
      }
    }
    try store.record(entries)
    return reasons
  }
}
