internal import CKernels
internal import Notation

/// The arc from the base to another model, cut at `t`.
///
/// With the angle α between the whole tensors v₀ and v₁,
/// θ = sin((1 − t)α)/sin α · v₀ + sin(tα)/sin α · v₁; where |cos α| > 0.9995 the straight line
/// (1 − t) v₀ + t v₁. A tensor of length up to 1e-8 counts as its own direction. Two passes.
///
/// Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985.
package struct Slerp: MergeMethod {
  package static let about = MethodDescription(
    "slerp", "Spherical interpolation from the base",
    paper: "Shoemake, Animating rotation with quaternion curves, SIGGRAPH 1985",
    formula: "out = sin((1−t)α)/sin α · base + sin(tα)/sin α · x, α the angle between them",
    experts: 1...1, base: .required,
    parameters: [
      ParameterDescription("t", default: nil, "0 is the base, 1 the other model")
    ])

  private let t: Double

  package init(_ settings: MethodSettings) throws {
    t = try settings.number("t", in: .finite)
  }

  package func merge(_ task: TensorTask) throws -> Merged {
    guard task.inputs.count > 1 else { return Merged(try task.copy(0)) }
    let base = try task.needBase()
    let pair = [base] + task.experts
    let products = try task.innerProducts(of: pair, .flat(task.count))[0]
    let lengths = (0...1).map { products.length($0) > 1e-8 ? products.length($0) : 1 }
    let cosine = products[0, 1] / (lengths[0] * lengths[1])
    let isStraight = products.areIdentical || abs(cosine) > 0.9995
    let angle = bm_acos(cosine)
    let factors =
      isStraight
      ? [1 - t, t] : [bm_sin((1 - t) * angle) / bm_sin(angle), bm_sin(t * angle) / bm_sin(angle)]
    var merged = try task.write(Combination(pair, factors, keepsEqual: isStraight))
    merged.figures = [.init("cosine", .real(cosine))]
    return merged
  }
}
