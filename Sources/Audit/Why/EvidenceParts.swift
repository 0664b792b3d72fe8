internal import Notation

/// The evidence of a row that was kept: what its pick saw, and what `verify` found.
struct EvidenceParts {
  /// JSON objects; nil where the step left nothing.
  let pick: String?
  let verification: String?

  init(_ evidence: String) {
    let members = (try? JSON(parsing: Array(evidence.utf8)))?.members ?? []
    let start = members.firstIndex { $0.key == "verify" } ?? members.count
    func object(_ members: ArraySlice<JSON.Member>) -> String? {
      members.isEmpty ? nil : JSON.object(Array(members)).compact
    }
    if start == members.count {
      (pick, verification) = (evidence, nil)
    } else {
      (pick, verification) = (object(members[..<start]), object(members[start...]))
    }
  }
}
