internal import Samples

/// Which fields a survey looks at.
package struct SurveyScope: Sendable {
  /// None means all.
  var paths: [FieldPath] = []
  /// Different values that are counted for each field.
  var valueLimit = 64

  /// All fields.
  package init() {}

  /// These fields, and more of their values.
  init(only paths: [FieldPath]) {
    self.paths = paths
    valueLimit = 4096
  }

  /// Keys of rows to look at; nil means all.
  var keys: [String]? { paths.isEmpty ? nil : unique(paths.map(\.key)) }

  /// Members to look at in a field's lists; nil means all.
  func members(of key: String) -> [String]? {
    let own = paths.filter { $0.key == key }
    return own.isEmpty || own.contains { $0.member.isEmpty } ? nil : unique(own.map(\.member))
  }

  private func unique(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }
}

/// Counts the fields of one object after another, adding columns to its scanner as keys appear.
final class ObjectReader {
  private let scope: SurveyScope
  private let keys: [String]?
  private let isNested: Bool
  private var projection = Projection()
  private var slots: [Projection.Slot] = []
  private var scanner = RowScanner(Projection())
  private var survey = ObjectSurvey()
  /// Readers of the objects in lists, by column.
  private var members: [ObjectReader?] = []

  /// Looks at these keys alone, or at all where `keys` is nil.
  init(_ scope: SurveyScope, keys: [String]?, isNested: Bool = false) {
    self.scope = scope
    self.keys = keys
    self.isNested = isNested
    if let keys { add(keys) }
  }

  /// What was counted so far; keys that no object had are left out.
  var result: ObjectSurvey {
    var result = survey
    for column in result.fields.indices {
      if let members = members[column] { result.fields[column].members = members.result }
    }
    result.fields.removeAll { $0.present == 0 }
    return result
  }

  /// Counts the fields of an object, which must be followed by `ByteBuffer.padding` bytes.
  ///
  /// A member of a list's object that cannot be read makes the row unreadable; what was counted of
  /// the members before it stays.
  func read(_ object: Span<UInt8>) -> RowFault? {
    if let fault = scanner.scan(object) { return fault }
    if keys == nil && hasUnknownKeys {
      add(scanner.keys(of: object))
      if let fault = scanner.scan(object) { return fault }
    }
    return count(object, &scanner)
  }

  /// Whether the object just scanned has keys without a column, and there is room for them.
  private var hasUnknownKeys: Bool {
    let known = slots.count { scanner.isPresent($0.column) }
    guard scanner.keyCount > known else { return false }
    if slots.count >= ObjectSurvey.mostFields { survey.isCutShort = true }
    return slots.count < ObjectSurvey.mostFields
  }

  private func add(_ keys: [String]) {
    for key in keys where !survey.fields.contains(where: { $0.key == key }) {
      guard slots.count < ObjectSurvey.mostFields else {
        survey.isCutShort = true
        break
      }
      let field = Field(name: key, path: FieldPath(key: key), type: .any)
      slots.append(projection.slot(of: field))
      survey.fields.append(FieldSurvey(key: key, valueLimit: scope.valueLimit))
      members.append(nil)
    }
    scanner = RowScanner(projection)
  }

  private func count(_ object: Span<UInt8>, _ scanner: inout RowScanner) -> RowFault? {
    let sample = scanner.sample(of: object)
    for column in slots.indices {
      if let fault = readElements(of: column, sample) { return fault }
    }
    survey.count += 1
    for column in slots.indices {
      survey.fields[column].add(sample[slots[column]], in: slots[column], of: sample)
    }
    return nil
  }

  private func readElements(of column: Int, _ sample: borrowing Sample) -> RowFault? {
    let list = sample[slots[column]]
    guard list.kind == .array else { return nil }
    for index in 0..<list.count {
      let element = sample.element(index, of: slots[column])
      if element.isUnpaired { return .unpairedSurrogate(field: survey.fields[column].key) }
      guard element.kind == .object, !isNested else { continue }
      if members[column] == nil {
        members[column] = ObjectReader(
          scope, keys: scope.members(of: survey.fields[column].key), isNested: true)
      }
      if let fault = members[column]!.read(sample.bytes(of: element)) { return fault }
    }
    return nil
  }
}
