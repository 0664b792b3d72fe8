/// A licence as a source card names it, and what it is known to ask of those who pass data on.
///
/// Known are identifiers of SPDX (https://spdx.org/licenses) that the Hugging Face hub has too. Of any
/// other text nothing is known, and nothing is guessed.
package struct Licence: Hashable, Sendable {
  /// As the card has it.
  package let text: String
  /// SPDX's identifier; nil for a text that is none we know.
  package let identifier: String?
  /// The hub's name for it.
  let hubName: String?
  let terms: Set<Term>

  /// What stands in the way of passing on a data set as one pleases.
  enum Term: Sendable {
    case nonCommercial
    /// Changed copies go under the same licence.
    case shareAlike
    /// Changed copies stay where they are.
    case noDerivatives
  }

  package init(_ text: String) {
    self.text = text
    let name = text.lowercased()
    let known = Self.known.first { $0.spdx.lowercased() == name || $0.hub == name }
    identifier = known?.spdx
    hubName = known?.hub
    terms = known?.terms ?? []
  }

  /// Where it can be read; nil for one that is not known.
  package var url: String? { identifier.map { "https://spdx.org/licenses/\($0)" } }

  private static let known: [(spdx: String, hub: String, terms: Set<Term>)] = [
    ("Apache-2.0", "apache-2.0", []),
    ("MIT", "mit", []),
    ("BSD-2-Clause", "bsd-2-clause", []),
    ("BSD-3-Clause", "bsd-3-clause", []),
    ("ISC", "isc", []),
    ("Unlicense", "unlicense", []),
    ("CC0-1.0", "cc0-1.0", []),
    ("PDDL-1.0", "pddl", []),
    ("ODC-By-1.0", "odc-by", []),
    ("CDLA-Permissive-1.0", "cdla-permissive-1.0", []),
    ("CDLA-Permissive-2.0", "cdla-permissive-2.0", []),
    ("CC-BY-2.0", "cc-by-2.0", []),
    ("CC-BY-2.5", "cc-by-2.5", []),
    ("CC-BY-3.0", "cc-by-3.0", []),
    ("CC-BY-4.0", "cc-by-4.0", []),
    ("CC-BY-SA-3.0", "cc-by-sa-3.0", [.shareAlike]),
    ("CC-BY-SA-4.0", "cc-by-sa-4.0", [.shareAlike]),
    ("ODbL-1.0", "odbl", [.shareAlike]),
    ("CDLA-Sharing-1.0", "cdla-sharing-1.0", [.shareAlike]),
    ("GPL-2.0", "gpl-2.0", [.shareAlike]),
    ("GPL-3.0", "gpl-3.0", [.shareAlike]),
    ("AGPL-3.0", "agpl-3.0", [.shareAlike]),
    ("CC-BY-NC-2.0", "cc-by-nc-2.0", [.nonCommercial]),
    ("CC-BY-NC-3.0", "cc-by-nc-3.0", [.nonCommercial]),
    ("CC-BY-NC-4.0", "cc-by-nc-4.0", [.nonCommercial]),
    ("CC-BY-NC-SA-2.0", "cc-by-nc-sa-2.0", [.nonCommercial, .shareAlike]),
    ("CC-BY-NC-SA-3.0", "cc-by-nc-sa-3.0", [.nonCommercial, .shareAlike]),
    ("CC-BY-NC-SA-4.0", "cc-by-nc-sa-4.0", [.nonCommercial, .shareAlike]),
    ("CC-BY-ND-4.0", "cc-by-nd-4.0", [.noDerivatives]),
    ("CC-BY-NC-ND-3.0", "cc-by-nc-nd-3.0", [.nonCommercial, .noDerivatives]),
    ("CC-BY-NC-ND-4.0", "cc-by-nc-nd-4.0", [.nonCommercial, .noDerivatives]),
  ]
}
