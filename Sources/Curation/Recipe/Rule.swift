internal import Notation
package import Samples

/// The tree of a filter's checks.
package indirect enum Rule: Sendable {
  case all([Rule])
  case any([Rule])
  case not(Rule)
  /// One field's checks; an element of it where the rule stands inside `some` or `every`.
  case check(Leaf)
  /// Some index of the parallel lists for which the rule holds.
  case some(Rule, lists: [Projection.Slot])
  /// Every index, of at least one.
  case every(Rule, lists: [Projection.Slot])

  package struct Leaf: Sendable {
    let field: Field
    let slot: Projection.Slot
    let check: any Check
    /// The field's name as JSON, for evidence.
    let label: String
  }

  /// Reads a rule and resolves its fields; `isElement` where the fields are lists looked at
  /// element by element.
  init(
    _ yaml: YAML, in scope: some FieldScope, _ projection: inout Projection, isElement: Bool = false
  ) throws(RecipeError) {
    var parts: [Rule] = []
    for (key, value) in try yaml.entries("a rule") {
      let name = try key.text("a key")
      switch name {
      case "all", "any":
        var rules: [Rule] = []
        for item in try value.list("'\(name)'") {
          rules.append(try Rule(item, in: scope, &projection, isElement: isElement))
        }
        guard !rules.isEmpty else { throw value.fail("'\(name)' needs at least one rule") }
        parts.append(name == "all" ? .all(rules) : .any(rules))
      case "not":
        parts.append(.not(try Rule(value, in: scope, &projection, isElement: isElement)))
      case "some", "every":
        guard !isElement else { throw key.fail("'\(name)' cannot stand inside another list test") }
        let rule = try Rule(value, in: scope, &projection, isElement: true)
        let lists = Array(Set(rule.leaves.map(\.slot)))
        parts.append(name == "some" ? .some(rule, lists: lists) : .every(rule, lists: lists))
      default:
        let field = try scope.field(named: name, at: key)
        guard let type = isElement ? field.type.element : field.type else {
          throw key.fail(
            "'\(name)' is \(field.type.described); inside a list test a list is needed")
        }
        let slot = projection.slot(of: field)
        let checks = try value.entries("'\(name)'")
        guard !checks.isEmpty else { throw value.fail("'\(name)' needs a check") }
        for (key, value) in checks {
          let check = try CheckList.check(
            key, value, for: field, type: type, in: scope, &projection)
          parts.append(
            .check(Leaf(field: field, slot: slot, check: check, label: JSON.quoted(name))))
        }
      }
    }
    guard let first = parts.first else { throw yaml.fail("a rule needs at least one check") }
    self = parts.count == 1 ? first : .all(parts)
  }

  /// All checks of the tree.
  var leaves: [Leaf] {
    switch self {
    case .all(let rules), .any(let rules): rules.flatMap(\.leaves)
    case .not(let rule), .some(let rule, _), .every(let rule, _): rule.leaves
    case .check(let leaf): [leaf]
    }
  }

  /// All fields that the checks look at, those compared with included.
  var inputs: [(slot: Projection.Slot, field: Field)] {
    leaves.flatMap { [(slot: $0.slot, field: $0.field)] + $0.check.others }
  }

  /// Whether the rule holds; `element` is the index inside a list test.
  func holds(_ sample: borrowing Sample, element: Int? = nil) -> Bool {
    switch self {
    case .all(let rules):
      for rule in rules where !rule.holds(sample, element: element) { return false }
      return true
    case .any(let rules):
      for rule in rules where rule.holds(sample, element: element) { return true }
      return false
    case .not(let rule):
      return !rule.holds(sample, element: element)
    case .check(let leaf):
      let value = leaf.value(in: sample, element: element)
      if value.isNull && !type(of: leaf.check).acceptsNull { return false }
      return leaf.check.holds(value, in: leaf.slot, of: sample)
    case .some(let rule, let lists):
      for index in 0..<(parallelCount(of: lists, in: sample) ?? 0)
      where rule.holds(sample, element: index) {
        return true
      }
      return false
    case .every(let rule, let lists):
      guard let count = parallelCount(of: lists, in: sample), count > 0 else { return false }
      for index in 0..<count where !rule.holds(sample, element: index) { return false }
      return true
    }
  }

  /// The checks that made the rule come out as it did: those that failed where it fails, those that
  /// held where it holds.
  func deciding(_ sample: borrowing Sample) -> [Leaf] {
    let outcome = holds(sample)
    switch self {
    case .all(let rules):
      if !outcome {
        for rule in rules where !rule.holds(sample) { return rule.deciding(sample) }
      }
      return gather(rules, sample)
    case .any(let rules):
      if outcome {
        for rule in rules where rule.holds(sample) { return rule.deciding(sample) }
      }
      return gather(rules, sample)
    case .not(let rule): return rule.deciding(sample)
    case .check(let leaf): return [leaf]
    case .some(let rule, _), .every(let rule, _): return rule.leaves
    }
  }

  private func gather(_ rules: [Rule], _ sample: borrowing Sample) -> [Leaf] {
    var leaves: [Leaf] = []
    for rule in rules { leaves += rule.deciding(sample) }
    return leaves
  }
}

extension Rule.Leaf {
  /// The value that is checked.
  func value(in sample: borrowing Sample, element: Int?) -> Value {
    guard let element else { return sample[slot] }
    return sample.element(element, of: slot)
  }
}

/// The common length of parallel lists; nil where one is null or they differ.
func parallelCount(of lists: [Projection.Slot], in sample: borrowing Sample) -> Int? {
  var common: Int?
  for list in lists {
    let value = sample[list]
    guard value.kind == .array, common == nil || common == value.count else { return nil }
    common = value.count
  }
  return common
}
