internal import Notation

/// Copies a model's tensors, or multiplies them with a number.
///
/// Without `scale`, and where the type stays the same, the stored bytes are copied, of any type.
/// From mergekit, where it stacks the layers of several models into one.
package struct Passthrough: MergeMethod {
  package static let about = MethodDescription(
    "passthrough", "Copy of one model",
    paper: "Goddard et al., Arcee's MergeKit, 2024, arXiv:2403.13257",
    formula: "out = scale · x",
    experts: 1...1, base: .none,
    parameters: [
      ParameterDescription("scale", .model, default: "1", "what all numbers are multiplied with")
    ])

  private let scale: Double

  package init(_ settings: MethodSettings) throws {
    scale = try settings.numbers("scale", default: 1, in: .finite).first ?? 1
  }

  package func merge(_ task: TensorTask) throws -> Merged {
    guard task.inputs.count == 1 else {
      throw MergeError(
        "\(task.name): passthrough takes one model for a tensor, and \(listed(task.labels)) have it"
      )
    }
    guard scale != 1 else { return Merged(try task.copy(0)) }
    return Merged(
      try task.write(.flat(task.count)) { block, _, merged in
        merged.set(block[0], times: scale)
      })
  }
}
