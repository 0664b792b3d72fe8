/// The steps that a branch asks of a source in two builds, and which of them is which.
struct StepLinks {
  /// Before and after; none where the branch does not take from the source.
  let steps: [[RecordedStep]]
  /// For each step its place on the other side.
  let counterparts: [[Int?]]
  /// For each step before whether it decides otherwise by its text, or by what the card says of the
  /// fields that it looks at.
  let isTextChanged, areFieldsChanged: [Bool]
  /// Fields, and `identity`, of which the cards do not say the same.
  let cardChanges: [String]
  let isIDChanged, isAnswerChanged: Bool

  init(_ takings: [RecordedTaking?], _ cards: [RecordedCard?]) {
    let steps = takings.map { $0?.steps ?? [] }
    let counterparts: [[Int?]] = (0...1).map { side in
      steps[side].map { step in
        steps[1 - side].firstIndex { $0.kind == step.kind && $0.name == step.name }
      }
    }
    self.steps = steps
    self.counterparts = counterparts
    isTextChanged = steps[0].indices.map { place in
      counterparts[0][place].map { steps[0][place].meaning != steps[1][$0].meaning } ?? false
    }
    guard let before = cards[0], let after = cards[1] else {
      areFieldsChanged = steps[0].map { _ in false }
      (cardChanges, isIDChanged, isAnswerChanged) = ([], false, false)
      return
    }
    func isOther(_ field: String) -> Bool { before.meaning(of: field) != after.meaning(of: field) }
    areFieldsChanged = steps[0].indices.map { place in
      let other = counterparts[0][place].map { steps[1][$0].fields } ?? []
      return steps[0][place].fields.union(other).contains(where: isOther)
    }
    cardChanges = before.changes(to: after)
    isIDChanged = before.idMeaning != after.idMeaning
    isAnswerChanged = isOther("answer")
  }

  /// The only step of a kind.
  func place(of kind: String, on side: Int) -> Int? {
    steps[side].firstIndex { $0.kind == kind }
  }

  /// Whether the steps that both sides have come in another order.
  var isOrderChanged: Bool {
    let common = counterparts[0].compactMap { $0 }
    return zip(common, common.dropFirst()).contains { $0 > $1 }
  }
}
