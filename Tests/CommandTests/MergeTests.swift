import Foundation
import Testing

/// `branchmerge merge`, ended from outside at whatever moment.
@Suite(.serialized)
struct MergeTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for (name, change) in [("base", 0), ("expert", 3)] as [(String, UInt64)] {
      try folder.write("\(name)/model.safetensors", Self.model(change))
      try folder.write("\(name)/config.json", #"{"model_type": "llama"}"#)
    }
    try folder.write(
      "merge.yml",
      "merge_method: arcee_fusion\nbase_model: base\nmodels: [{model: base}, {model: expert}]\n")
  }

  /// Three hundred matrices of BF16, all numbers between 1 and 2.
  private static func model(_ change: UInt64) -> Data {
    let (tensors, count) = (300, 40_000)
    var entries: [String] = []
    var data = Data(capacity: tensors * count * 2)
    var state: UInt64 = 1
    for tensor in 0..<tensors {
      entries.append(
        "\"model.layers.\(tensor).weight\":{\"dtype\":\"BF16\",\"shape\":[200,200],"
          + "\"data_offsets\":[\(2 * count * tensor),\(2 * count * (tensor + 1))]}")
      let words = (0..<count / 4).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let noise = state >> 17 & 0x000F_0003_0000_0001 &* change
        return (state & 0x003F_003F_003F_003F | 0x3F80_3F80_3F80_3F80) ^ noise
          & 0x007F_007F_007F_007F
      }
      words.withUnsafeBytes { data.append(contentsOf: $0) }
    }
    let header = Data("{\(entries.joined(separator: ","))}".utf8)
    return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header + data
  }

  private func start(_ more: String...) throws -> Running {
    try Running(
      Package.program, ["merge", "merge.yml", "out", "--shard-size", "5MB"] + more,
      in: folder.path, [:])
  }

  private var staging: String { folder / ".out.merging" }

  /// What the folder has when nothing interrupts.
  private func expected() throws -> [String: Data] {
    let ending = try start().end()
    try #require(ending.status == 0, "\(ending.errors)")
    let contents = try folder.contents(below: "out")
    try FileManager.default.removeItem(atPath: folder / "out")
    return contents
  }

  /// Waits until a file has so many bytes, or a thousandth of a second for each.
  private func wait(_ running: Running, until byteCount: Int, in name: String) {
    for _ in 0..<20_000 where running.process.isRunning {
      let size = try? FileManager.default.attributesOfItem(atPath: folder / name)[.size] as? Int
      if size ?? 0 >= byteCount { return }
      usleep(200)
    }
  }

  @Test func `a killed merge leaves no folder, goes on, and ends with the same bytes`() throws {
    let expected = try expected()
    var continued = 0
    for moment in [0, 1, 2000, 20_000, 80_000, 150_000] {
      let running = try start("--workers", "1")
      if moment == 0 {
        usleep(20_000)
      } else {
        wait(running, until: moment, in: ".out.merging/journal.jsonl")
      }
      running.send(SIGKILL)
      guard try running.end().wasKilled else {
        try? FileManager.default.removeItem(atPath: folder / "out")
        continue
      }
      #expect(!folder.exists("out"))
      let next = try start().end()
      #expect(next.status == 0, "\(next.errors)")
      continued += next.output.contains("had been merged before") ? 1 : 0
      #expect(try folder.contents(below: "out") == expected)
      #expect(!FileManager.default.fileExists(atPath: staging))
      try FileManager.default.removeItem(atPath: folder / "out")
    }
    #expect(continued > 0)
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `a signal stops the merge and says how to go on`(signal: Int32) throws {
    let expected = try expected()
    let running = try start("--workers", "1")
    wait(running, until: 2000, in: ".out.merging/journal.jsonl")
    running.send(signal)
    let stopped = try running.end()
    // The program may have been faster.
    guard stopped.status != 0 else { return }
    #expect(stopped.status == 128 + signal && !stopped.wasKilled)
    let pattern =
      /interrupted; [0-9]+ of 300 tensors are done\. The same command goes on from there\.\n/
    #expect(stopped.errors.contains(pattern), "\(stopped.errors)")
    #expect(!folder.exists("out"))
    let next = try start().end()
    #expect(next.output.contains("tensors had been merged before"))
    #expect(try folder.contents(below: "out") == expected)
  }

  @Test func `a finished merge is told and left alone`() throws {
    #expect(try start().end().status == 0)
    let before = try folder.contents(below: "out")
    let again = try start("--workers", "7").end()
    #expect(again.status == 0)
    #expect(again.output == "out is there already, from the same merge\n")
    #expect(try folder.contents(below: "out") == before)
  }

  @Test func `a second merge into the same folder waits for nobody`() throws {
    let first = try start("--workers", "1")
    wait(first, until: 200, in: ".out.merging/journal.jsonl")
    first.send(SIGSTOP)
    let isHeld = first.process.isRunning && !folder.exists("out")
    let second = try start().end()
    first.send(SIGCONT)
    #expect(try first.end().status == 0)
    guard isHeld else { return }
    #expect(second.status != 0)
    #expect(second.errors.contains("another run is at work"))
    #expect(try start().end().output == "out is there already, from the same merge\n")
  }

  /// A limit on the size of files stands for a disk that is full.
  @Test func `a full disk is told before any work and leaves nothing`() throws {
    for limit in [1000, 100] {
      let ending = try Running(
        "/bin/bash",
        [
          "-c", "trap '' XFSZ; ulimit -f \(limit); exec \"$0\" \"$@\"", Package.program, "merge",
          "merge.yml", "out", "--shard-size", "5MB",
        ], in: folder.path, [:]
      ).end()
      #expect(ending.status != 0 && !ending.wasKilled)
      #expect(ending.errors.contains("could not reserve"), "\(ending.errors)")
      #expect(!folder.exists("out"))
      #expect(!FileManager.default.fileExists(atPath: staging), "\(limit)")
    }
    #expect(try start().end().status == 0)
  }

  @Test func `a plan does nothing`() throws {
    let before = folder.files()
    let plan = try start("--plan").end()
    #expect(plan.status == 0)
    #expect(plan.output.contains("model.layers.299.weight"))
    let json = try start("--plan", "--json").end()
    #expect(try JSON(parsing: Data(json.output.utf8))["tensors"]?.list?.count == 300)
    #expect(folder.files() == before)
  }

  /// Opt-in: the Python named by BRANCHMERGE_TRANSFORMERS has transformers and torch.
  @Test(
    .enabled(if: ProcessInfo.processInfo.environment["BRANCHMERGE_TRANSFORMERS"] != nil))
  func `transformers loads a merged folder and generates`() throws {
    let python = try #require(ProcessInfo.processInfo.environment["BRANCHMERGE_TRANSFORMERS"])
    let make = """
      import sys, torch
      from transformers import LlamaConfig, LlamaForCausalLM
      for seed, name in enumerate(["made/base", "made/math", "made/code"]):
          torch.manual_seed(seed)
          config = LlamaConfig(hidden_size=64, intermediate_size=96, num_hidden_layers=3,
              num_attention_heads=4, num_key_value_heads=2, vocab_size=200, torch_dtype="bfloat16",
              tie_word_embeddings=len(sys.argv) > 1)
          LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(name)
      """
    let load = """
      import sys, torch
      from transformers import AutoModelForCausalLM
      model, info = AutoModelForCausalLM.from_pretrained(sys.argv[1], output_loading_info=True)
      assert not info["missing_keys"] and not info["unexpected_keys"], info
      out = model.generate(torch.tensor([[1, 2, 3]]), max_new_tokens=5, do_sample=False)
      assert out.shape[1] > 3 and torch.isfinite(model(out).logits).all()
      print(sum(p.numel() for p in model.parameters()), model.dtype, out.tolist())
      """
    try folder.write("make.py", make)
    try folder.write("load.py", load)
    let chain =
      "chain: [{model: made/base}, {model: made/math, kept: existing}, {model: made/code, kept: existing}]"
    let slices = """
      base_model: made/base
      slices:
        - sources: [{model: made/base, layer_range: [0, 2]}, {model: made/math, layer_range: [0, 2]}]
        - sources: [{model: made/base, layer_range: [1, 3]}, {model: made/code, layer_range: [1, 3]}]
      """
    let two = "base_model: made/base\nmodels: [{model: made/math}]"
    for isTied in [false, true] {
      try tool(python, isTied ? ["make.py", "tied"] : ["make.py"], in: folder.path)
      for (number, body) in [chain, slices, two, two + "\nout_dtype: float32"].enumerated() {
        try folder.write("made.yml", "merge_method: arcee_fusion\n\(body)\n")
        let path = "made/merged-\(isTied)-\(number)"
        let ending = try branchmerge(
          "merge", "made.yml", path, "--shard-size", "100KB", in: folder.path)
        try #require(ending.status == 0, "\(ending.errors)")
        let loaded = try tool(python, ["load.py", path], in: folder.path)
        #expect(loaded.contains(number == 3 ? "torch.float32" : "torch.bfloat16"), "\(loaded)")
      }
    }
  }
}

/// Runs a program that is named by its path.
@discardableResult
private func tool(_ path: String, _ arguments: [String], in folder: String) throws -> String {
  let ending = try Running(path, arguments, in: folder, [:]).end()
  try #require(ending.status == 0, "\(ending.errors)")
  return ending.output
}
