internal import CKernels

/// What the eight methods share that add changes to a base.
///
/// With d = x − base for each model, sparsified and rescaled to d′, e = w · d′ is added up, with
/// sign election only where the sign of e is that of Σ e (0 counts as +, and a zero never agrees);
/// normalized divides by Σ w of what counts; out = base + lambda · sum. Without rescaling there is
/// one pass after what the sparsifier needs, else two.
struct TaskVectors: Sendable {
  /// How parts of a change are chosen.
  enum Sparsifier: Sendable {
    case none
    /// The `density` · n largest.
    case magnitude
    /// Each with probability `density`.
    case random
    /// The `density` · n largest after the `gamma` · n largest.
    case outliers
    /// Each with a probability that rises with its rank in the row, from `density` − `epsilon` to
    /// `density` + `epsilon`.
    case ranked
  }

  /// Of what the largest entries are kept.
  enum TrimScope: String, CaseIterable, Sendable { case tensor, model }

  /// By what a sparsified change is multiplied, to be as long or as likely as before.
  enum Rescaling: String, CaseIterable, Sendable { case l1, density, probability, l2, linf, none }

  let sparsifier: Sparsifier
  let rescaling: Rescaling
  let trimScope: TrimScope
  /// By input what is kept of the whole model's change; nil where a tensor is cut by itself.
  var trimmed: [TrimmedPart?]?
  private let elects: Bool
  private let normalizes: Bool
  private let lambda: Double
  let seed: Int
  let isCompatible: Bool
  // By input.
  private let weights: [Double]
  let densities: [Double]
  let gammas: [Double]
  let epsilons: [Double]

  /// `normalizes` and `rescales` are the method's defaults.
  init(
    _ settings: MethodSettings, _ sparsifier: Sparsifier, elects: Bool, normalizes: Bool = false,
    rescales: Bool = false
  ) throws {
    self.sparsifier = sparsifier
    self.elects = elects
    self.normalizes = try settings.flag("normalize", default: normalizes)
    lambda = try settings.number("lambda", default: 1, in: .finite)
    weights = try settings.numbers("weight", in: .finite)
    seed = settings.seed
    isCompatible = settings.isCompatible
    if case .text = settings.values["rescale"] {
      rescaling = try settings.choice("rescale", default: .none)
    } else {
      rescaling = try settings.flag("rescale", default: rescales) ? .l1 : .none
    }
    trimScope =
      sparsifier == .magnitude ? try settings.choice("trim_scope", default: .tensor) : .tensor
    let whole = weights.map { _ in 1.0 }
    densities =
      sparsifier == .none ? whole : try settings.numbers("density", default: 1, in: .notNegative)
    gammas = sparsifier == .outliers ? try settings.numbers("gamma", default: 0.01, in: 0...1) : []
    epsilons =
      sparsifier == .ranked ? try settings.numbers("epsilon", default: 0.15, in: 0...1) : []
    guard sparsifier == .ranked else { return }
    for index in settings.models.indices where index != settings.base {
      let (density, epsilon) = (densities[index], epsilons[index])
      if density > 0 && density < 1 && !(density > epsilon && density + epsilon < 1) {
        throw MergeError(
          "parameter 'epsilon' of \(settings.labels[index]) is \(epsilon); with a density of"
            + " \(density) probabilities from \(density - epsilon) to \(density + epsilon) would"
            + " leave 0 to 1")
      }
    }
  }

  func merge(_ task: TensorTask) throws -> Merged {
    let base = try task.needBase()
    let models = task.experts
    guard !models.isEmpty, task.count > 0 else { return Merged(try task.copy(base)) }
    let sparse = try SparseChanges(of: self, task, base, models)
    let sum = models.reduce(0.0) { $0 + weights[$1] }
    let ballot = bm_ballot(
      elects: elects, divides: normalizes, divisor: abs(sum) < 1e-8 ? 1 : sum, lambda: lambda)
    let written = try task.write(sparse.tiling, vectors: sparse.vectors) { block, room, merged in
      let changes = models.indices.map { index in
        var change = sparse.change(index, block, &room)
        change.weight = weights[models[index]]
        return change
      }
      var ballot = ballot
      merged.fill {
        kernels.vote(changes, changes.count, &ballot, block.pointer(base), $0, block.count)
      }
    }
    var merged = Merged(written, figures: sparse.figures(task.labels))
    merged.notes = sparse.notes
    return merged
  }
}

extension [ParameterDescription] {
  /// The parameters of a method over task vectors, with its defaults.
  static func taskVectors(
    _ sparsifier: TaskVectors.Sparsifier, normalizes: Bool = false, rescales: Bool = false
  ) -> Self {
    var all = [ParameterDescription("weight", .model, default: nil, "what a change is worth")]
    if sparsifier != .none {
      all.append(
        ParameterDescription("density", .model, default: "1", "the share of a change that is kept"))
    }
    if sparsifier == .magnitude {
      all.append(
        ParameterDescription(
          "trim_scope", default: "tensor",
          "what the density is a share of: each tensor, or model: all tensors of a model that have"
            + " this scope, as in the paper; every model is read twice more before the merge")
      )
    }
    if sparsifier == .outliers {
      all.append(
        ParameterDescription(
          "gamma", .model, default: "0.01", "the share of largest changes that is dropped"))
    }
    if sparsifier == .ranked {
      all.append(
        ParameterDescription(
          "epsilon", .model, default: "0.15",
          "probabilities go from density − epsilon for the smallest change of a row to density +"
            + " epsilon for the largest"))
    }
    all.append(
      ParameterDescription(
        "normalize", default: "\(normalizes)", "divide by the sum of the weights that count"))
    if sparsifier != .none {
      all.append(
        ParameterDescription(
          "rescale", default: "\(rescales)",
          "what is kept is multiplied until it has the whole change's sum of magnitudes (l1 or"
            + " true), length (l2) or largest entry (linf), or divided by its density or its"
            + " probability; none or false"))
    }
    return all + [
      ParameterDescription("lambda", default: "1", "what the sum is multiplied with"),
      ParameterDescription("int8_mask", default: "false", "has no effect; mergekit files have it"),
    ]
  }
}
