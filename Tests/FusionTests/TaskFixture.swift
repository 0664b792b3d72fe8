import Files
import Foundation
import Notation
import Synchronization

@testable import Fusion

/// One output tensor of models made for it, and what was written of it, in memory.
struct TaskFixture {
  let scratch: Scratch
  let tensors: [FixtureTensor]
  var workers = 1
  /// Whether one worker does it all.
  var isLed = true
  var policy = TensorTask.Policy()
  var type = ElementType.f64
  var base: Int? = 0

  /// A file for each input; all have the shape of the first.
  init(_ tensors: [FixtureTensor]) throws {
    scratch = try Scratch()
    self.tensors = tensors
    for (index, tensor) in tensors.enumerated() {
      try scratch.write("\(index).safetensors", ModelFixture.safetensors([tensor]))
    }
  }

  final class Memory: TensorSink {
    private let bytes: Mutex<[UInt8]>
    init(_ count: Int) { bytes = Mutex(Array(repeating: 0xAA, count: count)) }

    func write(_ new: UnsafeRawBufferPointer, at offset: Int) {
      bytes.withLock { $0.replaceSubrange(offset..<offset + new.count, with: new) }
    }

    var all: [UInt8] { bytes.withLock { $0 } }
  }

  func task(to sink: any TensorSink) throws -> TensorTask {
    let inputs = try tensors.indices.map { index in
      let file = try SafetensorsFile(scratch.path + "/\(index).safetensors")
      return TensorInput(model: index, file: file, tensor: file.header.tensors[0])
    }
    return try TensorTask(
      name: tensors[0].name, shape: tensors[0].shape, type: type, inputs: inputs,
      labels: tensors.indices.map { "model\($0)" }, base: base, crew: Crew(workers: workers),
      lead: isLed ? 0 : nil, sink: sink, policy: policy)
  }

  /// What a method makes of it: the values, their bytes, and what it tells.
  func merge(_ method: some MergeMethod) throws -> (values: [Double], bytes: [UInt8], Merged) {
    let width = type.bits / 8
    let memory = Memory(tensors[0].values.count * width)
    let merged = try method.merge(try task(to: memory))
    let bytes = memory.all
    let values = stride(from: 0, to: bytes.count, by: width).map {
      type.fixtureValue(Array(bytes[$0..<$0 + width]))
    }
    return (values, bytes, merged)
  }

  /// The settings of a method for the task.
  func settings(_ values: [String: SettingValue] = [:]) -> MethodSettings {
    var settings = MethodSettings()
    settings.values = values
    settings.labels = tensors.indices.map { "model\($0)" }
    settings.models = tensors.map { _ in [:] }
    settings.base = base
    return settings
  }
}

extension Merged {
  /// A figure of the report, by its way through the objects.
  func figure(_ path: String...) -> JSON? {
    var json: JSON? = .object(figures)
    for key in path {
      json = Int(key).flatMap { json?.items?[$0] } ?? json?[key]
    }
    return json
  }
}
