import Notation
import Testing

@testable import Fusion

/// The methods that add changes to a base, on a few elements, worked out by hand.
struct TaskVectorTests {
  @Test func `task_arithmetic adds the weighted changes`() throws {
    // 2 · (1·(1, 0, 2) + ½·(0, −1, 1)) = (2, −1, 5)
    let example = MethodFixture(
      "task_arithmetic", [2, 1, 3], [1, 0, 2], [1, 1, 1], base: 2, with: ["lambda": .number(2)]
    ).with("weight", [1, 0.5, nil])
    #expect(try example.run().values == [3, 0, 6])
    // Divided by 1½.
    let mean = example.with { $0.values["normalize"] = .flag(true) }
    #expect(try mean.run().values.isNear([1 + 2 / 1.5, 1 - 1 / 1.5, 1 + 5 / 1.5]))
    // Weights that cancel are no divisor.
    let none = mean.with("weight", [1, -1, nil])
    #expect(try none.run().values == [3, 3, 3])
  }

  @Test func `the base's zeros keep their sign where nothing is added`() throws {
    let result = try MethodFixture("task_arithmetic", [-0.0, 1, 0], [-0.0, 0, 0], base: 1)
      .with("weight", [-1, nil]).run()
    #expect(result.values == [0, -1, 0])
    #expect(result.values[0].sign == .minus)
  }

  /// Changes whose two largest entries are the first and third, and the first two.
  static let ties = MethodFixture(
    "ties", [4, -1, 2, 0.5], [-3, 2, 1, -0.25], [0, 0, 0, 0], base: 2
  ).with("density", [0.5, 0.5, nil]).with("weight", [1, 1, nil])

  @Test func `ties trims, elects and averages`() throws {
    // (4, 0, 2, 0) and (−3, 2, 0, 0): the sum of the first is 1, so 4 alone counts.
    #expect(try Self.ties.run().values == [4, 2, 2, 0])
    // Weights 1 and 2: (4, 0, 2, 0) and (−6, 4, 0, 0); −2 elects −, and −6 / 2 = −3, 4 / 2, 2 / 1.
    let weighted = Self.ties.with("weight", [1, 2, nil])
    #expect(try weighted.run().values == [-3, 2, 2, 0])
    let sum = weighted.with { $0.values["normalize"] = .flag(false) }
    #expect(try sum.run().values == [-6, 4, 2, 0])
  }

  @Test func `a sum of nothing elects plus`() throws {
    let example = MethodFixture("ties", [2], [-2], [0], base: 2).with("weight", [1, 1, nil])
    #expect(try example.run().values == [2])
  }

  @Test func `of equal changes the first are kept`() throws {
    let example = MethodFixture("ties", [1, -1, 1, 2], [0, 0, 0, 0], base: 1)
      .with("density", [0.5, nil]).with("weight", [1, nil])
    #expect(try example.run().values == [1, 0, 0, 2])
  }

  @Test func `a density that is less than one entry keeps one, and says so`() throws {
    let result = try Self.ties.with("density", [0.1, 1, nil]).run()
    #expect(result.values == [4, 2, 1, -0.25])
    #expect(
      result.merged.notes
        == ["model-0: a density of 0.1 is less than one entry; one is kept"])
    #expect(
      result.merged.figures == [.init("kept", .object([.init("model-0", .whole(1))]))])
  }

  @Test(arguments: [
    (TaskVectors.Rescaling.l1, 10.0 / 7), (.l2, root(30.0) / 5), (.linf, 1), (.density, 2),
    (.probability, 1), (.none, 1),
  ])
  func `what is kept is enlarged`(rescaling: TaskVectors.Rescaling, factor: Double) throws {
    // Of (4, −3, 2, 1) the first two are kept: sums 10 and 7, lengths √30 and 5, half of the entries.
    let example = MethodFixture(
      "ties", [4, -3, 2, 1], [0, 0, 0, 0], base: 1, with: ["rescale": .text(rescaling.rawValue)]
    ).with("density", [0.5, nil]).with("weight", [1, nil])
    #expect(try example.run().values.isNear([4 * factor, -3 * factor, 0, 0]))
    if rescaling == .l1 {
      #expect(
        try example.with { $0.values["rescale"] = .flag(true) }.run().values
          .isNear([4 * factor, -3 * factor, 0, 0]))
    }
  }

  /// Ten to one.
  static let crumbs = MethodFixture(
    "breadcrumbs", [10, 9, 8, 7, 6, 5, 4, 3, 2, 1], Array(repeating: 0, count: 10), base: 1
  ).with("weight", [1, nil])

  @Test func `breadcrumbs drops the largest and the smallest`() throws {
    let example = Self.crumbs.with("gamma", [0.2, nil]).with("density", [0.5, nil])
    #expect(try example.run().values == [0, 0, 8, 7, 6, 5, 4, 0, 0, 0])
    // Nine of ten are wanted, so one outlier has to do.
    let most = example.with("density", [0.9, nil])
    #expect(try most.run().values == [0, 9, 8, 7, 6, 5, 4, 3, 2, 1])
  }

  @Test func `without an outlier breadcrumbs keeps the largest`() throws {
    // A hundredth of ten entries is none.
    let example = Self.crumbs.with("density", [0.3, nil])
    #expect(try example.run().values == [10, 9, 8, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test func `of equal outliers the first are dropped, of equal rests the first kept`() throws {
    // Places 2 to 4 of (5, 5, 5, 5, 1, 1): the third and fourth 5, and the first 1.
    let example = MethodFixture(
      "breadcrumbs", [5, -5, 1, 5, 5, 1], [0, 0, 0, 0, 0, 0], base: 1
    ).with("weight", [1, nil]).with("gamma", [0.34, nil]).with("density", [0.5, nil])
    #expect(try example.run().values == [0, 0, 1, 5, 5, 0])
    // Places 1 to 2: the second and third.
    let inner = example.with("gamma", [0.17, nil]).with("density", [0.34, nil])
    #expect(try inner.run().values == [0, -5, 0, 5, 0, 0])
  }

  @Test func `breadcrumbs_ties elects among what is left`() throws {
    // Without their largest entries (0, 2, 1) and (0, −3, 1), cut to two.
    let example = MethodFixture(
      "breadcrumbs_ties", [9, 2, 1], [9, -3, 1], [0, 0, 0], base: 2
    ).with("weight", [1, 1, nil]).with("gamma", [0.34, 0.34, nil]).with(
      "density", [0.67, 0.67, nil])
    #expect(try example.run().values == [0, -3, 2])
  }

  @Test func `dare keeps entries by the draws of seed, tensor and model`() throws {
    var numbers = TestNumbers(4)
    let change = (0..<9001).map { _ in numbers.normal(1) }
    let zeros = change.map { _ in 0.0 }
    let example = MethodFixture(
      "dare_linear", change, zeros, base: 1, with: ["rescale": .text("density")]
    ).with("weight", [1, nil]).with("density", [0.3, nil]).with {
      $0.seed = 5
      $0.positions = [2, 0]
    }
    let random = Random(seed: 5, tensor: "w", stream: 2)
    let expected = change.indices.map { random.uniform($0) < 0.3 ? change[$0] / 0.3 : 0 }
    #expect(try example.run().values == expected)
    #expect(abs(expected.count { $0 != 0 } - 2700) < 200)
    // Enlarged to the sum of magnitudes of the whole.
    let whole = try example.with { $0.values = [:] }.run()
    let (sum, all) = (whole.values.reduce(0) { $0 + abs($1) }, change.reduce(0) { $0 + abs($1) })
    #expect(abs(sum / all - 1) < 1e-13)
    #expect(try example.with { $0.seed = 6 }.run().values != expected)
  }

  @Test func `della keeps entries by their ranks in the row`() throws {
    // Ranks from 0: 3, 1, 0, 2 and, in the row of equals, 3, 2, 1, 0.
    let change: [Double] = [4, 1, -1, 2, 7, 7, -7, 7]
    let steps = [3.0, 1, 0, 2, 3, 2, 1, 0]
    for seed in 0..<40 {
      let random = Random(seed: seed, tensor: "w", stream: 0)
      let expected = change.indices.map { index in
        let probability = 0.5 - 0.15 + 0.3 * (steps[index] / 3)
        return random.uniform(index) < probability ? change[index] / probability : 0
      }
      let example = MethodFixture(
        "della_linear", change, change.map { _ in 0 }, base: 1,
        with: ["rescale": .text("probability")]
      ).with("weight", [1, nil]).with("density", [0.5, nil]).with {
        $0.shape = [2, 4]
        $0.seed = seed
      }
      #expect(try example.run().values == expected)
    }
  }

  @Test func `della refuses probabilities outside of 0 to 1`() throws {
    let example = MethodFixture("della", [1, 2], [0, 0], base: 1).with("weight", [1, nil])
    for density in [0.1, 0.9, 0.15, 0.85] {
      let error = #expect(throws: MergeError.self) {
        try example.with("density", [density, nil]).run()
      }
      #expect(
        error?.description.hasPrefix("parameter 'epsilon' of model-0 is 0.15; with a density of")
          == true)
    }
    #expect(try example.with("density", [0, nil]).run().values == [0, 0])
    #expect(try example.with("density", [1, nil]).run().values == [1, 2])
  }

  @Test func `della refuses rows that it cannot hold`() throws {
    let count = 1 << 20 + 1
    let example = MethodFixture(
      "della", Array(repeating: 0, count: count), Array(repeating: 0, count: count), base: 1,
      type: .bf16
    ).with("weight", [1, nil]).with("density", [0.5, nil])
    let error = #expect(throws: MergeError.self) { try example.run() }
    #expect(error?.description.hasPrefix("w: changes are ranked within rows of up to") == true)
  }

  @Test func `an unknown way to rescale is refused with the known ones`() throws {
    let example = Self.ties.with { $0.values["rescale"] = .text("l3") }
    let error = #expect(throws: MergeError.self) { try example.run() }
    #expect(
      error?.description
        == "parameter 'rescale' is 'l3'; it can be 'l1', 'density', 'probability', 'l2', 'linf',"
        + " 'none'")
  }

  @Test func `a base that lacks the tensor is named`() throws {
    let example = Self.ties.with { $0.base = nil }.with("weight", [1, 1, 1])
    let error = #expect(throws: MergeError.self) { try example.run() }
    #expect(
      error?.description == "w: the base model lacks it, and the method starts from there")
  }
}
