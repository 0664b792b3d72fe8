/// Takes over tensors that are no weights, such as position ids: they are the same in all inputs.
struct IdenticalTensors: MergeMethod {
  static let about = MethodDescription(
    "identical", "Equal in all inputs", paper: "", formula: "out = x", experts: 0...Int.max,
    base: .optional)

  init() {}
  init(_ settings: MethodSettings) {}

  func merge(_ task: TensorTask) throws -> Merged {
    for input in task.inputs.indices.dropFirst() where try !task.areEqual(0, input) {
      throw MergeError(
        "\(task.name): \(task.type.rawValue) is not merged, and \(task.labels[0]) and"
          + " \(task.labels[input]) differ in it; 'int_tensors: base' takes the base's")
    }
    return Merged(try task.copy(0))
  }
}
