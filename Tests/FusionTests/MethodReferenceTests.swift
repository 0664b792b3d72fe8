import Foundation
import Testing

@testable import Fusion

/// Every method against `Tests/Reference/merge_methods.py`, which computes them with NumPy from the
/// formulas: within 1e-12 before rounding, and the same bits of BF16.
///
/// Runs where BRANCHMERGE_PYTHON names a Python that has NumPy and PyYAML.
struct MethodReferenceTests {
  static let python = ProcessInfo.processInfo.environment["BRANCHMERGE_PYTHON"]

  static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../Reference/merge_methods.py").standardized.path

  /// Names and shapes of a model's tensors; in the second to last the models' types are mixed.
  static let shapes: [(name: String, shape: [Int])] = [
    ("model.embed_tokens.weight", [20, 12]),
    ("model.layers.0.conv.weight", [4, 3, 5]),
    ("model.layers.0.mlp.up_proj.weight", [40, 300]),
    ("model.layers.1.norm.weight", [300]),
    ("model.norm.weight", [2]),
  ]

  @Test(
    .enabled(if: python != nil, "BRANCHMERGE_PYTHON names no Python with NumPy and PyYAML"),
    arguments: MethodCase.all)
  func `a method computes what its formula says`(example: MethodCase) throws {
    let scratch = try Scratch()
    var numbers = TestNumbers(17)
    var tensors = [[FixtureTensor]](repeating: [], count: 4)
    for (name, shape) in Self.shapes {
      let models = numbers.models(3, of: shape.reduce(1, *))
      for (index, values) in models.enumerated() {
        let type: ElementType =
          name.contains("norm") && index > 1 ? [.f32, .f16][index - 2] : .bf16
        tensors[index].append(FixtureTensor(name, type, shape, values))
      }
    }
    // Experts, then the base, as the inputs are.
    let order = Array(1...example.experts) + (example.hasBase ? [0] : [])
    let models = try order.map { index in
      let folder = scratch.path + "/\(index)"
      try ModelFixture(folder).write(tensors[index])
      return folder
    }
    try scratch.write("merge.yml", configuration(example, models))
    try Self.run(["merge.yml", "out", "--exact"], in: scratch)

    let wide = try SafetensorsFile(scratch.path + "/out/exact.safetensors")
    let narrow = try SafetensorsFile(scratch.path + "/out/model.safetensors")
    let files = try models.map { try SafetensorsFile($0 + "/model.safetensors") }
    for (place, (name, shape)) in Self.shapes.enumerated() {
      var fixture = example.fixture(tensors.map { $0[place].values }, shape: shape)
      fixture.seed = 23
      let inputs = try files.enumerated().map { index, file in
        TensorInput(
          model: index, file: file,
          tensor: try #require(file.header.tensors.first { $0.name == name }))
      }
      func stored(_ type: ElementType) -> MethodFixture.Stored {
        MethodFixture.Stored(fixture: fixture, inputs: inputs, shape: shape, type: type)
      }
      let exact = try stored(.f64).run()
      let expected = try Self.doubles(name, in: wide)
      // Where changes cancel against the base the base's last places count.
      let sizes: [[Double]] = try inputs.map { try Self.magnitudes($0) }
      let found = exact.values
      let far = found.indices.filter { index in
        var size = abs(expected[index])
        for values in sizes { size = max(size, values[index]) }
        return !(abs(found[index] - expected[index]) <= 1e-12 * size)
      }
      let first = far.first ?? 0
      let values = expected.isEmpty ? "" : "\(found[first]), should be \(expected[first])"
      #expect(far.isEmpty, "\(name): \(far.count) of \(expected.count) differ, \(first): \(values)")
      let rounded = try stored(.bf16).run().bytes
      let bytes = try Self.bytes(name, in: narrow)
      let strays = stride(from: 0, to: bytes.count, by: 2).count { index in
        rounded[index..<index + 2] != bytes[index..<index + 2]
      }
      #expect(
        strays <= example.strays, "\(name): \(strays) of \(bytes.count / 2) bit patterns differ")
    }
  }

  private func configuration(_ example: MethodCase, _ models: [String]) -> String {
    func text(_ value: SettingValue) -> String {
      switch value {
      case .number(let number): "\(number)"
      case .flag(let flag): "\(flag)"
      case .text(let text): text
      }
    }
    func parameters(_ values: [String: SettingValue], _ indent: String) -> [String] {
      guard !values.isEmpty else { return [] }
      return ["\(indent)parameters:"]
        + values.sorted { $0.key < $1.key }.map { "\(indent)  \($0.key): \(text($0.value))" }
    }
    var lines = ["merge_method: \(example.method)", "seed: 23", "dtype: bfloat16"]
    if example.isCompatible { lines.append("compat: mergekit") }
    if example.hasBase { lines.append("base_model: \(models[example.experts])") }
    lines += parameters(example.values, "")
    lines.append("models:")
    for (path, values) in zip(models, example.inputModels) {
      lines.append("  - model: \(path)")
      lines += parameters(values, "    ")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  static func run(_ arguments: [String], in scratch: Scratch) throws {
    let process = Process()
    let errors = Pipe()
    process.executableURL = URL(fileURLWithPath: try #require(python))
    process.arguments = [script] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: scratch.path)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(text)")
  }

  private static func bytes(_ name: String, in file: SafetensorsFile) throws -> [UInt8] {
    let tensor = try #require(file.header.tensors.first { $0.name == name })
    return try bytes(of: tensor, in: file)
  }

  private static func bytes(of tensor: StoredTensor, in file: SafetensorsFile) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: tensor.byteCount)
    try bytes.withUnsafeMutableBytes { try file.read(at: tensor.offset, into: $0) }
    return bytes
  }

  private static func doubles(_ name: String, in file: SafetensorsFile) throws -> [Double] {
    try bytes(name, in: file).withUnsafeBytes { bytes in
      (0..<bytes.count / 8).map { bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self) }
    }
  }

  private static func magnitudes(_ input: TensorInput) throws -> [Double] {
    let (type, width) = (input.tensor.type, input.tensor.type.bits / 8)
    let bytes = try bytes(of: input.tensor, in: input.file)
    return stride(from: 0, to: bytes.count, by: width).map {
      abs(type.fixtureValue(Array(bytes[$0..<$0 + width])))
    }
  }
}
