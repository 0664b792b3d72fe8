internal import CKernels
internal import Files
internal import Synchronization

/// A method that cuts the changes of whole models, where a merge file asks for that.
protocol TrimsModels: MergeMethod {
  var vectors: TaskVectors { get set }
}

/// What is kept of one model's change of a tensor, after a cut of the whole model.
struct TrimmedPart: Hashable, Sendable {
  /// The smallest magnitude that is kept anywhere in the model.
  var threshold: Double
  /// Entries that are larger, entries that are equal, and how many of these, the first, are kept.
  var above = 0
  var equal = 0
  var keptEqual = 0
}

/// The cut of whole models: of a model's changes in all tensors together the largest are kept.
///
/// Tensors come in the order of the plan; of equal changes the earlier is kept. One pass over a
/// sample, one over all changes, and one that counts for each tensor. Memory is that of one tensor's
/// order statistics, and the result is exact, so that no number of workers changes it.
struct ModelTrim {
  private struct Model {
    var density: Double
    var count = 0
    /// How many of its changes are kept.
    var kept: Int { density > 0 ? max(1, Int(density * Double(count))) : 0 }
  }

  /// A tensor of the plan that is cut with others, and where the models are among its inputs.
  private struct Part: Sendable {
    var place: Int
    var tensor: PlannedTensor
    var base: Int
    /// By model.
    var inputs: [Int?]
  }

  private var models: [Model] = []
  private var parts: [Part] = []
  /// Models whose density is not the same in all tensors.
  private(set) var problems: [String] = []

  init(_ tensors: [PlannedTensor]) {
    /// By the models' places in the merge.
    var numbers: [Int: Int] = [:]
    for (place, tensor) in tensors.enumerated() where tensor.count > 0 {
      guard let vectors = (tensor.method as? any TrimsModels)?.vectors,
        vectors.trimScope == .model, let base = tensor.base
      else { continue }
      var inputs: [Int?] = models.map { _ in nil }
      for (index, input) in tensor.inputs.enumerated() where index != base {
        let density = min(1, vectors.densities[index])
        let number = numbers[input.model] ?? models.count
        if number == models.count {
          numbers[input.model] = number
          models.append(Model(density: density))
          inputs.append(nil)
        }
        inputs[number] = index
        models[number].count += tensor.count
        if models[number].density != density {
          problems.append(
            "\(tensor.name): the density of \(tensor.labels[index]) is \(density), and was"
              + " \(models[number].density) before; 'trim_scope: model' needs one for all tensors"
              + " of a model that have this scope")
        }
      }
      parts.append(Part(place: place, tensor: tensor, base: base, inputs: inputs))
    }
    // Later models are not in earlier tensors.
    for index in parts.indices {
      parts[index].inputs += Array(repeating: nil, count: models.count - parts[index].inputs.count)
    }
  }

  /// The tensors, those that are cut together with what is kept of each.
  func settled(_ tensors: [PlannedTensor], _ crew: Crew, _ policy: TensorTask.Policy) throws
    -> [PlannedTensor]
  {
    guard models.contains(where: { $0.density < 1 }) else { return tensors }
    let thresholds = try thresholds(crew, policy)
    let counts = try survey(crew, policy) { [models] task, part in
      let units = try task.survey(.flat(task.count), vectors: 2) { block, room in
        part.inputs.enumerated().map { model, input in
          guard let input else { return (above: 0, equal: 0) }
          block.magnitudes(of: input, from: part.base, to: room.pointer(0))
          let (threshold, count) = (thresholds[model], block.count)
          var below: UInt64 = 0
          let equal = kernels.collect(
            room.pointer(0), count, threshold, threshold, &below, room.pointer(1))
          return (above: count - Int(below) - equal, equal: equal)
        }
      }
      return models.indices.map { model in
        units.reduce(into: (above: 0, equal: 0)) {
          $0.above += $1[model].above
          $0.equal += $1[model].equal
        }
      }
    }
    // What is left for equal changes is given to the first of them.
    var left = models.indices.map { model in
      models[model].kept - counts.reduce(0) { $0 + $1[model].above }
    }
    var settled = tensors
    for (part, counts) in zip(parts, counts) {
      guard var method = part.tensor.method as? any TrimsModels else { continue }
      var trimmed: [TrimmedPart?] = part.tensor.inputs.map { _ in nil }
      for (model, input) in part.inputs.enumerated() where models[model].density < 1 {
        guard let input else { continue }
        let kept = min(max(0, left[model]), counts[model].equal)
        left[model] -= kept
        trimmed[input] = TrimmedPart(
          threshold: thresholds[model], above: counts[model].above, equal: counts[model].equal,
          keptEqual: kept)
      }
      method.vectors.trimmed = trimmed
      settled[part.place].method = method
    }
    return settled
  }

  /// The smallest change that is kept, by model.
  private func thresholds(_ crew: Crew, _ policy: TensorTask.Policy) throws -> [Double] {
    let cut = models.indices.filter { models[$0].kept > 0 && models[$0].density < 1 }
    let samples = try samples(crew, policy)
    let brackets = cut.flatMap { model in
      let rank = models[model].count - models[model].kept
      return Bracket.all(
        AskedRanks(ranks: [rank], vector: model, sample: samples[model]), of: models[model].count)
    }
    let found = try brackets.resolved { asked in
      let locals = PerWorker(crew.workers, asked.map { Findings($0) })
      _ = try survey(crew, policy) { [models] task, part in
        let mine = asked.indices.filter { part.inputs[asked[$0].vector] != nil }
        _ = try task.survey(.flat(task.count), vectors: models.count + 1) { block, room in
          for (model, input) in part.inputs.enumerated() {
            guard let input else { continue }
            block.magnitudes(of: input, from: part.base, to: room.pointer(model))
          }
          locals[block.worker].add(asked, mine, room, gathered: models.count)
        }
      }
      return locals.all
    }
    var thresholds = models.map { _ in Double.infinity }
    for (model, key) in zip(cut, found) { thresholds[model] = key.value }
    return thresholds
  }

  /// Some changes of every tensor, from short runs; about as dense in all of them.
  private func samples(_ crew: Crew, _ policy: TensorTask.Policy) throws -> [[Double]] {
    let stride = OrderSample.stride(for: models.map(\.count).max() ?? 0)
    let samples = PerWorker(crew.workers, Array(repeating: [Double](), count: models.count))
    _ = try survey(crew, policy) { task, part in
      let runs = Tiling(count: task.count, rowLength: task.count, unitLength: 16)
      let wanted = max(1, task.count / stride / runs.unitLength)
      _ = try task.survey(runs, every: max(1, runs.unitCount / wanted) | 1, vectors: 1) {
        block, room in
        for (model, input) in part.inputs.enumerated() {
          guard let input else { continue }
          block.magnitudes(of: input, from: part.base, to: room.pointer(0))
          samples[block.worker][model].append(
            contentsOf: UnsafeBufferPointer(start: room.pointer(0), count: block.count))
        }
      }
    }
    return models.indices.map { model in samples.all.flatMap { $0[model] } }
  }

  /// Asks something of every tensor that is cut, large ones by all workers together.
  private func survey<Answer: Sendable>(
    _ crew: Crew, _ policy: TensorTask.Policy,
    _ body: @escaping @Sendable (TensorTask, Part) throws -> Answer
  ) throws -> [Answer] {
    var policy = policy
    // One pass has no use for what is kept.
    policy.cacheByteCount = 0
    let once = policy
    let parts = parts
    let answers = Mutex<[Int: Answer]>([:])
    @Sendable func ask(_ number: Int, lead: Int?) throws {
      let tensor = parts[number].tensor
      let task = try TensorTask(
        name: tensor.name, shape: tensor.shape, type: tensor.type, inputs: tensor.inputs,
        labels: tensor.labels, base: tensor.base, crew: crew, lead: lead, sink: NoSink(),
        policy: once)
      let answer = try body(task, parts[number])
      answers.withLock { $0[number] = answer }
    }
    let isLarge = { number in crew.workers > 1 && parts[number].tensor.count > 32 * once.chunk }
    for number in parts.indices where isLarge(number) { try ask(number, lead: nil) }
    let small = parts.indices.filter { !isLarge($0) }
    try crew.share(small.count) { number, worker in
      try Interruption.check()
      try ask(small[number], lead: worker)
    }
    return answers.withLock { answers in parts.indices.compactMap { answers[$0] } }
  }
}
