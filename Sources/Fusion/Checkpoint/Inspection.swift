internal import Files

/// What a checkpoint holds, counted in every way that a person asks for.
package struct Inspection: Encodable, Sendable {
  package let path: String
  package let total: Total
  /// The largest first.
  package let types: [Total]
  package let files: [Total]
  /// By the name up to the number; what is in no layer is left out.
  package let layers: [Total]
  /// By the name inside a layer, all layers taken together.
  package let modules: [Total]
  /// In natural order.
  package let tensors: [Tensor]
  package let notes: [String]

  package struct Tensor: Encodable, Equatable, Sendable {
    package let name: String
    package let type: String
    package let shape: [Int]
    package let parameters: Int
    package let bytes: Int
    package let file: String
  }

  package struct Total: Encodable, Equatable, Sendable {
    package let name: String
    package private(set) var tensors = 0
    package private(set) var parameters = 0
    package private(set) var bytes = 0

    fileprivate mutating func add(_ tensor: Tensor) {
      tensors += 1
      parameters += tensor.parameters
      bytes += tensor.bytes
    }
  }

  package init(_ checkpoint: Checkpoint) {
    let names = checkpoint.files.map { $0.path.fileName }
    let tensors = checkpoint.tensors.map { tensor in
      Tensor(
        name: tensor.name, type: tensor.type.rawValue, shape: tensor.shape,
        parameters: tensor.count, bytes: tensor.byteCount, file: names[tensor.file])
    }
    path = checkpoint.path
    total = Self.totals(of: tensors) { _ in "all" }.first ?? Total(name: "all")
    types = Self.totals(of: tensors, by: \.type).sorted { $0.bytes > $1.bytes }
    files = Self.totals(of: tensors, by: \.file).inNaturalOrder(by: \.name)
    layers = Self.totals(of: tensors) { ModuleName($0.name).layer }.inNaturalOrder(by: \.name)
    modules = Self.totals(of: tensors) { ModuleName($0.name).module }
    self.tensors = tensors
    notes = checkpoint.notes
  }

  /// One for each key, in the order in which keys first come.
  private static func totals(of tensors: [Tensor], by key: (Tensor) -> String?) -> [Total] {
    var totals: [Total] = []
    var places: [String: Int] = [:]
    for tensor in tensors {
      guard let name = key(tensor) else { continue }
      let place = places[name] ?? totals.count
      if place == totals.count {
        places[name] = place
        totals.append(Total(name: name))
      }
      totals[place].add(tensor)
    }
    return totals
  }
}
