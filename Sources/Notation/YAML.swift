internal import Foundation
internal import Yams

/// A YAML node that knows its place, read strictly: what is not expected is an error there.
package struct YAML {
  package let file: String
  let node: Node

  init(_ node: Node, in file: String) {
    self.node = node
    self.file = file
  }

  /// Parses a file's text; `file` is its name in messages.
  package init(parsing text: String, file: String) throws {
    do {
      guard let node = try Yams.compose(yaml: text) else {
        throw RecipeError(file, "is empty")
      }
      self.init(node, in: file)
    } catch let error as YamlError {
      throw RecipeError(yaml: error, file: file)
    }
  }

  /// All documents of a file's text in its order; empty ones are left out.
  package static func documents(of text: String, file: String) throws(RecipeError) -> [YAML] {
    var nodes: YamlSequence<Node>
    do {
      nodes = try Yams.compose_all(yaml: text)
    } catch {
      throw RecipeError(anyYAML: error, file: file)
    }
    var documents: [YAML] = []
    while let node = nodes.next() {
      let document = YAML(node, in: file)
      if !document.isNull { documents.append(document) }
    }
    if let error = nodes.error { throw RecipeError(anyYAML: error, file: file) }
    guard !documents.isEmpty else { throw RecipeError(file, "is empty") }
    return documents
  }

  /// An error at this node's place; a node that was set has none in the file.
  package func fail(_ message: String) -> RecipeError {
    node.mark == nil
      ? RecipeError(Self.settingOption, message)
      : RecipeError(file, line: line, column: column, message)
  }

  package var line: Int { node.mark?.line ?? 0 }
  package var column: Int { node.mark?.column ?? 0 }

  /// What the node is, for messages.
  package var described: String {
    switch node {
    case .scalar(let scalar): "'\(scalar.string)'"
    case .mapping: "a mapping"
    case .sequence: "a list"
    case .alias: "an alias"
    }
  }

  /// Keys and values in the order of the file.
  package func entries(_ what: String) throws(RecipeError) -> [(key: YAML, value: YAML)] {
    guard case .mapping(let mapping) = node else {
      throw fail("\(what) should be a mapping, and is \(described)")
    }
    return mapping.map { (YAML($0.key, in: file), YAML($0.value, in: file)) }
  }

  /// A mapping of which all keys are known.
  package func keyed(_ what: String, _ known: [String]) throws(RecipeError) -> [String: YAML] {
    var result: [String: YAML] = [:]
    for (key, value) in try entries(what) {
      let name = try key.text("a key")
      guard known.contains(name) else {
        throw key.fail(
          "\(what) has no '\(name)'\(choices(for: name, among: known, "it has"))")
      }
      result[name] = value
    }
    return result
  }

  package func list(_ what: String) throws(RecipeError) -> [YAML] {
    guard case .sequence(let sequence) = node else {
      throw fail("\(what) should be a list, and is \(described)")
    }
    return sequence.map { YAML($0, in: file) }
  }

  package func text(_ what: String) throws(RecipeError) -> String {
    guard case .scalar(let scalar) = node, !isNull else {
      throw fail("\(what) should be a text, and is \(isNull ? "empty" : described)")
    }
    return scalar.string
  }

  /// Also with its thousands set apart: `400_000_000`.
  package func whole(_ what: String) throws(RecipeError) -> Int {
    if case .text(let text) = literal, text.wholeMatch(of: /[0-9]{1,3}(_[0-9]{3})+/) != nil,
      let value = Int(text.filter { $0 != "_" })
    {
      return value
    }
    guard case .number(let number) = literal, let value = Int(exactly: number), value >= 0 else {
      throw fail("\(what) should be a whole number, and is \(described)")
    }
    return value
  }

  package var isScalar: Bool { if case .scalar = node { true } else { false } }
  package var isMapping: Bool { if case .mapping = node { true } else { false } }
  package var isNull: Bool { if case .null = literal { true } else { false } }

  /// A scalar's value as YAML 1.2's core schema has it: `Yes` is a text, and so is `"true"`.
  package var literal: Literal? {
    guard case .scalar(let scalar) = node else { return nil }
    guard scalar.style == .plain else { return .text(scalar.string) }
    switch scalar.string {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .flag(true)
    case "false", "False", "FALSE": return .flag(false)
    default:
      // Swift would also take `0x1F`, `-inf` and the like, which JSON does not have.
      guard scalar.string.utf8.allSatisfy({ "+-.0123456789eE".utf8.contains($0) }),
        let number = Double(scalar.string), number.isFinite
      else { return .text(scalar.string) }
      return .number(number)
    }
  }

  /// The node on one line, as a person would write it.
  package func flow() throws(RecipeError) -> String {
    switch node {
    case .mapping:
      var parts: [String] = []
      for (key, value) in try entries("") {
        parts.append(try key.text("a key") + ": " + (try value.flow()))
      }
      return "{" + parts.joined(separator: ", ") + "}"
    case .sequence:
      var parts: [String] = []
      for value in try list("") { parts.append(try value.flow()) }
      return "[" + parts.joined(separator: ", ") + "]"
    case .scalar(let scalar): return scalar.string
    case .alias: return ""
    }
  }

  /// The node as JSON text, for the examples of filters.
  package func json() throws(RecipeError) -> String {
    switch node {
    case .mapping:
      var parts: [String] = []
      for (key, value) in try entries("") {
        parts.append(JSON.quoted(try key.text("a key")) + ": " + (try value.json()))
      }
      return "{" + parts.joined(separator: ", ") + "}"
    case .sequence:
      var parts: [String] = []
      for value in try list("") { parts.append(try value.json()) }
      return "[" + parts.joined(separator: ", ") + "]"
    case .scalar, .alias:
      switch literal {
      case .text(let text): return JSON.quoted(text)
      case .number(let number): return shortest(number)
      case .flag(let flag): return flag ? "true" : "false"
      case .null, nil: return "null"
      }
    }
  }
}

/// A scalar of YAML.
package enum Literal: Hashable, Sendable {
  case text(String)
  case number(Double)
  case flag(Bool)
  case null

  package var described: String {
    switch self {
    case .text(let text): "the text '\(text)'"
    case .number(let number): "the number \(shortest(number))"
    case .flag(let flag): "\(flag)"
    case .null: "null"
    }
  }
}

/// A number as JSON, a whole one without its point.
private func shortest(_ number: Double) -> String {
  Int(exactly: number).map(String.init) ?? "\(number)"
}

extension RecipeError {
  init(anyYAML error: any Error, file: String) {
    if let error = error as? YamlError {
      self.init(yaml: error, file: file)
    } else {
      self.init(file, "is not YAML: \(error)")
    }
  }

  fileprivate init(yaml error: YamlError, file: String) {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      self.init(file, line: mark.line, column: mark.column, "is not YAML: \(problem)")
    case .reader(let problem, let offset, _, let text):
      let lines = text.prefix(offset ?? 0)
        .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      self.init(
        file, line: lines.count, column: (lines.last?.unicodeScalars.count ?? 0) + 1,
        "is not YAML: \(problem)")
    case .duplicatedKeysInMapping(let duplicates, let context):
      let key = duplicates.first.map { "\($0)" } ?? ""
      self.init(
        file, line: context.mark.line, column: context.mark.column,
        "the key '\(key)' stands twice in one mapping")
    default:
      self.init(file, "is not YAML: \(error)")
    }
  }
}
