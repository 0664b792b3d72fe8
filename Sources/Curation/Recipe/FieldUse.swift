internal import Notation
package import Samples

/// Which fields of a source's rows the steps of a past run looked at, told from the texts of card
/// and steps as the ledger has them.
package struct FieldUse {
  private let card: SourceCard

  /// Throws where the card is none that this version can read.
  package init(card text: String, of source: String) throws {
    card = try SourceCard(
      YAML(parsing: text, file: "the card of \(source)"), name: source, text: text)
  }

  /// All that the card names, in its order.
  package var fields: [Field] { card.fields }

  /// Those that make a sample's id.
  package var identity: [Field] { card.identity.compactMap { name in field(name) } }

  package func field(_ name: String) -> Field? { card.fields.first { $0.name == name } }

  /// Those that a step asks, or that a template writes; each once.
  package func fields(of kind: String, _ text: String) throws -> [Field] {
    var projection = Projection()
    var fields: [Field] = []
    switch kind {
    case "filter":
      let filter = try Filter(YAML(parsing: text, file: "a filter"), name: "recorded", text: text)
      fields = try filter.rule(in: card, &projection).inputs.map(\.field)
    case "pick":
      let pick = try Pick(YAML(parsing: text, file: "a pick"), in: card, &projection)
      fields = [pick.list] + pick.inputs.map(\.field)
    case "verify":
      fields = try AnswerVerification(
        YAML(parsing: text, file: "a verification"), in: card, &projection
      ).fields
    case "without": fields = []
    default:
      // A template is a text of its own; as a JSON string it is YAML.
      let yaml = try YAML(parsing: JSON.quoted(text), file: "a template")
      fields = try Template(yaml, in: card, &projection, picks: true).fields
    }
    var seen: Set<String> = []
    return fields.filter { seen.insert($0.name).inserted }
  }
}

extension Template {
  /// All fields that can be in the text, those of optional parts included.
  fileprivate var fields: [Field] {
    func fields(in parts: [Part]) -> [Field] {
      parts.flatMap { part -> [Field] in
        switch part {
        case .literal: []
        case .field(let field, _, _): [field]
        case .optional(let inner): fields(in: inner)
        }
      }
    }
    return fields(in: parts)
  }
}
