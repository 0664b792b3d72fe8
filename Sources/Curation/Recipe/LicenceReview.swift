internal import Foundation
internal import Notation

/// The licences of a branch's rows, and what about them cannot be had together or is not known.
///
/// It says what the source cards say. Which licence the whole may bear is for people to decide, so
/// none is ever chosen for it.
package struct LicenceReview: Sendable {
  /// In the order of the sources; also of those of which no row stayed.
  package private(set) var shares: [Share] = []
  /// Rows in all.
  package private(set) var rows = 0

  /// The rows that one licence covers.
  package struct Share: Sendable {
    package let licence: Licence
    package fileprivate(set) var sources: [String]
    package fileprivate(set) var rows: Int
  }

  package init(_ entries: [(source: String, licence: String, rows: Int)]) {
    for entry in entries {
      let licence = Licence(entry.licence)
      rows += entry.rows
      let place = shares.firstIndex {
        $0.licence.text == licence.text
          || $0.licence.identifier != nil && $0.licence.identifier == licence.identifier
      }
      if let place {
        shares[place].rows += entry.rows
        if !shares[place].sources.contains(entry.source) {
          shares[place].sources.append(entry.source)
        }
      } else {
        shares.append(Share(licence: licence, sources: [entry.source], rows: entry.rows))
      }
    }
  }

  /// Licences of rows that are there; all of them where there is no row.
  package var effective: [Share] {
    let present = shares.filter { $0.rows > 0 }
    return present.isEmpty ? shares : present
  }

  /// What has to be settled before the rows are passed on; a sentence each, without Markdown.
  package var findings: [String] {
    let present = shares.filter { $0.rows > 0 }
    var findings: [String] = []
    for share in present where share.licence.identifier == nil {
      findings.append(
        "Unknown: \(described(share)) \(quoted(share.licence.text)), of which nothing is known here:"
          + " read it before you pass them on.")
    }
    for share in present where share.licence.terms.contains(.nonCommercial) {
      findings.append(
        "Not for commercial use: \(described(share)) \(name(share)), which forbids it"
          + (present.count > 1 ? ", and so it is forbidden for the whole." : "."))
    }
    for share in present where share.licence.terms.contains(.noDerivatives) {
      findings.append(
        "Conflict: \(described(share)) \(name(share)), which forbids to pass on changed copies, and"
          + " these rows are changed copies.")
    }
    for share in present where share.licence.terms.contains(.shareAlike) {
      let others = present.filter { $0.licence != share.licence }
      guard !others.isEmpty else { continue }
      findings.append(
        "Conflict: \(described(share)) \(name(share)), which wants changed copies passed on under"
          + " itself, and the other rows are under \(listed(others.map { name($0) })).")
    }
    return findings
  }

  /// `54 of 203 rows (26.60 %) from 's1k' are under`.
  private func described(_ share: Share) -> String {
    "\(grouped(share.rows)) of \(grouped(rows)) rows (\(percentage(share))) from"
      + " \(listed(share.sources)) are under"
  }

  func percentage(_ share: Share) -> String {
    rows == 0 ? "-" : String(format: "%.2f %%", 100 * Double(share.rows) / Double(rows))
  }

  private func name(_ share: Share) -> String {
    share.licence.identifier ?? String(quoted(share.licence.text).dropFirst().dropLast())
  }

  /// The licence as the hub reads it from a card's front matter: its own name where there is one
  /// licence that it knows, else `other` and a name made of all.
  var frontMatter: [String] {
    let present = effective
    if present.count == 1, let hubName = present[0].licence.hubName {
      return ["license: \(hubName)"]
    }
    let names = present.map { share in
      let letters = share.licence.text.lowercased().map { letter in
        letter.isASCII && (letter.isLetter || letter.isNumber || letter == ".") ? letter : "-"
      }
      let name = String(letters).split(separator: "-").joined(separator: "-")
      return name.isEmpty ? "unnamed" : String(name.prefix(60))
    }
    // Quoted: a name of digits alone would be a number.
    return [
      "license: other",
      "license_name: \"\(names.isEmpty ? "unknown" : names.joined(separator: "-and-"))\"",
      "license_link: README.md",
    ]
  }
}
