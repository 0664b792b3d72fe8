internal import Notation

/// What the ledger has of a near duplicate, beside the sample that stayed.
package struct NearEvidence: Equatable, Sendable {
  /// The resemblance to the one that stayed.
  package var near: Double
  /// Clusters of a search are counted from 1; how many samples it has.
  package var cluster: Int
  package var size: Int
  /// What was compared: `prompt` or `response`.
  package var part: String
  /// The branch in which the other one stayed, where that is another.
  package var branch: String?
  /// The number of the sample over which they hang together, and the resemblance to that one; nil
  /// where they resemble each other enough.
  package var over: Int64?
  package var overNear: Double?
  /// The number of a sample before it with the same prompt, which fell; all else is said of that.
  package var samePrompt: Int64?

  /// Nil for the evidence of anything else.
  package init?(_ evidence: String?) {
    guard let evidence, evidence.hasPrefix("{\"near\": "),
      let json = try? JSON(parsing: Array(evidence.utf8)), let near = json["near"]?.double,
      let cluster = json["cluster"]?.int, let size = json["size"]?.int
    else { return nil }
    self.near = near
    self.cluster = cluster
    self.size = size
    part = json["on"]?.text ?? "prompt"
    branch = json["branch"]?.text
    over = json["over"]?.int.map { Int64($0) }
    overNear = json["over_near"]?.double
    samePrompt = json["same_prompt"]?.int.map { Int64($0) }
  }

  /// What a duplicate's evidence says of anything else: of its pick.
  package static func rest(of evidence: String?) -> String? {
    guard let evidence, NearEvidence(evidence) != nil,
      let members = (try? JSON(parsing: Array(evidence.utf8)))?.members
    else { return evidence }
    // Ours come first; a field may be called as one of them.
    let own = ["near", "cluster", "size", "on", "branch", "over", "over_near", "same_prompt"]
    let ours = members.prefix { own.contains($0.key) }
      .map { "\(JSON.quoted($0.key)): \($0.value.compact)" }.joined(separator: ", ")
    let rest = evidence.dropFirst(ours.utf8.count + 3)
    return rest.isEmpty ? nil : "{" + rest
  }
}
