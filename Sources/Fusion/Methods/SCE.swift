internal import CKernels
internal import Notation

/// Selects entries by variance, weighs models by the energy of their changes, erases minorities.
///
/// With `select_topk` τ < 1 the floor(τ · nonzero) entries with the largest variance between the
/// models' changes are kept, lower index first among equals. A model's weight ω is its share of
/// Σ d², for the whole tensor. Signs are elected by Σ d, and out = base + Σ ω d / Σ ω over the
/// changes with the elected sign. Two passes, six with a selection.
///
/// Wan et al., "FuseChat", 2024, arXiv:2408.07990.
package struct SCE: MergeMethod {
  package static let about = MethodDescription(
    "sce", "Select, calculate and erase",
    paper: "Wan et al., FuseChat: Knowledge fusion of chat models, 2024, arXiv:2408.07990",
    formula: "out = base + Σ ω·d / Σ ω over the d that have the sign of Σ d, ω = Σ d² by model, of"
      + " the entries with the largest variance",
    experts: 1...Int.max, base: .required,
    parameters: [
      ParameterDescription(
        "select_topk", default: "1", "the share of entries with a variance that is kept"),
      ParameterDescription("int8_mask", default: "false", "has no effect; mergekit files have it"),
    ])

  private let share: Double
  private let isCompatible: Bool

  package init(_ settings: MethodSettings) throws {
    share = try settings.number("select_topk", default: 1, in: .notNegative)
    isCompatible = settings.isCompatible
  }

  package func merge(_ task: TensorTask) throws -> Merged {
    let base = try task.needBase()
    let models = task.experts
    guard !models.isEmpty, task.count > 0 else { return Merged(try task.copy(base)) }
    let tiling = Tiling.flat(task.count)
    var cut: Cut?
    if share < 1 {
      let varying = try task.survey(tiling, vectors: 1) { block, room in
        block.variance(of: models, from: base, to: room.pointer(0))
      }
      let kept = Int(Double(varying.reduce(0, +)) * share)
      guard kept > 0 else { return Merged(try task.copy(base)) }
      cut = try task.cuts([0..<kept], tiling) { block, room in
        _ = block.variance(of: models, from: base, to: room.pointer(0))
      }[0]
    }
    let selection = cut
    /// The changes of a unit as far as they are selected, by a key in room vector 0.
    @Sendable func changes(_ block: borrowing ExpertBlock, _ room: inout Room) -> [bm_change] {
      var whole = bm_change(x: block.pointer(base))
      if let selection {
        let keys = room.pointer(0)
        _ = block.variance(of: models, from: base, to: keys)
        whole.key = UnsafePointer(keys)
        if let bounds = selection.bounds(of: block.unit) {
          (whole.low, whole.high) = bounds
        } else {
          selection.mark(keys, block.count, of: block.unit)
          (whole.low, whole.high) = (1, 1)
        }
      }
      return models.map { model in
        var change = whole
        change.x = block.pointer(model)
        return change
      }
    }
    let squares = try task.survey(tiling, vectors: 2) { block, room in
      changes(block, &room).map { change in
        var change = change
        let values = room.pointer(1)
        _ = kernels.keep(&change, block.pointer(base), values, block.count)
        return kernels.dot(values, values, block.count)
      }
    }
    let weights = weights(
      models.indices.map { index in squares.reduce(0) { $0 + $1[index] } }, task)
    let written = try task.write(tiling, vectors: 1) { block, room, merged in
      var all = changes(block, &room)
      for index in all.indices { all[index].weight = weights[index] }
      var ballot = bm_ballot(
        elects: true, isUnweighted: true, divides: true, least: isCompatible ? 1e-6 : -.infinity)
      merged.fill {
        kernels.vote(all, all.count, &ballot, block.pointer(base), $0, block.count)
      }
    }
    let named = zip(models, weights).map { JSON.Member(task.labels[$0], .real($1)) }
    return Merged(written, figures: [.init("weights", .object(named))])
  }

  /// Shares of the mean squares; equal ones where there are none, and in mergekit where they are small.
  private func weights(_ squares: [Double], _ task: TensorTask) -> [Double] {
    let means = squares.map { $0 / Double(task.count) }
    let sum = means.reduce(0, +)
    let isNone = isCompatible ? abs(sum) < 1e-6 : sum == 0
    return means.map { isNone ? 1 / Double(means.count) : $0 / sum }
  }
}

extension ExpertBlock {
  /// target = the variance of the changes; returns how many are not 0.
  fileprivate func variance(
    of models: [Int], from base: Int, to target: UnsafeMutablePointer<Double>
  ) -> Int {
    kernels.variance(pointers(models), models.count, pointer(base), target, count)
  }
}
