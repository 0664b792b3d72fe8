import Testing

@testable import Fusion

/// What must hold of every method, whatever it computes.
struct AllMethodsTests {
  @Test func `every method has a case here`() {
    #expect(MethodCase.plain.map(\.method) == MethodList.all.map { $0.about.name })
  }

  @Test func `every method tells what it is`() {
    for method in MethodList.all.map({ $0.about }) {
      #expect(!method.title.isEmpty && !method.paper.isEmpty && !method.formula.isEmpty)
      let names = method.parameters.map(\.name)
      #expect(Set(names).count == names.count, "\(method.name)")
      #expect(method.parameters.allSatisfy { !$0.about.isEmpty && !$0.about.hasSuffix(".") })
    }
  }

  /// Ordinary numbers with the two zeros and the smallest number of every type among them.
  static func varied(_ count: Int, _ seed: Int = 1) -> [Double] {
    var numbers = TestNumbers(seed)
    let special = [-0.0, 0, 0x1p-133, -0x1p-133, 0x1p-24, -1, 3.140625, 0x1p-149, -0x1p-1074]
    return (0..<count).map { $0 % 3 == 1 ? special[$0 / 3 % special.count] : numbers.normal(0.05) }
  }

  static let shapes: [[Int]] = [
    [], [1], [7], [0], [0, 3], [3, 0], [1, 5], [5, 1], [3, 4], [2, 3, 4], [5, 100],
  ]

  @Test(arguments: MethodCase.all)
  func `equal inputs come out as they are`(example: MethodCase) throws {
    guard example.keepsEqual else { return }
    for type in [ElementType.f64, .f32, .f16, .bf16] {
      for shape in Self.shapes {
        let values = Self.varied(shape.reduce(1, *))
        let copies = Array(repeating: values, count: 5)
        let fixture = example.fixture(copies, shape: shape, type: type)
        let result = try fixture.run()
        let same = result.bytes == values.flatMap { type.fixtureBytes($0) }
        #expect(same, "\(type) \(shape)")
        #expect(result.merged.written.overflowed == 0)
        #expect(result.merged.written.distances == fixture.inputs.map { _ in 0 })
      }
    }
  }

  @Test(arguments: MethodCase.all, [0.0, -0.0])
  func `models of nothing but zeros merge to zeros`(example: MethodCase, zero: Double) throws {
    let zeros = Array(repeating: Array(repeating: zero, count: 12), count: 5)
    let result = try example.fixture(zeros, shape: [3, 4], type: .f64).run()
    #expect(result.values.allSatisfy { $0 == 0 })
  }

  @Test(arguments: MethodCase.all)
  func `all shapes, types and their mixtures are merged to finite numbers`(example: MethodCase)
    throws
  {
    for shape in Self.shapes {
      var numbers = TestNumbers(7)
      let models = numbers.models(3, of: shape.reduce(1, *))
      // Opposite changes of a single entry have no mean direction, and the error says so.
      if shape.reduce(1, *) == 1 && ["karcher", "multislerp"].contains(example.method) { continue }
      for (index, type) in [ElementType.f64, .f32, .f16, .bf16].enumerated() {
        var fixture = example.fixture(models, shape: shape, type: type)
        let mixture = [ElementType.bf16, .f16, .f32, .f64]
        fixture.types = fixture.inputs.indices.map { mixture[($0 + index) % 4] }
        let result = try fixture.run()
        #expect(result.values.count == shape.reduce(1, *))
        #expect(result.values.allSatisfy { $0.isFinite }, "\(shape)")
      }
    }
  }

  @Test(arguments: MethodCase.all)
  func `any number of workers, size of chunk and memory gives the same bits`(example: MethodCase)
    throws
  {
    var numbers = TestNumbers(3)
    var stored = try example.fixture(numbers.models(3, of: 12_000), shape: [20, 600]).stored()
    let first = try stored.run()
    for (workers, chunk, cache) in [
      (1, 1, 0), (2, 1, 1 << 30), (2, 8192, 0), (7, 1, 0), (7, 1 << 17, 1 << 30), (2, 1 << 30, 0),
    ] {
      for isShared in [true, false] {
        stored.fixture.workers = workers
        stored.fixture.isShared = isShared
        stored.fixture.policy.chunk = chunk
        stored.fixture.policy.cacheByteCount = cache
        let result = try stored.run()
        let same = result.bytes == first.bytes
        #expect(same, "\(workers) workers, chunks of \(chunk), cache \(cache), \(isShared)")
        #expect(result.merged.figures == first.merged.figures)
        #expect(result.merged.written.norm == first.merged.written.norm)
        #expect(result.merged.written.distances == first.merged.written.distances)
      }
    }
  }

  @Test(arguments: MethodCase.all)
  func `what is not finite is refused by name and place`(example: MethodCase) throws {
    // A copy spreads nothing.
    guard example.method != "passthrough" || !example.keepsEqual else { return }
    var numbers = TestNumbers(5)
    for value in [Double.nan, .infinity, -.infinity] {
      var models = numbers.models(3, of: 20)
      models[1][13] = value
      let fixture = example.fixture(models, shape: [4, 5], type: .f32)
      let error = #expect(throws: MergeError.self) { try fixture.run() }
      #expect(error?.description.hasPrefix("model-0: w[2, 3] is \(value)") == true)
    }
  }

  @Test(arguments: MethodCase.all)
  func `what is not finite can be allowed, and stays where it is or is dropped`(
    example: MethodCase
  ) throws {
    var numbers = TestNumbers(5)
    for value in [Double.nan, .infinity] {
      var models = numbers.models(3, of: 20)
      for place in [3, 13] { models[1][place] = value }
      var fixture = example.fixture(models, shape: [4, 5], type: .f32)
      fixture.policy.allowsNonFinite = true
      do {
        #expect(try fixture.run().values.count == 20)
      } catch let error as MergeError {
        // Lengths that are no numbers give no directions.
        #expect(["karcher", "multislerp"].contains(example.method), "\(error)")
      }
    }
  }

  @Test(arguments: MethodCase.plain)
  func `the same model twice counts twice`(example: MethodCase) throws {
    guard example.experts > 1 else { return }
    var numbers = TestNumbers(11)
    let models = numbers.models(2, of: 40)
    let fixture = example.fixture(
      [models[0], models[1], models[1], models[2]], shape: [40], type: .f64)
    let result = try fixture.run()
    #expect(result.values.count == 40)
    #expect(result.merged.written.distances[0] == result.merged.written.distances[1])
  }

  @Test(arguments: MethodCase.plain)
  func `a tensor that no other model has is taken from the one that has it`(example: MethodCase)
    throws
  {
    let values = Self.varied(10)
    var fixture = example.fixture([values, values], shape: [10], type: .bf16)
    fixture.inputs = [values]
    fixture.types = [.bf16]
    fixture.models = [example.inputModels[0]]
    fixture.base = example.hasBase && example.method != "karcher" ? 0 : nil
    #expect(try fixture.run().bytes == values.flatMap { ElementType.bf16.fixtureBytes($0) })
  }

  @Test(arguments: MethodCase.all)
  func `a parameter that is no number is refused by name`(example: MethodCase) throws {
    let method = try MethodFixture.named(example.method)
    let parameters = method.about.parameters.filter {
      $0.standard == nil || Double($0.standard!) != nil || ["true", "false"].contains($0.standard)
    }
    for parameter in parameters where parameter.name != "rescale" && parameter.name != "int8_mask" {
      var fixture = example.fixture(Array(repeating: [1, 2], count: 5), shape: [2])
      switch parameter.scope {
      case .tensor: fixture.values[parameter.name] = .text("much")
      case .model: fixture.models![0][parameter.name] = .text("much")
      }
      let error = #expect(throws: MergeError.self) { try fixture.run() }
      #expect(error?.description.hasPrefix("parameter '\(parameter.name)'") == true)
    }
  }

  @Test(arguments: MethodCase.plain)
  func `a parameter without a default has to be given`(example: MethodCase) throws {
    let method = try MethodFixture.named(example.method)
    for parameter in method.about.parameters where parameter.standard == nil {
      var fixture = example.fixture(Array(repeating: [1, 2], count: 5), shape: [2])
      fixture.values = [:]
      fixture.models = fixture.inputs.map { _ in [:] }
      let error = #expect(throws: MergeError.self) { try fixture.run() }
      #expect(error?.description.hasPrefix("parameter '\(parameter.name)'") == true)
      #expect(error?.description.hasSuffix("has to be given") == true)
    }
  }
}
