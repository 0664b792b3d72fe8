internal import CKernels

/// Selective fusion of tensors of one type: entries are chosen as they are stored.
///
/// The same selection as `Fusion`'s, some three times as fast: choosing makes no new numbers, so
/// neither inputs nor intermediate results are widened in memory. The divergence is in float lanes
/// with sums in double, the scores are in double.
struct StoredFusion: Sendable {
  private let kernel: bm_stored_kernels
  private let type: bm_type
  private let existing: Int
  private let width: Int
  private var steps: [FusedStep] = []
  private var kept: Kept?

  /// The result of all resolved steps but the last, where there is memory for it.
  ///
  /// Sound to share: every block is written by whoever has it, in one pass, and read in later ones.
  private struct Kept: @unchecked Sendable {
    let bytes: UnsafeMutableRawPointer
    /// How many steps it is the result of, and what they chose.
    var steps: Int
    var selections: [bm_selection]
  }

  /// Nil where the steps or the tensor need more than choosing.
  init?(_ task: TensorTask, existing: Int, steps: [FusionStep]) {
    switch task.commonType {
    case .f16: (kernel, type) = (kernels.stored.0, BM_F16)
    case .bf16: (kernel, type) = (kernels.stored.1, BM_BF16)
    case .f32: (kernel, type) = (kernels.stored.2, BM_F32)
    default: return nil
    }
    guard task.columns <= Tiling.longestRow, !task.policy.allowsNonFinite,
      steps.allSatisfy({ $0.settings.onlyChooses && $0.rounding == nil })
    else { return nil }
    self.existing = existing
    width = task.type.bits / 8
  }

  /// The room of a block: floats of the divergence; two intermediate rows; three rows of origins;
  /// gathered scores of three brackets.
  private struct Layout {
    let floats: UnsafeMutablePointer<Float>
    let rows: UnsafeMutableRawPointer
    let stride: Int
    let gathered: UnsafeMutablePointer<Double>
    static let byteCount = 4 + 5 * 4 + 3 * 8

    init(_ block: StoredBlock) {
      let length = block.count + 16
      floats = block.room.assumingMemoryBound(to: Float.self)
      rows = block.room + 4 * length
      stride = 4 * length
      gathered = (rows + 5 * stride).assumingMemoryBound(to: Double.self)
    }

    func row(_ number: Int) -> UnsafeMutableRawPointer { rows + number * stride }
    func gathered(_ bracket: Int) -> UnsafeMutablePointer<Double> {
      gathered + bracket * stride / 4
    }
  }

  mutating func merge(_ task: TensorTask, _ all: [FusionStep], _ tiling: Tiling) throws
    -> FusionResult
  {
    for step in all { steps.append(try resolved(step, task, tiling)) }
    // Who chose what before the last step but one can only be followed by going through all again.
    if steps.count > 2 { kept = nil }
    let fusion = self
    let counts = PerWorker(task.workers, Array(repeating: 0, count: task.inputs.count))
    let (written, answers) = try task.writeStored(tiling, roomByteCount: Layout.byteCount) {
      block, output in
      fusion.write(block, output, counts)
    }
    var result = FusionResult(written, steps, answers: answers, origins: counts.all)
    if let kept { result.selections.replaceSubrange(..<kept.steps, with: kept.selections) }
    if let only = result.selections.first, steps.count == 1 {
      // Of two inputs an entry is one or the other.
      let step = steps[0].step
      let (kept, other) =
        step.keepsExisting ? (existing, step.incoming) : (step.incoming, existing)
      result.written.distances = [0, 0]
      result.written.distances[kept] = only.square_selected.squareRoot()
      result.written.distances[other] =
        (only.square_changed - only.square_selected).squareRoot()
    }
    return result
  }

  /// The result of the steps so far: an input itself, or in one of the first two rows of room.
  private func current(_ block: StoredBlock, _ layout: Layout) -> UnsafeRawPointer {
    var current = start(of: block)
    let done = kept?.steps ?? 0
    guard done < steps.count else { return current }
    for index in done..<steps.count {
      let fused = steps[index]
      let target = layout.row(index % 2)
      let (left, right) = operands(fused.step, current, block)
      kernel.choose(
        left, right, fused.factor(ofRow: block.row), fused.threshold, fused.isStrict, left, right,
        target, block.count)
      current = UnsafeRawPointer(target)
    }
    return current
  }

  /// What is kept of the block, or the input that the chain begins with.
  private func start(of block: StoredBlock) -> UnsafeRawPointer {
    kept.map { UnsafeRawPointer($0.bytes + block.start * width) } ?? block[existing]
  }

  private func operands(_ step: FusionStep, _ current: UnsafeRawPointer, _ block: StoredBlock)
    -> (left: UnsafeRawPointer, right: UnsafeRawPointer)
  {
    let incoming = block[step.incoming]
    return step.keepsExisting ? (current, incoming) : (incoming, current)
  }

  private func select(
    _ fused: FusedStep, _ current: UnsafeRawPointer, _ block: StoredBlock,
    to target: UnsafeMutableRawPointer, figures: inout bm_selection
  ) -> Double {
    let (left, right) = operands(fused.step, current, block)
    return kernel.select(
      left, right, fused.factor(ofRow: block.row), fused.threshold, fused.isStrict, target,
      block.count, &figures)
  }

  /// Resolves the next step: divergences of all rows, then the quantiles in one more pass.
  private mutating func resolved(_ step: FusionStep, _ task: TensorTask, _ tiling: Tiling) throws
    -> FusedStep
  {
    let settings = step.settings
    let isOnly = tiling.rowCount == 1 || settings.scope == .none
    let stride = OrderSample.stride(for: task.count)
    let samples = PerWorker<[Double]>(task.workers, [])
    let fusion = self
    // Experts that have not joined yet are not read.
    let needed = [existing] + steps.map(\.step.incoming) + [step.incoming]
    // The result so far is computed once and kept; in place, if something was kept before.
    let room =
      steps.isEmpty ? nil : task.intermediate().map { Kept(bytes: $0, steps: 0, selections: []) }
    let found = try task.surveyStored(
      tiling, of: needed, roomByteCount: Layout.byteCount
    ) { block in
      let layout = Layout(block)
      var figures = bm_selection()
      let current: UnsafeRawPointer
      if let room, let last = fusion.steps.last {
        let target = room.bytes + block.start * fusion.width
        _ = fusion.select(last, fusion.start(of: block), block, to: target, figures: &figures)
        current = UnsafeRawPointer(target)
      } else {
        current = fusion.current(block, layout)
      }
      let (left, right) = fusion.operands(step, current, block)
      let divergence = try fusion.divergence(left, right, block, layout, step, task)
      let factor = FusedStep.factor(divergence, isOnly: isOnly)
      let first = (stride - block.start % stride) % stride
      if first < block.count {
        let count = (block.count - first - 1) / stride + 1
        fusion.kernel.scores(
          left, right, factor, first, stride, block.count, layout.gathered(0))
        samples[block.worker].append(
          contentsOf: UnsafeBufferPointer(start: layout.gathered(0), count: count))
      }
      return (divergence: divergence, figures: figures)
    }
    if let room {
      var sum = bm_selection()
      for answer in found { sum.add(answer.figures) }
      kept = Kept(
        bytes: room.bytes, steps: steps.count, selections: (kept?.selections ?? []) + [sum])
    }
    let divergences = found.map(\.divergence)
    var fused = FusedStep(step: step, divergences: settings.scope == .none ? [1] : divergences)
    guard task.count > 0 else { return fused }
    let levels = [settings.levels.low, settings.levels.center, settings.levels.high]
    let ranks = (settings.targetFraction.map { [1 - $0] } ?? levels)
      .map { FusionSettings.rank($0, of: task.count) }
    let known = fused
    let later = self
    let wanted = AskedRanks(ranks: ranks, sample: samples.all.flatMap { $0 })
    let values = try task.resolve([wanted], of: task.count) { asked in
      let locals = PerWorker(task.workers, asked.map { Findings($0) })
      _ = try task.surveyStored(tiling, of: needed, roomByteCount: Layout.byteCount) { block in
        later.gather(block, known, asked, into: locals)
      }
      return locals.all
    }[0]
    if settings.targetFraction != nil {
      fused.threshold = values[0].value
    } else {
      fused.settle(low: values[0].value, center: values[1].value, high: values[2].value)
    }
    return fused
  }

  private func gather(
    _ block: StoredBlock, _ fused: FusedStep, _ asked: [Bracket],
    into locals: PerWorker<[Findings]>
  ) {
    let layout = Layout(block)
    let (left, right) = operands(fused.step, current(block, layout), block)
    withUnsafeTemporaryAllocation(of: bm_bracket.self, capacity: asked.count) { brackets in
      for (index, bracket) in asked.enumerated() {
        brackets[index] = bm_bracket(
          low: bracket.low, high: bracket.high, below: 0, target: layout.gathered(index), taken: 0)
      }
      kernel.collect(
        left, right, fused.factor(ofRow: block.row), block.count, brackets.baseAddress,
        asked.count)
      for (index, bracket) in brackets.enumerated() {
        locals[block.worker][index].add(
          below: Int(bracket.below),
          UnsafeBufferPointer(start: bracket.target, count: bracket.taken))
      }
    }
  }

  /// The divergence of a row; where differences are large, of the widened numbers.
  private func divergence(
    _ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ block: StoredBlock, _ layout: Layout,
    _ step: FusionStep, _ task: TensorTask
  ) throws -> Double {
    let settings = step.settings
    let found = kernel.divergence(
      left, right, block.count, settings.epsilon, settings.kernelDirection, layout.floats)
    if found.isNaN {
      try task.refuseNonFinite(in: block, of: [existing] + [step.incoming])
      throw MergeError("\(task.name): a number is not finite")
    }
    if settings.scope == .none { return 1 }
    guard found < 0 else { return found }
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * block.count) { room in
      let l = room.baseAddress!
      let r = l + block.count
      _ = kernels.widen(type, left, l, block.count)
      _ = kernels.widen(type, right, r, block.count)
      return settings.divergence(l, r, block.count)
    }
  }

  private func write(
    _ block: StoredBlock, _ output: UnsafeMutableRawPointer, _ counts: PerWorker<[Int]>
  ) -> (Written.Unit, FusionAnswer) {
    let layout = Layout(block)
    var unit = Written.Unit()
    var answer = FusionAnswer()
    var current = block[existing]
    var origins = layout.row(2)
    let isTracing = steps.count > 1
    if isTracing { fill(origins, with: existing, block.count) }
    for (index, fused) in steps.enumerated() {
      var figures = bm_selection()
      let isKept = index < kept?.steps ?? 0
      let target =
        isKept
        ? UnsafeMutableRawPointer(mutating: start(of: block))
        : index == steps.count - 1 ? output : layout.row(index % 2)
      if !isKept { unit.square = select(fused, current, block, to: target, figures: &figures) }
      if isTracing {
        let incoming = layout.row(4)
        fill(incoming, with: fused.step.incoming, block.count)
        let next = origins == layout.row(2) ? layout.row(3) : layout.row(2)
        let keeps = fused.step.keepsExisting
        kernel.follow(
          target, operands(fused.step, current, block).left, keeps ? origins : incoming,
          keeps ? incoming : origins, next, block.count)
        origins = next
      }
      if index == steps.count - 1 {
        answer.last = figures
      } else if !isKept {
        answer.earlier.append(figures)
      }
      current = UnsafeRawPointer(target)
    }
    if isTracing {
      for input in counts[block.worker].indices {
        counts[block.worker][input] += kernel.count(origins, UInt32(input), block.count)
      }
    }
    return (unit, answer)
  }

  private func fill(_ row: UnsafeMutableRawPointer, with input: Int, _ count: Int) {
    if width == 2 {
      row.assumingMemoryBound(to: UInt16.self).update(repeating: UInt16(input), count: count)
    } else {
      row.assumingMemoryBound(to: UInt32.self).update(repeating: UInt32(input), count: count)
    }
  }
}
