import Files
import Foundation
import Notation
import Testing

@testable import Fusion

/// Cuts of whole models: `trim_scope: model` of ties.
struct ModelTrimTests {
  /// Layer 10 comes after layer 2, and equal changes are many.
  static let shapes: [(name: String, shape: [Int])] = [
    ("model.embed_tokens.weight", [30, 16]), ("model.layers.2.mlp.weight", [160, 120]),
    ("model.layers.2.norm.weight", [16]), ("model.layers.10.mlp.weight", [24, 16]),
    ("model.norm.weight", [1]),
  ]

  let scratch: Scratch
  /// The base first; by tensor as the shapes are.
  let models: [[FixtureTensor]]

  init() throws {
    scratch = try Scratch()
    var numbers = TestNumbers(31)
    var models = [[FixtureTensor]](repeating: [], count: 4)
    for (name, shape) in Self.shapes {
      // Changes of one tensor are larger than those of another.
      let spread = name.contains("mlp") ? 1e-3 : 4e-3
      for (index, values) in numbers.models(3, of: shape.reduce(1, *), spread: spread).enumerated()
      {
        models[index].append(FixtureTensor(name, .bf16, shape, values))
      }
    }
    self.models = models
    for (index, tensors) in models.enumerated() {
      try ModelFixture(scratch.path + "/\(index)").write(tensors)
    }
  }

  private func plan(_ experts: [Int], density: String, scope: String = "model") throws -> MergePlan
  {
    var text = """
      merge_method: ties
      base_model: \(scratch.path)/0
      dtype: bfloat16
      parameters:
        trim_scope: \(scope)
      models:

      """
    for expert in experts {
      text += """
          - model: \(scratch.path)/\(expert)
            parameters: {weight: 0.\(expert + 3), density: \(density)}

        """
    }
    try scratch.write("merge.yml", text)
    return try MergePlan(MergeConfig(parsing: text, file: "merge.yml"))
  }

  private func merge(
    _ plan: MergePlan, _ change: (inout Merger.Options) -> Void = { _ in }
  ) throws -> (bytes: [UInt8], report: MergeReport) {
    var options = Merger.Options()
    options.isDurable = false
    change(&options)
    let outcome = try Merge(plan, to: scratch.path + "/out", version: "test").run(options)
    let bytes = try scratch.bytes("out/model.safetensors")
    try FileManager.default.removeItem(atPath: scratch.path + "/out")
    return (bytes, outcome.report)
  }

  @Test(arguments: [0.3, 0.5, 0.95, 1e-9, 0])
  func `the largest changes of a model are kept wherever they are`(density: Double) throws {
    let changes = zip(models[1], models[0]).flatMap { expert, base in
      zip(expert.stored, base.stored).map { abs($0 - $1) }
    }
    // Of equal ones the first.
    let order = changes.indices.sorted { (changes[$1], $0) < (changes[$0], $1) }
    let count = density > 0 ? max(1, Int(density * Double(changes.count))) : 0
    let kept = Set(order.prefix(count))
    let plan = try plan([1], density: "\(density)")
    for workers in [1, 3] {
      let (bytes, _) = try merge(plan) {
        ($0.workers, $0.policy.chunk) = (workers, workers == 1 ? 1 << 17 : 512)
      }
      let file = try SafetensorsFile(try scratch.write("merged", bytes))
      var place = 0
      for (index, (name, _)) in Self.shapes.enumerated() {
        let tensor = try #require(file.header.tensors.first { $0.name == name })
        let (base, expert) = (models[0][index].bytes, models[1][index].bytes)
        var expected: [UInt8] = []
        for entry in 0..<base.count / 2 {
          let source = kept.contains(place + entry) ? expert : base
          expected += source[2 * entry..<2 * entry + 2]
        }
        #expect(Array(bytes[tensor.offset..<tensor.offset + base.count]) == expected, "\(name)")
        place += base.count / 2
      }
    }
  }

  @Test func `the report counts what is kept in each tensor`() throws {
    let (_, report) = try merge(plan([1, 2], density: "0.4"))
    let count = Self.shapes.reduce(0) { $0 + $1.shape.reduce(1, *) }
    for label in ["1", "2"] {
      let kept = report.records.map { $0["kept"]?[label]?.int ?? 0 }
      #expect(kept.reduce(0, +) == Int(0.4 * Double(count)))
      #expect(kept[0] > Int(0.4 * 480))
    }
  }

  @Test(
    .enabled(
      if: MethodReferenceTests.python != nil,
      "BRANCHMERGE_PYTHON names no Python with NumPy and PyYAML"),
    arguments: ["model", "[{filter: norm, value: tensor}, {value: model}]"])
  func `three models are merged as the reference merges them`(scope: String) throws {
    let plan = try plan([1, 2, 3], density: "0.35", scope: scope)
    try MethodReferenceTests.run(["merge.yml", "reference"], in: scratch)
    let path = scratch.path + "/reference/model.safetensors"
    let reference = try SafetensorsFile(path)
    let expected = try scratch.bytes("reference/model.safetensors")
    let merged = try merge(plan).bytes
    let file = try SafetensorsFile(try scratch.write("merged", merged))
    for tensor in file.header.tensors {
      let other = try #require(reference.header.tensors.first { $0.name == tensor.name })
      #expect(
        merged[tensor.offset..<tensor.offset + tensor.byteCount]
          == expected[other.offset..<other.offset + other.byteCount], "\(tensor.name)")
    }
  }

  @Test(arguments: 0...4)
  func `a merge that was stopped goes on with the same cuts`(tensors: Int) throws {
    let plan = try plan([1, 2], density: "0.2")
    let expected = try merge(plan).bytes
    #expect(try begin(plan, tensors: tensors) == tensors)
    #expect(try merge(plan).bytes == expected)
  }

  /// Merges the first tensors only, and returns how many it has finished.
  private func begin(_ plan: MergePlan, tensors: Int) throws -> Int {
    let staged = try StagedCheckpoint(
      scratch.path + "/out", layout: plan.layout,
      identity: plan.identity(version: "test") + "\n" + plan.stamp, isDurable: false)
    let merger = Merger(Merger.Options())
    _ = try merger.run(Array(merger.settled(plan.tensors).prefix(tensors)), into: staged)
    return staged.finished
  }

  @Test func `a model has one density`() throws {
    let error = #expect(throws: MergeError.self) {
      try plan([1], density: "[{filter: norm, value: 0.5}, {value: 0.2}]")
    }
    let text = error?.problems.joined() ?? ""
    #expect(
      text.contains("model.layers.2.norm.weight: the density of 1 is 0.5, and was 0.2 before"))
    // Where it is not, the others are cut by themselves.
    _ = try plan(
      [1], density: "[{filter: norm, value: 0.5}, {value: 0.2}]",
      scope: "[{filter: norm, value: tensor}, {value: model}]")
  }
}
