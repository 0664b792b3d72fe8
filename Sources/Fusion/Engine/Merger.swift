internal import Files
internal import Foundation
package import Notation
internal import Synchronization

/// Carries out a plan: every tensor merged, written to its place and noted as finished.
package struct Merger: Sendable {
  package struct Options: Sendable {
    package var workers = 1
    package var isDurable = true
    package var withSHA256 = false
    package var policy = TensorTask.Policy()
    /// Stored bytes that all workers together keep in memory.
    package var cacheByteCount = 192 << 20
    package init() {}
  }

  /// How far the work is.
  package struct Progress: Sendable {
    package var tensors = 0
    package var totalTensors = 0
    package var elements = 0
    package var totalElements = 0
    /// Read and written, each byte once.
    package var bytes = 0
    package var totalBytes = 0
  }

  /// What was done.
  package struct Outcome: Sendable {
    /// One record a tensor, in the order of the plan.
    package var records: [JSON]
    /// Tensors that an earlier process had finished.
    package var continued: Int
  }

  private let options: Options
  let crew: Crew

  package init(_ options: Options) {
    var options = options
    options.policy.cacheByteCount = options.cacheByteCount / max(1, options.workers)
    self.options = options
    crew = Crew(workers: options.workers)
  }

  /// The tensors with what has to be known of all of them together before the first is merged.
  package func settled(_ tensors: [PlannedTensor]) throws -> [PlannedTensor] {
    try ModelTrim(tensors).settled(tensors, crew, options.policy)
  }

  /// Merges all tensors that are not finished yet; they are settled.
  ///
  /// A tensor that is a large part of the whole is merged by all workers together, the others by
  /// one worker each. `progress` is called from any of them, one at a time.
  package func run(
    _ tensors: [PlannedTensor], into staged: StagedCheckpoint,
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) throws -> Outcome {
    let kept = try finished(tensors, in: staged)
    let open = tensors.indices.filter { !kept.contains($0) }
    let counter = Counter(tensors, kept: kept, report: progress)
    let total = open.reduce(0) { $0 + tensors[$1].count }
    let (large, small) = open.divided {
      crew.workers > 1 && tensors[$0].count > 1 << 22
        && tensors[$0].count > total / (4 * crew.workers)
    }
    // What all workers wrote in turns is hashed afterwards; the last of it by one worker, while the
    // others go on.
    var unhashed: [(index: Int, record: [JSON.Member], place: TensorPlace)] = []
    for index in large {
      let place = place(of: index, staged, isSequential: false)
      let record = try merge(tensors[index], lead: nil, place)
      if index == large.last {
        unhashed.append((index, record, place))
      } else {
        try finish(tensors[index], record, place, staged)
      }
      counter.add(tensors[index])
    }
    let pending = unhashed
    try crew.share(pending.count + small.count) { number, worker in
      if number < pending.count {
        let (index, record, place) = pending[number]
        try finish(tensors[index], record, place, staged)
      } else {
        let index = small[number - pending.count]
        let place = place(of: index, staged, isSequential: true)
        let record = try merge(tensors[index], lead: worker, place)
        try finish(tensors[index], record, place, staged)
        counter.add(tensors[index])
      }
    }
    return Outcome(
      records: tensors.map { staged.record(of: $0.name) ?? .null }, continued: kept.count)
  }

  /// The tensors that the journal has and whose bytes are still there.
  private func finished(_ tensors: [PlannedTensor], in staged: StagedCheckpoint) throws -> Set<Int>
  {
    guard staged.isContinued else { return [] }
    let found = Mutex<Set<Int>>([])
    try crew.share(tensors.count) { index, _ in
      try Interruption.check()
      let tensor = tensors[index]
      guard let record = staged.record(of: tensor.name) else { return }
      let place = place(of: index, staged, isSequential: false)
      let digest = try place.digest(byteCount: tensor.byteCount)
      if record["xxh3"]?.text == digest.xxh3 { found.withLock { _ = $0.insert(index) } }
    }
    return found.withLock { $0 }
  }

  private func place(of index: Int, _ staged: StagedCheckpoint, isSequential: Bool) -> TensorPlace {
    staged.place(of: index, isSequential: isSequential, withSHA256: options.withSHA256)
  }

  /// Merges one tensor, by one worker or by all, and tells what the report says of it but for the
  /// hashes.
  func merge(_ tensor: PlannedTensor, lead: Int?, _ sink: any TensorSink) throws -> [JSON.Member] {
    let task = try TensorTask(
      name: tensor.name, shape: tensor.shape, type: tensor.type, inputs: tensor.inputs,
      labels: tensor.labels, base: tensor.base, crew: crew, lead: lead, sink: sink,
      policy: options.policy)
    let merged = try tensor.method.merge(task)
    return tensor.record(merged)
  }

  private func finish(
    _ tensor: PlannedTensor, _ record: [JSON.Member], _ place: TensorPlace,
    _ staged: StagedCheckpoint
  ) throws {
    let digest = try place.digest(byteCount: tensor.byteCount)
    var record = record
    record.append(.init("xxh3", .string(digest.xxh3)))
    if let long = digest.sha256 { record.append(.init("sha256", .string(long))) }
    try staged.finish(tensor.name, record: .object(record))
  }
}

extension PlannedTensor {
  /// What the report says of the tensor, but for the hashes.
  fileprivate func record(_ merged: Merged) -> [JSON.Member] {
    var record: [JSON.Member] = [
      .init("name", .string(name)),
      .init("shape", .array(shape.map { .whole($0) })),
      .init("type", .string(type.rawValue)),
      .init("method", .string(methodName)),
      .init("parameters", .object(parameters)),
      .init("inputs", .array(labels.map { .string($0) })),
      .init("norm", .real(merged.written.norm)),
      .init(
        "distances", .array(merged.written.distances.map { .real($0) })),
      .init("overflowed", .whole(merged.written.overflowed)),
      .init("degenerate", .bool(merged.isDegenerate)),
    ]
    record += merged.figures
    if !merged.notes.isEmpty {
      record.append(.init("notes", .array(merged.notes.map { .string($0) })))
    }
    return record
  }
}

/// Adds up what is done and tells it, one worker at a time.
private final class Counter: Sendable {
  private let progress: Mutex<Merger.Progress>
  private let report: @Sendable (Merger.Progress) -> Void

  init(
    _ tensors: [PlannedTensor], kept: Set<Int>,
    report: @escaping @Sendable (Merger.Progress) -> Void
  ) {
    var progress = Merger.Progress()
    for (index, tensor) in tensors.enumerated() {
      progress.totalTensors += 1
      progress.totalElements += tensor.count
      progress.totalBytes += tensor.byteCount + tensor.inputByteCount
      if kept.contains(index) { progress.add(tensor) }
    }
    self.progress = Mutex(progress)
    self.report = report
  }

  func add(_ tensor: PlannedTensor) {
    progress.withLock {
      $0.add(tensor)
      report($0)
    }
  }
}

extension Merger.Progress {
  fileprivate mutating func add(_ tensor: PlannedTensor) {
    tensors += 1
    elements += tensor.count
    bytes += tensor.byteCount + tensor.inputByteCount
  }
}

extension Array {
  /// The elements that meet a condition, and the others, in order.
  fileprivate func divided(_ condition: (Element) -> Bool) -> (yes: [Element], no: [Element]) {
    (filter(condition), filter { !condition($0) })
  }
}
