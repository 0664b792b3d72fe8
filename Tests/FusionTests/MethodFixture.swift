import Files
import Foundation
import Synchronization
import Testing

@testable import Fusion

/// A merge of one tensor, from its inputs' values to the bytes of the result.
struct MethodFixture {
  var method: String
  /// The values of each input, rounded to its type when they are written.
  var inputs: [[Double]]
  var base: Int?
  var shape: [Int]?
  var types: [ElementType]?
  /// The type of the output; that of the first input where there is none.
  var type: ElementType?
  var values: [String: SettingValue] = [:]
  var models: [[String: SettingValue]]?
  var isCompatible = false
  var seed = 0
  /// The models' positions in the merge, where they are not 0, 1, 2 …
  var positions: [Int]?
  var workers = 1
  /// Whether the workers share the tensor; else one has it for itself.
  var isShared = false
  var policy = TensorTask.Policy()

  init(
    _ method: String, _ inputs: [Double]..., base: Int? = nil, type: ElementType = .f64,
    with values: [String: SettingValue] = [:], models: [[String: SettingValue]]? = nil
  ) {
    self.method = method
    self.inputs = inputs
    self.base = base
    self.type = type
    self.values = values
    self.models = models
    types = inputs.map { _ in type }
  }

  var settings: MethodSettings {
    var settings = MethodSettings()
    settings.values = values
    settings.models = models ?? inputs.map { _ in [:] }
    settings.labels = labels
    settings.base = base
    settings.isCompatible = isCompatible
    settings.seed = seed
    return settings
  }

  var labels: [String] { inputs.indices.map { "model-\($0)" } }

  /// A parameter of each model, in the order of the inputs; nil where it is not given.
  func with(_ name: String, _ values: [Double?]) -> Self {
    var copy = self
    var models = settings.models
    for (index, value) in values.enumerated() { models[index][name] = value.map { .number($0) } }
    copy.models = models
    return copy
  }

  func with(_ change: (inout Self) -> Void) -> Self {
    var copy = self
    change(&copy)
    return copy
  }

  struct Result {
    var bytes: [UInt8]
    var type: ElementType
    var merged: Merged

    var values: [Double] {
      let width = type.bits / 8
      return stride(from: 0, to: bytes.count, by: width).map {
        type.fixtureValue(Array(bytes[$0..<$0 + width]))
      }
    }
  }

  func run() throws -> Result { try stored().run() }

  /// The fixture with its inputs in files, to run it several times.
  func stored() throws -> Stored {
    let scratch = try Scratch()
    let shape = shape ?? [inputs.first?.count ?? 0]
    let types = types ?? inputs.map { _ in .f64 }
    let tensors = try zip(inputs, types).enumerated().map { index, input in
      let tensor = FixtureTensor("w", input.1, shape, input.0)
      let path = try scratch.write("\(index)", ModelFixture.safetensors([tensor]))
      let file = try SafetensorsFile(path)
      return TensorInput(
        model: positions?[index] ?? index, file: file, tensor: file.header.tensors[0])
    }
    return Stored(
      fixture: self, inputs: tensors, shape: shape, type: type ?? types[0], scratch: scratch)
  }

  struct Stored {
    var fixture: MethodFixture
    var inputs: [TensorInput]
    var shape: [Int]
    var type: ElementType
    /// Whose end is that of the files.
    var scratch: Scratch?

    func run() throws -> Result {
      let sink = MemorySink(shape.reduce(type.bits / 8, *))
      let method = try MethodFixture.named(fixture.method).init(fixture.settings)
      let task = try TensorTask(
        name: inputs[0].tensor.name, shape: shape, type: type, inputs: inputs,
        labels: fixture.labels, base: fixture.base, crew: Crew(workers: fixture.workers),
        lead: fixture.isShared ? nil : 0, sink: sink, policy: fixture.policy)
      let merged = try method.merge(task)
      return Result(bytes: try sink.whole(), type: type, merged: merged)
    }
  }

  static func named(_ name: String) throws -> any MergeMethod.Type {
    try #require(MethodList.all.first { $0.about.name == name })
  }
}

/// Keeps what is written, and complains of what is written twice or never.
final class MemorySink: TensorSink {
  private let state: Mutex<(bytes: [UInt8], written: [Range<Int>])>

  init(_ byteCount: Int) { state = Mutex((Array(repeating: 0, count: byteCount), [])) }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    state.withLock { state in
      state.bytes.withUnsafeMutableBytes {
        $0[offset..<offset + bytes.count].copyBytes(from: bytes)
      }
      state.written.append(offset..<offset + bytes.count)
    }
  }

  func whole() throws -> [UInt8] {
    try state.withLock { state in
      var end = 0
      for range in state.written.sorted(by: { $0.lowerBound < $1.lowerBound }) {
        try #require(range.lowerBound == end)
        end = range.upperBound
      }
      try #require(end == state.bytes.count)
      return state.bytes
    }
  }
}

/// Numbers for tests: the same for the same seed, on every machine.
struct TestNumbers {
  private var state: UInt64

  init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 }

  /// From 0 up to 1.
  mutating func uniform() -> Double {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    if state == 0 { state = 1 }
    return Double((state &* 0x2545_F491_4F6C_DD1D) >> 11) * 0x1p-53
  }

  /// About normal with this spread: the sum of twelve.
  mutating func normal(_ spread: Double) -> Double {
    ((0..<12).reduce(0.0) { sum, _ in sum + uniform() } - 6) * spread
  }

  /// A base and models that were trained from there: many small changes, some none, some the same.
  mutating func models(_ count: Int, of length: Int, spread: Double = 1e-3) -> [[Double]] {
    let base = (0..<length).map { _ in normal(0.05) }
    return [base]
      + (0..<count).map { _ in
        base.map { value in
          let kind = uniform()
          return kind < 0.2 ? value : kind < 0.4 ? value + spread : value + normal(spread)
        }
      }
  }
}

func root(_ x: Double) -> Double { x.squareRoot() }
