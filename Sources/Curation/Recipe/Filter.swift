internal import Notation
internal import Samples

/// A named combination of checks with its examples: `filters/NAME.yaml`.
package struct Filter {
  package let name: String
  package let about: String
  package let text: String
  let keep: YAML
  let examples: [Example]

  /// A row that the filter must keep or drop, as its file says.
  struct Example {
    let place: YAML
    let keeps: Bool
    let row: YAML
    let because: YAML?
  }

  init(_ yaml: YAML, name: String, text: String) throws(RecipeError) {
    self.name = name
    self.text = text
    let taken = Plan.Step.Kind.allCases.map(\.rawValue)
    guard !taken.contains(name) else {
      throw yaml.fail("a filter cannot be called '\(name)', as another kind of step is")
    }
    let keys = try yaml.keyed("a filter", ["about", "keep", "examples"])
    guard let about = keys["about"] else { throw yaml.fail("a filter needs 'about'") }
    self.about = try about.text("'about'")
    guard let keep = keys["keep"] else { throw yaml.fail("a filter needs 'keep'") }
    self.keep = keep
    guard let list = keys["examples"] else { throw yaml.fail("a filter needs 'examples'") }
    var examples: [Example] = []
    for item in try list.list("'examples'") {
      let keys = try item.keyed("an example", ["keep", "drop", "because"])
      guard (keys["keep"] == nil) != (keys["drop"] == nil) else {
        throw item.fail("an example is either 'keep' or 'drop'")
      }
      let keeps = keys["keep"] != nil
      guard keeps == (keys["because"] == nil) else {
        throw item.fail("a 'drop' example says 'because' of which field, a 'keep' example does not")
      }
      examples.append(
        Example(
          place: item, keeps: keeps, row: keys["keep"] ?? keys["drop"]!, because: keys["because"]))
    }
    guard examples.contains(where: \.keeps), examples.contains(where: { !$0.keeps }) else {
      throw list.fail("a filter needs at least one 'keep' and one 'drop' example")
    }
    self.examples = examples
  }

  /// The filter's rule for samples of a source.
  func rule(in scope: some FieldScope, _ projection: inout Projection) throws(RecipeError) -> Rule {
    try Rule(keep, in: scope, &projection)
  }
}
