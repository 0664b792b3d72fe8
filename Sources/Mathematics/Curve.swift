/// The points where an expression is zero.
enum Curve {
  /// How many lines are searched, and in how many steps.
  private static let lines = 22
  private static let stepsOfLine = 60

  /// Whether a point is found where the first is zero and the second is not.
  ///
  /// All symbols but the last are fixed, along the last a change of sign is looked for and halved;
  /// false says only that none was found.
  static func leaves(_ first: Expression, _ second: Expression, _ names: [Name]) -> Bool {
    guard let last = names.last else { return false }
    for line in 0..<lines {
      let fixed = names.dropLast().enumerated().map { place, name in
        // Six lines near the origin, then whole numbers, on which circles of problems lie.
        let value =
          line < 6
          ? Double((line - 2) * (place + 2)) / 3 + Double(place) / 7
          : Double(line % 2 == 0 ? line / 2 - 2 : 2 - line / 2)
        return (name: name, value: DoubleDouble(value))
      }
      func value(_ expression: Expression, _ x: DoubleDouble) -> (value: Double, scale: Double)? {
        var evaluation = Evaluation(fixed + [(name: last, value: x)])
        guard let value = try? evaluation.value(expression), value.isReal else { return nil }
        return (value.real.high, evaluation.scale)
      }
      var before: (x: DoubleDouble, value: Double)?
      for step in 0...stepsOfLine {
        let x = DoubleDouble(Double(step - stepsOfLine / 2) * 0.7 + 0.013)
        guard let here = value(first, x) else {
          before = nil
          continue
        }
        defer { before = (x, here.value) }
        guard let start = before, (start.value < 0) != (here.value < 0) else { continue }
        var (low, high) = (start.x, x)
        for _ in 0..<90 {
          let middle = (low + high) * DoubleDouble(0.5)
          guard let value = value(first, middle) else { break }
          if (value.value < 0) == (start.value < 0) { low = middle } else { high = middle }
        }
        // A pole changes its sign as well.
        guard let there = value(first, low), there.value.magnitude < 1e-18 * there.scale,
          let other = value(second, low)
        else { continue }
        if other.value.magnitude > 1e-9 * other.scale { return true }
      }
    }
    return false
  }
}
