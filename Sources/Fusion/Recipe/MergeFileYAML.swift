internal import Notation

/// Values as merge files spell them.
extension YAML {
  /// A mapping of which all keys are known, without those that are left empty.
  func present(_ what: String, _ known: [String]) throws(RecipeError) -> [String: YAML] {
    try keyed(what, known).filter { !$0.value.isNull }
  }

  /// A whole number of 0 or more, exact up to the largest `Int`.
  func count(_ what: String, atLeast least: Int = 0) throws(RecipeError) -> Int {
    guard isScalar, let value = Int(try text(what)), value >= least else {
      throw fail(
        "\(what) should be a whole number of \(least) or more, and is \(described)")
    }
    return value
  }

  func flag(_ what: String) throws(RecipeError) -> Bool {
    guard isScalar, let value = SettingValue(try text(what)).flag else {
      throw fail("\(what) should be true or false, and is \(described)")
    }
    return value
  }

  /// One of the values of an enumeration, by its name.
  func choice<Value: RawRepresentable<String> & CaseIterable>(
    _ what: String, of type: Value.Type = Value.self
  ) throws(RecipeError) -> Value {
    let name = try text(what)
    guard let value = Value(rawValue: name) else {
      let known = Value.allCases.map(\.rawValue)
      throw fail("\(what) cannot be '\(name)'\(choices(for: name, among: known, "there are"))")
    }
    return value
  }
}
