extension MethodSettings {
  /// A number that has to lie in a range.
  func number(
    _ name: String, default standard: Double? = nil, in range: ClosedRange<Double>
  ) throws -> Double {
    let value = try number(name, default: standard)
    try range.check(value, "parameter '\(name)'")
    return value
  }

  /// A number for every input; 0, or the default, stands for the base.
  func numbers(
    _ name: String, default standard: Double? = nil, in range: ClosedRange<Double>
  ) throws -> [Double] {
    let values = try numbers(name, default: standard)
    for (index, value) in values.enumerated() {
      try range.check(value, "parameter '\(name)' of \(labels[index])")
    }
    return values
  }
}

extension ClosedRange<Double> {
  static var finite: Self { -.greatestFiniteMagnitude ... .greatestFiniteMagnitude }
  static var notNegative: Self { 0 ... .greatestFiniteMagnitude }

  fileprivate func check(_ value: Double, _ what: String) throws {
    guard !contains(value) else { return }
    let wanted =
      self == .finite
      ? "be a finite number"
      : self == .notNegative
        ? "be a finite number that is not negative" : "lie between \(lowerBound) and \(upperBound)"
    throw MergeError("\(what) is \(value); it should \(wanted)")
  }
}
