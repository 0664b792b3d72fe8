import Files
import Foundation
import Synchronization
import Testing

@testable import Fusion
@testable import Notation

struct MergeProofTests {
  private let scratch = try! Scratch()

  private func plan(_ method: String) throws -> MergePlan {
    for (number, name) in ["base", "math", "coding"].enumerated() {
      var numbers = SeededNumbers(UInt64(number + 1))
      try ModelFixture(scratch.path + "/" + name).write(
        (0..<30).map { layer in
          FixtureTensor(
            "model.layers.\(layer).mlp.up_proj.weight", .bf16, [8, 16],
            numbers.normals(128))
        })
    }
    let config = try MergeConfig(
      parsing: """
        merge_method: \(method)
        base_model: \(scratch.path)/base
        models:
          - { model: \(scratch.path)/math, parameters: { weight: 0.5, density: 0.5 } }
          - { model: \(scratch.path)/coding, parameters: { weight: 0.5, density: 0.7 } }
        dtype: bfloat16

        """, file: "m.yml")
    return try MergePlan(config)
  }

  private func results(_ plan: MergePlan, workers: Int = 2) throws -> [String: MergeProof.Tensor] {
    var options = Merger.Options()
    options.workers = workers
    let found = Mutex<[String: MergeProof.Tensor]>([:])
    try MergeProof(plan, of: Checkpoint(scratch.path + "/merged"))
      .run(Array(plan.tensors.indices), options) { tensor in
        found.withLock { $0[tensor.name] = tensor }
      }
    return found.withLock { $0 }
  }

  @Test(arguments: ["ties", "dare_ties", "task_arithmetic", "della"], [1, 3])
  func `merged again every tensor has the same bytes and the same record`(
    method: String, workers: Int
  ) throws {
    let plan = try plan(method)
    var options = Merger.Options()
    options.isDurable = false
    let made = try Merge(plan, to: scratch.path + "/merged", version: "1").run(options)
    let again = try results(plan, workers: workers)
    #expect(again.count == 30)
    for record in made.report.records {
      let tensor = try #require(again[record["name"]?.text ?? ""])
      #expect(tensor.record == record)
      #expect(tensor.firstDifference == nil && tensor.isThere)
    }
  }

  @Test func `a byte of the model is found at its place, a number of an input in the record`()
    throws
  {
    let plan = try plan("ties")
    let path = scratch.path + "/merged"
    var options = Merger.Options()
    options.isDurable = false
    let made = try Merge(plan, to: path, version: "1").run(options)
    let name = "model.layers.7.mlp.up_proj.weight"
    let stored = try #require(try Checkpoint(path)[name])
    var bytes = try scratch.bytes("merged/model.safetensors")
    bytes[stored.offset + 33] ^= 1
    try scratch.write("merged/model.safetensors", bytes)
    let again = try results(plan)
    #expect(again[name]?.firstDifference == 33)
    #expect(again.values.count { $0.firstDifference != nil } == 1)

    let input = try #require(try Checkpoint(scratch.path + "/math")[name])
    var other = try scratch.bytes("math/model.safetensors")
    other[input.offset + 1] ^= 0x40
    try scratch.write("math/model.safetensors", other)
    let changed = try results(try MergePlan(plan.config))
    let record = made.report.records.first { $0["name"]?.text == name }
    #expect(changed[name]?.record != record)
    #expect(changed.values.count { changed in !made.report.records.contains(changed.record) } == 1)
  }

  @Test func `the sample is the same each time, and all of a small model`() throws {
    let plan = try plan("ties")
    var options = Merger.Options()
    options.isDurable = false
    _ = try Merge(plan, to: scratch.path + "/merged", version: "1").run(options)
    let proof = MergeProof(plan, of: try Checkpoint(scratch.path + "/merged"))
    #expect(proof.sample().count == 16)
    #expect(proof.sample() == proof.sample())
    #expect(proof.sample(least: 100) == Array(0..<30))
  }
}
