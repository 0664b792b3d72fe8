import Testing

@testable import Curation
@testable import Notation

struct RecipeErrorTests {
  @Test func `the place stands before the message where there is one`() {
    #expect("\(RecipeError("a.yaml", line: 9, column: 11, "is odd"))" == "a.yaml:9:11: is odd")
    #expect("\(RecipeError("a.yaml", "is odd"))" == "a.yaml: is odd")
  }

  @Test func `errors stand in the order of the files, lines and columns`() {
    let sorted = [
      RecipeError("a.yaml", "whole"),
      RecipeError("a.yaml", line: 2, column: 9, "x"),
      RecipeError("a.yaml", line: 2, column: 10, "a"),
      RecipeError("a.yaml", line: 2, column: 10, "b"),
      RecipeError("a.yaml", line: 10, column: 1, "x"),
      RecipeError("b.yaml", line: 1, column: 1, "x"),
    ]
    #expect(sorted.reversed().sorted() == sorted)
    #expect(RecipeErrors(sorted.reversed() + sorted).errors == sorted)
  }

  static let misspelt: [(String, String?)] = [
    ("promt", "prompt"), ("PROMPT", "prompt"), ("propmt", "prompt"), ("respond", "response"),
    ("verify", "verified"), ("veri", nil), ("a", nil), ("zzzzzz", nil),
  ]

  @Test(arguments: misspelt)
  func `the nearest name is suggested, unless it is far off`(name: String, nearest: String?) {
    let known = ["verified", "response", "prompt"]
    #expect(
      suggestion(for: name, among: known) == (nearest.map { "; did you mean '\($0)'?" } ?? ""))
  }

  @Test func `of equally near names the first in the alphabet is suggested`() {
    #expect(suggestion(for: "bat", among: ["rat", "cat", "hat"]) == "; did you mean 'cat'?")
  }

  @Test func `a known name suggests itself and no names suggest nothing`() {
    #expect(suggestion(for: "prompt", among: ["prompts", "prompt"]) == "; did you mean 'prompt'?")
    #expect(suggestion(for: "prompt", among: [String]()) == "")
  }

  static let lists: [([String], String)] = [
    ([], "none"), (["a"], "'a'"), (["a", "b"], "'a' and 'b'"),
    (["a", "b", "c"], "'a', 'b' and 'c'"),
  ]

  @Test(arguments: lists)
  func `names are listed as a sentence lists them`(names: [String], text: String) {
    #expect(listed(names) == text)
  }
}
