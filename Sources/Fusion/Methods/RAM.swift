internal import CKernels
internal import Notation

/// Adds what one model alone has changed, and the mean of what several have.
///
/// A change counts where |x − base| > epsilon. With c the number of models that changed an entry,
/// out = base + Σ d for c = 1 and base + Σ d / c for more; the base elsewhere. One pass.
///
/// Yuan et al., "Behavior Knowledge Merge in Reinforced Agentic Models", 2026, arXiv:2601.13572.
package struct RAM: MergeMethod {
  package static let about = MethodDescription(
    "ram", "Unique changes whole, shared changes averaged",
    paper: Reinforcement.paper,
    formula: "out = base + Σ d / c over the models with |d| > epsilon, c their number at the entry",
    experts: 1...Int.max, base: .required, parameters: [Reinforcement.epsilon])

  private let reinforcement: Reinforcement

  package init(_ settings: MethodSettings) throws {
    reinforcement = try Reinforcement(settings)
  }

  package func merge(_ task: TensorTask) throws -> Merged { try reinforcement.merge(task) }
}

/// RAM with a model's own changes enlarged by how much of it is shared.
///
/// The changes that model i alone has are multiplied with
/// λᵢ = 1 + r · clamp(shared entries / own entries, 0, alpha). Two passes.
///
/// Yuan et al., "Behavior Knowledge Merge in Reinforced Agentic Models", 2026, arXiv:2601.13572.
package struct RAMPlus: MergeMethod {
  package static let about = MethodDescription(
    "ramplus_tl", "Unique changes enlarged, shared changes averaged",
    paper: Reinforcement.paper,
    formula: "as ram, the changes of one model alone times 1 + r · clamp(shared/own, 0, alpha)",
    experts: 1...Int.max, base: .required,
    parameters: [
      Reinforcement.epsilon,
      ParameterDescription("r", default: "0.1", "how much the overlap enlarges"),
      ParameterDescription("alpha", default: "0.2", "the largest overlap that counts"),
    ])

  private let reinforcement: Reinforcement

  package init(_ settings: MethodSettings) throws {
    var plain = try Reinforcement(settings)
    plain.enlargement = (
      r: try settings.number("r", default: 0.1, in: .finite),
      alpha: try settings.number("alpha", default: 0.2, in: .notNegative)
    )
    reinforcement = plain
  }

  package func merge(_ task: TensorTask) throws -> Merged { try reinforcement.merge(task) }
}

/// What both methods do.
private struct Reinforcement: Sendable {
  static let paper =
    "Yuan et al., Behavior Knowledge Merge in Reinforced Agentic Models, 2026, arXiv:2601.13572"
  static let epsilon = ParameterDescription(
    "epsilon", default: "1e-5", "changes up to this size are none")

  let threshold: Double
  var enlargement: (r: Double, alpha: Double)?

  init(_ settings: MethodSettings) throws {
    threshold = try settings.number("epsilon", default: 1e-5, in: .notNegative)
  }

  func merge(_ task: TensorTask) throws -> Merged {
    let base = try task.needBase()
    let models = task.experts
    guard !models.isEmpty else { return Merged(try task.copy(base)) }
    var factors = models.map { _ in 1.0 }
    var figures: [JSON.Member] = []
    if let (r, alpha) = enlargement {
      let units = try task.survey(.flat(task.count)) { block, _ in
        var alone = models.map { _ in UInt64(0) }
        var shared = alone
        kernels.overlap(
          block.pointers(models), models.count, block.pointer(base), threshold, &alone, &shared,
          block.count)
        return (alone, shared)
      }
      factors = models.indices.map { index in
        let alone = units.reduce(0) { $0 + $1.0[index] }
        let shared = units.reduce(0) { $0 + $1.1[index] }
        return 1 + r * min(alpha, max(0, Double(shared) / max(Double(alone), threshold)))
      }
      figures = [
        .init(
          "enlarged_by",
          .object(zip(models, factors).map { .init(task.labels[$0], .real($1)) }))
      ]
    }
    let all = factors
    let written = try task.write(.flat(task.count)) { block, _, merged in
      merged.fill {
        kernels.reinforce(
          block.pointers(models), all, models.count, block.pointer(base), threshold, $0,
          block.count)
      }
    }
    return Merged(written, figures: figures)
  }
}

extension ExpertBlock {
  /// Where inputs lie, for kernels over several of them.
  func pointers(_ inputs: [Int]) -> [UnsafePointer<Double>?] { inputs.map { pointer($0) } }
}
