import Foundation
import Notation
import Testing

@testable import Fusion

/// Expected values are worked out by hand.
struct ComparerTests {
  private let scratch = try! Scratch()

  private func model(_ name: String, _ tensors: [FixtureTensor], files: Int = 1) throws
    -> Checkpoint
  {
    let fixture = try ModelFixture(scratch.path + "/" + name).write(tensors, files: files)
    return try Checkpoint(fixture.folder)
  }

  @Test(arguments: [ElementType.f16, .bf16, .f32, .f64])
  func `a tensor's figures`(type: ElementType) throws {
    let a = try model("a", [FixtureTensor("x", type, [2, 3], [1, -2, 3, 0, 0, 0.5])])
    let b = try model("b", [FixtureTensor("x", type, [2, 3], [1, -1, 3.5, -0.0, 0.25, -0.5])])
    let comparison = try Comparer(a, b).run()
    // Changes: 1, 0.5, 0.25 and −1; 0 and −0 are one number.
    let figures = comparison.total
    #expect(figures.tensors == 1)
    #expect(figures.parameters == 6)
    #expect(figures.measured == 6)
    #expect(figures.differing == 4)
    #expect(figures.sameSign == 4)
    #expect(figures.distance == 2.3125.squareRoot())
    #expect(figures.normA == 14.25.squareRoot())
    #expect(figures.normB == 14.5625.squareRoot())
    #expect(figures.relativeDistance == 2.3125.squareRoot() / 14.25.squareRoot())
    #expect(figures.cosine == 13.25 / (14.25.squareRoot() * 14.5625.squareRoot()))
    #expect(figures.quantiles == [0.5, 1, 1])
    #expect(figures.largestDifference == 1)
    #expect(comparison.tensors == [.init(name: "x", figures: figures)])
    #expect(comparison.groups == [])
    #expect(comparison.isComplete)
  }

  @Test func `a checkpoint is as far from itself as can be`() throws {
    let a = try model("a", [FixtureTensor("x", .f32, [3], [0.1, -0.7, 0.3])])
    let figures = try Comparer(a, a).run().total
    #expect(figures.differing == 0)
    #expect(figures.distance == 0)
    #expect(figures.relativeDistance == 0)
    #expect(figures.cosine == 1)
    #expect(figures.sameSign == 3)
    #expect(figures.quantiles == [])
    #expect(figures.largestDifference == nil)
  }

  @Test func `what cannot be divided by is nothing`() throws {
    let a = try model(
      "a", [FixtureTensor("x", .f32, [2], [0, 0]), FixtureTensor("y", .bf16, [0], [])])
    let b = try model(
      "b", [FixtureTensor("x", .f32, [2], [0, 3]), FixtureTensor("y", .bf16, [0], [])])
    let rows = try Comparer(a, b).run().tensors
    #expect(rows[0].figures.distance == 3)
    #expect(rows[0].figures.relativeDistance == nil)
    #expect(rows[0].figures.cosine == nil)
    #expect(rows[1].figures.parameters == 0)
    #expect(rows[1].figures.distance == nil)
    #expect(rows[1].figures.cosine == nil)
  }

  @Test func `layers and modules are added up in the order of the model`() throws {
    func tensors(_ change: Double) -> [FixtureTensor] {
      [
        FixtureTensor("lm_head.weight", .bf16, [1], [9]),
        FixtureTensor("model.layers.10.mlp.up.weight", .bf16, [2], [1, 2 + change]),
        FixtureTensor("model.layers.2.mlp.up.weight", .bf16, [2], [3 + 2 * change, 4]),
        FixtureTensor("model.layers.2.norm.weight", .bf16, [1], [5 + change]),
        FixtureTensor("model.embed_tokens.weight", .bf16, [1], [6]),
      ]
    }
    let (a, b) = (try model("a", tensors(0)), try model("b", tensors(1), files: 2))
    func groups(_ grouping: Comparison.Grouping) throws -> [String] {
      try Comparer(a, b, by: grouping).run().groups.map {
        let figures = $0.figures
        return "\($0.name): \(figures.tensors) \(figures.parameters) \(figures.differing)"
          + " \(figures.quantiles) \((figures.distance ?? 0) * (figures.distance ?? 0))"
      }
    }
    #expect(
      try groups(.layer) == [
        "embed_tokens: 1 1 0 [] 0.0", "model.layers.2: 2 3 2 [1.0, 1.0, 1.0] 5.000000000000001",
        "model.layers.10: 1 2 1 [1.0, 1.0, 1.0] 1.0", "lm_head: 1 1 0 [] 0.0",
      ])
    #expect(
      try groups(.module) == [
        "embed_tokens: 1 1 0 [] 0.0", "mlp.up: 2 4 2 [1.0, 1.0, 1.0] 5.000000000000001",
        "norm: 1 1 1 [1.0, 1.0, 1.0] 1.0", "lm_head: 1 1 0 [] 0.0",
      ])
  }

  @Test func `what only one has or does not match is told`() throws {
    let a = try model(
      "a",
      [
        FixtureTensor("only.a", .bf16, [1], [1]), FixtureTensor("rows", .bf16, [2, 1], [1, 2]),
        FixtureTensor("type", .bf16, [2], [1, 2]), FixtureTensor("kind", .f32, [1], [1]),
        FixtureTensor("same", .bf16, [1], [1]),
      ])
    let b = try model(
      "b",
      [
        FixtureTensor("only.b", .bf16, [1], [1]), FixtureTensor("rows", .bf16, [3, 1], [1, 2, 3]),
        FixtureTensor("type", .f32, [2], [1, 2.5]), FixtureTensor("kind", .i32, [1], [1]),
        FixtureTensor("same", .bf16, [1], [1]),
      ])
    let comparison = try Comparer(a, b).run()
    #expect(comparison.tensors.map(\.name) == ["same", "type"])
    #expect(comparison.tensors[1].figures.distance == 0.5)
    #expect(!comparison.isComplete)
    let told = comparison.mismatches.map { mismatch in
      let sides = mismatch.sides.map { side in
        "\(side.model) \(side.tensor.map { "\($0.type.rawValue) \($0.shape)" } ?? "-")"
      }
      return "\(mismatch.name): \(sides) \(mismatch.isCompared)"
    }
    #expect(
      told == [
        #"kind: ["A F32 [1]", "B I32 [1]"] false"#, #"only.a: ["A BF16 [1]", "B -"] false"#,
        #"only.b: ["A -", "B BF16 [1]"] false"#,
        #"rows: ["A BF16 [2, 1]", "B BF16 [3, 1]"] false"#,
        #"type: ["A BF16 [2]", "B F32 [2]"] true"#,
      ])
  }

  @Test func `what is no weight is compared by its bytes`() throws {
    let a = try model("a", [FixtureTensor("ids", .i64, [4], [1, 2, 3, -4])])
    let b = try model("b", [FixtureTensor("ids", .i64, [4], [1, 258, 3, 4])])
    let comparison = try Comparer(a, b).run()
    #expect(comparison.total.differing == 2)
    #expect(comparison.total.measured == 0)
    #expect(comparison.total.distance == nil)
    #expect(comparison.isComplete)
  }

  @Test func `what is not finite is counted and left out`() throws {
    let a = try model("a", [FixtureTensor("x", .bf16, [5], [1, .nan, .infinity, 2, 0])])
    let b = try model("b", [FixtureTensor("x", .bf16, [5], [2, .nan, 3, -.infinity, 0])])
    let comparison = try Comparer(a, b).run()
    let figures = comparison.total
    #expect(figures.notFinite == 3)
    #expect(figures.measured == 2)
    #expect(figures.differing == 1)
    #expect(figures.sameSign == 2)
    #expect(figures.distance == 1)
    #expect(figures.normA == 1)
    #expect(figures.cosine == 1)
    #expect(!comparison.isComplete)
  }

  @Test func `differences that overflow are told as they are`() throws {
    let large = Double.greatestFiniteMagnitude
    let a = try model("a", [FixtureTensor("x", .f64, [2], [large, .leastNonzeroMagnitude])])
    let b = try model("b", [FixtureTensor("x", .f64, [2], [-large, 0])])
    let comparison = try Comparer(a, b).run()
    #expect(comparison.total.differing == 2)
    #expect(comparison.total.quantiles[0] == 0)
    #expect(comparison.total.largestDifference == .infinity)
    #expect(comparison.json["total"]?["distance"] == .string("inf"))
  }

  @Test func `every entry is looked up in A and then in the experts`() throws {
    let a = try model("a", [FixtureTensor("x", .bf16, [6], [1, 2, 3, 4, 5, 0])])
    let math = try model("math", [FixtureTensor("x", .bf16, [6], [1, 20, 30, 4, 50, 7])])
    // 40.0625 becomes 40 in BF16.
    let coding = try model("coding", [FixtureTensor("x", .f32, [6], [1, 20, 31, 40.0625, 51, 7])])
    let b = try model("b", [FixtureTensor("x", .bf16, [6], [1, 20, 31, 40, 52, -0.0])])
    let comparison = try Comparer(a, b, experts: [("math", math), ("coding", coding)]).run()
    #expect(comparison.origins == ["A", "math", "coding", "none"])
    #expect(comparison.total.origins == [2, 1, 2, 1])
    #expect(comparison.isComplete)
  }

  @Test func `an expert without the tensor gives nothing and is told`() throws {
    let a = try model(
      "a", [FixtureTensor("x", .bf16, [2], [1, 2]), FixtureTensor("y", .bf16, [1], [1])])
    let b = try model(
      "b", [FixtureTensor("x", .bf16, [2], [1, 3]), FixtureTensor("y", .bf16, [1], [2])])
    let math = try model("math", [FixtureTensor("y", .bf16, [1], [2])])
    let comparison = try Comparer(a, b, experts: [("math", math)]).run()
    #expect(comparison.tensors.map(\.figures.origins) == [[1, 0, 1], [0, 1, 0]])
    #expect(comparison.total.origins == [1, 1, 1])
    #expect(comparison.mismatches.map(\.name) == ["x"])
    #expect(comparison.mismatches.first?.sides.map(\.model) == ["B", "math"])
  }

  @Test func `the report of a merge says what comes from where`() throws {
    let a = try model(
      "a", [FixtureTensor("x", .bf16, [3], [1, 2, 3]), FixtureTensor("y", .bf16, [1], [1])])
    let b = try model(
      "b", [FixtureTensor("x", .bf16, [3], [1, 2, 4]), FixtureTensor("y", .bf16, [1], [1])])
    try scratch.write(
      "b/merge-report.json",
      #"{"merge": "0", "entries_from": {"base": 2, "math": 1}, "records": [{"name": "x","#
        + #" "entries_from": {"base": 2, "math": 1}}, {"name": "y", "entries_from":"#
        + #" {"base": 9223372036854775807}}]}"#)
    let comparison = try Comparer(a, b).run()
    #expect(comparison.origins == ["base", "math"])
    // Of y the report has what cannot be.
    #expect(comparison.tensors.map(\.figures.origins) == [[2, 1], nil])
    #expect(comparison.total.origins == [2, 1])
    try scratch.write("b/merge-report.json", "{")
    #expect(try Comparer(a, b).run().origins == [])
  }

  @Test func `workers and chunks do not change a figure`() throws {
    var random = SplitMix(state: 7)
    func tensors(_ change: Double) -> [FixtureTensor] {
      [("model.layers.0.a", [3, 4099]), ("model.layers.1.a", [150_001]), ("b", [17])].map {
        let values = (0..<$1.reduce(1, *)).map { _ in
          random.next() + (random.next() > 0 ? change * random.next() : 0)
        }
        return FixtureTensor($0, .f32, $1, values)
      }
    }
    let (a, b) = (try model("a", tensors(0)), try model("b", tensors(1e-3), files: 2))
    let expected = try Comparer(a, b, experts: [("a", a)], by: .layer).run().json
    for (workers, chunk) in [(1, 4096), (2, 4096), (3, 4096), (7, 8192), (2, 1 << 20)] {
      let comparer = Comparer(
        a, b, experts: [("a", a)], by: .layer, workers: workers, chunk: chunk)
      #expect(try comparer.run().json == expected)
    }
  }
}

struct MagnitudesTests {
  @Test(arguments: [1, 2, 100, 5000])
  func `quantiles are those of the sorted numbers, rounded down to 8 bits`(count: Int) {
    var random = SplitMix(state: UInt64(count))
    let numbers = (0..<count).map { _ in exp2(20 * random.next()) }
    let tallies = PerWorker(2, MagnitudeTally())
    // Two workers share one half; the other half comes later.
    var parts: [Magnitudes] = []
    for part in [numbers.prefix(count / 2), numbers.suffix(count - count / 2)] {
      for (index, number) in part.enumerated() {
        withUnsafePointer(to: number) { tallies[index % 2].add($0, 1) }
      }
      parts.append(
        Magnitudes(
          taking: tallies, of: 0..<2, from: part.min() ?? .infinity, through: part.max() ?? 0))
    }
    var (sum, other) = (parts[0], parts[1])
    sum.add(parts[1])
    other.add(parts[0])
    let sorted = numbers.sorted()
    for share in [0, 0.25, 0.5, 0.9, 0.99, 1] {
      let number = sorted[Int(share * Double(count - 1))]
      let rounded = Double(bitPattern: number.bitPattern & ~(1 << 45 - 1))
      #expect(sum.quantile(share) == rounded)
      #expect(other.quantile(share) == rounded)
    }
    #expect(sum.count == count)
    #expect(Magnitudes().quantile(0.5) == nil)
  }
}

/// Steele et al., "Fast splittable pseudorandom number generators", 2014.
private struct SplitMix {
  var state: UInt64

  /// From −1 up to 1.
  mutating func next() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return Double(Int64(bitPattern: z ^ z >> 31) >> 11) * 0x1p-52
  }
}
