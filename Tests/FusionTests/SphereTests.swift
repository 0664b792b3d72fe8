import Notation
import Testing

@testable import Fusion

/// slerp, nuslerp, multislerp and karcher on vectors of two elements, worked out by hand.
struct SphereTests {
  /// sin 45° = cos 45°.
  static let half = root(0.5)

  @Test func `slerp follows the arc between vectors of any length`() throws {
    // At right angles, half way: sin 45° / sin 90° of each.
    let example = MethodFixture("slerp", [1, 0], [0, 2], base: 0, with: ["t": .number(0.5)])
    #expect(try example.run().values.isNear([Self.half, 2 * Self.half]))
    // From the base, wherever it stands: sin 60° of the base, sin 30° of the other.
    let third = MethodFixture("slerp", [0, 2], [1, 0], base: 1, with: ["t": .number(1 / 3.0)])
    #expect(try third.run().values.isNear([root(0.75), 1]))
  }

  @Test func `slerp goes straight between vectors of one direction`() throws {
    for other in [2.0, -2.0] {
      let example = MethodFixture(
        "slerp", [1, 0], [other, 0], base: 0, with: ["t": .number(0.25)])
      #expect(try example.run().values == [0.75 + 0.25 * other, 0])
    }
  }

  @Test func `slerp has the ends as they are`() throws {
    let (a, b) = (AllMethodsTests.varied(30, 1), AllMethodsTests.varied(30, 2))
    for (t, end) in [(0.0, a), (1.0, b)] {
      let result = try MethodFixture("slerp", a, b, base: 0, with: ["t": .number(t)]).run()
      #expect(result.values == end)
    }
  }

  @Test func `slerp counts a vector of nothing as at right angles`() throws {
    // sin 30° of the other.
    let example = MethodFixture("slerp", [0, 0], [3, 0], base: 0, with: ["t": .number(1 / 3.0)])
    #expect(try example.run().values.isNear([1.5, 0]))
  }

  @Test func `nuslerp goes by the weights, in the order of the models`() throws {
    let example = MethodFixture("nuslerp", [1, 0], [0, 2]).with("weight", [1, 1])
    #expect(try example.run().values.isNear([Self.half, 2 * Self.half]))
    // t = 2/3: sin 30° and sin 60°.
    #expect(try example.with("weight", [1, 2]).run().values.isNear([0.5, root(3.0)]))
    // Weights that cancel: the middle.
    let middle = try example.with("weight", [1, -1]).run()
    #expect(middle.values.isNear([Self.half, 2 * Self.half]))
  }

  @Test func `nuslerp with a base follows the arc between the changes`() throws {
    let example = MethodFixture("nuslerp", [11, 5], [10, 7], [10, 5], base: 2)
      .with("weight", [1, 1, nil])
    #expect(try example.run().values.isNear([10 + Self.half, 5 + 2 * Self.half]))
  }

  @Test func `nuslerp has an angle for each row`() throws {
    // First row at right angles, second parallel: the mean of 3 and 6.
    let example = MethodFixture(
      "nuslerp", [1, 0, 3, 0], [0, 2, 6, 0], with: ["nuslerp_flatten": .flag(false)]
    ).with("weight", [1, 1]).with { $0.shape = [2, 2] }
    #expect(try example.run().values.isNear([Self.half, 2 * Self.half, 4.5, 0]))
  }

  @Test func `nuslerp called row-wise has an angle for each column`() throws {
    // First column (1, 3) and (0, 6): cos α = 18 / (√10 · 6) = 3 / √10, and half way both have the
    // factor sin(α/2) / sin α = 1 / (2 cos(α/2)), cos(α/2) = √((1 + cos α) / 2).
    // Second column (0, 0) and (2, 0): at right angles, sin 45° of the other.
    let cosine = 3 / root(10.0)
    let factor = 1 / (2 * ((1 + cosine) / 2).squareRoot())
    let example = MethodFixture(
      "nuslerp", [1, 0, 3, 0], [0, 2, 6, 0],
      with: ["nuslerp_flatten": .flag(false), "nuslerp_row_wise": .flag(true)]
    ).with("weight", [1, 1]).with { $0.shape = [2, 2] }
    #expect(try example.run().values.isNear([factor, 2 * Self.half, 9 * factor, 0]))
    // With a base of ones, the same on top of it.
    let based = example.with {
      $0.inputs = $0.inputs.map { $0.map { $0 + 1 } } + [[1, 1, 1, 1]]
      $0.types = [.f64, .f64, .f64]
      $0.base = 2
      $0.models?.append([:])
    }
    #expect(try based.run().values.isNear([1 + factor, 1 + 2 * Self.half, 1 + 9 * factor, 1]))
  }

  @Test(arguments: [1, 2, 3, 5, 8, 13])
  func `columns are the rows of the other way round`(rows: Int) throws {
    var numbers = TestNumbers(rows)
    let columns = 70_000 / rows
    let (a, b) = (
      (0..<rows * columns).map { _ in numbers.normal(1) },
      (0..<rows * columns).map { _ in numbers.normal(1) }
    )
    func turned(_ values: [Double]) -> [Double] {
      (0..<columns).flatMap { column in (0..<rows).map { values[$0 * columns + column] } }
    }
    let example = MethodFixture(
      "nuslerp", a, b,
      with: ["nuslerp_flatten": .flag(false), "nuslerp_row_wise": .flag(true)]
    ).with("weight", [1, 2]).with {
      $0.shape = [rows, columns]
      $0.workers = 3
      $0.isShared = true
      $0.policy.chunk = 1
    }
    let other = example.with {
      $0.inputs = [turned(a), turned(b)]
      $0.shape = [columns, rows]
      $0.values["nuslerp_row_wise"] = .flag(false)
      $0.policy.chunk = 1 << 17
    }
    #expect(turned(try example.run().values).isNear(try other.run().values, 1e-11))
  }

  @Test func `multislerp is the mean direction with the mean length`() throws {
    // Directions (1, 0) and (0, 1), lengths 3 and 4.
    let example = MethodFixture("multislerp", [3, 0], [0, 4]).with("weight", [1, 1])
    #expect(try example.run().values.isNear([3.5 * Self.half, 3.5 * Self.half], 1e-8))
    #expect(
      try example.with { $0.values["eps"] = .number(0) }.run().values
        .isNear([3.5 * Self.half, 3.5 * Self.half]))
    // Not divided by their sum: the length is 2 · 3 + 2 · 4.
    let sum = example.with("weight", [2, 2]).with {
      $0.values = ["normalize_weights": .flag(false), "eps": .number(0)]
    }
    #expect(try sum.run().values.isNear([14 * Self.half, 14 * Self.half]))
    // Around a base.
    let based = MethodFixture("multislerp", [4, 1], [1, 5], [1, 1], base: 2)
      .with("weight", [1, 1, nil]).with { $0.values["eps"] = .number(0) }
    #expect(try based.run().values.isNear([1 + 3.5 * Self.half, 1 + 3.5 * Self.half]))
  }

  @Test func `multislerp adds two opposite models, and refuses more`() throws {
    // ½ · 1 − ½ · 2
    let two = MethodFixture("multislerp", [1, 0], [-2, 0]).with("weight", [1, 1])
    #expect(try two.run().values == [-0.5, 0])
    let three = MethodFixture("multislerp", [1, 0], [1, 0], [-1, 0]).with("weight", [1, 1, 2])
    let error = #expect(throws: MergeError.self) { try three.run() }
    #expect(error?.description.hasPrefix("w: the models point in opposite directions") == true)
  }

  @Test func `multislerp knows nearly opposite models from opposite ones`() throws {
    // Directions (±cos δ, sin δ): the mean is (0, 1) however small δ; ten digits are lost on the way.
    let delta = 1e-5
    let example = MethodFixture("multislerp", [1, delta], [-1, delta]).with("weight", [1, 1])
    #expect(try example.run().values.isNear([0, (1 + delta * delta).squareRoot()], 1e-7))
  }

  @Test func `karcher is half way between two`() throws {
    let result = try MethodFixture("karcher", [3, 0], [0, 5]).run()
    #expect(result.values.isNear([4 * Self.half, 4 * Self.half]))
    #expect(result.merged.figures == [.init("steps", .whole(0))])
  }

  @Test func `karcher is the mean angle on a circle`() throws {
    // Two at 0°, one at 90°: 30°. The base is one of them.
    let result = try MethodFixture("karcher", [1, 0], [0, 1], [1, 0], base: 2).run()
    #expect(result.values.isNear([root(0.75), 0.5]))
    #expect(result.merged.figures == [.init("steps", .whole(1))])
    // None: the direction of the mean, (2, 1) / √5.
    let none = try MethodFixture(
      "karcher", [1, 0], [0, 1], [1, 0], with: ["max_iter": .number(0)]
    ).run()
    #expect(none.values.isNear([2 / root(5.0), 1 / root(5.0)]))
  }

  @Test func `karcher counts the length of a model without a direction`() throws {
    let result = try MethodFixture("karcher", [3, 0], [0, 0]).run()
    #expect(result.values == [1.5, 0])
    // No directions at all: the plain mean.
    let small = try MethodFixture("karcher", [3e-6, 0], [0, 1e-6]).run()
    #expect(small.values == [1.5e-6, 0.5e-6])
  }

  @Test func `karcher refuses opposite models`() throws {
    for other in [[-1.0, -2.0], [-0.3, -0.6]] {
      let error = #expect(throws: MergeError.self) {
        try MethodFixture("karcher", [1, 2], other).run()
      }
      #expect(error?.description.hasPrefix("w: model-1 is opposite to") == true)
    }
  }
}
