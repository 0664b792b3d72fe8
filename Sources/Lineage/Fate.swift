/// What became of a sample in a branch; each sample has exactly one fate in each branch that reads
/// its source.
package enum Fate: String, CaseIterable, Sendable {
  /// A row of the branch data set.
  case kept
  /// Kept, and waiting for a teacher to write its response.
  case seed
  /// Refused by a step: a filter, the pick, or a template whose field is null.
  case dropped
  /// Its prompt is that of a sample before it, or it nearly says what one that stays says.
  case duplicate
  /// Not readable as a sample.
  case quarantined
}

extension Fate {
  /// SQL that tells by the evidence whether a duplicate is a near one. What else a duplicate has as
  /// evidence is of its pick, and begins with the number of candidates.
  package static let isNear = #"coalesce(evidence GLOB '{"near": *', 0)"#

  /// SQL for the branch in which the sample stayed that another is a duplicate of.
  package static let stayedBranch = """
    coalesce(CASE WHEN fate.evidence GLOB '{"near": *' THEN (
      SELECT other.id FROM branch AS own JOIN branch AS other ON other.run = own.run
      WHERE own.id = fate.branch AND other.name = fate.evidence ->> '$.branch') END, fate.branch)
    """
}
