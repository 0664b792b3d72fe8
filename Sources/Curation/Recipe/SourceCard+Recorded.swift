internal import Notation
package import Samples

extension SourceCard {
  /// The card as a run recorded it in the ledger.
  package init(recorded text: String, name: String) throws {
    try self.init(
      YAML(parsing: text, file: "datasets/\(name).yaml (as recorded)"), name: name, text: text)
  }

  /// The field that duplicates are told by, and that people search.
  package var prompt: Field? { fields.first { $0.name == "prompt" } }
}
