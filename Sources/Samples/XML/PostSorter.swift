internal import Files

/// Sorts the posts of a dump by their questions, in bounded memory.
///
/// Posts are gathered until they fill the memory that there is, sorted, and written to a temporary file
/// as a run; the runs are merged. What fits is never written. Of the answers in a run those that
/// cannot be a question's best are left out.
final class PostSorter {
  /// Bytes of posts in memory.
  private let limit: Int
  private var buffer = ByteBuffer(capacity: 1 << 20)
  private var posts: [Post] = []
  private var spill: SpillFile?
  private var runs: [Run] = []
  /// The next post of each run that has one, as a heap.
  private var heads: [Int] = []

  init(limit: Int) { self.limit = limit }

  /// Takes a post that `read` appends to the buffer.
  func add(_ read: (inout ByteBuffer) throws -> Post?) throws {
    guard let post = try read(&buffer) else { return }
    posts.append(post)
    if buffer.count + posts.count * MemoryLayout<Post>.stride >= limit { try writeRun() }
  }

  /// Ends the adding; posts come out from now on.
  func finish() throws {
    if runs.isEmpty {
      posts = Self.kept(posts)
      return
    }
    if !posts.isEmpty { try writeRun() }
    buffer = ByteBuffer()
    for run in runs.indices { if try runs[run].advance(spill) { push(run) } }
  }

  private var position = 0

  /// Lends the next post with its members, in order; false when there is none left.
  func next(_ body: (Post, Span<UInt8>) throws -> Void) throws -> Bool {
    if runs.isEmpty {
      guard position < posts.count else { return false }
      let post = posts[position]
      position += 1
      try lend(buffer, post.members) { try body(post, $0) }
      return true
    }
    guard let run = heads.first else { return false }
    let head = runs[run].head
    try lend(runs[run].buffer, head.members) { try body(head, $0) }
    if try runs[run].advance(spill) { sink(0) } else { removeFirst() }
    return true
  }

  // MARK: Runs

  private func writeRun() throws {
    let spill = try spill ?? SpillFile()
    self.spill = spill
    let start = spill.byteCount
    var output = ByteBuffer(capacity: 1 << 20)
    for post in Self.kept(posts) {
      RunReader.append(post, to: &output)
      output.append(buffer.bytes.extracting(post.members))
      if output.count >= 1 << 20 {
        try spill.append(output.bytes)
        output.removeAll()
      }
    }
    try spill.append(output.bytes)
    runs.append(Run(start..<spill.byteCount))
    posts.removeAll(keepingCapacity: true)
    buffer.removeAll()
  }

  /// The posts in order, without the answers that another one of the run beats for certain.
  private static func kept(_ posts: [Post]) -> [Post] {
    let sorted = posts.sorted { $0.precedes($1) }
    var kept: [Post] = []
    kept.reserveCapacity(sorted.count)
    var index = 0
    while index < sorted.count {
      let first = sorted[index]
      var end = index + 1
      while end < sorted.count, sorted[end].question == first.question { end += 1 }
      let answers = sorted[index..<end].drop { !$0.isAnswer }
      kept += sorted[index..<answers.startIndex]
      // Which answer was accepted is known where the question is here.
      if first.isAnswer {
        kept += answers
      } else if let best = answers.min(by: { $0.isBetter(than: $1, accepted: first.accepted) }) {
        kept.append(best)
      }
      index = end
    }
    return kept
  }

  // MARK: Heap

  private func precedes(_ one: Int, _ other: Int) -> Bool {
    let (a, b) = (runs[heads[one]].head, runs[heads[other]].head)
    return a.precedes(b) || !b.precedes(a) && heads[one] < heads[other]
  }

  private func push(_ run: Int) {
    heads.append(run)
    var place = heads.count - 1
    while place > 0, precedes(place, (place - 1) / 2) {
      heads.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  private func removeFirst() {
    heads.swapAt(0, heads.count - 1)
    heads.removeLast()
    sink(0)
  }

  private func sink(_ start: Int) {
    var place = start
    while true {
      var first = place
      for child in [2 * place + 1, 2 * place + 2] where child < heads.count {
        if precedes(child, first) { first = child }
      }
      if first == place { return }
      heads.swapAt(place, first)
      place = first
    }
  }
}

private typealias Run = RunReader

/// A sorted run in the temporary file, read from its beginning to its end.
private final class RunReader {
  private(set) var buffer = ByteBuffer(capacity: RunReader.block * 2)
  /// The post at hand; its members lie in the buffer.
  private(set) var head = Post(
    question: 0, isAnswer: false, id: 0, score: 0, accepted: 0, members: 0..<0)
  private var range: Range<Int>
  private var used = 0

  /// Bytes read at a time.
  private static let block = 1 << 16
  private static let headBytes = 6 * 8

  init(_ range: Range<Int>) { self.range = range }

  static func append(_ post: Post, to buffer: inout ByteBuffer) {
    let numbers = [
      post.question, post.isAnswer ? 1 : 0, post.id, post.score, post.accepted,
      Int64(post.members.count),
    ]
    for number in numbers {
      let place = buffer.count
      for _ in 0..<8 { buffer.append(0) }
      buffer.store(UInt64(bitPattern: number), at: place)
    }
  }

  /// Goes to the next post; false at the end.
  func advance(_ spill: SpillFile?) throws -> Bool {
    guard let spill, try fill(Self.headBytes, spill) else { return false }
    let numbers = (0..<6).map { Int64(bitPattern: load(at: used + 8 * $0)) }
    let count = Int(numbers[5])
    _ = try fill(Self.headBytes + count, spill)
    let start = used + Self.headBytes
    head = Post(
      question: numbers[0], isAnswer: numbers[1] == 1, id: numbers[2], score: numbers[3],
      accepted: numbers[4], members: start..<start + count)
    used = start + count
    return true
  }

  /// Makes so many bytes ready behind those that are used; false where the run has ended.
  private func fill(_ count: Int, _ spill: SpillFile) throws -> Bool {
    guard buffer.count - used < count else { return true }
    if range.isEmpty { return false }
    var rest = ByteBuffer(capacity: max(Self.block, count) + Self.block)
    buffer.moveTail(from: used, to: &rest)
    swap(&buffer, &rest)
    used = 0
    let more = min(range.count, max(Self.block, count - buffer.count))
    try spill.read(range.lowerBound..<range.lowerBound + more, into: &buffer)
    range = range.lowerBound + more..<range.upperBound
    return true
  }

  private func load(at offset: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in (0..<8).reversed() { value = value << 8 | UInt64(buffer.bytes[offset + index]) }
    return value
  }
}
