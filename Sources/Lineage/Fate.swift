/// What became of a sample in a branch; each sample has exactly one fate in each branch that reads
/// its source.
package enum Fate: String, CaseIterable, Sendable {
  /// A row of the branch data set.
  case kept
  /// Kept, and waiting for a teacher to write its response.
  case seed
  /// Refused by a step: a filter, the pick, or a template whose field is null.
  case dropped
  /// Its prompt is that of a sample before it.
  case duplicate
  /// Not readable as a sample.
  case quarantined
}
