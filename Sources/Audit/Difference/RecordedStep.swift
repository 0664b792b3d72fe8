internal import Notation

/// A step as a run asked it, and what of its text decides.
struct RecordedStep {
  var id: Int64
  var name: String
  /// `filter`, `pick`, `prompt`, `without`, `response` or `verify`.
  var kind: String
  /// The filter's file, the pick or the template.
  var text: String
  /// The text without what decides nothing: comments, spacing, examples.
  let meaning: String
  /// The meaning as a person writes it, on one line.
  let shown: String
  /// Fields that it looks at.
  let fields: Set<String>

  init(id: Int64, name: String, kind: String, text: String) {
    self.id = id
    self.name = name
    self.kind = kind
    self.text = text
    var fields: Set<String> = []
    switch kind {
    case "filter":
      let rule = try? YAML(parsing: text, file: name).entries("").first {
        try $0.key.text("") == "keep"
      }?.value
      meaning = (try? rule?.json()) ?? text
      shown = (try? rule?.flow()) ?? text
      if let rule { Self.gather(from: rule, into: &fields) }
    case "pick":
      (meaning, shown) = (text, text)
      for (key, value) in (try? YAML(parsing: text, file: name).entries("")) ?? [] {
        if (try? key.text("")) == "where" {
          Self.gather(from: value, into: &fields)
        } else if let list = try? value.text("") {
          fields.insert(list)
        }
      }
    case "without": (meaning, shown) = (text, text)
    case "verify":
      (meaning, shown) = (text, text)
      let math = try? YAML(parsing: text, file: name).entries("").first?.value.entries("")
      let answer = math?.first { (try? $0.key.text("")) == "answer" }
      fields = ["prompt", "verified", (try? answer?.value.text("")) ?? "answer"]
    default:
      (meaning, shown) = (text, text)
      fields = Self.fields(ofTemplate: text)
    }
    self.fields = fields
  }

  private static func gather(from rule: YAML, into fields: inout Set<String>) {
    for (key, value) in (try? rule.entries("")) ?? [] {
      switch try? key.text("") {
      case "all", "any":
        for item in (try? value.list("")) ?? [] { gather(from: item, into: &fields) }
      case "not", "some", "every": gather(from: value, into: &fields)
      case let name?: fields.insert(name)
      case nil: break
      }
    }
  }

  private static func fields(ofTemplate text: String) -> Set<String> {
    var fields: Set<String> = []
    // Doubled brackets stand for themselves.
    let parts = text.replacing("{{", with: "").split(
      separator: "{", omittingEmptySubsequences: false)
    for part in parts.dropFirst() {
      guard let end = part.firstIndex(where: { $0 == "}" || $0 == "|" }) else { continue }
      fields.insert(String(part[..<end]))
    }
    return fields
  }
}

/// A source card as a run read it, and what of its text decides.
struct RecordedCard {
  let text: String
  /// What it says of each field; nil where the card cannot be read.
  private var fields: [String: String]?
  private var identity: [String] = []

  init(_ text: String) {
    self.text = text
    fields = try? read()
  }

  private mutating func read() throws -> [String: String] {
    var fields: [String: String] = [:]
    for (key, value) in try YAML(parsing: text, file: "card").entries("") {
      switch try key.text("") {
      case "identity": identity = try value.list("").map { try $0.text("") }
      case "fields":
        for (name, field) in try value.entries("") {
          fields[try name.text("")] = try field.json()
        }
      default: break
      }
    }
    return fields
  }

  /// What the card says of a field; all of it where that cannot be told.
  func meaning(of field: String) -> String { fields.map { $0[field] ?? "" } ?? text }

  /// What a sample's id depends on. The prompt stands in for an identity that is null.
  var idMeaning: [String] {
    [fields == nil ? text : ""] + identity + (identity + ["prompt"]).map(meaning)
  }

  /// The fields of which the cards say two things, `identity` among them.
  func changes(to other: RecordedCard) -> [String] {
    guard let fields, let others = other.fields else { return text == other.text ? [] : ["text"] }
    let names = Set(fields.keys).union(others.keys).sorted().filter { fields[$0] != others[$0] }
    return (identity == other.identity ? [] : ["identity"]) + names
  }
}
