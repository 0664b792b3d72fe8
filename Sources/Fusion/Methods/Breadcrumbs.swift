/// Drops the largest and the smallest entries of each change and adds the rest.
///
/// Of n entries the floor(`gamma` n) largest are dropped, the next floor(`density` n) kept; where too
/// few are left below the outliers, fewer count as outliers. Lower index first among equals.
///
/// Davari and Belilovsky, "Model breadcrumbs", 2023, arXiv:2312.06795.
package struct Breadcrumbs: MergeMethod {
  package static let about = MethodDescription(
    "breadcrumbs", "Drop the largest and the smallest",
    paper: "Davari and Belilovsky, Model breadcrumbs: Scaling multi-task model merging with"
      + " sparse masks, 2023, arXiv:2312.06795",
    formula: "out = base + λ · Σ w·d; d = x − base without its gamma·n largest entries, cut to the"
      + " density·n next",
    experts: 1...Int.max, base: .required,
    parameters: .taskVectors(.outliers))

  private let vectors: TaskVectors

  package init(_ settings: MethodSettings) throws {
    vectors = try TaskVectors(settings, .outliers, elects: false)
  }

  package func merge(_ task: TensorTask) throws -> Merged { try vectors.merge(task) }
}
