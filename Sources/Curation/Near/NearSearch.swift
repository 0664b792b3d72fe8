/// A search for near duplicates that a plan asks for: in one branch, or in all of them at once.
package struct NearSearch: Sendable {
  let near: Distinct.Near
  /// As indices of the plan.
  let branches: Range<Int>
  /// Whether a later branch loses what an earlier one has.
  let isAcross: Bool

  /// Those of all branches, in their order.
  static func all(of branches: [Plan.Branch], across: Distinct.Near?) -> [NearSearch] {
    if let across {
      return [NearSearch(near: across, branches: branches.indices, isAcross: true)]
    }
    return branches.enumerated().compactMap { index, branch in
      branch.distinct.near.map {
        NearSearch(near: $0, branches: index..<index + 1, isAcross: false)
      }
    }
  }
}

extension Plan {
  /// Which of the searches looks at a branch.
  func search(of branch: Int) -> Int? { searches.firstIndex { $0.branches.contains(branch) } }
}
