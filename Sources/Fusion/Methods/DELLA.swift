/// Drops entries of each change at random, small ones more often, and averages what agrees in sign.
///
/// An entry of rank r, 1 the smallest of the C magnitudes of its row, is kept with probability
/// density − epsilon + 2 epsilon (r − 1)/(C − 1); the first of equals ranks highest. What is kept is
/// rescaled to the sum of magnitudes of the whole; `rescale: probability` is the paper's 1/p.
///
/// Deep et al., "DELLA-Merging", 2024, arXiv:2406.11617.
package struct DELLA: MergeMethod {
  package static let about = MethodDescription(
    "della", "Drop by rank, elect signs and merge",
    paper: "Deep et al., DELLA-Merging: Reducing interference in model merging through"
      + " magnitude-based sampling, 2024, arXiv:2406.11617",
    formula: "out = base + λ · Σ w·d / Σ w over the d that have the sign of Σ w·d; d = x − base,"
      + " each entry kept with probability density − ε to density + ε by rank in its row,"
      + " rescaled",
    experts: 1...Int.max, base: .required,
    parameters: .taskVectors(.ranked, normalizes: true, rescales: true))

  private let vectors: TaskVectors

  package init(_ settings: MethodSettings) throws {
    vectors = try TaskVectors(settings, .ranked, elects: true, normalizes: true, rescales: true)
  }

  package func merge(_ task: TensorTask) throws -> Merged { try vectors.merge(task) }
}
