internal import Notation

/// What `verify` and `without` found, in words.
extension Sentences {
  /// The verdict on an answer; nil where the evidence is none of `verify`.
  static func verdict(_ evidence: String) -> String? {
    guard let json = try? JSON(parsing: Array(evidence.utf8)), let verdict = json["verify"]?.text
    else { return nil }
    let found = json["found"].map(\.compact) ?? "null"
    let expected = json["expected"].map(\.compact) ?? "null"
    let says = json["source_says"].map { "; the source's own verifier says \($0.compact)" } ?? ""
    return switch verdict {
    case "equal": "its answer \(found) is the reference answer \(expected)\(says)"
    case "different": "its answer \(found) is not the reference answer \(expected)\(says)"
    default:
      found == "null"
        ? "it has no final answer to hold against the reference answer \(expected)\(says)"
        : "whether its answer \(found) is the reference answer \(expected) cannot be told"
          + " (\(json["because"]?.text ?? ""))\(says)"
    }
  }

  /// Which item of a benchmark a prompt overlaps with; nil where the evidence is none of `without`.
  static func overlap(_ evidence: String) -> String? {
    guard let json = try? JSON(parsing: Array(evidence.utf8)),
      let benchmark = json["benchmark"]?.text, let item = json["item"]?.text,
      let rule = json["rule"]?.text
    else { return nil }
    let words = json["words"].map { ": \($0.compact)" } ?? ""
    return "its prompt overlaps with the item \(item) of the benchmark \(benchmark), by the rule"
      + " \(rule)\(words)"
  }
}
