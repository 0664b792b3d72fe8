extension YAML {
  /// A number.
  package func number(_ what: String) throws(RecipeError) -> Double {
    guard case .number(let number) = literal else {
      throw fail("\(what) should be a number, and is \(described)")
    }
    return number
  }

  /// A number above 0.
  package func positive(_ what: String) throws(RecipeError) -> Double {
    let number = try number(what)
    guard number > 0 else { throw fail("\(what) should be above 0, and is \(described)") }
    return number
  }

  /// A whole number that products of two still hold.
  package func positiveWhole(_ what: String) throws(RecipeError) -> Int {
    let count = try whole(what)
    guard 1...(1 << 30) ~= count else {
      throw fail("\(what) should be from 1 to \(1 << 30), and is \(described)")
    }
    return count
  }

  /// One of the names that a type has.
  package func named<Choice: RawRepresentable & CaseIterable>(_ what: String)
    throws(RecipeError) -> Choice where Choice.RawValue == String
  {
    let name = try text(what)
    guard let choice = Choice(rawValue: name) else {
      let names = Choice.allCases.map(\.rawValue)
      throw fail("\(what) cannot be '\(name)'\(choices(for: name, among: names, "it can be"))")
    }
    return choice
  }

  /// A time as `90s`, `30m`, `2h` or `1d`.
  package func seconds(_ what: String) throws(RecipeError) -> Double {
    let text = try text(what)
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
    guard let unit = text.last.flatMap({ units[$0] }), let number = Double(text.dropLast()),
      number > 0, number.isFinite
    else { throw fail("\(what) should be a time such as '90s', '30m' or '2h', and is '\(text)'") }
    return number * unit
  }
}
