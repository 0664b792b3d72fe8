internal import CKernels
internal import Files
internal import Notation
internal import Synchronization

/// Compares two checkpoints in one pass over their tensors, in bounded memory.
///
/// Sums run as those of a merge do, over units and then over units in order, so the figures are the
/// same for any number of workers.
package struct Comparer: Sendable {
  private let a: Checkpoint
  private let b: Checkpoint
  private let experts: [Checkpoint]
  private let grouping: Comparison.Grouping?
  private let crew: Crew
  private let policy: TensorTask.Policy
  private let pairs: [TensorPair]
  private let origins: [String]
  private let mismatches: [Mismatch]
  private let notes: [String]

  /// Pairs the tensors by name.
  ///
  /// With experts every entry of B is looked up in A and in each of them, in that order; else the
  /// report of the merge that made B says what comes from where, if B has one.
  package init(
    _ a: Checkpoint, _ b: Checkpoint, experts: [(name: String, model: Checkpoint)] = [],
    by grouping: Comparison.Grouping? = nil, workers: Int = 1, chunk: Int? = nil
  ) {
    self.a = a
    self.b = b
    self.experts = experts.map(\.model)
    self.grouping = grouping
    crew = Crew(workers: workers)
    var policy = TensorTask.Policy()
    policy.allowsNonFinite = true
    // One pass has no use for what is kept.
    policy.cacheByteCount = 0
    policy.chunk = chunk ?? policy.chunk
    self.policy = policy

    var (pairs, mismatches) = TensorPair.all(a, b)
    var origins: [String] = []
    var notes = a.notes.map { "A: \($0)" } + b.notes.map { "B: \($0)" }
    if !experts.isEmpty {
      for expert in experts {
        notes += expert.model.notes.map { "\(expert.name): \($0)" }
        for index in pairs.indices {
          let mismatch = pairs[index].add(expert.model, named: expert.name)
          if let mismatch { mismatches.append(mismatch) }
        }
      }
      origins = ["A"] + experts.map(\.name) + ["none"]
    } else if let report = MergeReport(of: b) {
      origins = report.addOrigins(to: &pairs)
    }
    self.pairs = pairs
    self.origins = origins
    self.mismatches = mismatches
    self.notes = notes
  }

  /// What is read of both and of the experts.
  package var byteCount: Int { pairs.reduce(0) { $0 + $1.byteCount } }

  /// `progress` is called from any worker, one at a time.
  package func run(
    progress: @escaping @Sendable (Merger.Progress) -> Void = { _ in }
  ) throws -> Comparison {
    let state = Mutex(
      State(figures: Array(repeating: PairFigures(), count: pairs.count), pairs: pairs))
    let tallies = PerWorker(crew.workers, MagnitudeTally())
    @Sendable func compare(_ index: Int, lead: Int?) throws {
      let pair = pairs[index]
      let (figures, magnitudes) =
        try pair.isWeight
        ? measure(pair, lead: lead, tallies) : (compareBytes(pair), Magnitudes())
      state.withLock {
        $0.take(figures, magnitudes, of: index, pair, group: group(of: pair.name))
        progress($0.progress)
      }
    }
    // All workers share a tensor of many chunks, and take the others one by one.
    let isLarge = { [pairs, crew, policy] index in
      pairs[index].isWeight && crew.workers > 1 && pairs[index].a.count > 32 * policy.chunk
    }
    for index in pairs.indices where isLarge(index) { try compare(index, lead: nil) }
    let small = pairs.indices.filter { !isLarge($0) }
    try crew.share(small.count) { number, worker in
      try Interruption.check()
      try compare(small[number], lead: worker)
    }
    return state.withLock { comparison($0) }
  }

  private func group(of name: String) -> String? {
    switch grouping {
    case .layer: ModuleName(name).layer ?? ModuleName(name).module
    case .module: ModuleName(name).module
    case nil: nil
    }
  }

  /// Adds up in the order of the tensors.
  private func comparison(_ state: State) -> Comparison {
    var total = PairFigures()
    var groups: [(name: String, figures: PairFigures)] = []
    var places: [String: Int] = [:]
    for (pair, figures) in zip(pairs, state.figures) {
      total.add(figures)
      guard let name = group(of: pair.name) else { continue }
      let place = places[name] ?? groups.count
      if place == groups.count {
        places[name] = place
        groups.append((name, PairFigures()))
      }
      groups[place].figures.add(figures)
    }
    total.take(state.all)
    for index in groups.indices {
      groups[index].figures.take(state.groups[groups[index].name] ?? Magnitudes())
    }
    return Comparison(
      tensors: zip(pairs, state.figures).map { .init(name: $0.name, figures: $1) },
      groups: groups.map { .init(name: $0.name, figures: $0.figures) },
      total: total, origins: origins, mismatches: mismatches, notes: notes)
  }
}

/// What is known so far.
private struct State: Sendable {
  var figures: [PairFigures]
  var all = Magnitudes()
  var groups: [String: Magnitudes] = [:]
  var progress = Merger.Progress()

  init(figures: [PairFigures], pairs: [TensorPair]) {
    self.figures = figures
    progress.totalTensors = pairs.count
    progress.totalBytes = pairs.reduce(0) { $0 + $1.byteCount }
  }

  mutating func take(
    _ new: PairFigures, _ magnitudes: Magnitudes, of index: Int, _ pair: TensorPair, group: String?
  ) {
    figures[index] = new
    all.add(magnitudes)
    if let group { groups[group, default: Magnitudes()].add(magnitudes) }
    progress.tensors += 1
    progress.bytes += pair.byteCount
  }
}

// MARK: - One tensor

extension Comparer {
  private func measure(
    _ pair: TensorPair, lead: Int?, _ tallies: PerWorker<MagnitudeTally>
  ) throws -> (PairFigures, Magnitudes) {
    let present = pair.experts.indices.filter { pair.experts[$0] != nil }
    var inputs = [input(pair.a, of: a), input(pair.b, of: b)]
    for (tensor, model) in zip(pair.experts, experts) {
      if let tensor { inputs.append(input(tensor, of: model)) }
    }
    let task = try TensorTask(
      name: pair.name, shape: pair.b.shape, type: pair.b.type, inputs: inputs,
      labels: ["A", "B"] + present.map { origins[$0 + 1] }, base: 0, crew: crew, lead: lead,
      sink: NoSink(), policy: policy)
    let search = experts.isEmpty ? nil : OriginSearch(inputs)
    let units = try task.survey(.flat(task.count), vectors: OriginSearch.vectors) { block, room in
      var figures = bm_comparison()
      figures.least = .infinity
      let magnitudes = room.pointer(0)
      kernels.compare(block.pointer(0), block.pointer(1), magnitudes, block.count, &figures)
      tallies[block.worker].add(magnitudes, block.count)
      return Unit(figures: figures, found: search?.count(block, &room) ?? [])
    }
    var figures = PairFigures(parameters: task.count, units: units.lazy.map(\.figures))
    figures.origins = pair.reported
    if search != nil {
      var counts = Array(repeating: 0, count: origins.count)
      for unit in units {
        for (origin, count) in zip([0] + present.map { $0 + 1 }, unit.found) {
          counts[origin] += count
        }
      }
      counts[origins.count - 1] = task.count - counts.reduce(0, +)
      figures.origins = counts
    }
    let magnitudes = Magnitudes(
      taking: tallies, of: lead.map { $0..<$0 + 1 } ?? 0..<crew.workers, from: figures.least,
      through: figures.largest)
    figures.take(magnitudes)
    return (figures, magnitudes)
  }

  private struct Unit: Sendable {
    var figures: bm_comparison
    var found: [Int]
  }

  private func input(_ tensor: StoredTensor, of model: Checkpoint) -> TensorInput {
    TensorInput(model: 0, file: model.files[tensor.file], tensor: tensor)
  }

  /// Counts the entries whose bytes differ.
  private func compareBytes(_ pair: TensorPair) throws -> PairFigures {
    let (left, right) = (a.files[pair.a.file], b.files[pair.b.file])
    let width = pair.a.type.bits / 8
    let step = min(pair.a.byteCount, 1 << 20)
    var (x, y) = ([UInt8](repeating: 0, count: step), [UInt8](repeating: 0, count: step))
    var differing = 0
    for start in stride(from: 0, to: pair.a.byteCount, by: max(1, step)) {
      try Interruption.check()
      let count = min(step, pair.a.byteCount - start)
      try x.withUnsafeMutableBytes {
        try left.read(at: pair.a.offset + start, into: .init(rebasing: $0[..<count]))
      }
      try y.withUnsafeMutableBytes {
        try right.read(at: pair.b.offset + start, into: .init(rebasing: $0[..<count]))
      }
      guard x[..<count] != y[..<count] else { continue }
      for entry in stride(from: 0, to: count, by: width)
      where x[entry..<entry + width] != y[entry..<entry + width] { differing += 1 }
    }
    return PairFigures(parameters: pair.a.count, differing: differing)
  }
}

/// Looks the entries of input 1 up in input 0 and in those from 2 on: the first that has one gets it.
private struct OriginSearch: Sendable {
  static let vectors = 3

  /// The types that inputs are rounded to before; nil where they have that of input 1 already.
  private let rounding: [bm_type?]

  init(_ inputs: [TensorInput]) {
    let type = inputs[1].tensor.type
    rounding = inputs.map { $0.tensor.type == type ? nil : type.kernel }
  }

  func count(_ block: borrowing ExpertBlock, _ room: inout Room) -> [Int] {
    let (bytes, rest, rounded) = (room.pointer(0), room.pointer(1), room.pointer(2))
    rest.update(from: block.pointer(1), count: block.count)
    var found: [Int] = []
    for (input, type) in rounding.enumerated() where input != 1 {
      var values = block.pointer(input)
      if let type {
        _ = kernels.narrow(type, values, bytes, block.count)
        _ = kernels.widen(type, bytes, rounded, block.count)
        values = UnsafePointer(rounded)
      }
      found.append(kernels.strike(values, rest, block.count))
    }
    return found
  }
}

extension MergeReport {
  /// The one beside a checkpoint that we have merged; nil for all others.
  fileprivate init?(of checkpoint: Checkpoint) {
    guard let json = try? JSON(file: checkpoint.path + "/" + Self.fileName) else { return nil }
    self.init(json: json)
  }

  /// Gives each pair what the report has of it, and returns the names of the models.
  fileprivate func addOrigins(to pairs: inout [TensorPair]) -> [String] {
    let names = entriesFrom.map(\.label)
    guard !names.isEmpty else { return [] }
    var counted: [String: JSON] = [:]
    for record in self.records { counted[record["name"]?.text ?? ""] = record["entries_from"] }
    for index in pairs.indices {
      guard let record = counted[pairs[index].name] else { continue }
      let counts = names.map { record[$0]?.int ?? 0 }
      // Numbers that cannot be would trap when they are added up.
      guard counts.allSatisfy({ 0...pairs[index].b.count ~= $0 }) else { continue }
      pairs[index].reported = counts
    }
    return names
  }
}
