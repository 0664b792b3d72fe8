import Foundation
import Notation
import Testing

@testable import Fusion

/// Selective fusion held against the formula as it stands in the method's description.
struct ArceeFusionTests {
  struct Case: CustomTestStringConvertible {
    var name: String
    var settings: [String: SettingValue] = [:]
    var plain = PlainFusion()
    var shape = [48, 64]
    /// The share of entries that differ.
    var changed = 1.0
    var type = ElementType.bf16

    var testDescription: String { name }

    init(
      _ name: String, _ settings: [String: SettingValue] = [:], _ shape: [Int] = [48, 64],
      changed: Double = 1, type: ElementType = .bf16,
      _ change: (inout PlainFusion) -> Void = { _ in }
    ) {
      self.name = name
      self.settings = settings
      self.shape = shape
      self.changed = changed
      self.type = type
      change(&plain)
    }
  }

  static let cases: [Case] = [
    Case("as it comes"),
    Case("one divergence for the tensor", ["kl_scope": .text("tensor")]) { $0.scope = .tensor },
    Case("no divergence", ["kl_scope": .text("none")]) { $0.scope = .none },
    Case("left from right", ["kl_direction": .text("left_right")]) { $0.direction = .leftRight },
    Case("both directions", ["kl_direction": .text("sym")]) { $0.direction = .both },
    Case("signed", ["diff": .text("signed")]) { $0.isSigned = true },
    Case("signed, a low threshold", ["diff": .text("signed"), "lambda_iqr": .number(0)]) {
      ($0.isSigned, $0.lambda) = (true, 0)
    },
    Case(
      "signed over what differs", ["diff": .text("signed"), "stats_over": .text("nonzero")],
      changed: 0.5
    ) { ($0.isSigned, $0.isOverNonzero) = (true, true) },
    Case("lambda 0.4", ["lambda_iqr": .number(0.4)]) { $0.lambda = 0.4 },
    Case("lambda 0", ["lambda_iqr": .number(0)]) { $0.lambda = 0 },
    Case(
      "other quantiles",
      ["low_q": .number(0.1), "center_q": .number(0.625), "high_q": .number(0.9)]
    ) {
      $0.levels = (0.1, 0.625, 0.9)
    },
    Case(
      "outermost quantiles",
      ["low_q": .number(0), "high_q": .number(1), "lambda_iqr": .number(0.1)]
    ) {
      ($0.levels, $0.lambda) = ((0, 0.5, 1), 0.1)
    },
    Case("a tenth of all", ["target_fraction": .number(0.1)]) { $0.fraction = 0.1 },
    Case("all", ["target_fraction": .number(1)]) { $0.fraction = 1 },
    Case("next to nothing", ["target_fraction": .number(0)]) { $0.fraction = 0 },
    Case("over what differs", ["stats_over": .text("nonzero")], changed: 0.6) {
      $0.isOverNonzero = true
    },
    Case("over what differs, of little", ["stats_over": .text("nonzero")], changed: 0.1) {
      $0.isOverNonzero = true
    },
    Case("a few differ", changed: 0.1),
    Case("none differs", changed: 0),
    Case("none differs, more than", ["compare": .text("gt")], changed: 0) { $0.isStrict = true },
    Case("more than", ["compare": .text("gt")]) { $0.isStrict = true },
    Case("a few differ, more than", ["compare": .text("gt")], changed: 0.1) { $0.isStrict = true },
    Case("a ramp", ["gate": .text("ramp")]) { $0.gate = .ramp },
    Case("a wide ramp", ["gate": .text("ramp"), "ramp_width": .number(3)]) {
      ($0.gate, $0.width) = (.ramp, 3)
    },
    Case("a ramp of no width", ["gate": .text("ramp"), "ramp_width": .number(0)]) {
      ($0.gate, $0.width) = (.ramp, 0)
    },
    Case("equation 3 as printed", ["gate": .text("relu_literal")]) { $0.gate = .relu },
    Case("half of it", ["scale": .number(0.5)]) { $0.scale = 0.5 },
    Case("more than all of it", ["scale": .number(1.25)]) { $0.scale = 1.25 },
    Case("no epsilon", ["epsilon": .number(0)]) { $0.epsilon = 0 },
    Case("a large epsilon", ["epsilon": .number(0.01)]) { $0.epsilon = 0.01 },
    Case("a vector", [:], [700]), Case("a number", [:], []),
    Case("a number, more than", ["compare": .text("gt")], []) { $0.isStrict = true },
    Case("one column", [:], [600, 1]), Case("one row", [:], [1, 600]),
    Case("one entry, of the tensor", ["kl_scope": .text("tensor")], [1, 1]) { $0.scope = .tensor },
    Case("three dimensions", [:], [4, 12, 33]), Case("two columns", [:], [300, 2]),
    Case("three dimensions, the tensor", ["kl_scope": .text("tensor")], [3, 50, 70]) {
      $0.scope = .tensor
    },
    Case("nothing", [:], [0, 8]), Case("rows of nothing", [:], [8, 0]),
    Case("nothing, the tensor", ["kl_scope": .text("tensor")], [0]) { $0.scope = .tensor },
    Case("long rows", [:], [3, 65_537]), Case("a long vector", [:], [100_000]),
    Case("the longest row that is one", [:], [2, 65_536]),
    Case("long rows, both directions", ["kl_direction": .text("sym")], [2, 70_000]) {
      $0.direction = .both
    },
    Case("halves", type: .f16), Case("floats", type: .f32), Case("doubles", type: .f64),
    Case("the paper", ["preset": .text("paper")]) {
      ($0.scope, $0.direction, $0.isStrict) = (.tensor, .leftRight, true)
    },
    Case("the paper as printed", ["preset": .text("paper_literal")]) {
      ($0.scope, $0.direction, $0.isStrict) = (.tensor, .leftRight, true)
      ($0.isSigned, $0.gate) = (true, .relu)
    },
    Case("a preset and a change", ["preset": .text("paper"), "kl_scope": .text("row")]) {
      ($0.direction, $0.isStrict) = (.leftRight, true)
    },
  ]

  @Test(arguments: cases)
  func `what is taken is what the formula says`(item: Case) throws {
    let (left, right) = Self.pair(item.shape, changed: item.changed, type: item.type)
    var fixture = try TaskFixture([left, right])
    fixture.type = item.type
    let expected = item.plain.fuse(left.stored, right.stored, columns: item.shape.last ?? 1)
    let method = try ArceeFusion(fixture.settings(item.settings))
    let (values, _, merged) = try fixture.merge(method)
    expected.check(values, left.stored, right.stored, item.type)
    expected.check(try #require(merged.figure("steps", "0")))
    let from = try #require(merged.figure("entries_from"))
    if !expected.hasDoubt {
      let taken = expected.indices { $0 && $1 }
      #expect(from["model1"]?.int == taken)
      #expect(from["model0"]?.int == left.values.count - taken)
    }
    #expect(merged.isDegenerate == expected.isDegenerate)
  }

  /// Two tensors whose differences are large enough for the formula as it stands.
  static func pair(_ shape: [Int], changed: Double, type: ElementType, seed: UInt64 = 1)
    -> (FixtureTensor, FixtureTensor)
  {
    var numbers = SeededNumbers(seed)
    let count = shape.reduce(1, *)
    let left = numbers.normals(count)
    let right = left.map { value in
      let step = numbers.normal(0.5)
      return numbers.uniform() < changed ? value + step + (step < 0 ? -0.1 : 0.1) : value
    }
    return (FixtureTensor("w", type, shape, left), FixtureTensor("w", type, shape, right))
  }

  @Test func `a float base and a BF16 expert are each taken as stored`() throws {
    let left = Self.pair([40, 40], changed: 1, type: .f32).0
    let right = Self.pair([40, 40], changed: 1, type: .bf16, seed: 2).1
    let expected = PlainFusion().fuse(left.stored, right.stored, columns: 40)
    for type in [ElementType.f32, .bf16, .f16] {
      var fixture = try TaskFixture([left, right])
      fixture.type = type
      let (values, _, _) = try fixture.merge(ArceeFusion(fixture.settings()))
      expected.check(values, left.stored, right.stored, type)
    }
  }

  @Test func `the base may be the second input`() throws {
    let (left, right) = Self.pair([40, 40], changed: 1, type: .f32)
    var fixture = try TaskFixture([right, left])
    fixture.base = 1
    fixture.type = .f32
    let (values, _, merged) = try fixture.merge(ArceeFusion(fixture.settings()))
    let expected = PlainFusion().fuse(left.stored, right.stored, columns: 40)
    expected.check(values, left.stored, right.stored, .f32)
    #expect(merged.figure("entries_from", "model0")?.int == expected.indices { $0 && $1 })
  }

  @Test func `inputs that are the same give the bits of the base`() throws {
    let values = [0, -0.0, 1.5, -2, 0x1p-130, -0.0]
    let tensor = FixtureTensor("w", .bf16, [2, 3], values)
    for settings in [
      [:], ["gate": .text("ramp")], ["scale": .number(0.5)], ["preset": .text("paper_literal")],
      ["arith": .text("f32")],
    ] as [[String: SettingValue]] {
      var fixture = try TaskFixture([tensor, tensor])
      fixture.type = .bf16
      let (_, bytes, merged) = try fixture.merge(ArceeFusion(fixture.settings(settings)))
      #expect(bytes == tensor.bytes)
      #expect(merged.figure("entries_from", "model1")?.int == 0)
    }
  }

  @Test func `equal numbers come from the kept side with its sign of zero`() throws {
    let left = FixtureTensor("w", .bf16, [2, 2], [0, -0.0, 1, 2])
    let right = FixtureTensor("w", .bf16, [2, 2], [-0.0, 0, 1, 2])
    for settings in [[:], ["arith": .text("f32")]] as [[String: SettingValue]] {
      var fixture = try TaskFixture([left, right])
      fixture.type = .bf16
      let (_, bytes, _) = try fixture.merge(ArceeFusion(fixture.settings(settings)))
      #expect(bytes == left.bytes)
    }
  }

  @Test func `a single input is passed on with its bits`() throws {
    let tensor = FixtureTensor("w", .bf16, [2, 2], [0, -0.0, 1, 2])
    var fixture = try TaskFixture([tensor])
    fixture.type = .bf16
    #expect(try fixture.merge(ArceeFusion(fixture.settings())).bytes == tensor.bytes)
  }

  @Test func `what is taken and what was rounded away is told`() throws {
    let left = FixtureTensor("w", .f32, [1, 4], [1, 2, 3, 4])
    let right = FixtureTensor("w", .f32, [1, 4], [1, 2, 3, 1e6])
    var fixture = try TaskFixture([left, right])
    fixture.type = .f16
    let (values, _, merged) = try fixture.merge(ArceeFusion(fixture.settings()))
    #expect(values == [1, 2, 3, .infinity])
    #expect(merged.written.overflowed == 1)
    #expect(merged.isDegenerate)
    #expect(merged.figure("entries_from", "model1")?.int == 1)
  }

  // ---- what is not finite ----

  @Test(arguments: [Double.nan, .infinity, -.infinity], [0, 1])
  func `a number that is not finite is refused with its model and place`(
    value: Double, input: Int
  ) throws {
    for shape in [[4, 5], [20], [2, 2, 5]] {
      let (left, right) = Self.pair(shape, changed: 1, type: .bf16)
      var tensors = [left, right]
      tensors[input].values[13] = value
      let place = shape.count == 1 ? "13" : shape.count == 2 ? "2, 3" : "1, 0, 3"
      for (isLed, type) in [(true, ElementType.bf16), (false, .bf16), (true, .f32)] {
        var fixture = try TaskFixture(tensors)
        (fixture.isLed, fixture.type) = (isLed, type)
        let method = try ArceeFusion(fixture.settings())
        let error = #expect(throws: MergeError.self) { try fixture.merge(method) }
        #expect(error?.description.hasPrefix("model\(input): w[\(place)] is \(value);") == true)
        #expect(error?.description.contains("--allow-nonfinite") == true)
      }
    }
  }

  @Test(arguments: ["exact", "mergekit", "paper", "paper_literal", "tinyr1"])
  func `what is not finite is allowed where it is asked for`(preset: String) throws {
    for (value, rows) in [(Double.nan, 1), (.nan, 30), (.infinity, 1), (.infinity, 30)] {
      for input in [0, 1] {
        var (left, right) = Self.pair([30, 20], changed: 1, type: .bf16)
        for row in 0..<rows {
          if input == 0 {
            left.values[20 * row + 7] = value
          } else {
            right.values[20 * row] = value
          }
        }
        for settings in [[:], ["stats_over": .text("nonzero")], ["target_fraction": .number(0.2)]]
          as [[String: SettingValue]]
        {
          var fixture = try TaskFixture([left, right])
          fixture.policy.allowsNonFinite = true
          var all = settings
          all["preset"] = .text(preset)
          let (values, _, _) = try fixture.merge(ArceeFusion(fixture.settings(all)))
          // No score of such a row means anything, so the kept side stays.
          if preset == "exact" {
            for index in 0..<20 * rows where value.isNaN {
              #expect(values[index].bitPattern == left.stored[index].bitPattern)
            }
          }
        }
      }
    }
  }

  // ---- arithmetic as it stands ----

  /// Rounded to float or BF16 many divergences of small differences are below zero.
  @Test func `for mergekit's sake numbers are rounded to the type of the merge`() throws {
    var settings = MethodSettings()
    settings.type = .bf16
    #expect(try FusionSettings(settings).arithmetic == .f64)
    settings.isCompatible = true
    for (type, arithmetic) in [
      (ElementType.bf16, FusionSettings.Arithmetic.bf16), (.f32, .f32), (.f16, .f32),
    ] {
      settings.type = type
      let found = try FusionSettings(settings)
      #expect(found.arithmetic == arithmetic && found.quantiles == .sampled)
    }
    settings.values["preset"] = .text("exact")
    #expect(try FusionSettings(settings).arithmetic == .f64)
  }

  @Test(arguments: ["f32", "bf16"], ["all", "nonzero"])
  func `scores below zero have their ranks`(arithmetic: String, population: String) throws {
    var numbers = SeededNumbers(8)
    let left = numbers.normals(64 * 200, 0.02)
    let right = left.map { $0 + numbers.normal(1e-4) }
    let tensors = [left, right].map { FixtureTensor("w", .f32, [64, 200], $0) }
    var fixture = try TaskFixture(tensors)
    fixture.type = .f32
    let (values, _, merged) = try fixture.merge(
      ArceeFusion(
        fixture.settings(["arith": .text(arithmetic), "stats_over": .text(population)])))
    let step = try #require(merged.figure("steps", "0"))
    let quartiles = ["low_quantile", "median", "high_quantile"].compactMap { step[$0]?.double }
    try #require(quartiles.count == 3)
    #expect(quartiles == quartiles.sorted())
    #expect(try #require(step["divergence_min"]?.double) < 0)
    var taken = 0
    for (index, (l, r)) in zip(tensors[0].stored, tensors[1].stored).enumerated() {
      #expect(values[index] == l || values[index] == r)
      if l != r && values[index] == r { taken += 1 }
    }
    #expect(merged.figure("entries_from", "model1")?.int == taken)
    // By the ranks: a quarter of the scores is not above the low quantile.
    #expect(taken > 0 && taken < values.count / 2)
  }

  @Test func `sampled quantiles come near the exact ones and depend on the seed alone`() throws {
    let (left, right) = Self.pair([200, 150], changed: 1, type: .f32)
    func thresholds(_ settings: [String: SettingValue], workers: Int = 1) throws -> [Double] {
      var fixture = try TaskFixture([left, right])
      (fixture.workers, fixture.isLed) = (workers, workers == 1)
      fixture.type = .f32
      let (_, _, merged) = try fixture.merge(ArceeFusion(fixture.settings(settings)))
      return ["low_quantile", "median", "high_quantile", "threshold"].compactMap {
        merged.figure("steps", "0", $0)?.double
      }
    }
    let exact = try thresholds([:])
    let sampled: [String: SettingValue] = [
      "quantiles": .text("sampled"), "sample_size": .number(5000),
    ]
    let one = try thresholds(sampled)
    for (a, b) in zip(exact, one) { #expect(abs(a - b) < 0.2 * a) }
    #expect(try thresholds(sampled, workers: 3) == one)
    #expect(try thresholds(sampled.merging(["seed": .number(1)]) { $1 }) != one)
    let shared = try thresholds(sampled.merging(["shared_sample": .flag(true)]) { $1 })
    #expect(shared[1] == one[1] && shared[0] != one[0])
    #expect(
      try thresholds(["quantiles": .text("sampled"), "sample_size": .number(30_000)]) == exact)
  }

  @Test(arguments: [
    ("lambda_iqr", SettingValue.number(-1)), ("center_q", .number(1.5)),
    ("sample_size", .number(0)), ("sample_size", .number(1e30)), ("seed", .number(1e30)),
    ("sample_size", .number(-1e300)), ("target_fraction", .number(-0.1)),
    ("epsilon", .text("small")), ("gate", .text("soft")), ("shared_sample", .text("perhaps")),
    ("kl_scope", .number(1)), ("seed", .number(0.5)),
  ])
  func `a value that cannot be is refused by name`(name: String, value: SettingValue) throws {
    let (left, right) = Self.pair([2, 2], changed: 1, type: .f32)
    let fixture = try TaskFixture([left, right])
    let error = #expect(throws: MergeError.self) {
      try ArceeFusion(fixture.settings([name: value]))
    }
    #expect(error?.description.contains("'\(name)'") == true)
  }

  // ---- the same, however the work is dealt out ----

  @Test(arguments: [[37, 600], [5, 70_000], [200_000]])
  func `bytes and figures are the same for any workers, chunks and cache`(shape: [Int]) throws {
    let (left, right) = Self.pair(shape, changed: 0.9, type: .bf16)
    let third = Self.pair(shape, changed: 0.9, type: .bf16, seed: 4).1
    for scope in ["row", "tensor"] {
      var first: (bytes: [UInt8], figures: [JSON.Member], Written)?
      for (workers, isLed, chunk, cache) in [
        (1, true, 1 << 17, 1 << 27), (1, true, 1 << 17, 0), (1, true, 1, 0), (2, false, 1, 0),
        (2, false, 1 << 30, 0), (7, false, 5000, 0), (7, true, 1 << 30, 1 << 27),
      ] {
        var fixture = try TaskFixture([left, right, third])
        (fixture.workers, fixture.isLed, fixture.type) = (workers, isLed, .bf16)
        fixture.policy.chunk = chunk
        fixture.policy.cacheByteCount = cache
        let settings = fixture.settings(["kl_scope": .text(scope)])
        let method = try ArceeFusion(
          chain: [(true, settings), (false, settings)], intermediate: nil)
        let (_, bytes, merged) = try fixture.merge(method)
        if let first {
          #expect(first.bytes == bytes)
          #expect(first.figures == merged.figures)
          #expect(first.2.norm == merged.written.norm)
          #expect(first.2.distances == merged.written.distances)
        } else {
          first = (bytes, merged.figures, merged.written)
        }
      }
    }
  }
}

extension FixtureTensor {
  /// The values as the file has them.
  var stored: [Double] { values.map { type.fixtureValue(type.fixtureBytes($0)) } }
}

/// The formula of merge methods' description, equation by equation: sorted scores, sums that carry
/// along what they lose, nothing shared with the product's code.
struct PlainFusion {
  enum Scope { case row, tensor, none }
  enum Direction { case rightLeft, leftRight, both }
  enum Gate { case hard, ramp, relu }

  var scope = Scope.row
  var direction = Direction.rightLeft
  var isSigned = false
  var epsilon = 1e-8
  var lambda = 1.5
  var levels = (low: 0.25, center: 0.5, high: 0.75)
  var fraction: Double?
  var isOverNonzero = false
  var isStrict = false
  var gate = Gate.hard
  var width = 1.0
  var scale = 1.0

  struct Result {
    var values: [Double] = []
    var scores: [Double] = []
    var gates: [Double] = []
    var quartiles = [0.0, 0, 0]
    var threshold = 0.0
    var changed: [Bool] = []
    var divergences: [Double] = []
    var hasFraction = false
  }

  func fuse(_ left: [Double], _ right: [Double], columns: Int) -> Result {
    var result = Result()
    result.hasFraction = fraction != nil
    let count = left.count
    let length = scope == .row ? max(1, columns) : max(1, count)
    for start in stride(from: 0, to: count, by: length) {
      let (l, r) = (Array(left[start..<start + length]), Array(right[start..<start + length]))
      let divergence = scope == .none ? 1 : max(0, divergence(l, r))
      result.divergences.append(divergence)
      result.scores += zip(l, r).map { (isSigned ? $0 - $1 : abs($1 - $0)) * divergence }
    }
    let sorted = result.scores.filter { !isOverNonzero || $0 != 0 }.sorted()
    func quantile(_ level: Double) -> Double {
      sorted.isEmpty ? 0 : sorted[Int((level * Double(sorted.count - 1)).rounded(.down))]
    }
    result.quartiles = [quantile(levels.low), quantile(levels.center), quantile(levels.high)]
    let range = result.quartiles[2] - result.quartiles[0]
    result.threshold =
      fraction.map { quantile(1 - $0) } ?? result.quartiles[1] + lambda * range
    let threshold = result.threshold
    for (index, score) in result.scores.enumerated() {
      let isTaken = isStrict ? score > threshold : score >= threshold
      let factor: Double =
        switch gate {
        case .hard: isTaken ? 1 : 0
        case .ramp:
          width * range > 0
            ? min(1, max(0, (score - threshold) / (width * range))) : isTaken ? 1 : 0
        case .relu: max(0, score - threshold)
        }
      result.gates.append(factor)
      result.changed.append(left[index] != right[index])
      let share = factor * scale
      result.values.append(
        share == 0
          ? left[index]
          : share == 1 ? right[index] : left[index] + (right[index] - left[index]) * share)
    }
    return result
  }

  private func divergence(_ left: [Double], _ right: [Double]) -> Double {
    let (l, r) = (softmax(left), softmax(right))
    return switch direction {
    case .rightLeft: divergence(of: r, from: l)
    case .leftRight: divergence(of: l, from: r)
    case .both: divergence(of: r, from: l) + divergence(of: l, from: r)
    }
  }

  private func softmax(_ row: [Double]) -> [Double] {
    let top = row.max() ?? 0
    let weights = row.map { exp($0 - top) }
    let sum = Self.sum(weights)
    return weights.map { $0 / sum + epsilon }
  }

  private func divergence(of p: [Double], from q: [Double]) -> Double {
    Self.sum(zip(p, q).map { $0 == 0 ? 0 : $0 * log($0 / $1) })
  }

  /// Neumaier's sum.
  private static func sum(_ values: [Double]) -> Double {
    var (sum, lost) = (0.0, 0.0)
    for value in values {
      let next = sum + value
      lost += abs(sum) >= abs(value) ? (sum - next) + value : (value - next) + sum
      sum = next
    }
    return sum + lost
  }
}

extension PlainFusion.Result {
  var isDegenerate: Bool {
    !scores.isEmpty && !hasFraction && quartiles[2] == quartiles[0]
  }

  /// Whether a score is so near to the threshold that rounding may decide.
  func isDoubtful(_ index: Int) -> Bool {
    threshold != 0 && abs(scores[index] - threshold) <= 1e-9 * abs(threshold)
  }

  var hasDoubt: Bool { scores.indices.contains { isDoubtful($0) && changed[$0] } }

  /// How many entries have this of being taken and changed.
  func indices(where condition: (_ isTaken: Bool, _ isChanged: Bool) -> Bool) -> Int {
    scores.indices.count { condition(gates[$0] > 0, changed[$0]) }
  }

  /// Compares a merge with it.
  func check(
    _ found: [Double], _ left: [Double], _ right: [Double], _ type: ElementType
  ) {
    guard found.count == values.count else {
      Issue.record("there are \(found.count) values, not \(values.count)")
      return
    }
    func rounded(_ value: Double) -> Double { type.fixtureValue(type.fixtureBytes(value)) }
    for index in values.indices {
      let expected = rounded(values[index])
      if found[index].bitPattern == expected.bitPattern { continue }
      if isDoubtful(index),
        [left[index], right[index]].contains(where: { rounded($0) == found[index] })
      {
        continue
      }
      // A blend follows the score, whose last digits are anyone's.
      let isBlend = gates[index] > 0 && gates[index] < 1 || gates[index] > 1
      let step = max(abs(expected) * 0x1p-7, 1e-12)
      if isBlend && abs(found[index] - expected) <= (type == .bf16 ? step : 1e-6) { continue }
      Issue.record(
        "entry \(index) is \(found[index]), not \(expected): score \(scores[index]), threshold \(threshold)"
      )
      return
    }
  }

  /// Compares the figures of a report with it.
  func check(_ report: JSON) {
    func near(_ key: String, _ expected: Double, _ tolerance: Double = 1e-9) {
      let found = report[key]?.double ?? .nan
      #expect(
        abs(found - expected) <= tolerance * max(abs(expected), 1e-15),
        "\(key) is \(found), not \(expected)")
    }
    // A share that was asked for leaves no part to the quartiles.
    for (index, key) in ["low_quantile", "median", "high_quantile"].enumerated() {
      if hasFraction { #expect(report[key] == nil) } else { near(key, quartiles[index]) }
    }
    near("threshold", threshold, 1e-8)
    near("divergence_min", divergences.min() ?? 0)
    near("divergence_max", divergences.max() ?? 0)
    near("divergence_mean", divergences.reduce(0, +) / Double(max(1, divergences.count)))
    #expect(report["changed"]?.int == changed.count { $0 })
    if !scores.indices.contains(where: isDoubtful) {
      #expect(report["selected"]?.int == indices { isTaken, _ in isTaken })
      #expect(report["selected_changed"]?.int == indices { $0 && $1 })
    }
  }
}
