import Files
import Notation
import Testing

@testable import Training

struct ExpertCheckTests {
  @Test func `a whole expert of the base's shape is told in numbers`() throws {
    let scratch = try Scratch()
    try scratch.model("base")
    try scratch.model("expert", small + [("value_head", [3])])
    try scratch.checkpoint("expert/checkpoint-7", step: 7)
    let check = try ExpertCheck(
      scratch.path + "/expert", base: scratch.path + "/base", branch: "math")
    #expect(check.parameterCount == 21 && check.tensorCount == 4)
    #expect(check.files == ["config.json", "model.safetensors"])
    #expect(check.notes == ["not in the base: 'value_head'"])
  }

  @Test func `only a head that is tied may be left out`() throws {
    let scratch = try Scratch()
    let base = try scratch.model("base")
    try scratch.model("tied", Array(small.dropFirst()), config: #"{"tie_word_embeddings": true}"#)
    _ = try ExpertCheck(scratch.path + "/tied", base: base, branch: "math")
    try scratch.model("loose", [("lm_head.weight", [2, 4]), small[1]])
    let error = try #require(throws: TrainingError.self) {
      _ = try ExpertCheck(scratch.path + "/loose", base: base, branch: "math")
    }
    #expect(
      "\(error)" == """
        math: \(scratch.path)/loose: is no expert of \(base):
          of the base's 3 tensors 1 are missing: 'model.norm.weight'
          'lm_head.weight' is [2, 4], the base has [4, 2]
        """)
  }

  @Test func `a shard that ends early is no checkpoint`() throws {
    let scratch = try Scratch()
    let base = try scratch.model("base")
    let file = try OpenFile(base + "/model.safetensors")
    let bytes = try file.bytes(count: file.byteCount)
    try scratch.write("cut/model.safetensors", Array(bytes.dropLast(9)))
    let error = try #require(throws: TrainingError.self) {
      _ = try ExpertCheck(scratch.path + "/cut", base: base, branch: "math")
    }
    #expect("\(error)".hasPrefix("math: \(scratch.path)/cut: holds no whole checkpoint:\n"))
  }

  @Test func `a base that cannot be read is not the expert's fault`() throws {
    let scratch = try Scratch()
    try scratch.model("expert")
    #expect(throws: (any Error).self) {
      do {
        _ = try ExpertCheck(scratch.path + "/expert", base: scratch.path + "/no", branch: "math")
      } catch is TrainingError {}
    }
  }
}

struct ResumePointTests {
  @Test func `only a checkpoint with all its parts is gone on from`() throws {
    let scratch = try Scratch()
    for step in [5, 100, 20] { try scratch.checkpoint("out/checkpoint-\(step)", step: step) }
    try scratch.write("out/checkpoint-x/a", "")
    let points = ResumePoint.all(in: scratch.path + "/out")
    #expect(points.map(\.step) == [100, 20, 5])
    #expect(points.allSatisfy { $0.isWhole })

    let state = try scratch.text("out/checkpoint-100/trainer_state.json")
    try scratch.write("out/checkpoint-100/trainer_state.json", String(state.dropLast(4)))
    #expect(!points[0].isWhole)
    try scratch.write("out/checkpoint-100/trainer_state.json", state)
    #expect(points[0].isWhole)

    try scratch.write("out/checkpoint-100/optimizer.pt", [UInt8](repeating: 0, count: 99))
    #expect(!points[0].isWhole)
    try scratch.write("out/checkpoint-100/latest", "global_step100")
    try scratch.write("out/checkpoint-100/global_step100/shard", "")
    #expect(points[0].isWhole)

    try scratch.write("out/checkpoint-20/model.safetensors", "half")
    #expect(!points[1].isWhole)
    #expect(ResumePoint.all(in: scratch.path + "/none").isEmpty)
  }
}
