import Testing

@testable import Fusion

/// sce, ram and ramplus_tl on three elements, and choices by rank on many.
struct SelectionTests {
  @Test func `sce weighs models by their squares and drops the minority`() throws {
    // Squares 1 + 4 + 1 = 6 and 1 + 1 + 9 = 11. Both agree on the first and the last; of the second
    // the sum is 1, so 2 alone counts.
    let example = MethodFixture("sce", [1, 2, -1], [1, -1, -3], [0, 0, 0], base: 2)
    #expect(try example.run().values.isNear([1, 2, -39 / 17.0]))
  }

  @Test func `sce selects by variance`() throws {
    // Variances 0, 2.25 and 1; half of the two that are not 0 is one.
    let example = MethodFixture(
      "sce", [1, 2, -1], [1, -1, -3], [0, 0, 0], base: 2, with: ["select_topk": .number(0.5)])
    #expect(try example.run().values == [0, 2, 0])
    // Of equal variances the first.
    let equal = MethodFixture(
      "sce", [2, 2, 2], [0, 0, 0], [0, 0, 0], base: 2, with: ["select_topk": .number(0.7)])
    #expect(try equal.run().values == [2, 2, 0])
    // Nothing selected: the base.
    let none = example.with { $0.values["select_topk"] = .number(0.1) }
    #expect(try none.run().values == [0, 0, 0])
  }

  @Test func `sce has equal weights for small changes for mergekit's sake`() throws {
    // Mean squares 1e-8 and 4e-8: shares of 0.2 and 0.8, or a half each, divided by no less than 1e-6.
    let example = MethodFixture("sce", [1e-4], [2e-4], [0], base: 2)
    #expect(try example.run().values.isNear([1.8e-4]))
    #expect(try example.with { $0.isCompatible = true }.run().values.isNear([1.5e-4]))
  }

  static let three = MethodFixture(
    "ram", [1, 0.05, 2], [3, 4, 0.1], [0, 0, 0], base: 2, with: ["epsilon": .number(0.1)])

  @Test func `ram adds what one changed and averages what several did`() throws {
    // 0.05 and 0.1 are no changes.
    #expect(try Self.three.run().values == [2, 4, 2])
  }

  @Test func `ramplus_tl enlarges what one changed`() throws {
    // Each model shares one entry and has one of its own: 1 + 0.1 · min(1, 0.2).
    var example = Self.three
    example.method = "ramplus_tl"
    #expect(try example.run().values.isNear([2, 4.08, 2.04]))
    example.values["alpha"] = .number(5)
    #expect(try example.run().values.isNear([2, 4.4, 2.2]))
  }

  /// Changes of few different sizes, many of them equal.
  static func coarse(_ count: Int, _ seed: Int, levels: Double) -> [Double] {
    var numbers = TestNumbers(seed)
    return (0..<count).map { _ in (numbers.normal(1) * levels).rounded() / levels }
  }

  @Test(arguments: [
    (90_000, 3.0), (90_000, 1e3), (90_000, 1e9), (70_001, 0.4), (5000, 3), (4097, 2), (4096, 1e9),
  ])
  func `what is chosen by rank is what a sort would choose`(count: Int, levels: Double) throws {
    let change = Self.coarse(count, count, levels: levels)
    let order = change.indices.sorted {
      (abs(change[$1]), $0) < (abs(change[$0]), $1)
    }
    var stored = try MethodFixture(
      "breadcrumbs", change, change.map { _ in 0 }, base: 1, type: .f32
    ).with("weight", [1, nil]).stored()
    let rounded = try stored.fixture.with("density", [1, nil]).run().values
    for (gamma, density) in [
      (0.0, 0.5), (0.01, 0.2), (0.3, 0.3), (0.5, 0.5), (0.9, 0.05), (0, 0.999), (0.999, 0.001),
    ] {
      for workers in [1, 3] {
        stored.fixture = stored.fixture.with("gamma", [gamma, nil]).with("density", [density, nil])
        stored.fixture.workers = workers
        stored.fixture.isShared = true
        let kept = Int(density * Double(count))
        let top = min(Int(gamma * Double(count)), count - kept)
        var expected = change.map { _ in 0.0 }
        for index in order[top..<top + kept] { expected[index] = rounded[index] }
        let same = try stored.run().values == expected
        #expect(same, "\(gamma) \(density) \(workers)")
      }
    }
  }
}
