/// Drops entries of each change at random, and adds what agrees in sign.
///
/// The sparsified changes of `dare_linear` under the sign election of `ties`.
///
/// Yu et al., "Language models are Super Mario", 2023, arXiv:2311.03099; Yadav et al., "TIES-
/// Merging", 2023, arXiv:2306.01708.
package struct DARETIES: MergeMethod {
  package static let about = MethodDescription(
    "dare_ties", "Drop at random, elect signs and merge",
    paper: "Yu et al., Language models are Super Mario: Absorbing abilities from homologous"
      + " models as a free lunch, 2023, arXiv:2311.03099; Yadav et al., TIES-Merging, 2023,"
      + " arXiv:2306.01708",
    formula: "out = base + λ · Σ w·d over the d that have the sign of Σ w·d; d as in dare_linear",
    experts: 1...Int.max, base: .required,
    parameters: .taskVectors(.random, rescales: true))

  private let vectors: TaskVectors

  package init(_ settings: MethodSettings) throws {
    vectors = try TaskVectors(settings, .random, elects: true, rescales: true)
  }

  package func merge(_ task: TensorTask) throws -> Merged { try vectors.merge(task) }
}
