import Files
import Foundation
import Testing

@testable import Fusion

/// The folder of a merge: whole or not at all, the same bytes whatever came in between.
struct MergeFolderTests {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try Self.model("base", seed: 1, in: scratch)
    try Self.model("expert", seed: 2, in: scratch)
  }

  private var out: String { scratch.path + "/out" }
  private var staging: String { scratch.path + "/.out.merging" }

  private func config(_ more: String = "") -> String {
    """
    merge_method: arcee_fusion
    base_model: \(scratch.path)/base
    models:
      - model: \(scratch.path)/base
      - model: \(scratch.path)/expert
    \(more)
    """
  }

  static func model(_ name: String, seed: UInt64, in scratch: Scratch, files: Int = 1) throws {
    var numbers = SeededNumbers(7)
    var changes = SeededNumbers(seed)
    func tensor(_ name: String, _ shape: [Int]) -> FixtureTensor {
      let values = (0..<shape.reduce(1, *)).map { _ in
        numbers.normal() + (seed > 1 ? changes.normal(0.3) : 0)
      }
      return FixtureTensor(name, .bf16, shape, values)
    }
    var tensors = [tensor("model.embed_tokens.weight", [50, 16])]
    for layer in 0..<4 {
      tensors.append(tensor("model.layers.\(layer).mlp.weight", [24, 16]))
      tensors.append(tensor("model.layers.\(layer).norm.weight", [16]))
    }
    tensors += [tensor("model.norm.weight", [16]), tensor("lm_head.weight", [50, 16])]
    let folder = scratch.path + "/" + name
    let fixture = try ModelFixture(folder).write(
      tensors, files: files,
      config: #"{"model_type": "llama", "num_hidden_layers": 4, "vocab_size": 50, "odd": 1e-06}"#)
    try fixture.write("special_tokens_map.json", "{ }\n")
    try scratch.write(name + "/notes/odd.txt", "kept")
  }

  private func plan(_ text: String? = nil, shards: Int? = nil) throws -> MergePlan {
    var options = MergePlan.Options()
    if let shards { options.shardByteCount = shards }
    return try MergePlan(
      MergeConfig(parsing: text ?? config(), file: "merge.yml"), options: options)
  }

  @discardableResult
  private func merge(
    _ plan: MergePlan, to path: String? = nil, _ change: (inout Merger.Options) -> Void = { _ in }
  ) throws -> Merge.Outcome {
    var options = Merger.Options()
    options.isDurable = false
    change(&options)
    return try Merge(plan, to: path ?? out, version: "test").run(options)
  }

  private func contents(_ name: String = "out") throws -> [String: [UInt8]] {
    var contents: [String: [UInt8]] = [:]
    for file in Folder.files(below: scratch.path + "/" + name) {
      contents[file] = try scratch.bytes(name + "/" + file)
    }
    return contents
  }

  // ---- the same bytes ----

  @Test func `the folder is the same for any workers, chunks, cache and haste`() throws {
    let plan = try plan(shards: 2000)
    try merge(plan)
    let expected = try contents()
    #expect(expected.keys.count { $0.hasSuffix(".safetensors") } > 3)
    for (workers, chunk, cache) in [(2, 1 << 17, 192 << 20), (7, 1, 0), (1, 1 << 30, 0)] {
      try merge(plan, to: scratch.path + "/other/out") {
        ($0.workers, $0.policy.chunk, $0.cacheByteCount, $0.isDurable) = (
          workers, chunk, cache, true
        )
      }
      #expect(try contents("other/out") == expected)
      try FileManager.default.removeItem(atPath: scratch.path + "/other/out")
    }
    #expect(expected["notes/odd.txt"] == Array("kept".utf8))
    #expect(
      expected["config.json"].map { String(decoding: $0, as: UTF8.self) }?.contains("1e-06") == true
    )
    #expect(expected["merge-config.yml"] == Array(config().utf8))
    #expect(!FileManager.default.fileExists(atPath: staging))
  }

  /// More than four million entries are merged by all workers together.
  @Test func `a large tensor is the same for any workers`() throws {
    var numbers = SeededNumbers(3)
    let shape = [2100, 2048]
    let count = shape[0] * shape[1]
    // BF16 numbers of up to 2, and others that are near.
    let base = (0..<count / 4).map { _ in numbers.next() & 0xBFFF_BFFF_BFFF_BFFF }
    let expert = base.map { $0 ^ numbers.next() & 0x0007_0003_0001_000F }
    for (name, words) in [("base", base), ("expert", expert)] {
      let header =
        "{\"w\":{\"dtype\":\"BF16\",\"shape\":\(shape),\"data_offsets\":[0,\(2 * count)]}}"
      let bytes = words.withUnsafeBytes {
        ModelFixture.safetensors(header: header, data: Array($0))
      }
      try scratch.write(name + "/model.safetensors", bytes)
    }
    let plan = try plan()
    try merge(plan)
    let expected = try contents()
    for workers in [2, 3] {
      try merge(plan, to: scratch.path + "/other/out") { $0.workers = workers }
      #expect(try contents("other/out") == expected)
      try FileManager.default.removeItem(atPath: scratch.path + "/other/out")
    }
  }

  // ---- going on ----

  /// Merges the first tensors only, as a process does that is then killed.
  private func begin(_ plan: MergePlan, tensors: Int) throws {
    let staged = try StagedCheckpoint(
      out, layout: plan.layout, identity: plan.identity(version: "test") + "\n" + plan.stamp,
      isDurable: false)
    _ = try Merger(Merger.Options()).run(Array(plan.tensors.prefix(tensors)), into: staged)
  }

  @Test(arguments: 0...11)
  func `a merge that was stopped goes on and ends with the same bytes`(tensors: Int) throws {
    let plan = try plan(shards: 2000)
    try merge(plan, to: scratch.path + "/whole/out")
    try begin(plan, tensors: tensors)
    let outcome = try merge(plan)
    #expect(outcome.continued == tensors)
    #expect(try contents() == contents("whole/out"))
    #expect(!FileManager.default.fileExists(atPath: staging))
  }

  @Test func `a journal with a torn last line and odd lines loses only these`() throws {
    let plan = try plan()
    try merge(plan, to: scratch.path + "/whole/out")
    for tail in [#"{"name":"model.nor"#, "{}\n", "\u{0}\u{0}\n\n[", "{\"name\":3}\n"] {
      try begin(plan, tensors: 5)
      let journal = ".out.merging/journal.jsonl"
      try scratch.write(journal, scratch.text(journal) + tail)
      #expect(try merge(plan).continued == 5)
      #expect(try contents() == contents("whole/out"))
      try FileManager.default.removeItem(atPath: out)
    }
    // Half a line is no line, also where it is the first.
    try begin(plan, tensors: 5)
    let text = try scratch.text(".out.merging/journal.jsonl")
    try scratch.write(".out.merging/journal.jsonl", String(text.prefix(20)))
    #expect(try merge(plan).continued == 0)
    #expect(try contents() == contents("whole/out"))
  }

  @Test func `a tensor whose bytes were damaged is merged again`() throws {
    let plan = try plan()
    try merge(plan, to: scratch.path + "/whole/out")
    try begin(plan, tensors: 8)
    let shard = ".out.merging/model/" + plan.layout.shards[0].fileName
    var bytes = try scratch.bytes(shard)
    bytes[plan.layout.places[2].offset + 1] ^= 0x10
    bytes[3] ^= 0xFF
    try scratch.write(shard, bytes)
    #expect(try merge(plan).continued == 7)
    #expect(try contents() == contents("whole/out"))
  }

  @Test func `a shard that is gone or cut off is begun again`() throws {
    let plan = try plan()
    try merge(plan, to: scratch.path + "/whole/out")
    for isGone in [true, false] {
      try begin(plan, tensors: 8)
      let shard = ".out.merging/model/" + plan.layout.shards[0].fileName
      if isGone {
        try FileManager.default.removeItem(atPath: scratch.path + "/" + shard)
      } else {
        try scratch.write(shard, Array(scratch.bytes(shard).prefix(1000)))
      }
      try merge(plan)
      #expect(try contents() == contents("whole/out"))
      try FileManager.default.removeItem(atPath: out)
    }
  }

  @Test func `what another merge had begun is thrown away`() throws {
    try merge(plan(), to: scratch.path + "/whole/out")
    try begin(plan(config("parameters: {lambda_iqr: 0.1}")), tensors: 8)
    try scratch.write(".out.merging/model/stale.safetensors", "stale")
    #expect(try merge(plan()).continued == 0)
    #expect(try contents() == contents("whole/out"))
  }

  @Test func `a finished merge is told and not touched`() throws {
    try merge(plan())
    let before = try contents()
    let attributes = try FileManager.default.attributesOfItem(atPath: out + "/merge-report.json")
    let outcome = try merge(plan(), to: out + "/") { $0.workers = 3 }
    #expect(outcome.wasThere)
    #expect(try contents() == before)
    let after = try FileManager.default.attributesOfItem(atPath: out + "/merge-report.json")
    #expect(attributes[.modificationDate] as? Date == after[.modificationDate] as? Date)
  }

  @Test func `another config, option or input is another merge`() throws {
    try merge(plan())
    func isRefused(_ plan: MergePlan, sha256: Bool = false) {
      let error = #expect(throws: FileError.self) {
        try merge(plan) { $0.withSHA256 = sha256 }
      }
      #expect(error?.description.contains("holds a model already") == true)
    }
    isRefused(try plan(config("# another text")))
    isRefused(try plan(shards: 2000))
    isRefused(try plan(), sha256: true)
    // Small files beside the tensors are inputs too.
    let config = try scratch.text("base/config.json")
    try scratch.write("base/config.json", config.replacing("1e-06", with: "1e-05"))
    isRefused(try plan())
    try scratch.write("base/config.json", config)
    #expect(try merge(plan()).wasThere)
    try scratch.write("base/special_tokens_map.json", "{}\n")
    isRefused(try plan())
    try Self.model("expert", seed: 5, in: scratch)
    isRefused(try plan())
  }

  @Test func `inputs that changed since are not gone on with`() throws {
    try begin(plan(), tensors: 8)
    try Self.model("expert", seed: 5, in: scratch)
    let plan = try plan()
    #expect(try merge(plan).continued == 0)
    try merge(plan, to: scratch.path + "/whole/out")
    #expect(try contents() == contents("whole/out"))
  }

  // ---- refused ----

  @Test func `a name that is taken is refused before any work`() throws {
    let plan = try plan()
    try scratch.write("file", "text")
    try scratch.write("full/a.txt", "text")
    try scratch.write("model/model.safetensors", "text")
    try Folder.create(scratch.path + "/empty")
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/link", withDestinationPath: "empty")
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/astray", withDestinationPath: "nowhere")
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/same", withDestinationPath: "base")
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/around", withDestinationPath: ".")
    for (name, words) in [
      ("file", "is a file"), ("full", "holds other files already"),
      ("model", "holds a model already"),
      ("link", "is a link"), ("astray", "is a link"),
      ("base", "cannot lie in, over or around"), ("base/", "cannot lie in, over or around"),
      ("base/merged", "cannot lie in, over or around"),
      ("expert/deep/merged", "cannot lie in, over or around"),
      ("same", "cannot lie in, over or around"),
      ("same/merged", "cannot lie in, over or around"),
      ("around/base/merged", "cannot lie in, over or around"),
      (".", "cannot lie in, over or around"),
      ("base/../base/merged", "cannot lie in, over or around"),
    ] {
      let error = #expect(throws: FileError.self, "\(name)") {
        try merge(plan, to: scratch.path + "/" + name)
      }
      #expect(error?.description.contains(words) == true, "\(name): \(error?.description ?? "")")
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
    #expect(left.filter { $0.hasPrefix(".") } == [])
    #expect(!scratch.has("base/merged") && !scratch.has("base/.merged.merging"))
  }

  @Test func `an empty folder is taken over and folders above are made`() throws {
    try Folder.create(out)
    try merge(plan())
    #expect(scratch.has("out/merge-report.json"))
    try merge(plan(), to: scratch.path + "/a/b/out")
    #expect(try contents("a/b/out") == contents())
  }

  @Test func `two processes do not merge into one folder`() throws {
    let plan = try plan()
    let first = try StagedCheckpoint(
      out, layout: plan.layout, identity: "one", isDurable: false)
    let error = #expect(throws: FileError.self) { try merge(plan) }
    #expect(error?.description.contains("another run is at work") == true)
    _ = first
  }

  @Test func `a shard that is cut off is refused with its name`() throws {
    let bytes = try scratch.bytes("expert/model.safetensors")
    try scratch.write("expert/model.safetensors", Array(bytes.dropLast(3)))
    let error = #expect(throws: MergeError.self) { try plan() }
    #expect(error?.description.contains("expert/model.safetensors") == true)
  }

  @Test func `a file that shrinks or changes meanwhile is an error that names it`() throws {
    let bytes = try scratch.bytes("expert/model.safetensors")
    let plan = try plan()
    let handle = try FileHandle(
      forWritingTo: URL(fileURLWithPath: scratch.path + "/expert/model.safetensors"))
    try handle.truncate(atOffset: UInt64(bytes.count - 50))
    let error = #expect(throws: FileError.self) { try merge(plan) }
    #expect(error?.description.contains("expert/model.safetensors: ends at byte") == true)
    #expect(!scratch.has("out"))
    // The same bytes again are still another state of the file.
    try scratch.write("expert/model.safetensors", bytes)
    let again = #expect(throws: FileError.self) { try merge(plan) }
    #expect(again?.description.contains("expert/model.safetensors") == true)
    #expect(!scratch.has("out"))
    try merge(self.plan())
  }

  @Test func `an error in the inputs leaves nothing`() throws {
    let name = "expert/model.safetensors"
    var bytes = try scratch.bytes(name)
    bytes.replaceSubrange(bytes.count - 2..<bytes.count, with: [0xC0, 0x7F])
    try scratch.write(name, bytes)
    let error = #expect(throws: MergeError.self) { try merge(plan()) }
    #expect(error?.description.contains("expert: ") == true)
    #expect(error?.description.contains(" is nan;") == true)
    #expect(!scratch.has("out") && !scratch.has(".out.merging"))
    try merge(plan()) { $0.policy.allowsNonFinite = true }
    #expect(scratch.has("out/merge-report.json"))
  }

  // ---- several documents ----

  private var job: String {
    """
    name: half
    \(config())
    ---
    merge_method: arcee_fusion
    base_model: half
    models: [{model: half}, {model: \(scratch.path)/expert}]
    """
  }

  @Test func `a later document's mistake is told before the first is merged`() throws {
    for (old, new) in [("base_model: half", "base_model: nowhere"), ("[{model: half}, ", "[")] {
      let text = job.replacing(old, with: new).replacing("model: half}", with: "model: half}")
      guard text.contains("model: half") || new != "[" else { continue }
      let config = try MergeConfig(
        parsing: text + (new == "[" ? "\nparameters: {no_such: 1}" : ""), file: "merge.yml")
      let work = MergeJob(config, to: out, MergePlan.Options(), Merger.Options(), version: "test")
      #expect(throws: (any Error).self) { try work.run(note: { _ in }, progress: { _ in }) }
      #expect(!scratch.has(".out.parts"))
    }
  }

  @Test func `documents that build on each other are planned and merged`() throws {
    let config = try MergeConfig(parsing: job, file: "merge.yml")
    let work = MergeJob(config, to: out, MergePlan.Options(), Merger.Options(), version: "test")
    #expect(try work.plans().map(\.tensors.count) == [11, 11])
    #expect(!scratch.has("out"))
    _ = try work.run(note: { _ in }, progress: { _ in })
    #expect(!scratch.has(".out.parts") && !scratch.has(".out.merging"))
    // The same by hand.
    try merge(plan(), to: scratch.path + "/half")
    try merge(
      plan(
        "merge_method: arcee_fusion\nbase_model: \(scratch.path)/half\nmodels: [{model: \(scratch.path)/half},"
          + " {model: \(scratch.path)/expert}]"), to: scratch.path + "/hand")
    #expect(try scratch.bytes("out/model.safetensors") == scratch.bytes("hand/model.safetensors"))
  }
}
