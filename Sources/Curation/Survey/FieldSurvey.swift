internal import Samples

/// What kind of thing a field holds: the types that a source card knows, and what none of them is.
package enum Shape: Int, CaseIterable, Sendable {
  case text, number, flag, object
  case texts, numbers, flags, objects
  /// A list of lists, or one whose elements are of several kinds.
  case lists, mixed
  /// A list without elements, or with none but nulls.
  case empty

  /// The kind of one element, none for null.
  init?(_ kind: Value.Kind) {
    switch kind {
    case .absent, .null: return nil
    case .true, .false: self = .flag
    case .number: self = .number
    case .string: self = .text
    case .object: self = .object
    case .array: self = .lists
    }
  }

  /// A list of such elements.
  var list: Shape {
    switch self {
    case .text: .texts
    case .number: .numbers
    case .flag: .flags
    case .object: .objects
    default: .lists
    }
  }
}

extension Shape: Encodable {
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode("\(self)")
  }
}

/// What one field of many objects holds, counted.
struct FieldSurvey: Sendable {
  let key: String
  /// Objects that have the key, with whatever value.
  private(set) var present = 0
  private(set) var nulls = 0
  private(set) var nullElements = 0
  private var shapeCounts = [Int](repeating: 0, count: Shape.allCases.count)
  /// Characters of texts, also of those in lists.
  private(set) var characters = Spread()
  /// Elements of lists.
  private(set) var elements = Spread()
  private(set) var numbers = NumberSpread()
  private(set) var values: Tally
  /// The objects that its lists hold.
  var members = ObjectSurvey()

  init(key: String, valueLimit: Int) {
    self.key = key
    values = Tally(limit: valueLimit)
  }

  /// Kinds seen with their counts, the most frequent first.
  var shapes: [(shape: Shape, count: Int)] {
    zip(Shape.allCases, shapeCounts).filter { $0.1 > 0 }
      .enumerated().sorted { ($1.element.1, $0.offset) < ($0.element.1, $1.offset) }
      .map { ($0.element.0, $0.element.1) }
  }

  /// Counts the field's value in one object.
  mutating func add(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) {
    guard value.kind != .absent else { return }
    present += 1
    switch value.kind {
    case .null: nulls += 1
    case .array:
      elements.add(value.count)
      var shape: Shape?
      for index in 0..<value.count {
        let element = sample.element(index, of: slot)
        guard let kind = Shape(element.kind) else {
          nullElements += 1
          continue
        }
        shape = shape == nil || shape == kind.list ? kind.list : .mixed
        add(element, of: sample)
      }
      count(shape ?? .empty)
    default:
      if let shape = Shape(value.kind) { count(shape) }
      add(value, of: sample)
    }
  }

  private mutating func count(_ shape: Shape) {
    shapeCounts[shape.rawValue] += 1
  }

  private mutating func add(_ value: Value, of sample: borrowing Sample) {
    switch value.kind {
    case .true, .false: values.add(.flag(value.kind == .true))
    case .number:
      guard let number = sample.number(value) else { return }
      numbers.add(number)
      // Minus nought is nought.
      values.add(.number(number + 0))
    case .string:
      characters.add(sample.characterCount(of: value))
      // An escape is of six bytes at most.
      if value.range.count > 6 * Tally.longestText {
        values.addLongText()
      } else {
        sample.withText(of: value) { values.add(text: $0) }
      }
    case .absent, .null, .array, .object: break
    }
  }

  /// Adds what was counted further on.
  mutating func merge(_ other: FieldSurvey) {
    present += other.present
    nulls += other.nulls
    nullElements += other.nullElements
    for index in shapeCounts.indices { shapeCounts[index] += other.shapeCounts[index] }
    characters.merge(other.characters)
    elements.merge(other.elements)
    numbers.merge(other.numbers)
    values.merge(other.values)
    members.merge(other.members)
  }
}

/// What many objects, rows or elements of lists, have in common: the fields that occur in them.
struct ObjectSurvey: Sendable {
  var count = 0
  /// In the order of their first appearance.
  var fields: [FieldSurvey] = []
  /// More fields occur than are counted.
  var isCutShort = false

  /// Objects that use data as keys would otherwise fill the memory.
  static let mostFields = 500

  /// Adds what was counted further on.
  mutating func merge(_ other: ObjectSurvey) {
    count += other.count
    isCutShort = isCutShort || other.isCutShort
    for field in other.fields {
      if let place = fields.firstIndex(where: { $0.key == field.key }) {
        fields[place].merge(field)
      } else if fields.count < Self.mostFields {
        fields.append(field)
      } else {
        isCutShort = true
      }
    }
  }
}
