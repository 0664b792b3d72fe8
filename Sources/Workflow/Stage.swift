/// One step of a recipe's way from source files to a merged model.
package enum Stage: Hashable, Sendable, CustomStringConvertible {
  case branch(String)
  case teach(String)
  case train(String)
  case merge
  case report

  /// What a stage does, whatever the branch; what `--from` and `--until` name.
  package enum Kind: String, CaseIterable, Comparable, Sendable {
    case branch, teach, train, merge, report

    package static func < (a: Kind, b: Kind) -> Bool {
      allCases.firstIndex(of: a)! < allCases.firstIndex(of: b)!
    }
  }

  package var kind: Kind {
    switch self {
    case .branch: .branch
    case .teach: .teach
    case .train: .train
    case .merge: .merge
    case .report: .report
    }
  }

  /// The branch that it belongs to; nil for what needs all of them.
  package var branch: String? {
    switch self {
    case .branch(let name), .teach(let name), .train(let name): name
    case .merge, .report: nil
    }
  }

  /// As the ledger and messages have it: `branch math`, `merge`.
  package var description: String { branch.map { "\(kind.rawValue) \($0)" } ?? kind.rawValue }
}

extension Stage {
  /// Where things are in a workspace.
  package static func seedsPath(_ branch: String, in workspace: String) -> String {
    "\(workspace)/branches/\(branch)/seeds.jsonl"
  }

  /// The folder of the whole data set of a branch whose seeds were taught.
  package static func taughtFolder(_ branch: String) -> String { "teach/\(branch)" }

  package static func jobFolder(_ branch: String, in workspace: String) -> String {
    "\(workspace)/train/\(branch)"
  }

  package static func mergedPath(in workspace: String) -> String { workspace + "/merged" }
}
