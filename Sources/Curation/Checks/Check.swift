internal import Notation
internal import Samples

/// One measurable property of a field; a value that is null or missing fails every check but
/// `is_null`.
///
/// A new check is one file with its type, and one line in `CheckList`.
protocol Check: Sendable {
  /// The key in a filter.
  static var name: String { get }
  /// The types of field that can be checked so.
  static var types: Set<FieldType> { get }

  /// Reads what stands after the key, for a field of this type.
  init(_ yaml: YAML, type: FieldType) throws(RecipeError)

  /// Whether the property holds. `value` is never null here, unless `acceptsNull`.
  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool

  static var acceptsNull: Bool { get }

  /// The figure that was measured, where it says more than the value itself; as JSON.
  func measured(_ value: Value, in sample: borrowing Sample) -> String?
}

extension Check {
  static var acceptsNull: Bool { false }
  func measured(_ value: Value, in sample: borrowing Sample) -> String? { nil }
}

/// All checks there are.
enum CheckList {
  static let all: [any Check.Type] = [
    Is.self, In.self, AtLeast.self, AtMost.self, Length.self, Contains.self, StartsWith.self,
    Count.self, IsNull.self, IsBlank.self,
  ]

  static func check(_ key: YAML, _ value: YAML, for field: Field, type: FieldType)
    throws(RecipeError) -> any Check
  {
    let name = try key.text("a check")
    guard let found = all.first(where: { $0.name == name }) else {
      let names = all.map { $0.name }
      throw key.fail(
        "no check is called '\(name)'\(choices(for: name, among: names, "there are"))")
    }
    guard found.types.contains(type) else {
      let fitting = all.filter { $0.types.contains(type) }.map { $0.name }
      throw key.fail(
        "'\(field.name)' is \(type.described), which '\(name)' cannot check; \(listed(fitting)) can"
      )
    }
    return try found.init(value, type: type)
  }
}
