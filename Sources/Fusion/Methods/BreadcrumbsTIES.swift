/// Drops the largest and the smallest entries of each change, and adds what agrees in sign.
///
/// The sparsified changes of `breadcrumbs` under the sign election of `ties`.
///
/// Davari and Belilovsky, "Model breadcrumbs", 2023, arXiv:2312.06795; Yadav et al., "TIES-
/// Merging", 2023, arXiv:2306.01708.
package struct BreadcrumbsTIES: MergeMethod {
  package static let about = MethodDescription(
    "breadcrumbs_ties", "Drop the largest and the smallest, elect signs",
    paper: "Davari and Belilovsky, Model breadcrumbs: Scaling multi-task model merging with"
      + " sparse masks, 2023, arXiv:2312.06795; Yadav et al., TIES-Merging, 2023,"
      + " arXiv:2306.01708",
    formula: "out = base + λ · Σ w·d over the d that have the sign of Σ w·d; d as in breadcrumbs",
    experts: 1...Int.max, base: .required,
    parameters: .taskVectors(.outliers))

  private let vectors: TaskVectors

  package init(_ settings: MethodSettings) throws {
    vectors = try TaskVectors(settings, .outliers, elects: true)
  }

  package func merge(_ task: TensorTask) throws -> Merged { try vectors.merge(task) }
}
