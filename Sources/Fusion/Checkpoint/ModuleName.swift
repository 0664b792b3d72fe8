/// A tensor's name taken apart: in which layer it is, and which of a layer's modules.
package struct ModuleName: Hashable, Sendable {
  /// Up to its number, such as `model.layers.12`; nil outside of all layers.
  package let layer: String?
  /// The same in every layer, such as `mlp.down_proj`; further numbers, as of experts, are `*`.
  package let module: String

  package init(_ name: String) {
    var components = name.split(separator: ".", omittingEmptySubsequences: false)
    func isNumber(_ component: Substring) -> Bool {
      !component.isEmpty && component.utf8.allSatisfy { 0x30...0x39 ~= $0 }
    }
    if components.count > 1, let last = components.last, last == "weight" || last == "bias" {
      components.removeLast()
    }
    if let number = components.firstIndex(where: isNumber), number < components.count - 1 {
      layer = components[...number].joined(separator: ".")
      module = components[(number + 1)...].map { isNumber($0) ? "*" : $0 }.joined(separator: ".")
    } else {
      layer = nil
      if components.count > 1, components[0] == "model" { components.removeFirst() }
      module = components.joined(separator: ".")
    }
  }
}
