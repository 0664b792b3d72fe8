import Foundation
import Testing

/// What is told of rows before a training, and what becomes of those that are too long.
struct PreflightTests {
  let library = try! SmallLibrary()
  private var folder: TemporaryFolder { library.folder }

  private static let recipe =
    SmallLibrary.recipe + """
      base: base
      train:
        with: command
        command: "cp -r base/. {output}"
        template: qwen
        cutoff: 120
        batch: 2
        epochs: 3

      """

  init() throws {
    try folder.write("datasets/recipes/one.yaml", Self.recipe)
    try SmallModel.write(SmallModel.tensors(), to: "base", in: folder)
    try folder.write("base/tokenizer.json", Self.tokenizer)
    try folder.write(
      "base/tokenizer_config.json", #"{"eos_token": "<|endoftext|>"}"#)
    let long = SmallLibrary.row(4).replacing("A4.", with: String(repeating: "long", count: 50))
    try folder.write(
      "work/sources/small.jsonl",
      ([1, 2, 3].map(SmallLibrary.row) + [long, SmallLibrary.row(5)]).joined(separator: "\n"))
  }

  /// Each short row has 105 tokens, counted by hand, the long one 302. A token for each byte, by the letters that GPT-2 gives them, and the template's own.
  private static let tokenizer: String = {
    var next: UInt32 = 256
    let letters = (0..<256).map { byte -> String in
      if (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174 {
        return String(Unicode.Scalar(UInt8(byte)))
      }
      defer { next += 1 }
      return String(Unicode.Scalar(next)!)
    }
    let entries = letters.enumerated().map { index, letter in
      "\(String(decoding: try! JSONEncoder().encode(letter), as: UTF8.self)): \(index)"
    }
    let added = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"].enumerated().map {
      "{\"id\": \(256 + $0), \"content\": \"\($1)\", \"single_word\": false, \"lstrip\": false,"
        + " \"rstrip\": false, \"normalized\": false, \"special\": true}"
    }
    return """
      {"version": "1.0", "truncation": null, "padding": null,
       "added_tokens": [\(added.joined(separator: ", "))], "normalizer": null,
       "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
                         "use_regex": true},
       "post_processor": null, "decoder": {"type": "ByteLevel"},
       "model": {"type": "BPE", "dropout": null, "unk_token": null, "byte_fallback": false,
                 "vocab": {\(entries.joined(separator: ", "))}, "merges": []}}
      """
  }()

  private func run(_ more: String...) throws -> Ending {
    try branchmerge(
      ["run", "datasets/recipes/one.yaml", "-w", "work", "--no-fsync"] + more, in: folder.path)
  }

  private func preflight(_ more: String...) throws -> Ending {
    try branchmerge(
      ["preflight", "datasets/recipes/one.yaml", "-w", "work"] + more, in: folder.path)
  }

  @Test func `rows that the trainer would cut are counted before it starts`() throws {
    let early = try preflight()
    #expect(
      early.errors
        == "error: work/branches/all/train.jsonl is not there; 'branchmerge run --until branch'"
        + " builds it\n")
    _ = try run("--until", "branch")
    let ending = try preflight()
    #expect(ending.status == 0)
    #expect(
      ending.output.hasPrefix(
        """
                                      all
        rows                            5
        = to training                   5
        longer than the cut-off         1
          lose </think>                 0
          lose the end of an answer     1
          lose an end token             1
          lose the end of a prompt      1
        tokens                        722

        """), "\(ending.output)")
    #expect(ending.output.contains("──── cut-off: 120 tokens ────"))
    let json = try JSON(parsing: Data(try preflight("--json", "--workers", "1").output.utf8))
    #expect(json["all"]?["rows"]?.number == 5)
    #expect(json["all"]?["stepsPerEpoch"]?.number == 3)
    #expect(json["all"]?["totalSteps"]?.number == 9)
    #expect(json["all"]?["listed"]?[0]?["row"]?.number == 4)
    let plan = try branchmerge(
      "plan", "datasets/recipes/one.yaml", "-w", "work", in: folder.path)
    #expect(plan.output.contains("5 rows, 722 tokens, 3 steps an epoch, 9 in all"))
  }

  @Test func `rows over the cut-off are left out, on record`() throws {
    let ending = try run("--set", "train.overlong=drop")
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(ending.errors.contains("train all: 4 rows, 1 left out, 0 steps in "))
    let all = try folder.text("work/branches/all/train.jsonl").split(separator: "\n")
    let trained = try folder.text("work/train/all/rows.jsonl").split(separator: "\n")
    #expect(trained == all.enumerated().filter { $0.offset != 3 }.map(\.element))
    #expect(
      try folder.ledger("SELECT output_row, token_count, reason FROM left_out") == [
        "4|302|longer than the cut-off"
      ])
    let id = try #require(try folder.rows("work/branches/all/train.jsonl")[3]["id"]?.text)
    let why = try branchmerge("why", id, "-w", "work", in: folder.path)
    #expect(
      why.output.replacing("\n", with: " ").contains(
        "The training of the expert work/train/all/output left this row out: longer than the cut-off."
      ))
    let again = try run("--set", "train.overlong=drop")
    #expect(again.errors.contains("train all: up to date"))
    #expect(try run().errors.contains("train all: 5 rows, 0 steps"))
  }

  @Test func `rows over the cut-off stop what must not cut`() throws {
    let ending = try run("--set", "train.overlong=fail")
    #expect(ending.status == 2)
    #expect(ending.errors.contains("1 of 5 rows have more than the 120 tokens"))
    #expect(!folder.exists("work/train/all/output"))
    let preflight = try preflight("--set", "train.overlong=fail")
    #expect(preflight.status == 1)
    #expect(preflight.output.contains("longer than the cut-off"))
    #expect(preflight.errors.hasPrefix("error: all: 1 of 5 rows have more than the 120 tokens"))
  }
}
