internal import CKernels
internal import Notation

/// The changes of a tensor's models as their sparsifier leaves them, computed where they are needed.
struct SparseChanges: Sendable {
  /// What is kept of one change.
  private enum Rule: Sendable {
    case all, nothing
    case cut(Cut)
    case random(Random, probability: Double)
    case ranked(Random, low: Double, span: Double)
  }

  let tiling: Tiling
  private let base: Int
  private let models: [Int]
  private let densities: [Double]
  private let rescaling: TaskVectors.Rescaling
  private var rules: [Rule]
  private var factors: [Double]
  /// Entries kept, by model, where that is known.
  private var kept: [Int?]
  private(set) var notes: [String] = []

  /// The longest row within which changes are ranked.
  private static let longestRow = 1 << 20

  init(of method: TaskVectors, _ task: TensorTask, _ base: Int, _ models: [Int]) throws {
    self.base = base
    self.models = models
    densities = models.map { method.densities[$0] }
    rescaling = method.rescaling
    rules = models.map { _ in .all }
    factors = models.map { _ in 1 }
    kept = models.map { _ in nil }
    let isRanked = method.sparsifier == .ranked && densities.contains { $0 > 0 && $0 < 1 }
    tiling =
      isRanked
      ? Tiling(count: task.count, rowLength: task.columns, unitLength: task.columns)
      : .flat(task.count)
    guard !isRanked || task.columns <= Self.longestRow else {
      throw MergeError(
        "\(task.name): changes are ranked within rows of up to 1,048,576 elements, and this one has"
          + " \(task.columns); use another method for it, or a density of 1")
    }
    switch method.sparsifier {
    case .none: break
    case .magnitude, .outliers: try cut(method, task)
    case .random, .ranked:
      for (index, model) in models.enumerated() where densities[index] < 1 {
        let random = Random(
          seed: method.seed, tensor: task.name, stream: task.inputs[model].model)
        let density = densities[index]
        if density == 0 {
          rules[index] = .nothing
        } else if method.sparsifier == .random {
          rules[index] = .random(random, probability: density)
        } else {
          let epsilon = method.epsilons[model]
          rules[index] = .ranked(random, low: density - epsilon, span: 2 * epsilon)
        }
      }
      if isRanked && method.isCompatible && task.shape.count > 2 {
        notes.append("ranked along the last dimension; mergekit ranks along the second")
      }
    }
    try rescale(task)
  }

  /// Vectors of room that a unit takes: a key and a probability for each model, and for ranking
  /// magnitudes and two of indices.
  var vectors: Int { models.count * 2 + 3 }

  /// One model's change within a unit, without its weight.
  func change(_ index: Int, _ block: borrowing ExpertBlock, _ room: inout Room) -> bm_change {
    var change = bm_change(x: block.pointer(models[index]))
    change.factor = factors[index]
    let keys = room.pointer(2 * index)
    switch rules[index] {
    case .all:
      return change
    case .nothing:
      (change.low, change.high) = (.infinity, 0)
    case .cut(let cut):
      if let bounds = cut.bounds(of: block.unit) {
        (change.low, change.high) = bounds
      } else {
        block.magnitudes(of: models[index], from: base, to: keys)
        cut.mark(keys, block.count, of: block.unit)
        change.key = UnsafePointer(keys)
        (change.low, change.high) = (1, 1)
      }
    case .random(let random, let probability):
      random.fill(keys, block.count, from: block.start)
      change.key = UnsafePointer(keys)
      change.high = probability.nextDown
      if rescaling == .probability { change.divisor = probability }
    case .ranked(let random, let low, let span):
      let probabilities = room.pointer(2 * index + 1)
      let magnitudes = room.pointer(2 * models.count)
      block.magnitudes(of: models[index], from: base, to: magnitudes)
      bm_rank_probabilities(
        magnitudes, block.count, low, span, room.words(2 * models.count + 1),
        room.words(2 * models.count + 2), probabilities)
      random.fill(keys, block.count, from: block.start)
      for place in 0..<block.count { keys[place] = keys[place] < probabilities[place] ? 1 : 0 }
      change.key = UnsafePointer(keys)
      (change.low, change.high) = (1, 1)
      if rescaling == .probability { change.divisors = UnsafePointer(probabilities) }
    }
    if rescaling == .density && densities[index] > 0 { change.divisor = densities[index] }
    return change
  }

  func figures(_ labels: [String]) -> [JSON.Member] {
    let sparse = models.indices.filter { if case .all = rules[$0] { false } else { true } }
    func named(_ name: String, _ value: (Int) -> JSON?) -> [JSON.Member] {
      let members = sparse.compactMap { index in
        value(index).map { JSON.Member(labels[models[index]], $0) }
      }
      return members.isEmpty ? [] : [.init(name, .object(members))]
    }
    return named("kept") { index in kept[index].map { .whole($0) } }
      + named("rescaled_by") { [.l1, .l2, .linf].contains(rescaling) ? .real(factors[$0]) : nil }
  }

  /// Takes over what was decided for the models as a whole.
  private mutating func cut(_ parts: [TrimmedPart?], _ task: TensorTask) throws {
    let (base, models) = (base, models)
    let trimmed = models.indices.filter { parts[models[$0]] != nil }
    var cuts: [Cut] = []
    for index in trimmed {
      guard let part = parts[models[index]] else { continue }
      cuts.append(Cut(above: part.threshold, keeping: part.keptEqual, of: part.equal))
      kept[index] = part.above + part.keptEqual
    }
    try task.locate(&cuts, tiling) { block, room in
      for (vector, index) in trimmed.enumerated() {
        block.magnitudes(of: models[index], from: base, to: room.pointer(vector))
      }
    }
    for (cut, index) in zip(cuts, trimmed) { rules[index] = .cut(cut) }
  }

  private mutating func cut(_ method: TaskVectors, _ task: TensorTask) throws {
    if let parts = method.trimmed { return try cut(parts, task) }
    let count = Double(task.count)
    var places: [(index: Int, range: Range<Int>)] = []
    for (index, model) in models.enumerated() where densities[index] < 1 {
      var range = 0..<Int(densities[index] * count)
      if method.sparsifier == .outliers {
        let top = min(Int(method.gammas[model] * count), task.count - range.count)
        range = top..<top + range.count
      } else if range.isEmpty {
        notes.append(
          "\(task.labels[model]): a density of \(densities[index]) is less than one entry; one is"
            + " kept")
        range = 0..<1
      }
      kept[index] = range.count
      if range.isEmpty {
        rules[index] = .nothing
      } else if range.count < task.count {
        places.append((index, range))
      }
    }
    guard !places.isEmpty else { return }
    let (asked, base, models) = (places, base, models)
    let cuts = try task.cuts(places.map(\.range), tiling) { block, room in
      for (vector, place) in asked.enumerated() {
        block.magnitudes(of: models[place.index], from: base, to: room.pointer(vector))
      }
    }
    for (cut, place) in zip(cuts, places) { rules[place.index] = .cut(cut) }
  }

  /// Finds the factors that give what is kept the size of the whole.
  private mutating func rescale(_ task: TensorTask) throws {
    let measure: @Sendable (UnsafePointer<Double>, Int) -> Double
    switch rescaling {
    case .l1: measure = { kernels.absolute_sum($0, $1) }
    case .l2: measure = { kernels.dot($0, $0, $1) }
    case .linf: measure = { values, count in (0..<count).reduce(0) { max($0, abs(values[$1])) } }
    case .density, .probability, .none: return
    }
    let sparse = models.indices.filter {
      switch rules[$0] {
      case .all, .nothing: false
      default: true
      }
    }
    guard !sparse.isEmpty else { return }
    let (changes, base, models) = (self, base, models)
    let units = try task.survey(tiling, vectors: vectors + 1) { block, room in
      sparse.map { index in
        let values = room.pointer(changes.vectors)
        block.subtract(base, from: models[index], to: values)
        let whole = measure(values, block.count)
        var change = changes.change(index, block, &room)
        let kept = kernels.keep(&change, block.pointer(base), values, block.count)
        return (whole: whole, part: measure(values, block.count), kept: kept)
      }
    }
    for (number, index) in sparse.enumerated() {
      var (whole, part, count) = (0.0, 0.0, 0)
      for unit in units {
        let figures = unit[number]
        whole = rescaling == .linf ? max(whole, figures.whole) : whole + figures.whole
        part = rescaling == .linf ? max(part, figures.part) : part + figures.part
        count += figures.kept
      }
      if rescaling == .l2 { (whole, part) = (whole.squareRoot(), part.squareRoot()) }
      if whole >= 1e-7 && part >= 1e-7 { factors[index] = whole / part }
      kept[index] = kept[index] ?? count
    }
  }
}

extension Room {
  /// A vector as words of 64 bits.
  fileprivate func words(_ vector: Int) -> UnsafeMutablePointer<UInt64> {
    UnsafeMutableRawPointer(pointer(vector)).assumingMemoryBound(to: UInt64.self)
  }
}

extension ExpertBlock {
  /// target = |input − base|.
  func magnitudes(of input: Int, from base: Int, to target: UnsafeMutablePointer<Double>) {
    _ = kernels.scores(pointer(base), pointer(input), 1, target, count)
  }
}
