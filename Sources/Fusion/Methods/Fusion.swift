internal import CKernels

/// The steps of a fusion as far as they are resolved: their result is computed where it is needed,
/// block by block, and never stored.
struct Fusion: Sendable {
  /// The input that the first step starts from.
  let existing: Int
  var steps: [FusedStep] = []

  /// Vectors of room that evaluating a block takes.
  static let vectors = 2

  /// Evaluates all steps for a block; `figures` gets a selection for each.
  ///
  /// The result lies in the input itself, or in room vector `at` or `at + 1`. From vector
  /// `tracing` on there are three more, of which the returned one says for each entry which input
  /// it comes from; equal entries come from the kept side.
  func evaluate(
    _ block: borrowing ExpertBlock, _ room: inout Room, at: Int, tracing: Int? = nil,
    figures: inout [bm_selection]
  ) -> (values: UnsafePointer<Double>, origins: UnsafePointer<Double>?) {
    var current = block.pointer(existing)
    var origins = tracing.map { first in
      room.pointer(first + 1).update(repeating: Double(existing), count: block.count)
      return UnsafePointer(room.pointer(first + 1))
    }
    for (index, fused) in steps.enumerated() {
      let target = room.pointer(at + index % 2)
      let (left, right) = operands(fused.step, current, block)
      if figures.count <= index { figures.append(bm_selection()) }
      fused.fuse(
        left, right, row: block.row, count: block.count, to: target, figures: &figures[index])
      if let tracing, let before = origins {
        let incoming = room.pointer(tracing + 2)
        incoming.update(repeating: Double(fused.step.incoming), count: block.count)
        let after = room.pointer(tracing + index % 2)
        let keeps = fused.step.keepsExisting
        fused.choose(
          left, right, row: block.row, count: block.count,
          kept: keeps ? before : UnsafePointer(incoming),
          other: keeps ? UnsafePointer(incoming) : before, to: after)
        origins = UnsafePointer(after)
      }
      current = UnsafePointer(target)
    }
    return (current, origins)
  }

  /// Resolves the steps one after another and writes the result.
  mutating func merge(_ task: TensorTask, _ all: [FusionStep], _ tiling: Tiling) throws
    -> FusionResult
  {
    for step in all { steps.append(try resolved(step, task, tiling)) }
    let fusion = self
    let inputs = task.inputs.count
    // Where two steps choose, an entry's origin has to be followed.
    let tracing = steps.count > 1 ? Self.vectors : nil
    let counts = PerWorker(task.workers, Array(repeating: 0, count: inputs))
    let (written, answers) = try task.writeAnswering(tiling, vectors: Self.vectors + 3) {
      block, room, merged in
      var figures: [bm_selection] = []
      let result = fusion.evaluate(block, &room, at: 0, tracing: tracing, figures: &figures)
      merged.withUnsafeMutableBufferPointer {
        $0.baseAddress!.update(from: result.values, count: block.count)
      }
      if let origins = result.origins {
        for input in 0..<inputs {
          counts[block.worker][input] += kernels.count_equal(origins, Double(input), block.count)
        }
      }
      let last = figures.removeLast()
      return FusionAnswer(last: last, earlier: figures)
    }
    return FusionResult(written, steps, answers: answers, origins: counts.all)
  }

  /// The kept side and the other side of a step.
  func operands(
    _ step: FusionStep, _ current: UnsafePointer<Double>, _ block: borrowing ExpertBlock
  ) -> (left: UnsafePointer<Double>, right: UnsafePointer<Double>) {
    let incoming = block.pointer(step.incoming)
    return step.keepsExisting ? (current, incoming) : (incoming, current)
  }

  /// Resolves the next step: divergences, then quantiles of the scores, then the threshold.
  func resolved(_ step: FusionStep, _ task: TensorTask, _ tiling: Tiling) throws -> FusedStep {
    let settings = step.settings
    let isOneUnit = settings.scope == .row && tiling.unitsPerRow == 1
    var known: [Double]?
    if settings.scope == .none { known = [1] }
    if settings.scope == .tensor || (settings.scope == .row && !isOneUnit) {
      known = try piecewiseDivergences(step, task, tiling)
    }
    // With a sample of the scores in hand the quantiles take one pass.
    let stride = OrderSample.stride(for: task.count)
    let samples = PerWorker<[Double]>(task.workers, [])
    let given = known
    let isOnly = (known?.count ?? tiling.rowCount) == 1 && settings.arithmetic == .f64
    let units = try task.survey(tiling, vectors: 1 + Self.vectors) { block, room in
      var figures: [bm_selection] = []
      let current = evaluate(block, &room, at: 1, figures: &figures).values
      let (left, right) = operands(step, current, block)
      let divergence =
        given.map { $0.count == 1 ? $0[0] : $0[block.row] }
        ?? settings.divergence(left, right, block.count)
      let scores = room.pointer(0)
      let factor = FusedStep.factor(divergence, isOnly: isOnly)
      settings.scores(left, right, factor, block.count, to: scores)
      var (zeros, negatives) = (0, 0)
      if settings.needsCounts {
        for index in 0..<block.count {
          zeros += scores[index] == 0 ? 1 : 0
          negatives += scores[index] < 0 ? 1 : 0
        }
      }
      var place = (stride - block.start % stride) % stride
      while place < block.count {
        samples[block.worker].append(scores[place])
        place += stride
      }
      return (divergence: divergence, zeros: zeros, negatives: negatives)
    }
    var fused = FusedStep(step: step, divergences: known ?? units.map(\.divergence))
    let scores = Scores(
      fusion: self, fused: fused, task: task, tiling: tiling,
      negatives: units.reduce(0) { $0 + $1.negatives }, zeros: units.reduce(0) { $0 + $1.zeros },
      sample: samples.all.flatMap { $0 })
    try scores.resolve(&fused)
    return fused
  }

  /// The divergence of rows that come in pieces, or of the whole tensor: three passes.
  private func piecewiseDivergences(_ step: FusionStep, _ task: TensorTask, _ tiling: Tiling)
    throws -> [Double]
  {
    let settings = step.settings
    func pass<Answer: Sendable>(
      _ body: @escaping @Sendable (UnsafePointer<Double>, UnsafePointer<Double>, Int, Int) -> Answer
    ) throws -> [Answer] {
      try task.survey(tiling, vectors: Self.vectors) { block, room in
        var figures: [bm_selection] = []
        let current = evaluate(block, &room, at: 0, figures: &figures).values
        let (left, right) = operands(step, current, block)
        return body(left, right, block.count, isWhole ? 0 : block.row)
      }
    }
    // A single probability is 1 in both.
    if task.count == 1 { return [0] }
    // One divergence for the tensor is that of all its rows as one.
    let isWhole = settings.scope == .tensor
    let pieces = isWhole ? max(1, tiling.unitCount) : tiling.unitsPerRow
    var rows = Array(
      repeating: bm_softmax.empty, count: isWhole ? min(1, tiling.unitCount) : tiling.rowCount)
    for (unit, found) in try pass({ left, right, count, _ in
      var found = bm_softmax.empty
      kernels.extent(left, right, count, &found)
      return found
    }).enumerated() {
      rows[unit / pieces].left_max = max(rows[unit / pieces].left_max, found.left_max)
      rows[unit / pieces].right_max = max(rows[unit / pieces].right_max, found.right_max)
      rows[unit / pieces].gap = max(rows[unit / pieces].gap, found.gap)
    }
    let extents = rows
    for (unit, found) in try pass({ left, right, count, row in
      var found = extents[row]
      kernels.weigh(left, right, count, &found)
      return found
    }).enumerated() {
      rows[unit / pieces].left_sum += found.left_sum
      rows[unit / pieces].right_sum += found.right_sum
      rows[unit / pieces].moved += found.moved
    }
    let weighed = rows
    var divergences = Array(repeating: 0.0, count: rows.count)
    for (unit, part) in try pass({ left, right, count, row in
      var found = weighed[row]
      return kernels.diverge(
        left, right, count, settings.epsilon, settings.kernelDirection, &found)
    }).enumerated() {
      divergences[unit / pieces] += part
    }
    return divergences
  }
}

extension FusionSettings {
  /// Whether zero and negative scores have to be counted before ranks are known.
  ///
  /// Rounded divergences can be negative, where exact ones cannot.
  var needsCounts: Bool { population == .nonzero || !isPlain }
}

extension ExpertBlock {
  func pointer(_ input: Int) -> UnsafePointer<Double> {
    self[input].withUnsafeBufferPointer { $0.baseAddress! }
  }
}

/// The scores of a step over a whole tensor, as ranks.
private struct Scores {
  let fusion: Fusion
  let fused: FusedStep
  let task: TensorTask
  let tiling: Tiling
  let negatives: Int
  let zeros: Int
  let sample: [Double]

  private var settings: FusionSettings { fused.settings }

  func resolve(_ fused: inout FusedStep) throws {
    guard task.count > 0 else { return }
    let levels = [settings.levels.low, settings.levels.center, settings.levels.high]
    let values =
      try settings.quantiles == .sampled && task.count > settings.sampleSize
      ? sampledQuantiles(levels) : quantiles(levels)
    fused.settle(low: values[0], center: values[1], high: values[2])
    if let fraction = settings.targetFraction {
      fused.threshold = try quantiles([1 - fraction])[0]
      fused.isDegenerate = false
    }
  }

  /// Lower quantiles: the score of rank floor(q (n − 1)).
  private func quantiles(_ levels: [Double]) throws -> [Double] {
    let population = task.count - (settings.population == .nonzero ? zeros : 0)
    guard population > 0 else { return levels.map { _ in 0 } }
    let ranks = levels.map { level in
      let rank = FusionSettings.rank(level, of: population)
      return settings.population == .nonzero && rank >= negatives ? rank + zeros : rank
    }
    // Negative scores have their own order, from the largest magnitude down.
    var values = Array(repeating: 0.0, count: ranks.count)
    for isNegative in [false, true] {
      let chosen = ranks.indices.filter { (ranks[$0] < negatives) == isNegative }
      guard !chosen.isEmpty else { continue }
      let asked = chosen.map { isNegative ? negatives - 1 - ranks[$0] : ranks[$0] - negatives }
      // Scores of the other sign come last, where no rank is.
      @Sendable func key(_ score: Double) -> Double {
        (score < 0) == isNegative ? abs(score) : .infinity
      }
      let found = try task.orderStatistics(
        asked, tiling, sample: settings.isPlain ? sample : sample.map(key),
        vectors: 1 + Fusion.vectors
      ) { [fusion, fused, settings] block, room in
        var figures: [bm_selection] = []
        let current = fusion.evaluate(block, &room, at: 1, figures: &figures).values
        let (left, right) = fusion.operands(fused.step, current, block)
        let scores = room.pointer(0)
        settings.scores(
          left, right, fused.factor(ofRow: block.row), block.count, to: scores)
        if !settings.isPlain {
          for index in 0..<block.count { scores[index] = key(scores[index]) }
        }
      }
      for (index, found) in zip(chosen, found) {
        values[index] = isNegative ? -found.value : found.value
      }
    }
    return values
  }

  /// Quantiles of random scores, each of which is in the sample with the same probability.
  private func sampledQuantiles(_ levels: [Double]) throws -> [Double] {
    let share = Double(settings.sampleSize) / Double(task.count)
    func sample(_ number: Int) throws -> [Double] {
      let random = Random(seed: settings.seed, tensor: task.name, stream: number)
      let found = try task.survey(tiling, vectors: 1 + Fusion.vectors) {
        [fusion, fused, settings] block, room in
        var figures: [bm_selection] = []
        let current = fusion.evaluate(block, &room, at: 1, figures: &figures).values
        let (left, right) = fusion.operands(fused.step, current, block)
        let divergence = fused.factor(ofRow: block.row)
        return (0..<block.count).compactMap { index in
          random.uniform(block.start + index) < share
            ? settings.score(left[index], right[index], divergence) : nil
        }
      }
      return found.flatMap { $0 }.sorted()
    }
    let first = try sample(0)
    let second = settings.sharesSample ? first : try sample(1)
    return levels.enumerated().map { index, level in
      let sorted = index == 1 ? first : second
      return sorted.isEmpty ? 0 : sorted[FusionSettings.rank(level, of: sorted.count)]
    }
  }
}

extension FusionSettings {
  /// floor(q (n − 1)), in whole numbers where q is a quarter.
  static func rank(_ level: Double, of count: Int) -> Int {
    let quarters = level * 4
    if quarters == quarters.rounded() {
      let (whole, rest) = (count - 1).quotientAndRemainder(dividingBy: 4)
      return whole * Int(quarters) + rest * Int(quarters) / 4
    }
    return min(count - 1, Int(level * Double(count - 1)))
  }
}
