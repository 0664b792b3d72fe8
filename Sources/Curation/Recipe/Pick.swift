internal import Notation
internal import Samples

/// Which of several trajectories a branch takes: `{first: responses, where: RULE}`.
///
/// The rule is asked of every index of the parallel lists. Of those for which it holds the first,
/// the shortest or the longest is taken; of equals the first.
struct Pick: Sendable {
  enum Policy: String, CaseIterable, Sendable { case first, shortest, longest }

  let policy: Policy
  let list: Field
  /// As the recipe has it, on one line.
  let text: String
  private let slot: Projection.Slot
  private let condition: Rule?
  private let lists: [Projection.Slot]
  /// The lists that decide, for the ledger.
  let evidence: [Rule.Leaf]

  init(_ yaml: YAML, in scope: some FieldScope, _ projection: inout Projection)
    throws(RecipeError)
  {
    let policies = Policy.allCases.map(\.rawValue)
    let keys = try yaml.keyed("'pick'", policies + ["where"])
    let named = Policy.allCases.filter { keys[$0.rawValue] != nil }
    guard let policy = named.first, named.count == 1 else {
      throw yaml.fail("'pick' needs one of \(listed(policies)), with the list to pick from")
    }
    self.policy = policy
    let place = keys[policy.rawValue]!
    text = try yaml.flow()
    list = try scope.field(named: try place.text("a list"), at: place)
    guard list.type == .texts else {
      throw place.fail("'\(list.name)' is \(list.type.described); picking needs a list of texts")
    }
    slot = projection.slot(of: list)
    if let value = keys["where"] {
      condition = try Rule(value, in: scope, &projection, isElement: true)
    } else {
      condition = nil
    }
    evidence = condition?.leaves ?? []
    lists = [slot] + Set(evidence.map(\.slot))
  }

  /// The index taken, and how many there were to choose from; nil where none will do.
  func choose(_ sample: borrowing Sample) -> (index: Int, candidates: Int)? {
    guard let count = parallelCount(of: lists, in: sample) else { return nil }
    var best: (index: Int, length: Int)?
    for index in 0..<count {
      let element = sample.element(index, of: slot)
      guard element.kind == .string else { continue }
      guard condition?.holds(sample, element: index) ?? true else { continue }
      if policy == .first { return (index, count) }
      let length = sample.characterCount(of: element)
      if let best, policy == .shortest ? length >= best.length : length <= best.length { continue }
      best = (index, length)
    }
    return best.map { ($0.index, count) }
  }

  /// The fields that decide, those compared with included.
  var inputs: [(slot: Projection.Slot, field: Field)] { condition?.inputs ?? [] }

  var evidenceSlot: Projection.Slot { slot }
}
