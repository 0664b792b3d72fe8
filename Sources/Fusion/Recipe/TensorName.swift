/// A tensor's name that says to which layer it belongs: `model.layers.3.mlp.up_proj.weight`.
///
/// The layer is the first number in it that follows a word; `model.layers` is its tower.
package struct TensorName: Hashable, Sendable {
  /// All before the number.
  package let tower: String
  package let layer: Int
  /// All after the number; can be empty.
  package let suffix: String

  package init?(_ name: String) {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    let found = parts.indices.dropFirst().first {
      Self.number(parts[$0]) != nil && Self.number(parts[$0 - 1]) == nil && !parts[$0 - 1].isEmpty
    }
    guard let found, let layer = Self.number(parts[found]) else { return nil }
    tower = parts[..<found].joined(separator: ".")
    self.layer = layer
    suffix = parts[(found + 1)...].joined(separator: ".")
  }

  init(tower: String, layer: Int, suffix: String) {
    self.tower = tower
    self.layer = layer
    self.suffix = suffix
  }

  package var name: String { "\(tower).\(layer)" + (suffix.isEmpty ? "" : ".\(suffix)") }

  /// A number as layers are written: no sign, no leading zero, and no more than anyone has.
  private static func number(_ part: Substring) -> Int? {
    guard part.utf8.count <= 6, part.utf8.allSatisfy({ (48...57).contains($0) }),
      let value = Int(part), String(value) == part
    else { return nil }
    return value
  }
}
