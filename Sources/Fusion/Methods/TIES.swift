/// Keeps the largest entries of each change, and of these what agrees in sign.
///
/// Each change is cut to its `density` largest entries, lower index first among equals. Signs are
/// elected per element by the weighted sum, and the agreeing changes are averaged. Four passes; with
/// `trim_scope: model` the cut is made beforehand, for all tensors together.
///
/// Yadav et al., "TIES-Merging", 2023, arXiv:2306.01708.
package struct TIES: MergeMethod, TrimsModels {
  package static let about = MethodDescription(
    "ties", "Trim, elect signs and merge",
    paper: "Yadav et al., TIES-Merging: Resolving interference when merging models, 2023,"
      + " arXiv:2306.01708",
    formula: "out = base + λ · Σ w·d / Σ w over the d that have the sign of Σ w·d; d = x − base"
      + " cut to its density·n largest entries",
    experts: 1...Int.max, base: .required,
    parameters: .taskVectors(.magnitude, normalizes: true))

  var vectors: TaskVectors

  package init(_ settings: MethodSettings) throws {
    vectors = try TaskVectors(settings, .magnitude, elects: true, normalizes: true)
  }

  package func merge(_ task: TensorTask) throws -> Merged { try vectors.merge(task) }
}
