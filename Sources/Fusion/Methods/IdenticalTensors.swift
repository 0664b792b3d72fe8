/// Takes over tensors that are no weights, such as position ids: they are the same in all inputs.
struct IdenticalTensors: MergeMethod {
  static let about = MethodDescription(
    "identical", "Equal in all inputs", paper: "", formula: "out = x", experts: 0...Int.max,
    base: .optional)

  /// Whether the first input is taken whatever the others are.
  let takesFirst: Bool

  init(takesFirst: Bool) { self.takesFirst = takesFirst }
  init(_ settings: MethodSettings) { takesFirst = false }

  func merge(_ task: TensorTask) throws -> Merged {
    throw MergeError("\(task.name): not yet")
  }
}
