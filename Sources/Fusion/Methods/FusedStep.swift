internal import CKernels
internal import Notation

/// A step of selective fusion with all that it had to know of a tensor.
struct FusedStep: Sendable {
  let step: FusionStep
  /// By row, or one for all.
  var divergences: [Double]
  var quartiles: (low: Double, center: Double, high: Double) = (0, 0, 0)
  var threshold = 0.0
  var isDegenerate = false

  var settings: FusionSettings { step.settings }

  /// What differences are multiplied with to be scores.
  ///
  /// One divergence that serves all rows cannot change the order of scores, and is left out: entries
  /// whose difference is the threshold would be taken or not by its rounding.
  func factor(ofRow row: Int) -> Double {
    divergences.count == 1
      ? Self.factor(divergences[0], isOnly: settings.arithmetic == .f64) : divergences[row]
  }

  /// What scores and threshold are to be multiplied with to be those of the formula.
  private var scale: Double {
    divergences.count == 1 && divergences[0] > 0 && factor(ofRow: 0) == 1 ? divergences[0] : 1
  }

  static func factor(_ divergence: Double, isOnly: Bool) -> Double {
    isOnly && divergence > 0 ? 1 : divergence
  }

  /// Takes quantiles of the scores, and the threshold from them.
  mutating func settle(low: Double, center: Double, high: Double) {
    quartiles = (low, center, high)
    isDegenerate = high - low == 0
    threshold = center + settings.lambda * (high - low)
  }

  /// What the report says of the step; quantiles and threshold are those of whole scores.
  func report(_ selection: bm_selection, labels: [String]) -> JSON {
    let norm = selection.square_changed.squareRoot()
    let taken = selection.square_selected.squareRoot()
    let sides: [JSON.Member] = [
      .init("kept", .string(step.keepsExisting ? "existing" : "incoming")),
      .init("incoming", .string(labels[step.incoming])),
    ]
    // Where a share was asked for, quartiles have no part in it.
    let quantiles: [JSON.Member] =
      settings.targetFraction != nil
      ? []
      : [
        .init("low_quantile", .real(quartiles.low * scale)),
        .init("median", .real(quartiles.center * scale)),
        .init("high_quantile", .real(quartiles.high * scale)),
      ]
    let figures: [JSON.Member] = [
      .init("threshold", .real(threshold * scale)),
      .init("degenerate", .bool(isDegenerate)),
      .init("changed", .whole(Int(selection.changed))),
      .init("selected", .whole(Int(selection.selected))),
      .init("selected_changed", .whole(Int(selection.selected_changed))),
      .init("divergence_min", .real(divergences.min() ?? 0)),
      .init(
        "divergence_mean", .real(divergences.reduce(0, +) / Double(max(1, divergences.count)))),
      .init("divergence_max", .real(divergences.max() ?? 0)),
      .init("rows_without_divergence", .whole(divergences.count { $0 == 0 })),
      .init("norm_difference", .real(norm)),
      .init("norm_taken", .real(taken)),
      .init("cosine", .real(norm > 0 && taken > 0 ? taken / norm : 0)),
    ]
    return .object(sides + quantiles + figures)
  }

  var isStrict: Int32 { settings.comparison == .gt ? 1 : 0 }

  /// Writes the fusion of two rows, and adds to the figures.
  func fuse(
    _ left: UnsafePointer<Double>, _ right: UnsafePointer<Double>, row: Int, count: Int,
    to target: UnsafeMutablePointer<Double>, figures: inout bm_selection
  ) {
    let divergence = factor(ofRow: row)
    if settings.isPlain && settings.gate == .hard && settings.scale == 1 {
      kernels.select(left, right, divergence, threshold, isStrict, target, count, &figures)
    } else {
      let scale = scale
      let width = settings.rampWidth * (quartiles.high - quartiles.low)
      for index in 0..<count {
        let (l, r) = (left[index], right[index])
        let score = settings.score(l, r, divergence)
        let taken = isStrict != 0 ? score > threshold : score >= threshold
        let gate: Double =
          switch settings.gate {
          case .hard: taken ? 1 : 0
          case .ramp:
            width > 0
              ? min(1, max(0, (score - threshold) / width)) : (taken ? 1 : 0)
          case .reluLiteral: max(0, score - threshold) * scale
          }
        let factor = gate * settings.scale
        target[index] = factor == 0 || r == l ? l : factor == 1 ? r : l + (r - l) * factor
        figures.changed += r != l ? 1 : 0
        figures.selected += gate > 0 ? 1 : 0
        figures.selected_changed += gate > 0 && r != l ? 1 : 0
        figures.square_changed += (r - l) * (r - l)
        figures.square_selected += (target[index] - l) * (target[index] - l)
      }
    }
    if let type = step.rounding { round(target, count, to: type) }
  }

  /// Makes the same choice between two other vectors.
  func choose(
    _ left: UnsafePointer<Double>, _ right: UnsafePointer<Double>, row: Int, count: Int,
    kept: UnsafePointer<Double>, other: UnsafePointer<Double>,
    to target: UnsafeMutablePointer<Double>
  ) {
    let divergence = factor(ofRow: row)
    if settings.isPlain {
      kernels.take(left, right, divergence, threshold, isStrict, kept, other, target, count)
    } else {
      for index in 0..<count {
        let score = settings.score(left[index], right[index], divergence)
        let taken = isStrict != 0 ? score > threshold : score >= threshold
        target[index] = taken && left[index] != right[index] ? other[index] : kept[index]
      }
    }
  }

  private func round(_ values: UnsafeMutablePointer<Double>, _ count: Int, to type: bm_type) {
    withUnsafeTemporaryAllocation(byteCount: count * 8, alignment: 8) { bytes in
      _ = kernels.narrow(type, values, bytes.baseAddress, count)
      _ = kernels.widen(type, bytes.baseAddress, values, count)
    }
  }
}

extension FusionSettings {
  /// Whether entries are taken as they are by exact quantiles of all scores, with one divergence a
  /// row or none at all.
  var onlyChooses: Bool {
    isPlain && gate == .hard && scale == 1 && scope != .tensor && quantiles == .exact
      && population == .all
  }

  /// Whether the kernels compute the scores: in double, of magnitudes.
  var isPlain: Bool { arithmetic == .f64 && difference == .abs }

  var kernelDirection: bm_direction {
    switch direction {
    case .rightLeft: BM_RIGHT_LEFT
    case .leftRight: BM_LEFT_RIGHT
    case .symmetric: BM_SYMMETRIC
    }
  }

  /// The score of one entry in the arithmetic of the settings.
  func score(_ left: Double, _ right: Double, _ divergence: Double) -> Double {
    let difference = arithmetic.round(difference == .abs ? abs(right - left) : left - right)
    return arithmetic.round(difference * divergence)
  }

  func scores(
    _ left: UnsafePointer<Double>, _ right: UnsafePointer<Double>, _ divergence: Double,
    _ count: Int, to target: UnsafeMutablePointer<Double>
  ) {
    if isPlain {
      _ = kernels.scores(left, right, divergence, target, count)
    } else {
      for index in 0..<count { target[index] = score(left[index], right[index], divergence) }
    }
  }

  /// The divergence of one whole row.
  func divergence(
    _ left: UnsafePointer<Double>, _ right: UnsafePointer<Double>, _ count: Int
  ) -> Double {
    guard arithmetic == .f64 else { return literalDivergence(left, right, count) }
    var rows = bm_softmax.empty
    kernels.extent(left, right, count, &rows)
    // A single probability is 1 in both.
    if rows.gap == 0 || count == 1 { return 0 }
    kernels.weigh(left, right, count, &rows)
    return kernels.diverge(left, right, count, epsilon, kernelDirection, &rows)
  }

  /// The sum of p · ln(p / q) as it stands, every step rounded: noise where differences are small.
  private func literalDivergence(
    _ left: UnsafePointer<Double>, _ right: UnsafePointer<Double>, _ count: Int
  ) -> Double {
    let rounded = arithmetic.round
    func softmax(_ row: UnsafePointer<Double>) -> [Double] {
      let top = (0..<count).reduce(-Double.infinity) { max($0, row[$1]) }
      let weights = (0..<count).map { Arithmetic.f32.round(bm_exp(row[$0] - top)) }
      let sum = Arithmetic.f32.round(weights.reduce(0, +))
      return weights.map { rounded(rounded($0 / sum) + epsilon) }
    }
    func divergence(_ p: [Double], _ q: [Double]) -> Double {
      var sum = 0.0
      for (p, q) in zip(p, q) { sum += rounded(p * rounded(bm_log(rounded(p / q)))) }
      return rounded(sum)
    }
    let (l, r) = (softmax(left), softmax(right))
    return switch direction {
    case .rightLeft: divergence(r, l)
    case .leftRight: divergence(l, r)
    case .symmetric: rounded(divergence(r, l) + divergence(l, r))
    }
  }
}

extension FusionSettings.Arithmetic {
  /// The nearest number of the type, ties to even.
  func round(_ value: Double) -> Double {
    switch self {
    case .f64: return value
    case .f32: return Double(Float(value))
    case .bf16:
      var (value, bits) = (value, UInt16(0))
      _ = kernels.narrow(BM_BF16, &value, &bits, 1)
      _ = kernels.widen(BM_BF16, &bits, &value, 1)
      return value
    }
  }
}

extension bm_softmax {
  static var empty: bm_softmax {
    bm_softmax(
      left_max: -.infinity, right_max: -.infinity, gap: 0, left_sum: 0, right_sum: 0, moved: 0)
  }
}
