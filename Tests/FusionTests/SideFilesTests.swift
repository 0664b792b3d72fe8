import Files
import Foundation
import Testing

@testable import Fusion

struct SideFilesTests {
  let folder = FileManager.default.temporaryDirectory.path + "/sidefiles-\(UUID().uuidString)"

  func make(_ paths: [String], in name: String = "donor") throws -> String {
    for path in paths {
      let file = folder + "/" + name + "/" + path
      try Folder.create((file as NSString).deletingLastPathComponent)
      try Data(path.utf8).write(to: URL(fileURLWithPath: file))
    }
    return folder + "/" + name
  }

  @Test func `everything is copied but weights, training state and other formats`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let kept = [
      "1_Pooling/config.json", "LICENSE", "NOTICE.txt", "assets/plot.png", "chat_template.jinja",
      "generation_config.json", "merges.txt", "modeling_odd.py", "preprocessor_config.json",
      "qwen.tiktoken", "something.unheard-of", "tokenizer.json", "tokenizer.model", "vocab.json",
    ]
    let left = [
      "config.json", "README.md", "model-00001-of-00002.safetensors",
      "model.safetensors.index.json",
      "pytorch_model.bin", "pytorch_model.bin.index.json", "consolidated.00.pth", "params.json",
      "model.gguf", "tf_model.h5", "flax_model.msgpack", "model.onnx", "onnx/config.json",
      "original/tokenizer.model", "optimizer.pt", "scheduler.pt", "rng_state_0.pth",
      "trainer_state.json", "training_args.bin", "all_results.json", "checkpoint-500/config.json",
      "global_step10/zero.txt", ".gitattributes", ".git/HEAD", ".cache/huggingface/x", "runs/a/b",
      "adapter_config.json", "adapter_model.safetensors", "mergekit_config.yml",
      "__pycache__/a.pyc", "vae/config.json", "vae/diffusion.safetensors", "quantize_config.json",
      "merge-report.json",
    ]
    let donor = try make(kept + left)
    let side = try SideFiles(from: donor)
    #expect(side.files.map(\.path) == kept)
    #expect(
      side.notes == [
        "\(donor)/vae: has weights of its own, which are not merged; the folder stays behind"
      ])
    #expect(
      try SideFiles(from: donor, written: ["vocab.json", "LICENSE"]).files.map(\.path)
        == kept.filter { $0 != "vocab.json" && $0 != "LICENSE" })
  }

  @Test func `another model's tokenizer replaces the donor's as a whole`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let donor = try make(["tokenizer.json", "vocab.json", "generation_config.json", "code.py"])
    let other = try make(["tokenizer.json", "tokenizer.model", "other.py"], in: "other")
    let side = try SideFiles(from: donor, tokenizerFrom: other)
    #expect(
      side.files.map { $0.source.dropFirst(folder.count) } == [
        "/donor/code.py", "/donor/generation_config.json", "/other/tokenizer.json",
        "/other/tokenizer.model",
      ])
  }

  @Test func `links to files are followed and broken ones are told`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let blobs = try make(["0123"], in: "blobs")
    let snapshot = try make(["LICENSE"], in: "snapshot")
    let manager = FileManager.default
    try manager.createSymbolicLink(
      atPath: snapshot + "/tokenizer.json", withDestinationPath: "../blobs/0123")
    try manager.createSymbolicLink(atPath: folder + "/model", withDestinationPath: "snapshot")
    let side = try SideFiles(from: folder + "/model")
    #expect(side.files.map(\.path) == ["LICENSE", "tokenizer.json"])

    try #require(side.files.count == 2)
    let out = folder + "/out"
    let digest = try SideFiles.copy(side.files[1], into: out, isDurable: false)
    #expect(try String(contentsOfFile: out + "/tokenizer.json", encoding: .utf8) == "0123")
    #expect(digest == Digest(of: Array("0123".utf8).span))
    #expect(
      try manager.attributesOfItem(atPath: out + "/tokenizer.json")[.type] as? FileAttributeType
        == .typeRegular)

    try manager.removeItem(atPath: blobs + "/0123")
    #expect(
      throws: MergeError(
        "\(snapshot)/tokenizer.json: is a link to a file that is not there; fetch the model again")
    ) { try SideFiles(from: snapshot) }
  }
}
