internal import CKernels
internal import Notation

/// The point of the sphere that is nearest to all models, with the mean of their lengths.
///
/// From the direction u of the mean of the unit vectors uᵢ, steps along
/// T = Σ α θᵢ/sin θᵢ (uᵢ − cos θᵢ u), cos θᵢ = u·uᵢ, α one over their number:
/// u ← cos|T| u + sin|T| T/|T|, until |T| < tol. Then out = u · mean |xᵢ|. A base is one more model.
/// Models no longer than `tol` have no direction and count only in the mean length. As u stays in
/// the span of the models, their inner products are all that is needed: two passes.
///
/// Karcher, "Riemannian center of mass and mollifier smoothing", 1977.
package struct Karcher: MergeMethod {
  package static let about = MethodDescription(
    "karcher", "Mean on the sphere",
    paper: "Karcher, Riemannian center of mass and mollifier smoothing, Communications on Pure and"
      + " Applied Mathematics 30, 1977",
    formula: "out = u · mean |x|, u the unit vector with the least sum of squared angles to all x",
    experts: 1...Int.max, base: .optional,
    parameters: [
      ParameterDescription("max_iter", default: "10", "steps at most"),
      ParameterDescription("tol", default: "1e-5", "a step, an angle or a model as small is none"),
    ])

  private let steps: Int
  private let tolerance: Double
  private let isCompatible: Bool

  package init(_ settings: MethodSettings) throws {
    steps = Int(try settings.number("max_iter", default: 10, in: 0...1_000_000))
    tolerance = try settings.number("tol", default: 1e-5, in: .notNegative)
    isCompatible = settings.isCompatible
  }

  package func merge(_ task: TensorTask) throws -> Merged {
    let all = Array(task.inputs.indices)
    guard all.count > 1 else { return Merged(try task.copy(0)) }
    let products = try task.innerProducts(of: all, .flat(task.count))[0]
    if products.areIdentical { return Merged(try task.copy(task.base ?? 0)) }
    let lengths = all.map { products.length($0) }
    let kept = all.filter { lengths[$0] > tolerance }
    guard !kept.isEmpty else {
      let ones = all.map { _ in isCompatible ? 0.0 : 1 }
      return try task.write(Combination(all, ones, divisor: Double(all.count), keepsEqual: true))
    }
    let (mean, taken) = try direction(task, all, kept, lengths, products)
    let scale = lengths.reduce(0, +) / Double(all.count)
    var merged = try task.write(Combination(all, mean.map { $0 * scale }))
    merged.figures = [.init("steps", .whole(taken))]
    return merged
  }

  /// The factors of the mean direction, and how many steps led to it.
  private func direction(
    _ task: TensorTask, _ all: [Int], _ kept: [Int], _ lengths: [Double],
    _ products: InnerProducts
  ) throws -> ([Double], Int) {
    let share = 1 / Double(kept.count)
    var mean = all.map { kept.contains($0) ? share / lengths[$0] : 0 }
    let length = try task.length(of: mean, all, products)
    if length < tolerance || length == 0 {
      mean = all.map { $0 == kept[0] ? 1 / lengths[$0] : 0 }
    } else {
      mean = mean.map { $0 / length }
    }
    for step in 0..<steps {
      var tangent = all.map { _ in 0.0 }
      for model in kept {
        var unit = all.map { _ in 0.0 }
        unit[model] = 1 / lengths[model]
        let cosine = min(1, max(-1, products.product(mean, unit)))
        guard cosine > -1 + 1e-12 else {
          throw MergeError(
            "\(task.name): \(task.labels[model]) is opposite to the mean of the others, and there is"
              + " no way to prefer; leave it out, or use another method for this tensor")
        }
        let angle = bm_acos(cosine)
        guard angle >= tolerance, angle > 0 else { continue }
        let weight = share * angle / bm_sin(angle)
        for index in all { tangent[index] += weight * (unit[index] - cosine * mean[index]) }
      }
      let size = max(0, products.product(tangent, tangent)).squareRoot()
      guard size >= tolerance, size > 0 else { return (mean, step) }
      let (along, across) = (bm_cos(size), bm_sin(size) / size)
      for index in all { mean[index] = along * mean[index] + across * tangent[index] }
      let length = products.product(mean, mean).squareRoot()
      mean = mean.map { $0 / length }
    }
    return (mean, steps)
  }
}
