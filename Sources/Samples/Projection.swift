/// The fields of a source that a plan reads, each in a numbered slot.
///
/// Built once before any data is touched; afterwards a field is a number.
package struct Projection: Sendable {
  /// What the scanner is asked for in one slot.
  package struct Column: Hashable, Sendable {
    package var key: String
    package var member: String
  }

  /// A field's column, with the element and the part of it that is meant.
  package struct Slot: Hashable, Sendable {
    package var column: Int
    package var index: Int?
    package var between: Marks?
  }

  package private(set) var columns: [Column] = []
  package private(set) var fields: [Field] = []
  private var slots: [Field: Slot] = [:]

  package init() {}

  /// The field's slot, made on first use.
  package mutating func slot(of field: Field) -> Slot {
    if let slot = slots[field] { return slot }
    let column = Column(key: field.path.key, member: field.path.member)
    let place =
      columns.firstIndex(of: column)
      ?? {
        columns.append(column)
        return columns.count - 1
      }()
    let slot = Slot(column: place, index: field.path.index, between: field.between)
    slots[field] = slot
    fields.append(field)
    return slot
  }

  /// The top-level keys that are read, in the order of their first use.
  package var keys: [String] {
    var seen: Set<String> = []
    return columns.map(\.key).filter { seen.insert($0).inserted }
  }
}
