internal import CKernels

/// The weighted mean direction of several models, with the weighted mean of their lengths.
///
/// With u = v / (|v| + eps) and μ the direction of Σ w u, mergekit takes a step on the sphere from μ
/// along τ = Σ w (u − (u·μ) μ). As μ is the direction of Σ w u itself, τ is 0 but for rounding, so
/// that out = cos(eps) μ · Σ w |v|. With a base v is x − base, and the base is added to the result.
/// Where the models cancel, two are added up by their weights, and more are refused. Two passes.
///
/// From mergekit: Goddard et al., "Arcee's MergeKit", 2024, arXiv:2403.13257.
package struct MultiSlerp: MergeMethod {
  package static let about = MethodDescription(
    "multislerp", "Mean direction of several models",
    paper: "Goddard et al., Arcee's MergeKit, 2024, arXiv:2403.13257",
    formula: "out = cos(eps) · μ · Σ w·|v|, μ the direction of Σ w·v / (|v| + eps); v = x,"
      + " or x − base and the base added",
    experts: 2...Int.max, base: .optional,
    parameters: [
      ParameterDescription("weight", .model, default: nil, "the model's share"),
      ParameterDescription(
        "normalize_weights", default: "true", "divide the weights by their sum"),
      ParameterDescription(
        "eps", default: "1e-8", "added to every length; a shorter sum has no direction"),
    ])

  private let weights: [Double]
  private let isNormalized: Bool
  private let eps: Double

  package init(_ settings: MethodSettings) throws {
    let given = try settings.numbers("weight", in: .finite)
    eps = try settings.number("eps", default: 1e-8, in: .notNegative)
    isNormalized = try settings.flag("normalize_weights", default: true)
    guard isNormalized else {
      weights = given
      return
    }
    let counted = given.indices.filter { $0 != settings.base }
    let sum = counted.reduce(0.0) { $0 + given[$1] }
    if sum == 0 && counted.count > 1 {
      throw MergeError(
        "parameter 'weight': the weights add up to 0, and are divided by their sum; change one of"
          + " them, or set 'normalize_weights' to false")
    }
    weights = given.map { $0 / sum }
  }

  package func merge(_ task: TensorTask) throws -> Merged {
    let (base, models) = (task.base, task.experts)
    guard models.count > 1 else { return Merged(try task.copy(models.first ?? 0)) }
    let products = try task.innerProducts(of: models, from: base, .flat(task.count))[0]
    let lengths = models.indices.map { products.length($0) }
    let weights = models.map { self.weights[$0] }
    if lengths.allSatisfy({ $0 == 0 }) { return Merged(try task.copy(base ?? models[0])) }
    if products.areIdentical && base == nil && isNormalized {
      return Merged(try task.copy(models[0]))
    }
    let factors = zip(weights, lengths).map { $0 / ($1 + eps) }
    let length = try task.length(of: factors, models, from: base, products)
    guard length >= eps, length > 0 else {
      if models.count == 2 { return try task.write(Combination(models, weights, base: base)) }
      throw MergeError(
        "\(task.name): the models point in opposite directions and have no mean direction; change"
          + " their weights, or use another method for this tensor")
    }
    let mean = zip(weights, lengths).reduce(0.0) { $0 + $1.0 * $1.1 }
    let scale = bm_cos(eps) * mean / length
    return try task.write(Combination(models, factors.map { $0 * scale }, base: base))
  }
}
