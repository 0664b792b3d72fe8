import Testing

@testable import Fusion

struct ChatTemplateTests {
  func tokenizer(_ files: [String: String]) -> TokenizerFiles {
    TokenizerFiles(label: "math", files: files.mapValues { Array($0.utf8) })
  }

  func files(_ setting: String, for tokenizer: TokenizerFiles) throws -> [String: String] {
    try ChatTemplate(setting, inputs: []).files(for: tokenizer)
      .mapValues { String(decoding: $0, as: UTF8.self) }
  }

  @Test func `a Jinja text is put where the model keeps its own`() throws {
    let config = #"{"a": 1, "chat_template": "old", "b": 2.50}"#
    #expect(
      try files("{{x}}", for: tokenizer(["tokenizer_config.json": config]))
        == ["tokenizer_config.json": #"{"a": 1, "chat_template": "{{x}}", "b": 2.50}"#])
    #expect(
      try files("{{x}}", for: tokenizer(["tokenizer_config.json": #"{"a": 1}"#]))
        == ["tokenizer_config.json": #"{"a": 1,"chat_template": "{{x}}"}"#])
    #expect(
      try files(
        "{{x}}",
        for: tokenizer(["tokenizer_config.json": #"{"a": 1}"#, "chat_template.jinja": "old"]))
        == ["chat_template.jinja": "{{x}}"])
    #expect(try files("{{x}}", for: tokenizer([:])) == ["chat_template.jinja": "{{x}}"])
  }

  @Test(arguments: ["alpaca", "chatml", "exaone", "llama3", "mistral"])
  func `a known name stands for a template`(name: String) throws {
    #expect(try ChatTemplate(name, inputs: []).jinja.contains("{%"))
  }

  @Test func `auto takes what all have in common and nothing else`() throws {
    let own = tokenizer(["tokenizer_config.json": #"{"chat_template": "{{x}}"}"#])
    let same = tokenizer(["chat_template.jinja": "{{x}}"])
    let other = tokenizer(["chat_template.jinja": "{{y}}"])
    #expect(try ChatTemplate("auto", inputs: [own, same]).jinja == "{{x}}")
    let error = MergeError(
      "chat_template: 'auto' needs one template that all models share, and they do not have it; give"
        + " a name (alpaca, chatml, exaone, llama3, mistral) or the Jinja text, or leave the key"
        + " away to keep the template of the model that gives the tokenizer")
    for inputs in [[own, other], [own, tokenizer([:])], [tokenizer([:])], []] {
      #expect(throws: error) { try ChatTemplate("auto", inputs: inputs) }
    }
  }

  @Test func `a name that is none is an error with the names there are`() {
    #expect(
      throws: MergeError(
        "chat_template: 'chatlm' is no Jinja text, and no template is called so; did you mean"
          + " 'chatml'? There are 'alpaca', 'chatml', 'exaone', 'llama3', 'mistral' and 'auto'")
    ) { try ChatTemplate("chatlm", inputs: []) }
  }
}
