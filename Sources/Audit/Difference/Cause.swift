internal import Notation

/// What is responsible for a change: the one input of a branch that is no longer what it was.
///
/// Where several could be, the one is named at which the sample's two ways part; of several there the
/// step's own text before the card's words on the fields that it looks at, and these before the row.
package struct Cause: Hashable, Codable, Sendable, CustomStringConvertible {
  package enum Kind: String, Codable, Sendable {
    /// The branch is in one of the builds alone.
    case branch
    /// The branch takes from the source in one of the builds alone.
    case source
    /// Another table of the source is read.
    case config
    case file
    /// The row's own bytes.
    case row
    /// The card says otherwise what a field is, or what identifies a sample.
    case card
    case filter, pick, prompt, without, response, verify
    case stepOrder, sourceOrder, fileOrder
    case rowFormat
    case distinct
    /// Other samples that it resembles came, went or changed.
    case near
    /// The longest row that is read.
    case rowLimit
    /// Its bytes can no longer be read as a sample, or can be now.
    case unreadable
    /// The version of the program.
    case program
    /// The ledgers say of nothing that it changed.
    case unexplained
  }

  package enum Change: String, Codable, Sendable { case added, removed, changed }

  package var kind: Kind
  package var change: Change
  /// Of the branch, source, file or step.
  package var name: String?
  /// What it was and what it is, as far as that is a text.
  package var before, after: String?
  /// The cause concerns the sample that stayed in this one's stead, or would have; that sample is
  /// of this source.
  package var winnerOf: String?

  package init(
    _ kind: Kind, _ change: Change = .changed, name: String? = nil, before: String? = nil,
    after: String? = nil, winnerOf: String? = nil
  ) {
    self.kind = kind
    self.change = change
    self.name = name
    self.before = before
    self.after = after
    self.winnerOf = winnerOf
  }

  package var description: String {
    guard let winnerOf else { return words }
    return "another duplicate stays (\(shown(winnerOf)): \(words))"
  }

  private var words: String {
    let name = name.map(shown) ?? ""
    switch kind {
    case .branch: return "branch \(name) \(verb)"
    case .source: return "source \(name) \(verb)"
    case .config: return "config \(became)"
    case .file: return "file \(name) \(verb)"
    case .row: return "row changed in the source"
    case .card: return name.isEmpty ? "source card changed" : "source card changed: \(name)"
    case .filter: return "filter \(name) \(verb)"
    case .pick, .without, .verify: return "\(kind.rawValue) \(verb)"
    case .prompt, .response: return "\(kind.rawValue) template \(verb)"
    case .stepOrder: return "order of the steps changed"
    case .sourceOrder: return "order of the sources changed"
    case .fileOrder: return "order of the files changed"
    case .rowFormat: return "row format \(became)"
    case .distinct: return "distinct \(became)"
    case .near: return "other samples that it resembles came, went or changed"
    case .rowLimit: return "--max-row \(became)"
    case .unreadable:
      return change == .removed ? "row can no longer be read" : "row can be read now"
    case .program: return "program \(became)"
    case .unexplained: return "unexplained: nothing that is recorded differs"
    }
  }

  private var verb: String {
    switch change {
    case .added: "added"
    case .removed: "left out"
    case .changed: "changed"
    }
  }

  private var became: String { "\(shown(before ?? "?")) became \(shown(after ?? "?"))" }

  private func shown(_ name: String) -> String { String(quoted(name).dropFirst().dropLast()) }
}
