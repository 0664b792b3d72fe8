import Files
import Samples
import Testing

@testable import Curation
@testable import Notation

struct TemplateTests {
  static let types: [String: FieldType] = [
    "prompt": .text, "code": .text, "r": .texts, "score": .number,
  ]

  /// What a template writes of a row, or `null: FIELD`.
  private func text(_ template: String, _ row: String, picked: Int? = nil) throws -> String {
    var projection = Projection()
    let template = try Template(
      YAML(parsing: JSON.quoted(template), file: "f.yaml"), in: Scope(Self.types), &projection,
      picks: picked != nil)
    return try withSample(row, projection) { sample in
      var output = ByteBuffer()
      if let field = template.write(sample, picked: picked, to: &output) {
        return "null: " + field.name
      }
      return String(copying: output.bytes)
    }
  }

  static let texts: [(String, String, String)] = [
    ("", #"{}"#, ""),
    ("plain, ünï 😀", "{}", "plain, ünï 😀"),
    // A literal is written as a JSON string has it.
    ("a \"quote\"\n\\tab\t", "{}", #"a \"quote\"\n\\tab\t"#),
    ("{prompt}", #"{"prompt": "1+1"}"#, "1+1"),
    // A field is spliced: escapes stay as they stand in the row.
    ("<{prompt}>", #"{"prompt": "\u0031+\/\n\"ü\ud83d\ude00"}"#, #"<\u0031+\/\n\"ü\ud83d\ude00>"#),
    ("{prompt}{prompt}", #"{"prompt": "a"}"#, "aa"),
    ("{prompt}", #"{"prompt": ""}"#, ""),
    ("{prompt|trim}", #"{"prompt": "  a b \n"}"#, "a b"),
    (
      "{prompt|trim}", #"{"prompt": "\u00a0\n\t a\\n \\ b\u3000\u2003\r\n"}"#, #"a\\n \\ b"#
    ),
    ("{prompt|trim}", #"{"prompt": "\n \u000b"}"#, ""),
    ("{prompt|trim}", #"{"prompt": "\\n"}"#, #"\\n"#),
    ("{{{prompt}}} [[x]] {{prompt}}", #"{"prompt": "a"}"#, "{a} [x] {prompt}"),
    // Without markup a field is spliced all the same.
    ("{prompt|markup}", #"{"prompt": " \u0061 \u003cb, x<y \n"}"#, #" \u0061 \u003cb, x<y \n"#),
    ("{prompt|markup|trim}", #"{"prompt": " \u0061 < b \n"}"#, #"\u0061 < b"#),
    (
      "{prompt|markup}", #"{"prompt": " \u0061\u003Csub>\"1\"<\/sub>\u0001\n"}"#,
      #" a_{\"1\"}\u0001\n"#
    ),
    ("{prompt|markup|trim}", #"{"prompt": " a &lt; b\n"}"#, "a < b"),
    ("{prompt}[\n{code|markup}]", #"{"prompt": "a", "code": "<p></p>"}"#, "a"),
    ("{prompt}[\n{code}]", #"{"prompt": "a", "code": "b"}"#, #"a\nb"#),
    ("{prompt}[\n{code}]", #"{"prompt": "a", "code": ""}"#, "a"),
    ("{prompt}[\n{code}]", #"{"prompt": "a", "code": null}"#, "a"),
    ("{prompt}[\n{code}]!", #"{"prompt": "a"}"#, "a!"),
    ("{prompt}[\n{code|trim}]", #"{"prompt": "a", "code": " \n"}"#, "a"),
    ("[{prompt}{code}]", #"{"prompt": "a", "code": ""}"#, ""),
    ("[a{{{prompt}}}[[b]", #"{"prompt": "x"}"#, "a{x}[b"),
    ("[{prompt}]]]", #"{"prompt": "x"}"#, "x]"),
    ("{prompt}", #"{"prompt": null}"#, "null: prompt"),
    ("{prompt} {code}", #"{"prompt": "a"}"#, "null: code"),
    ("{code} {prompt}", "{}", "null: code"),
  ]

  @Test(arguments: texts)
  func `a template is a text with fields in it`(
    template: String, row: String, expected: String
  ) throws {
    #expect(try text(template, row) == expected)
  }

  static let picked: [(String, String, Int, String)] = [
    ("{r}", #"{"r": ["a", "\u0062"]}"#, 1, #"\u0062"#),
    ("{prompt}: {r|trim}", #"{"prompt": "p", "r": [" a ", "b"]}"#, 0, "p: a"),
    ("{r}", #"{"r": ["a", null]}"#, 1, "null: r"),
    ("{r}", #"{"r": ["a"]}"#, 1, "null: r"),
    ("{r}", #"{"r": null}"#, 0, "null: r"),
  ]

  @Test(arguments: picked)
  func `of a list the picked element stands in the text`(
    template: String, row: String, picked: Int, expected: String
  ) throws {
    #expect(try text(template, row, picked: picked) == expected)
  }

  static let noModifier =
    "is none of {field}, {field|trim}, {field|markup} and {field|markup|trim}"

  static let refused: [(String, String)] = [
    ("{promt}", "1:1: the scope has no 'promt'"),
    ("a {prompt", "1:1: a '{' in this template is never closed"),
    ("{prompt|upper}", "1:1: '{prompt|upper}' " + noModifier),
    ("{prompt|trim|trim}", "1:1: '{prompt|trim|trim}' " + noModifier),
    ("{prompt|trim|markup}", "1:1: '{prompt|trim|markup}' " + noModifier),
    ("{}", "1:1: the scope has no ''"),
    ("{r}", "1:1: 'r' is a list of texts, not a text; 'pick' takes one of them"),
    ("{score}", "1:1: 'score' is a number, not a text"),
    ("a } b", "1:1: a lone '}' in this template; write it twice to mean itself"),
    ("a ] b", "1:1: a lone ']' in this template; write it twice to mean itself"),
    ("[{prompt}", "1:1: a '[' in this template is never closed"),
    ("[a]", "1:1: '[…]' needs a field in it; write '[[' for a bracket"),
    ("[{prompt}[{code}]]", "1:1: '[' cannot stand inside '[…]'"),
  ]

  @Test(arguments: refused)
  func `a template with something wrong is refused`(template: String, expected: String) {
    #expect(message { _ = try text(template, "{}") } == "f.yaml:" + expected)
  }

  @Test func `a template is a text`() {
    var projection = Projection()
    let found = message {
      _ = try Template(
        YAML(parsing: "[a]", file: "f.yaml"), in: Scope(Self.types), &projection, picks: false)
    }
    #expect(found == "f.yaml:1:1: a template should be a text, and is a list")
  }

  @Test func `a list without a pick and a number are refused even in an optional part`() {
    #expect(
      message { _ = try text("[{score}]", "{}", picked: 0) }
        == "f.yaml:1:1: 'score' is a number, not a text")
  }

  @Test func `what a text cannot do without are its fields outside optional parts`() throws {
    var projection = Projection()
    let template = try Template(
      YAML(parsing: "'{prompt}[{code}]'", file: "f.yaml"), in: Scope(Self.types), &projection,
      picks: false)
    #expect(template.required.map(\.name) == ["prompt"])
  }
}
