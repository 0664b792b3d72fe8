internal import Files

/// One named thing that a stage's result depends on, and its value: a short text, or a hash.
///
/// Two lists of them tell whether a stage is up to date, and if not, which change is to blame.
package struct Ingredient: Codable, Equatable, Sendable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }

  /// The hash of all of them in their order.
  package static func identity(of ingredients: [Ingredient]) -> String {
    var bytes: [UInt8] = []
    for ingredient in ingredients {
      for text in [ingredient.name, ingredient.value] {
        bytes += Array("\(text.utf8.count):\(text)\n".utf8)
      }
    }
    return Digest(of: bytes.span).description
  }

  /// What is to blame for a difference, in words: a value that changed, came or went.
  package static func changes(from old: [Ingredient], to new: [Ingredient]) -> [String] {
    guard old != new else { return [] }
    let before = Dictionary(old.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    let after = Dictionary(new.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    var changes: [String] = []
    for ingredient in new {
      guard let value = before[ingredient.name] else {
        changes.append("\(ingredient.name) is new")
        continue
      }
      guard value != ingredient.value else { continue }
      let isShort = max(value.count, ingredient.value.count) <= 40 && !value.contains("\n")
      changes.append(
        isShort && !isHash(value)
          ? "\(ingredient.name): \(value) became \(ingredient.value)" : "\(ingredient.name) changed"
      )
    }
    changes += old.filter { after[$0.name] == nil }.map { "\($0.name) is gone" }
    if changes.isEmpty { changes.append("the order of its parts changed") }
    return changes
  }

  private static func isHash(_ value: String) -> Bool {
    value.count >= 32 && value.allSatisfy(\.isHexDigit)
  }
}
