internal import CKernels

/// Takes the other model's entries where they are near to the base, and keeps the base elsewhere.
///
/// a = clamp(t / max(|base − x|, 1e-6), 0, 1), out = a x + (1 − a) base. One pass.
///
/// By alchemonaut, for QuartetAnemoi-70B, 2024; there is no paper.
package struct NearSwap: MergeMethod {
  package static let about = MethodDescription(
    "nearswap", "Swap of near entries",
    paper: "none; by alchemonaut for QuartetAnemoi-70B-t0.0001, 2024",
    formula: "out = a·x + (1−a)·base, a = clamp(t / max(|base − x|, 1e-6), 0, 1)",
    experts: 1...1, base: .required,
    parameters: [
      ParameterDescription(
        "t", default: nil, "the distance up to which x is taken whole, 1e-4 for example")
    ])

  private let t: Double

  package init(_ settings: MethodSettings) throws {
    t = try settings.number("t", in: .notNegative)
  }

  package func merge(_ task: TensorTask) throws -> Merged {
    guard task.inputs.count > 1 else { return Merged(try task.copy(0)) }
    let base = try task.needBase()
    let other = task.experts[0]
    return Merged(
      try task.write(.flat(task.count)) { block, _, merged in
        merged.fill {
          kernels.swap_near(block.pointer(base), block.pointer(other), t, $0, block.count)
        }
      })
  }
}
