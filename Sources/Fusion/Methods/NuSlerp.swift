internal import CKernels

/// The arc between two models, cut by their weights; with a base the arc between their changes.
///
/// t = w₁ / (w₀ + w₁), one half where the weights cancel, and with the angle α between the vectors
/// out = (sin((1 − t)α) v₀ + sin(tα) v₁) / sin α; (1 − t) v₀ + t v₁ where |sin α| < 1e-8. A vector
/// is the whole tensor, a row, or with `nuslerp_row_wise` what runs along the first dimension: the
/// names are mergekit's. With a base v is x − base, and the base is added to the result. Two passes.
///
/// After Shoemake, "Animating rotation with quaternion curves", 1985; from mergekit.
package struct NuSlerp: MergeMethod {
  package static let about = MethodDescription(
    "nuslerp", "Spherical interpolation by weights",
    paper: "Goddard et al., Arcee's MergeKit, 2024, arXiv:2403.13257;"
      + " Shoemake, Animating rotation with quaternion curves, SIGGRAPH 1985",
    formula: "out = (sin((1−t)α)·v₀ + sin(tα)·v₁) / sin α, t = w₁ / (w₀ + w₁); v = x,"
      + " or x − base and the base added",
    experts: 2...2, base: .optional,
    parameters: [
      ParameterDescription("weight", .model, default: nil, "the model's share"),
      ParameterDescription(
        "nuslerp_flatten", default: "true", "one angle for the tensor, not one for each vector"),
      ParameterDescription(
        "nuslerp_row_wise", default: "false",
        "vectors along the first dimension, not along the last"),
    ])

  private let weights: [Double]
  private let isFlat: Bool
  private let isAlongFirst: Bool

  package init(_ settings: MethodSettings) throws {
    weights = try settings.numbers("weight", in: .finite)
    isFlat = try settings.flag("nuslerp_flatten", default: true)
    isAlongFirst = try settings.flag("nuslerp_row_wise", default: false)
  }

  package func merge(_ task: TensorTask) throws -> Merged {
    let pair = task.experts
    guard pair.count == 2 else { return Merged(try task.copy(pair.first ?? 0)) }
    let sum = weights[pair[0]] + weights[pair[1]]
    let t = abs(sum) < 1e-6 ? 0.5 : weights[pair[1]] / sum
    if !isFlat && isAlongFirst && task.shape.count > 1 {
      return try mergeColumns(task, pair, t)
    }
    let tiling: Tiling = isFlat ? .flat(task.count) : .rows(of: task.columns, in: task.count)
    let rows = try task.innerProducts(of: pair, from: task.base, tiling).map { products in
      let arc = Arc(products, t)
      return Combination(
        pair, [arc.first, arc.second], divisor: arc.divisor, keepsEqual: arc.isStraight,
        base: task.base)
    }
    return Merged(
      try task.write(tiling) { block, _, merged in rows[block.row].evaluate(block, &merged) })
  }

  /// What is done along the first dimension: a figure for each place in the others.
  private func mergeColumns(_ task: TensorTask, _ pair: [Int], _ t: Double) throws -> Merged {
    let columns = task.shape.dropFirst().reduce(1, *)
    guard columns <= 1 << 24 else {
      throw MergeError(
        "\(task.name): 'nuslerp_row_wise' keeps figures for each of \(columns) places in memory;"
          + " 16,777,216 is the most")
    }
    let tiling = Tiling.rows(of: columns, in: task.count)
    // For each place a·a, a·b, b·b and how often a and b differ.
    let sums = PairwiseSums(tiling)
    _ = try task.survey(tiling, vectors: 2) { block, room in
      let (a, b) = block.pair(pair, from: task.base, &room)
      let count = block.count
      let figures = [Double](unsafeUninitializedCapacity: 4 * count) { figures, used in
        for i in 0..<count {
          figures[i] = a[i] * a[i]
          figures[count + i] = a[i] * b[i]
          figures[2 * count + i] = b[i] * b[i]
          figures[3 * count + i] = a[i].bitPattern == b[i].bitPattern ? 0 : 1
        }
        used = 4 * count
      }
      sums.add(figures, of: block.unit)
    }
    let arcs = sums.totals.map { figures in
      let count = figures.count / 4
      return (0..<count).map { i in
        Arc(
          InnerProducts(
            figures[i], figures[count + i], figures[2 * count + i],
            areIdentical: figures[3 * count + i] == 0), t)
      }
    }
    let written = try task.write(tiling, vectors: 2) { block, room, merged in
      let (a, b) = block.pair(pair, from: task.base, &room)
      let arcs = arcs[block.unit % tiling.unitsPerRow]
      for i in 0..<block.count {
        let arc = arcs[i]
        let value = (arc.first * a[i] + arc.second * b[i]) / arc.divisor
        if let base = task.base {
          let start = block[base][i]
          merged[i] = value == 0 ? start : start + value
        } else {
          merged[i] = arc.isStraight && a[i] == b[i] ? a[i] : value
        }
      }
    }
    return Merged(written)
  }
}

extension ExpertBlock {
  /// Two inputs, or their changes from a base in two vectors of room.
  fileprivate func pair(_ inputs: [Int], from base: Int?, _ room: inout Room)
    -> (UnsafePointer<Double>, UnsafePointer<Double>)
  {
    guard let base else { return (pointer(inputs[0]), pointer(inputs[1])) }
    for index in 0...1 { subtract(base, from: inputs[index], to: room.pointer(index)) }
    return (UnsafePointer(room.pointer(0)), UnsafePointer(room.pointer(1)))
  }
}

/// What two vectors are multiplied with before they are added and divided.
private struct Arc: Sendable {
  let first: Double
  let second: Double
  let divisor: Double
  let isStraight: Bool

  init(_ products: InnerProducts, _ t: Double) {
    let lengths = (0...1).map { max(products.length($0), 1e-7) }
    let cosine = min(1, max(-1, products[0, 1] / (lengths[0] * lengths[1])))
    let angle = bm_acos(cosine)
    isStraight = products.areIdentical || abs(bm_sin(angle)) < 1e-8
    (first, second, divisor) =
      isStraight
      ? (1 - t, t, 1) : (bm_sin((1 - t) * angle), bm_sin(t * angle), bm_sin(angle))
  }
}
