internal import Yams

extension YAML {
  /// The command line's option by which a value is set, for messages.
  static let settingOption = "--set"

  /// The same tree with one value replaced, or added, as `--set PATH=VALUE` asks for.
  ///
  /// `PATH` is the keys from the root on with points between them; an element of a list goes by its
  /// number from 0. A key may have points of its own. `VALUE` is YAML. Whether the keys mean anything
  /// is judged by whoever decodes the result, as of the file itself. Errors repeat no value, as that
  /// may be a secret in the wrong place.
  package func setting(_ assignment: String) throws(RecipeError) -> YAML {
    guard let equals = assignment.firstIndex(of: "="), equals > assignment.startIndex else {
      let key = assignment.prefix { $0.isLetter || "._".contains($0) }
      let shown = key.count == assignment.count ? "'\(key)'" : "'\(key)' and what follows"
      throw RecipeError(Self.settingOption, "\(shown) should be KEY=VALUE, as in train.epochs=3")
    }
    let name = String(assignment[..<equals])
    let path = assignment[..<equals].split(separator: ".", omittingEmptySubsequences: false)
      .map(String.init)
    guard path.allSatisfy({ !$0.isEmpty }) else {
      throw RecipeError(Self.settingOption, "'\(name)' has an empty key")
    }
    let text = String(assignment[assignment.index(after: equals)...])
    let value: Node
    do {
      value = try Yams.compose(yaml: text) ?? Node("", Tag(.null))
    } catch {
      let problem = RecipeError(anyYAML: error, file: Self.settingOption).message
      throw RecipeError(Self.settingOption, "the value of '\(name)' \(problem)")
    }
    return YAML(try Self.setting(path[...], of: node, to: value.withoutMarks, name), in: file)
  }

  private static func setting(
    _ path: ArraySlice<String>, of node: Node?, to value: Node, _ name: String
  ) throws(RecipeError) -> Node {
    guard let first = path.first else { return value }
    switch node {
    case .mapping(var mapping):
      // The longest run of parts that is a key: `numinamath-1.5` is one.
      var length = path.count
      while length > 1, mapping[Node(path.prefix(length).joined(separator: "."))] == nil {
        length -= 1
      }
      let key = Node(path.prefix(length).joined(separator: "."))
      mapping[key] = try setting(path.dropFirst(length), of: mapping[key], to: value, name)
      return .mapping(mapping)
    case .sequence(var sequence):
      guard let index = Int(first), sequence.indices.contains(index) else {
        throw RecipeError(
          settingOption,
          "'\(name)': there is a list of \(sequence.count) before '\(first)', which should be"
            + " a number from 0 on")
      }
      sequence[index] = try setting(path.dropFirst(), of: sequence[index], to: value, name)
      return .sequence(sequence)
    case .scalar(let scalar) where !YAML(.scalar(scalar), in: "").isNull:
      throw RecipeError(settingOption, "'\(name)': a value stands before '\(first)'")
    case nil, .scalar, .alias:
      return Node([(Node(first), try setting(path.dropFirst(), of: nil, to: value, name))])
    }
  }
}

extension Node {
  /// The same value without its place: that would be one in the option's text, not in the file.
  fileprivate var withoutMarks: Node {
    switch self {
    case .scalar(let scalar): Node(scalar.string, scalar.tag, scalar.style)
    case .mapping(let mapping):
      Node(mapping.map { ($0.key.withoutMarks, $0.value.withoutMarks) }, mapping.tag, mapping.style)
    case .sequence(let sequence):
      Node(sequence.map(\.withoutMarks), sequence.tag, sequence.style)
    case .alias: self
    }
  }
}
