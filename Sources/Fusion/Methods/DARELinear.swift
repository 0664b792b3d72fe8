/// Drops entries of each change at random and enlarges what is left.
///
/// Each entry is kept with probability `density`, and what is kept rescaled to the sum of magnitudes
/// of the whole; `rescale: density` is the paper's 1/density. The draws depend on the seed, the
/// tensor's name, the model's position and the entry alone.
///
/// Yu et al., "Language models are Super Mario", 2023, arXiv:2311.03099.
package struct DARELinear: MergeMethod {
  package static let about = MethodDescription(
    "dare_linear", "Drop at random and rescale",
    paper: "Yu et al., Language models are Super Mario: Absorbing abilities from homologous"
      + " models as a free lunch, 2023, arXiv:2311.03099",
    formula: "out = base + λ · Σ w·d; d = x − base, each entry kept with probability density,"
      + " rescaled",
    experts: 1...Int.max, base: .required,
    parameters: .taskVectors(.random, rescales: true))

  private let vectors: TaskVectors

  package init(_ settings: MethodSettings) throws {
    vectors = try TaskVectors(settings, .random, elects: false, rescales: true)
  }

  package func merge(_ task: TensorTask) throws -> Merged { try vectors.merge(task) }
}
