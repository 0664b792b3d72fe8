package import Notation

/// One output tensor as it will be made: inputs, method and parameters, all resolved.
package struct PlannedTensor: Sendable {
  package var name: String
  package var type: ElementType
  package var shape: [Int]
  package var inputs: [TensorInput]
  /// What the inputs' models are called.
  package var labels: [String]
  package var base: Int?
  package var method: any MergeMethod
  package var methodName: String
  /// The parameters that were given, after gradients, filters and precedence.
  package var parameters: [JSON.Member]
  /// The depth at which gradients were taken.
  package var t: Double

  package init(
    name: String, type: ElementType, shape: [Int], inputs: [TensorInput], labels: [String],
    base: Int?, method: any MergeMethod, methodName: String, parameters: [JSON.Member], t: Double
  ) {
    self.name = name
    self.type = type
    self.shape = shape
    self.inputs = inputs
    self.labels = labels
    self.base = base
    self.method = method
    self.methodName = methodName
    self.parameters = parameters
    self.t = t
  }

  package var count: Int { shape.reduce(1, *) }
  package var byteCount: Int { count * type.bits / 8 }
  /// What is read at least once.
  package var inputByteCount: Int { inputs.reduce(0) { $0 + $1.tensor.byteCount } }
}
