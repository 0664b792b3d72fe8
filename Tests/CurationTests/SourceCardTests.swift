import Foundation
import Samples
import Testing

@testable import Curation
@testable import Notation

struct SourceCardTests {
  static var library: Library { Library(roots: [repository]) }
  static let names = library.cardNames

  @Test func `the cards of the repository are the seven published tables`() {
    #expect(
      Self.names == [
        "numinamath-1.5", "openr1-math", "openthoughts", "openthoughts-chat", "s1-59k", "s1k",
        "s1k-1.1",
      ])
  }

  @Test(arguments: names)
  func `every card of the repository says what a data card needs`(name: String) throws {
    let card = try Self.library.card(name)
    #expect(card.name == name)
    #expect(card.about.last == ".")
    #expect(["Apache-2.0", "MIT"].contains(card.licence))
    #expect(card.homepage == "https://huggingface.co/datasets/" + card.hub)
    #expect(!card.identity.isEmpty)
    #expect(card.configs.allSatisfy { !$0.layouts.isEmpty && $0.rows ?? 0 > 0 })
    #expect(
      SourceFiles.fetchCommand(card, card.configs[0])
        == "hf download --repo-type dataset \(card.hub) --include '\(card.configs[0].layouts[0])'")
  }

  private func card(_ fields: String, identity: String = "[prompt]") throws -> SourceCard {
    let text = "about: A.\nlicence: MIT\nidentity: \(identity)\nfields:\n" + fields
    return try SourceCard(YAML(parsing: text, file: "c.yaml"), name: "c", text: text)
  }

  static let paths: [(String, FieldPath)] = [
    ("key", FieldPath(key: "key")),
    ("key[0]", FieldPath(key: "key", index: 0)),
    ("key[12]", FieldPath(key: "key", index: 12)),
    ("'key[].member'", FieldPath(key: "key", member: "member")),
    ("key[0].member", FieldPath(key: "key", index: 0, member: "member")),
    ("a key.with: a, dot", FieldPath(key: "a key.with: a, dot")),
  ]

  @Test(arguments: paths)
  func `a field path is read`(text: String, path: FieldPath) throws {
    let text = text.contains(":") ? "'\(text)'" : text
    let card = try card("  prompt: p\n  x: \(text)\n")
    #expect(card.fields[1] == Field(name: "x", path: path))
    #expect(
      FieldPath(path.description) == path, "a path is read from its description as well")
  }

  @Test(arguments: FieldType.allCases)
  func `a field has the type that its card says`(type: FieldType) throws {
    let card = try card("  prompt: p\n  x: { from: raw, type: \(type.rawValue) }\n")
    #expect(card.fields[1] == Field(name: "x", path: FieldPath(key: "raw"), type: type))
  }

  @Test func `a field can be what stands between two marks`() throws {
    let card = try card("  prompt: { from: chat, between: [<a>, </a>] }\n")
    #expect(
      card.fields
        == [Field(name: "prompt", path: FieldPath(key: "chat"), between: Marks("<a>", "</a>"))])
  }

  @Test func `a card without configs has one, the revision is main`() throws {
    let card = try card("  prompt: p\n")
    #expect(card.configs.map(\.name) == ["default"])
    #expect(card.config(nil)?.name == "default")
    #expect(card.config("extended") == nil)
    #expect(card.revision == "main")
    #expect(SourceFiles.fetchCommand(card, card.configs[0]) == nil)
  }

  static let refused: [(String, String)] = [
    ("licence: MIT", "1:1: a source needs 'about'"),
    ("about: A.", "1:1: a source needs 'licence'"),
    ("about: A.\nlicence: MIT\nidentity: []", "1:1: a source needs 'fields'"),
    ("about: A.\nlicence: MIT\nfields: {prompt: p}", "1:1: a source needs 'identity'"),
    (
      "about: A.\nlicense: MIT",
      "2:1: a source has no 'license'; did you mean 'licence'? It has 'about', 'licence',"
        + " 'homepage', 'revision', 'hub', 'configs', 'identity', 'fields' and 'format'"
    ),
    ("about: [A.]\nlicence: MIT", "1:8: 'about' should be a text, and is a list"),
    ("about: A.\nlicence:\n", "2:9: 'licence' should be a text, and is empty"),
    (
      "about: A.\nlicence: MIT\nfields: {prompt: p}\nidentity: [promt]",
      "4:12: c has no field called 'promt'; did you mean 'prompt'? It has 'prompt'"
    ),
    (
      "about: A.\nlicence: MIT\nfields: {prompt: p, l: {from: l, type: texts}}\nidentity: [l]",
      "4:12: a list cannot be an identity"
    ),
    (
      "about: A.\nlicence: MIT\nfields: {question: p}\nidentity: [question]",
      "3:9: a source needs a field 'prompt' that is a text"
    ),
    (
      "about: A.\nlicence: MIT\nfields: {prompt: {from: p, type: any}}\nidentity: [prompt]",
      "3:9: a source needs a field 'prompt' that is a text"
    ),
    (
      "about: A.\nlicence: MIT\nfields:\n  prompt: {from: p, type: txet}\nidentity: [prompt]",
      "4:27: no type is called 'txet'; did you mean 'text'? There are 'text', 'number', 'flag',"
        + " 'texts', 'numbers', 'flags' and 'any'"
    ),
    (
      "about: A.\nlicence: MIT\nfields:\n  prompt: {form: p}\nidentity: [prompt]",
      "4:12: a field has no 'form'; did you mean 'from'? It has 'from', 'type' and 'between'"
    ),
    (
      "about: A.\nlicence: MIT\nfields:\n  prompt: {type: text}\nidentity: [prompt]",
      "4:11: a field needs 'from'"
    ),
    (
      "about: A.\nlicence: MIT\nfields:\n  prompt: p[x]\nidentity: [prompt]",
      "4:11: a raw field is 'key', 'key[0]', 'key[].member' or 'key[0].member'"
    ),
    (
      "about: A.\nlicence: MIT\nfields:\n  prompt: {from: p, between: [a]}\nidentity: [prompt]",
      "4:30: 'between' is a list of two marks in a text"
    ),
    (
      "about: A.\nlicence: MIT\nfields:\n  prompt: p\n  x: {from: x, type: texts,"
        + " between: [a, b]}\nidentity: [prompt]",
      "5:38: 'between' is a list of two marks in a text"
    ),
    (
      "about: A.\nlicence: MIT\nconfigs: {default: {rows: many}}\nfields: {prompt: p}",
      "3:27: 'rows' should be a whole number, and is 'many'"
    ),
    (
      "about: A.\nlicence: MIT\nconfigs: {default: {files: a.jsonl}}\nfields: {prompt: p}",
      "3:28: 'files' should be a list, and is 'a.jsonl'"
    ),
    (
      "about: A.\nlicence: MIT\nfields:\n  prompt: p\n  prompt: q\nidentity: [prompt]",
      "4:3: the key 'prompt' stands twice in one mapping"
    ),
    ("[]", "1:1: a source should be a mapping, and is a list"),
    (
      "about: A.\nlicence: MIT\nformat: stackexchnge\nfields: {prompt: p}",
      "3:9: no format is called 'stackexchnge'; did you mean 'stackexchange'? There is"
        + " 'stackexchange'; JSON and Parquet are told by their bytes and need none"
    ),
  ]

  @Test(arguments: refused)
  func `a card with something wrong is refused there`(text: String, expected: String) {
    let found = message {
      _ = try SourceCard(YAML(parsing: text, file: "c.yaml"), name: "c", text: text)
    }
    #expect(found == "c.yaml:" + expected)
  }

  @Test(arguments: ["key[", "[0]", "key]0[", "key[-1]", "key[0]member", "key[0].", "key[0][1]"])
  func `a path of another form is refused`(path: String) {
    let found = message { _ = try card("  prompt: p\n  x: '\(path)'\n") }
    #expect(
      found
        == "c.yaml:6:6: a raw field is 'key', 'key[0]', 'key[].member' or 'key[0].member'")
  }

  @Test func `a name that cannot stand in an id is refused`() {
    let text = "about: A."
    let found = message {
      _ = try SourceCard(YAML(parsing: text, file: "a b.yaml"), name: "a b", text: text)
    }
    #expect(
      found
        == "a b.yaml:1:1: a source's name is its file's, of letters, digits, '.', '-' and '_'")
  }
}
