import Testing

@testable import Fusion

struct TokenizerComparisonTests {
  @Test func `equal files are nothing to speak of`() {
    let files = SmallTokenizer().files("math")
    #expect(TokenizerComparison.sentences(among: [files, files]) == [])
    #expect(TokenizerComparison.sentences(among: []) == [])
  }

  @Test func `what differs is told in short sentences`() {
    var math = SmallTokenizer()
    math.more = [
      "tokenizer_config.json": #"{"eos_token": "</s>", "chat_template": "{{a}}"}"#,
      "generation_config.json":
        #"{"eos_token_id": 16, "temperature": 0.6, "transformers_version": "4"}"#,
      "vocab.json": "{}",
    ]
    var coding = SmallTokenizer(
      merges: [["a", "b"], ["g", "h"]], added: ["<s>", "</s>", "<x>", "cd"])
    coding.more = [
      "tokenizer_config.json": #"{"eos_token": {"content": "<x>"}}"#,
      "generation_config.json": #"{"eos_token_id": [16, 15], "transformers_version": "5"}"#,
      "chat_template.jinja": "{{b}}",
    ]
    #expect(
      TokenizerComparison.sentences(among: [math.files("math"), coding.files("coding")]) == [
        "coding: 'generation_config.json', 'tokenizer.json' and 'tokenizer_config.json' not as in"
          + " math",
        "only math has 'vocab.json'",
        "only coding has 'chat_template.jinja'",
        "2 of math's 17 tokens are not among coding's 17: 'abcd', 'ef'",
        "2 of coding's 17 tokens are not among math's 17: 'gh', '<x>'",
        "tokens with another id in coding than in math: 3, as 'cd': 16, not 12",
        "math and coding do not both have as added tokens: 'cd'",
        "chat templates differ: math has its own, coding has its own",
        "eos_token: math '</s>', coding '<x>'",
        "generation_config.json: eos_token_id: math 16, coding [16,15]",
        "generation_config.json: temperature: math 0.6, coding not set",
      ])
  }

  @Test func `a vocabulary that cannot be read is told and does not stop the comparison`() {
    let math = SmallTokenizer().files("math")
    let coding = TokenizerFiles(label: "coding", files: ["tokenizer.json": Array("{".utf8)])
    #expect(
      TokenizerComparison.sentences(among: [math, coding]) == [
        "coding: 'tokenizer.json' not as in math",
        "coding: tokenizer.json: line 1, column 2: expected '\"', and the text ends",
      ])
  }
}
