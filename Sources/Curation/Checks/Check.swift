internal import Notation
internal import Samples

/// One measurable property of a field; a value that is null or missing fails every check but
/// `is_null`.
///
/// A new check is one file with its type and its page, and one line in `CheckList`.
protocol Check: Sendable {
  /// The key in a filter.
  static var name: String { get }
  /// The types of field that can be checked so.
  static var types: Set<FieldType> { get }
  /// What `branchmerge checks` says of it.
  static var page: CheckPage { get }

  /// Reads what stands after the key, for a field of this type; other fields are found in `scope`.
  init(
    _ yaml: YAML, type: FieldType, in scope: some FieldScope, _ projection: inout Projection
  ) throws(RecipeError)

  /// Fields that it looks at beside its own.
  var others: [(slot: Projection.Slot, field: Field)] { get }

  /// Whether the property holds. `value` is never null here, unless `acceptsNull`.
  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool

  static var acceptsNull: Bool { get }

  /// Whether a figure is measured that says more than the value itself.
  static var measures: Bool { get }
  /// That figure, as JSON.
  func measured(_ value: Value, in sample: borrowing Sample) -> String?
}

/// A check that looks at nothing but its field.
protocol PlainCheck: Check {
  init(_ yaml: YAML, type: FieldType) throws(RecipeError)
}

extension PlainCheck {
  init(
    _ yaml: YAML, type: FieldType, in scope: some FieldScope, _ projection: inout Projection
  ) throws(RecipeError) {
    try self.init(yaml, type: type)
  }
}

extension Check {
  static var acceptsNull: Bool { false }
  static var measures: Bool { false }
  var others: [(slot: Projection.Slot, field: Field)] { [] }
  func measured(_ value: Value, in sample: borrowing Sample) -> String? { nil }
}

/// All checks there are.
enum CheckList {
  static let all: [any Check.Type] = [
    Is.self, In.self, AtLeast.self, AtMost.self, Length.self, Contains.self, StartsWith.self,
    Count.self, IsNull.self, IsBlank.self, LengthRatio.self, Says.self, ReasoningForm.self,
    Repetition.self, Loop.self, Language.self, HasImage.self, HasLink.self, IsMultipart.self,
    CodeBlock.self, MathAnswer.self,
  ]

  static func check(
    _ key: YAML, _ value: YAML, for field: Field, type: FieldType, in scope: some FieldScope,
    _ projection: inout Projection
  ) throws(RecipeError) -> any Check {
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
    return try found.init(value, type: type, in: scope, &projection)
  }
}
