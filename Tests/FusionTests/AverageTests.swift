import Notation
import Testing

@testable import Fusion

/// linear, model_stock, nearswap and passthrough on a few elements, worked out by hand.
struct AverageTests {
  @Test func `linear is the mean by weights`() throws {
    // (1·1 + 3·3) / 4, (1·2 + 3·(−2)) / 4
    let example = MethodFixture("linear", [1, 2], [3, -2]).with("weight", [1, 3])
    #expect(try example.run().values == [2.5, -1])
    #expect(try example.with { $0.values["normalize"] = .flag(false) }.run().values == [10, -4])
    // (2·1 − 3) / 1, (2·2 + 2) / 1
    #expect(try example.with("weight", [2, -1]).run().values == [-1, 6])
  }

  @Test func `linear divides the sum, so that a mean between two numbers is rounded to even`()
    throws
  {
    // Sums 3 (1 + 2⁻⁸) and 3 (1 + 3 · 2⁻⁸): the means lie just between two numbers of BF16. Thirds
    // of the inputs would add up to something beside it.
    let (a, b) = (1 + 0x1p-8, 1 + 3 * 0x1p-8)
    let example = MethodFixture(
      "linear", [a - 0x1p-5, b - 0x1p-5], [a, b], [a + 0x1p-5, b + 0x1p-5]
    )
    .with("weight", [1, 1, 1]).with { $0.type = .bf16 }
    #expect(try example.run().values == [1, 1 + 0x1p-6])
  }

  @Test func `linear refuses weights that add up to nothing, but for mergekit's sake`() throws {
    let example = MethodFixture("linear", [1, 2], [3, -2]).with("weight", [1, -1])
    let error = #expect(throws: MergeError.self) { try example.run() }
    #expect(
      error?.description
        == "parameter 'weight': the weights add up to 0, and a mean is divided by their sum; change"
        + " one of them, or set 'normalize' to false")
    #expect(
      try example.with { $0.isCompatible = true }.run().values == [-Double.infinity, .infinity])
    #expect(try example.with { $0.values["normalize"] = .flag(false) }.run().values == [-2, 4])
  }

  @Test func `linear rounds once`() throws {
    // 1 + 2⁻⁸ + 2⁻⁴⁰ is more than half way to the next number; by way of Float it would be half way.
    let example = MethodFixture("linear", [2 + 0x1p-7 + 0x1p-39], [0]).with("weight", [1, 1])
    #expect(try example.with { $0.type = .bf16 }.run().values == [1 + 0x1p-7])
  }

  @Test func `model_stock goes to the mean as far as changes agree`() throws {
    // c = 1 / (1 · √2), t = 2c / (1 + c), out = t · (1, ½)
    let c = root(0.5)
    let t = 2 * c / (1 + c)
    let example = MethodFixture("model_stock", [1, 0], [1, 1], [0, 0], base: 2)
    let result = try example.run()
    #expect(result.values.isNear([t, t / 2]))
    #expect(result.merged.figures.first { $0.key == "clamped" }?.value == .whole(0))
  }

  @Test func `model_stock keeps the base where changes are at right angles or opposite`() throws {
    let base = [1.0, -0.0]
    for other in [[1.0, 2.0], [0.0, -0.0]] {
      let result = try MethodFixture("model_stock", [2, -0.0], other, base, base: 2).run()
      #expect(result.bytes == base.flatMap { ElementType.f64.fixtureBytes($0) })
    }
  }

  @Test func `model_stock is unbounded for mergekit's sake, and nearly still on small tensors`()
    throws
  {
    // c = −1/√2, t = 2c / (1 + c), mean (0, ½)
    let c = -root(0.5)
    let t = 2 * c / (1 + c)
    let example = MethodFixture("model_stock", [1, 0], [-1, 1], [0, 0], base: 2)
    #expect(try example.run().values == [0, 0])
    #expect(try example.with { $0.isCompatible = true }.run().values.isNear([0, t / 2]))
    #expect(try example.with { $0.values["clamp"] = .flag(false) }.run().values.isNear([0, t / 2]))
    // |d|² = 1e-8 counts as 1e-6: c = 0.01, t = 0.02 / 1.01.
    let small = MethodFixture("model_stock", [1e-4], [1e-4], [0], base: 2)
    #expect(try small.run().values.isNear([1e-4]))
    #expect(
      try small.with { $0.isCompatible = true }.run().values.isNear([1e-4 * 0.02 / 1.01]))
  }

  @Test func `model_stock by rows has a ratio for each`() throws {
    // First row: equal changes, t = 1. Second row: at right angles, t = 0.
    let example = MethodFixture(
      "model_stock", [2, 3, 1, 0], [2, 3, 0, 1], [0, 0, 0, 0], base: 2,
      with: ["filter_wise": .flag(true)]
    ).with { $0.shape = [2, 2] }
    #expect(try example.run().values.isNear([2, 3, 0, 0]))
  }

  @Test func `model_stock needs two models that have the tensor`() throws {
    let example = MethodFixture("model_stock", [1, 0], [0, 0], base: 1)
    let error = #expect(throws: MergeError.self) { try example.run() }
    #expect(
      error?.description
        == "w: of the models besides the base only model-0 has it, and model_stock compares two or"
        + " more")
  }

  @Test func `nearswap takes what is near`() throws {
    // Distances ½, 5e-5, 0 and 2 with t = ½: whole, whole, equal, a quarter of 3 and three of 1.
    let example = MethodFixture(
      "nearswap", [1.5, 1.00005, 1, 3], [1, 1, 1, 1], base: 1, with: ["t": .number(0.5)])
    #expect(try example.run().values == [1.5, 1.00005, 1, 1.5])
    #expect(try example.with { $0.values["t"] = .number(0) }.run().values == [1, 1, 1, 1])
  }

  @Test func `passthrough copies bytes of any type`() throws {
    let numbers: [UInt32] = [0x7FC0_1234, 0xFF80_0001, 0x8000_0000, 0x3F80_0000]
    let bytes = numbers.flatMap { littleEndian($0) }
    for type in [ElementType.f32, .i32, .f16, .bf16, .i64, .u8, .f8e4m3] {
      for (workers, chunk) in [(1, 1 << 17), (3, 1)] {
        let count = bytes.count * 8 / type.bits
        let scratch = try Scratch()
        let header =
          "{\"w\":{\"dtype\":\"\(type.rawValue)\",\"shape\":[\(count)],\"data_offsets\":[0,16]}}"
        let path = try scratch.write("m", ModelFixture.safetensors(header: header, data: bytes))
        let file = try SafetensorsFile(path)
        var fixture = MethodFixture("passthrough", [])
        (fixture.workers, fixture.isShared, fixture.policy.chunk) = (workers, true, chunk)
        let stored = MethodFixture.Stored(
          fixture: fixture,
          inputs: [TensorInput(model: 0, file: file, tensor: file.header.tensors[0])],
          shape: [count], type: type)
        let result = try stored.run()
        #expect(result.bytes == bytes)
        #expect(result.merged.written.distances == [0])
      }
    }
  }

  @Test func `passthrough copies tensors of many chunks and knows their length`() throws {
    let values = AllMethodsTests.varied(10_000)
    for chunk in [1, 4096, 1 << 17] {
      let copy = try MethodFixture("passthrough", values, type: .bf16)
        .with { $0.policy.chunk = chunk }.run()
      #expect(copy.bytes == values.flatMap { ElementType.bf16.fixtureBytes($0) })
      let mean = try MethodFixture("linear", values, type: .bf16).with("weight", [1]).run()
      #expect(copy.merged.written.norm == mean.merged.written.norm)
      #expect(copy.merged.written.norm > 0)
    }
  }

  @Test func `passthrough changes the type, and multiplies where it is asked to`() throws {
    let example = MethodFixture("passthrough", [1.5, -2, -0.0])
    #expect(try example.with { $0.type = .bf16 }.run().values == [1.5, -2, -0.0])
    #expect(try example.with("scale", [-2]).run().values == [-3, 4, 0])
    #expect(try example.with("scale", [1]).run().bytes == example.run().bytes)
  }

  @Test func `passthrough takes one model`() throws {
    let example = MethodFixture("passthrough", [1], [2])
    let error = #expect(throws: MergeError.self) { try example.run() }
    #expect(
      error?.description
        == "w: passthrough takes one model for a tensor, and 'model-0' and 'model-1' have it")
  }
}

extension [Double] {
  /// Whether all are the same but for a few last places.
  func isNear(_ others: [Double], _ tolerance: Double = 1e-14) -> Bool {
    count == others.count
      && zip(self, others).allSatisfy { abs($0 - $1) <= tolerance * Swift.max(abs($0), abs($1)) }
  }
}
