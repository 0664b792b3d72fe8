/// Drops entries of each change at random, small ones more often, and adds what is left.
///
/// The sparsified changes of `della` without an election.
///
/// Deep et al., "DELLA-Merging", 2024, arXiv:2406.11617.
package struct DELLALinear: MergeMethod {
  package static let about = MethodDescription(
    "della_linear", "Drop by rank and rescale",
    paper: "Deep et al., DELLA-Merging: Reducing interference in model merging through"
      + " magnitude-based sampling, 2024, arXiv:2406.11617",
    formula: "out = base + λ · Σ w·d; d as in della",
    experts: 1...Int.max, base: .required,
    parameters: .taskVectors(.ranked, rescales: true))

  private let vectors: TaskVectors

  package init(_ settings: MethodSettings) throws {
    vectors = try TaskVectors(settings, .ranked, elects: false, rescales: true)
  }

  package func merge(_ task: TensorTask) throws -> Merged { try vectors.merge(task) }
}
