import Testing

@testable import Fusion

/// A method with parameters, for what must hold of all methods.
struct MethodCase: CustomTestStringConvertible, Sendable {
  var method: String
  /// Models besides the base.
  var experts: Int
  var hasBase: Bool
  var values: [String: SettingValue]
  /// By expert; the last stands for those that follow.
  var models: [[String: SettingValue]]
  var isCompatible = false
  /// Entries of BF16 that may differ from the reference by rounding: where sums are in another order.
  var strays = 0

  init(
    _ method: String, _ experts: Int, base: Bool = true, _ values: [String: SettingValue] = [:],
    _ models: [[String: SettingValue]] = [[:]], compatible: Bool = false, strays: Int = 0
  ) {
    self.method = method
    self.experts = experts
    hasBase = base
    self.values = values
    self.models = models
    isCompatible = compatible
    self.strays = strays
  }

  var testDescription: String {
    let models = models.map { Self.listed($0) }.filter { !$0.isEmpty }
    return
      ([method, "\(experts)\(hasBase ? " + base" : "")", Self.listed(values)] + models
      + [isCompatible ? "compatible" : ""]).filter { !$0.isEmpty }.joined(separator: " · ")
  }

  private static func listed(_ values: [String: SettingValue]) -> String {
    values.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.described)" }
      .joined(separator: ", ")
  }

  /// The settings of each input: experts, then the base.
  var inputModels: [[String: SettingValue]] {
    (0..<experts).map { models[min($0, models.count - 1)] } + (hasBase ? [[:]] : [])
  }

  /// The fixture of a base and at least as many models, the base last.
  func fixture(_ models: [[Double]], shape: [Int], type: ElementType = .bf16) -> MethodFixture {
    var fixture = MethodFixture(method, type: type, with: values, models: inputModels)
    fixture.inputs = Array(models.dropFirst().prefix(experts)) + (hasBase ? [models[0]] : [])
    fixture.types = fixture.inputs.map { _ in type }
    fixture.base = hasBase && method != "linear" && method != "passthrough" ? experts : nil
    fixture.shape = shape
    fixture.isCompatible = isCompatible
    return fixture
  }

  /// Whether equal inputs come out as they are.
  var keepsEqual: Bool {
    values["normalize"] != .flag(false) && values["normalize_weights"] != .flag(false)
      && models.allSatisfy { $0["scale"] == nil }
  }

  private static let weights: [[String: SettingValue]] = [
    ["weight": .number(0.7)], ["weight": .number(0.4)], ["weight": .number(0.3)],
  ]

  private static func weighted(_ name: String, _ value: Double) -> [[String: SettingValue]] {
    weights.map { $0.merging([name: .number(value)]) { $1 } }
  }

  static let all: [MethodCase] =
    [
      MethodCase("arcee_fusion", 1),
      MethodCase("arcee_fusion", 1, ["lambda_iqr": .number(0.5), "kl_scope": .text("tensor")]),
      MethodCase("linear", 3, base: false, [:], weights),
      MethodCase("linear", 2, base: false, [:], [["weight": .number(1)]]),
      MethodCase("linear", 2, base: false, ["normalize": .flag(false)], weights),
      MethodCase(
        "linear", 2, base: false, [:], [["weight": .number(1.5)], ["weight": .number(-0.5)]]),
      MethodCase("slerp", 1, ["t": .number(0.3)], strays: 3),
      MethodCase("slerp", 1, ["t": .number(0)]),
      MethodCase("slerp", 1, ["t": .number(1)]),
      MethodCase("nuslerp", 2, base: false, [:], weights, strays: 3),
      MethodCase("nuslerp", 2, [:], weights, strays: 3),
      MethodCase("nuslerp", 2, base: false, ["nuslerp_flatten": .flag(false)], weights, strays: 3),
      MethodCase("nuslerp", 2, ["nuslerp_flatten": .flag(false)], weights, strays: 3),
      MethodCase(
        "nuslerp", 2, base: false,
        ["nuslerp_flatten": .flag(false), "nuslerp_row_wise": .flag(true)], weights, strays: 3),
      MethodCase(
        "nuslerp", 2, ["nuslerp_flatten": .flag(false), "nuslerp_row_wise": .flag(true)], weights,
        strays: 3),
      MethodCase("multislerp", 3, base: false, [:], weights, strays: 3),
      MethodCase("multislerp", 3, [:], weights, strays: 3),
      MethodCase(
        "multislerp", 2, base: false, ["normalize_weights": .flag(false)], weights, strays: 3),
      MethodCase("karcher", 3, base: false, strays: 3),
      MethodCase("karcher", 2, ["max_iter": .number(3), "tol": .number(1e-9)], strays: 3),
      MethodCase("model_stock", 3, strays: 3),
      MethodCase("model_stock", 2, ["filter_wise": .flag(true)], strays: 3),
      MethodCase("model_stock", 2, compatible: true, strays: 3),
      MethodCase("task_arithmetic", 2, [:], weights),
      MethodCase(
        "task_arithmetic", 3, ["lambda": .number(0.8), "normalize": .flag(true)], weights),
      MethodCase("ties", 2, [:], weighted("density", 0.5)),
      MethodCase(
        "ties", 3, ["normalize": .flag(false), "lambda": .number(1.2)], weighted("density", 0.2)),
      MethodCase("ties", 2, [:], weighted("density", 1)),
      MethodCase("ties", 2, ["rescale": .flag(true)], weighted("density", 0.3), strays: 3),
      MethodCase("ties", 2, ["rescale": .text("l2")], weighted("density", 0.3), strays: 3),
      MethodCase("ties", 2, ["rescale": .text("linf")], weighted("density", 0.3)),
      MethodCase("ties", 2, ["rescale": .text("density")], weighted("density", 0.3)),
      MethodCase("dare_linear", 2, [:], weighted("density", 0.5), strays: 3),
      MethodCase("dare_linear", 2, ["rescale": .text("density")], weighted("density", 0.37)),
      MethodCase("dare_linear", 2, ["rescale": .flag(false)], weighted("density", 0)),
      MethodCase("dare_ties", 3, [:], weighted("density", 0.6), strays: 3),
      MethodCase(
        "dare_ties", 2, ["rescale": .text("probability"), "normalize": .flag(true)],
        weighted("density", 0.4)),
      MethodCase("della", 2, [:], weighted("density", 0.5), strays: 3),
      MethodCase("della", 2, ["rescale": .text("probability")], weighted("density", 0.4)),
      MethodCase("della_linear", 2, ["rescale": .text("density")], weighted("density", 0.45)),
      MethodCase(
        "della_linear", 3, ["epsilon": .number(0.05)],
        weighted("density", 0.2).map { $0.merging(["epsilon": .number(0.05)]) { $1 } }, strays: 3),
      MethodCase("breadcrumbs", 2, [:], weighted("density", 0.5)),
      MethodCase(
        "breadcrumbs", 2, [:],
        weighted("density", 0.9).map { $0.merging(["gamma": .number(0.2)]) { $1 } }),
      MethodCase(
        "breadcrumbs", 2, [:],
        weighted("density", 0.5).map { $0.merging(["gamma": .number(0)]) { $1 } }),
      MethodCase(
        "breadcrumbs_ties", 3, ["normalize": .flag(true)],
        weighted("density", 0.4).map { $0.merging(["gamma": .number(0.1)]) { $1 } }),
      MethodCase("sce", 2, strays: 3),
      MethodCase("sce", 3, ["select_topk": .number(0.3)], strays: 3),
      MethodCase("sce", 3, ["select_topk": .number(0.6)], compatible: true, strays: 3),
      MethodCase("ram", 3),
      MethodCase("ram", 2, ["epsilon": .number(1e-3)]),
      MethodCase("ramplus_tl", 3, ["epsilon": .number(5e-4)]),
      MethodCase(
        "ramplus_tl", 2, ["epsilon": .number(5e-4), "r": .number(0.7), "alpha": .number(5)]),
      MethodCase("nearswap", 1, ["t": .number(1e-4)]),
      MethodCase("nearswap", 1, ["t": .number(0)]),
      MethodCase("passthrough", 1, base: false),
      MethodCase("passthrough", 1, base: false, [:], [["scale": .number(-0.5)]]),
    ]

  /// One for each method.
  static let plain: [MethodCase] = MethodList.all.compactMap { type in
    all.first { $0.method == type.about.name }
  }
}
