package import Curation

/// A request that is still to be answered, with the seed that it is for.
package struct Errand: Sendable {
  package let request: TeacherRequest
  package let seed: SeedRow
  /// Answers to it that were turned down before.
  package let rejected: Int

  package init(_ request: TeacherRequest, for seed: SeedRow, rejected: Int) {
    self.request = request
    self.seed = seed
    self.rejected = rejected
  }
}

/// What an asking came to.
package struct AskingOutcome: Sendable {
  /// Requests that failed in transport to the last of their retries, with the last problem, by hash.
  ///
  /// What was refused or turned down is in the store.
  package var failed: [String: String] = [:]
  /// Why the asking ended before all errands were done; nil where they are.
  package var stop: Stop?

  package enum Stop: Sendable {
    /// What of the budget is used up, in words.
    case budget(String)
    case interrupted(signal: Int32)
  }

  package init() {}
}
