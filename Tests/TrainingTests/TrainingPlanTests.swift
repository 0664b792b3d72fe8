import Notation
import Testing

@testable import Training

struct TrainingPlanTests {
  private static let paper = """
    with: llama-factory
    template: qwen
    cutoff: 16384
    packing: packed
    batch: 96
    gpus: 32
    epochs: 5
    learning_rate: 1.0e-5
    silence: 2h
    extra: { flash_attn: fa2, deepspeed: ds_z3.json }
    experts:
      science: { batch: 32, schedule: cosine, packing: neat, extra: { deepspeed: null, x: [1, 2e-6] } }

    """

  @Test func `a branch has the common settings with its own over them`() throws {
    let plan = try plan(Self.paper)
    #expect(plan.trainer is LlamaFactory)
    let math = plan.settings(of: "math")
    let science = plan.settings(of: "science")
    #expect(math.batch == 96 && math.accumulation == 3 && math.packing == .packed)
    #expect(math.schedule == "constant_with_warmup" && math.silence == 7200)
    #expect(science.batch == 32 && science.accumulation == 1 && science.packing == .neat)
    #expect(science.schedule == "cosine" && science.epochs == 5)
    #expect(
      science.extra == [
        .init(key: "flash_attn", value: "\"fa2\""), .init(key: "deepspeed", value: nil),
        .init(key: "x", value: "[1, 2.0e-06]"),
      ])
    #expect(plan.given(of: "math") == nil)
  }

  @Test func `experts that are there are given by path`() throws {
    let plan = try plan("with: experts\nexperts: { math: a/math, science: /b }\n")
    #expect(plan.trainer is GivenExperts)
    #expect(plan.given(of: "math") == "a/math" && plan.given(of: "science") == "/b")
  }

  @Test(arguments: [
    (
      "with: axolotl",
      "1:7: no trainer is called 'axolotl'; there are 'llama-factory', 'trl', "
        + "'command' and 'experts'"
    ),
    ("wiht: trl", "1:1: 'train' has no 'wiht'; did you mean 'with'? It has 'with', 'template', "),
    ("with: command", "1:1: the trainer 'command' needs 'command'"),
    (
      Self.paper.replacing("qwen", with: "qwenn"),
      "2:11: no template is called 'qwenn'; did you mean 'qwen'? There are 'qwen', "
    ),
    (
      Self.paper.replacing("epochs: 5\n", with: ""),
      "1:1: the trainer 'llama-factory' needs 'epochs'"
    ),
    (
      Self.paper.replacing("batch: 96", with: "batch: 100"),
      "5:8: a step of 100 packs cannot be shared out evenly: 32 GPUs with 1 each take 32 at a time, "
        + "and 100 / 32 leaves 4; 96 and 128 can be, or change 'gpus' or 'device_batch'"
    ),
    (
      Self.paper.replacing("batch: 32", with: "batch: 16"),
      "12:21: a step of 16 packs cannot be shared out evenly: 32 GPUs with 1 each take 32 at a time, "
        + "and 16 / 32 leaves 16; 32 can be"
    ),
    (
      Self.paper.replacing("science:", with: "scince:"),
      "12:3: no branch is called 'scince'; did you mean 'science'?"
    ),
    (
      Self.paper.replacing("cosine", with: "cosin"), "12:35: no schedule is called 'cosin'; did you"
    ),
    (
      Self.paper.replacing("2h", with: "2 hours"),
      "9:10: 'silence' should be a time such as '90s', '30m' or '2h', and is '2 hours'"
    ),
    (Self.paper.replacing("gpus: 32", with: "gpus: 4e9"), "6:7: 'gpus' should be from 1 to"),
    (
      Self.paper.replacing("neat", with: "tight"),
      "12:52: 'packing' cannot be 'tight'; it can be 'none', 'packed' and 'neat'"
    ),
    (Self.paper.replacing("1.0e-5", with: "0"), "8:16: 'learning_rate' should be above 0"),
    ("with: command\ncommand: run {dat}", "2:10: nothing is filled in for '{dat}'; did you mean "),
    (
      "with: experts\nexperts: { math: a }", "2:10: with 'experts' every branch has the path of its"
    ),
  ])
  func `what cannot be is refused at its place`(text: String, message: String) throws {
    let error = try #require(throws: RecipeError.self) { _ = try plan(text) }
    #expect("\(error)".hasPrefix("recipe.yaml:" + message), "\(error)")
  }

  @Test func `numbers are spelt so that Python's YAML reads numbers`() {
    #expect(
      [1e-5, 1.5e-5, 5, 0.1, 1e300].map(decimal) == ["1.0e-05", "1.5e-05", "5", "0.1", "1.0e+300"])
  }
}

struct CommandTemplateTests {
  @Test func `words are cut before they are filled in`() {
    let template = CommandTemplate("sh  run.sh --data={data}\n{resume} {x} {} {data}/{gpus}")
    #expect(template.names == ["data", "resume", "x", "data", "gpus"])
    #expect(
      template.filled(["data": "/a b/{gpus}", "resume": "", "gpus": "2"])
        == ["sh", "run.sh", "--data=/a b/{gpus}", "{x}", "{}", "/a b/{gpus}/2"])
  }

  @Test func `a shell takes a line back as its words`() {
    #expect(shellLine(["a", "b c", "it's", ""]) == #"a 'b c' 'it'\''s' ''"#)
  }
}
