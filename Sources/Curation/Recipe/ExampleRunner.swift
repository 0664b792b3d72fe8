internal import Files
internal import Notation
internal import Samples

extension Filter {
  /// Runs every example of the filter through the scanner, and returns those that do not hold.
  ///
  /// An example's fields go by our names; their types are those of a card that has all of them.
  func failedExamples(_ cards: [SourceCard]) -> [RecipeError] {
    var projection = Projection()
    let scope = ExampleScope(cards: cards, names: fieldNames)
    do {
      let rule = try rule(in: scope, &projection)
      return examples.compactMap { failure(of: $0, rule, projection, scope) }
    } catch {
      return [error]
    }
  }

  private func failure(
    of example: Example, _ rule: Rule, _ projection: Projection, _ scope: ExampleScope
  ) -> RecipeError? {
    do throws(RecipeError) {
      for (key, _) in try example.row.entries("an example's row") {
        _ = try scope.field(named: try key.text("a field"), at: key)
      }
      var row = ByteBuffer()
      row.append(try example.row.json())
      var scanner = RowScanner(projection)
      if let fault = scanner.scan(row.bytes) {
        return example.row.fail("in this example the row: \(fault)")
      }
      let sample = scanner.sample(of: row.bytes)
      guard rule.holds(sample) == example.keeps else {
        return example.place.fail(
          "'\(name)' \(example.keeps ? "drops" : "keeps") this example, which it should"
            + " \(example.keeps ? "keep" : "drop")")
      }
      guard let because = example.because else { return nil }
      let expected = try because.text("'because'")
      let deciding = rule.deciding(sample).map(\.field.name)
      guard deciding.contains(expected) else {
        return because.fail(
          "'\(name)' drops this example because of \(listed(deciding)), not '\(expected)'")
      }
      return nil
    } catch {
      return error
    }
  }

  /// The fields that the filter's rule names.
  private var fieldNames: Set<String> {
    var names: Set<String> = []
    func gather(_ yaml: YAML) {
      for (key, value) in (try? yaml.entries("")) ?? [] {
        let name = (try? key.text("")) ?? ""
        switch name {
        case "all", "any": for item in (try? value.list("")) ?? [] { gather(item) }
        case "not", "some", "every": gather(value)
        default: names.insert(name)
        }
      }
    }
    gather(keep)
    return names
  }
}

/// The fields of an example: by our names, with a card's types.
private struct ExampleScope: FieldScope {
  private let fields: [String: Field]

  init(cards: [SourceCard], names: Set<String>) {
    let fitting = cards.first { names.isSubset(of: $0.fields.map(\.name)) }
    var fields: [String: Field] = [:]
    for card in (fitting.map { [$0] } ?? []) + cards {
      for field in card.fields where fields[field.name] == nil {
        fields[field.name] = Field(
          name: field.name, path: FieldPath(key: field.name), type: field.type)
      }
    }
    self.fields = fields
  }

  func field(named name: String, at place: YAML) throws(RecipeError) -> Field {
    if let field = fields[name] { return field }
    throw place.fail(
      "no source has a field called '\(name)'\(suggestion(for: name, among: fields.keys.sorted()))")
  }
}
