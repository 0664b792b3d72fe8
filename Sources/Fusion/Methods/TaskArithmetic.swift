/// Adds the weighted changes of all models to the base.
///
/// θ = θ₀ + λ Σ wᵢ (θᵢ − θ₀), with `normalize` divided by Σ wᵢ.
///
/// Ilharco et al., "Editing models with task arithmetic", 2022, arXiv:2212.04089.
package struct TaskArithmetic: MergeMethod {
  package static let about = MethodDescription(
    "task_arithmetic", "Sum of task vectors",
    paper: "Ilharco et al., Editing models with task arithmetic, 2022, arXiv:2212.04089",
    formula: "out = base + λ · Σ w·(x − base)",
    experts: 1...Int.max, base: .required,
    parameters: .taskVectors(.none))

  private let vectors: TaskVectors

  package init(_ settings: MethodSettings) throws {
    vectors = try TaskVectors(settings, .none, elects: false)
  }

  package func merge(_ task: TensorTask) throws -> Merged { try vectors.merge(task) }
}
