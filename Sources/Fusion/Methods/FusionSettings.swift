/// Every knob of selective fusion.
struct FusionSettings: Sendable {
  enum Scope: String, CaseIterable, Sendable { case row, tensor, none }
  enum Direction: String, CaseIterable, Sendable {
    case rightLeft = "right_left"
    case leftRight = "left_right"
    case symmetric = "sym"
  }
  enum Difference: String, CaseIterable, Sendable { case abs, signed }
  enum Population: String, CaseIterable, Sendable { case all, nonzero }
  enum Quantiles: String, CaseIterable, Sendable { case exact, sampled }
  enum Comparison: String, CaseIterable, Sendable { case ge, gt }
  enum Gate: String, CaseIterable, Sendable {
    case hard, ramp
    case reluLiteral = "relu_literal"
  }
  enum Arithmetic: String, CaseIterable, Sendable { case f64, f32, bf16 }
  enum Preset: String, CaseIterable, Sendable {
    case exact, mergekit, paper
    case paperLiteral = "paper_literal"
    case tinyr1
  }

  var scope = Scope.row
  var direction = Direction.rightLeft
  var difference = Difference.abs
  var epsilon = 1e-8
  var lambda = 1.5
  /// The levels of the centre and of the range, each from 0 to 1.
  var levels = (low: 0.25, center: 0.5, high: 0.75)
  /// The share of entries that is to be taken; decides the threshold in place of the quartiles.
  var targetFraction: Double?
  var population = Population.all
  var quantiles = Quantiles.exact
  var sampleSize = 1_000_000
  var seed = 0
  var sharesSample = false
  var comparison = Comparison.ge
  var gate = Gate.hard
  var rampWidth = 1.0
  var arithmetic = Arithmetic.f64
  var scale = 1.0

  init(_ settings: MethodSettings) throws {
    // mergekit has no parameters here, and computes in the type of the merge.
    let standard: Preset =
      !settings.isCompatible ? .exact : settings.type == .bf16 ? .tinyr1 : .mergekit
    self.init(try settings.choice("preset", default: standard))
    seed = settings.seed
    scope = try settings.choice("kl_scope", default: scope)
    direction = try settings.choice("kl_direction", default: direction)
    difference = try settings.choice("diff", default: difference)
    epsilon = try settings.number("epsilon", default: epsilon)
    lambda = try settings.number("lambda_iqr", default: lambda)
    levels.center = try settings.number("center_q", default: levels.center)
    levels.low = try settings.number("low_q", default: levels.low)
    levels.high = try settings.number("high_q", default: levels.high)
    if settings.values["target_fraction"] != nil {
      targetFraction = try settings.number("target_fraction")
    }
    population = try settings.choice("stats_over", default: population)
    quantiles = try settings.choice("quantiles", default: quantiles)
    sampleSize = try settings.whole("sample_size", default: sampleSize)
    seed = try settings.whole("seed", default: seed)
    sharesSample = try settings.flag("shared_sample", default: sharesSample)
    comparison = try settings.choice("compare", default: comparison)
    gate = try settings.choice("gate", default: gate)
    rampWidth = try settings.number("ramp_width", default: rampWidth)
    arithmetic = try settings.choice("arith", default: arithmetic)
    scale = try settings.number("scale", default: scale)
    try check()
  }

  private init(_ preset: Preset) {
    switch preset {
    case .exact: break
    case .mergekit: (arithmetic, quantiles) = (.f32, .sampled)
    case .tinyr1: (arithmetic, quantiles) = (.bf16, .sampled)
    case .paper: (scope, direction, comparison) = (.tensor, .leftRight, .gt)
    case .paperLiteral:
      (scope, direction, comparison) = (.tensor, .leftRight, .gt)
      (difference, gate) = (.signed, .reluLiteral)
    }
  }

  private func check() throws {
    for (name, value) in [
      ("center_q", levels.center), ("low_q", levels.low), ("high_q", levels.high),
      ("target_fraction", targetFraction ?? 0),
    ] where !(0...1).contains(value) {
      throw MergeError("parameter '\(name)' is \(value); it should lie between 0 and 1")
    }
    for (name, value) in [
      ("lambda_iqr", lambda), ("epsilon", epsilon), ("ramp_width", rampWidth),
      ("sample_size", Double(sampleSize - 1)),
    ] where !(value >= 0) || value.isInfinite {
      throw MergeError("parameter '\(name)' is \(value); it should not be negative")
    }
  }

  static let parameters = [
    ParameterDescription(
      "preset", default: "exact",
      "where the other values start from: exact; mergekit (f32, sampled quantiles); tinyr1 (bf16,"
        + " sampled: what the authors ran), which two are the default with 'compat: mergekit', the"
        + " latter for bfloat16; paper (equations 1, 2 and 7: one divergence for a"
        + " tensor, of left from right, >); paper_literal (with equation 3 as printed)"),
    ParameterDescription(
      "kl_scope", default: "row", "one divergence for each row, for the tensor, or none (1)"),
    ParameterDescription(
      "kl_direction", default: "right_left",
      "KL(R ‖ L), left_right: KL(L ‖ R), sym: the sum of both"),
    ParameterDescription("diff", default: "abs", "|R − L|, or signed: L − R"),
    ParameterDescription("epsilon", default: "1e-8", "added to every probability"),
    ParameterDescription("lambda_iqr", default: "1.5", "λ of the threshold"),
    ParameterDescription("center_q", default: "0.5", "the quantile that the threshold starts from"),
    ParameterDescription("low_q", default: "0.25", "the lower end of the range"),
    ParameterDescription("high_q", default: "0.75", "the upper end of the range"),
    ParameterDescription(
      "target_fraction", default: "none", "take this share of all entries, whatever the quartiles"),
    ParameterDescription(
      "stats_over", default: "all", "quantiles over all scores, or over the nonzero ones"),
    ParameterDescription(
      "quantiles", default: "exact", "exact, or sampled where there are more than sample_size"),
    ParameterDescription("sample_size", default: "1000000", "scores in a sample, on average"),
    ParameterDescription("seed", default: "0", "of the samples"),
    ParameterDescription(
      "shared_sample", default: "false", "one sample for all quantiles, not one for the median"),
    ParameterDescription("compare", default: "ge", "take R where S ≥ T, or gt: where S > T"),
    ParameterDescription(
      "gate", default: "hard",
      "R or L; ramp: L + (R − L) · clamp((S − T) / (ramp_width · IQR), 0, 1); relu_literal:"
        + " L + (R − L) · max(0, S − T)"),
    ParameterDescription("ramp_width", default: "1", "of the ramp, in interquartile ranges"),
    ParameterDescription(
      "arith", default: "f64",
      "f64: scores and sums in double, the divergence without cancellation; f32, bf16: the formula"
        + " as it stands, every step rounded to that type"),
    ParameterDescription("scale", default: "1", "multiplies R − L where it is taken"),
  ]
}
