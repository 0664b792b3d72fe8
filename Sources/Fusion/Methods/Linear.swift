/// The weighted mean of models, or with `normalize` off their weighted sum.
///
/// θ = Σ wᵢ θᵢ / Σ wᵢ over the models that have the tensor. A base takes no part unless it is
/// listed, and then as any other. One pass over the inputs.
///
/// Wortsman et al., "Model soups", 2022, arXiv:2203.05482.
package struct Linear: MergeMethod {
  package static let about = MethodDescription(
    "linear", "Weighted mean",
    paper: "Wortsman et al., Model soups: averaging weights of multiple fine-tuned models improves"
      + " accuracy without increasing inference time, 2022, arXiv:2203.05482",
    formula: "out = Σ w·x / Σ w",
    experts: 1...Int.max, base: .none,
    parameters: [
      ParameterDescription("weight", .model, default: nil, "the model's share"),
      ParameterDescription("normalize", default: "true", "divide by the sum of the weights"),
    ])

  private let weights: [Double]
  private let divisor: Double

  package init(_ settings: MethodSettings) throws {
    var settings = settings
    settings.base = nil
    weights = try settings.numbers("weight", in: .finite)
    let isNormalized = try settings.flag("normalize", default: true)
    divisor = isNormalized ? weights.reduce(0, +) : 1
    if divisor == 0 && !settings.isCompatible {
      throw MergeError(
        "parameter 'weight': the weights add up to 0, and a mean is divided by their sum; change"
          + " one of them, or set 'normalize' to false")
    }
  }

  package func merge(_ task: TensorTask) throws -> Merged {
    try task.write(
      Combination(
        Array(task.inputs.indices), weights, divisor: divisor,
        keepsEqual: divisor == weights.reduce(0, +)))
  }
}
