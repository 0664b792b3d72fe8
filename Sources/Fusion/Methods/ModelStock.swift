internal import Notation

/// The mean of fine-tuned models, drawn to the base as far as their changes disagree.
///
/// With c the mean cosine of all pairs of the N changes, t = N c / (1 + (N − 1) c) and
/// out = t · mean x + (1 − t) base, for the whole tensor or with `filter_wise` for each row. Two
/// passes.
///
/// Jang et al., "Model Stock", 2024, arXiv:2403.19522.
package struct ModelStock: MergeMethod {
  package static let about = MethodDescription(
    "model_stock", "Mean by agreement of changes",
    paper: "Jang et al., Model Stock: All we need is just a few fine-tuned models, 2024,"
      + " arXiv:2403.19522",
    formula: "out = t · mean x + (1−t) · base, t = N·c / (1 + (N−1)·c), c the mean cosine of the"
      + " changes",
    experts: 2...Int.max, base: .required,
    parameters: [
      ParameterDescription("filter_wise", default: "false", "one t for each row"),
      ParameterDescription(
        "clamp", default: "true", "hold t between 0 and 1; mergekit does not"),
    ])

  private let isByRow: Bool
  private let isClamped: Bool
  /// Products of lengths below this count as it.
  private let least: Double

  package init(_ settings: MethodSettings) throws {
    isByRow = try settings.flag("filter_wise", default: false)
    isClamped = try settings.flag("clamp", default: !settings.isCompatible)
    least = settings.isCompatible ? 1e-6 : 1e-30
  }

  package func merge(_ task: TensorTask) throws -> Merged {
    let base = try task.needBase()
    let models = task.experts
    guard !models.isEmpty else { return Merged(try task.copy(base)) }
    guard models.count > 1 else {
      throw MergeError(
        "\(task.name): of the models besides the base only \(task.labels[models[0]]) has it, and"
          + " model_stock compares two or more")
    }
    let tiling: Tiling = isByRow ? .rows(of: task.columns, in: task.count) : .flat(task.count)
    let rows = try task.innerProducts(of: models, from: base, tiling).map(ratio)
    let combinations = rows.map { row in
      // Divided once, so that the mean of equal models is exact.
      Combination(
        models + [base], models.map { _ in row.t } + [(1 - row.t) * Double(models.count)],
        divisor: Double(models.count), keepsEqual: true)
    }
    var merged = Merged(
      try task.write(tiling) { block, _, merged in
        combinations[block.row].evaluate(block, &merged)
      })
    merged.figures = [
      .init("t", .real(rows.reduce(0) { $0 + $1.t } / Double(rows.count))),
      .init("clamped", .whole(rows.count { $0.isClamped })),
    ]
    return merged
  }

  /// How far from the base the result lies on the way to the mean.
  private func ratio(_ products: InnerProducts) -> (t: Double, isClamped: Bool) {
    let count = products.count
    var sum = 0.0
    for i in 0..<count {
      for j in 0..<i {
        let lengths = max(products.length(i) * products.length(j), least)
        sum += min(1, max(-1, products[i, j] / lengths))
      }
    }
    let cosine = sum / Double(count * (count - 1) / 2)
    let t = Double(count) * cosine / (1 + Double(count - 1) * cosine)
    guard isClamped else { return (t, false) }
    // Not even rounding takes the cosine below −1 / (N − 1), where t would be large again.
    if cosine <= 0 { return (0, cosine < 0) }
    return (min(t, 1), t > 1)
  }
}
