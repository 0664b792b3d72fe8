internal import Notation

/// A parameter's value for one tensor.
package enum SettingValue: Hashable, Sendable {
  case number(Double)
  case text(String)
  case flag(Bool)

  /// The value as a number: a flag counts as 1 or 0.
  package var number: Double? {
    switch self {
    case .number(let number): number
    case .flag(let flag): flag ? 1 : 0
    case .text: nil
    }
  }

  /// The value as a flag: 1 and 0 serve too.
  package var flag: Bool? {
    switch self {
    case .flag(let flag): flag
    case .number(1): true
    case .number(0): false
    case .number, .text: nil
    }
  }

  package var text: String? {
    if case .text(let text) = self { text } else { nil }
  }

  /// The value as a message shows it.
  package var described: String {
    switch self {
    case .number(let number): Int(exactly: number).map(String.init) ?? "\(number)"
    case .flag(let flag): "\(flag)"
    case .text(let text): "'\(text)'"
    }
  }

  /// What a scalar of a merge file means.
  ///
  /// Quoted or not, a numeric text is a number, and so are YAML 1.1's words for flags flags:
  /// existing files are written for readers that take them so.
  init(_ scalar: String) {
    let text = scalar.trimmingSpaces
    switch text {
    case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": self = .flag(true)
    case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": self = .flag(false)
    default:
      // Swift would also take `0x1F`, `nan` and the like.
      if text.utf8.allSatisfy({ "+-.0123456789eE".utf8.contains($0) }),
        let number = Double(text), number.isFinite
      {
        self = .number(number)
      } else {
        self = .text(scalar)
      }
    }
  }
}

/// A parameter as a merge file gives it: the same for all tensors, by depth, or by name.
package indirect enum Setting: Hashable, Sendable {
  case scalar(SettingValue)
  /// Numbers at equal distances over the depth of the model, with straight lines between them.
  case gradient([Double])
  /// Values that each hold for an equal part of the depth, the last for the deepest layer alone.
  case choices([SettingValue])
  /// The first condition that a tensor's name meets decides.
  case conditions([Condition])

  package struct Condition: Hashable, Sendable {
    /// What the name contains; nil takes every name.
    package var filter: String?
    package var value: Setting
  }

  /// The value for a tensor at depth `t` in 0 ... 1; nil where no condition is met.
  package func value(for tensorName: String, at t: Double) -> SettingValue? {
    let t = t > 0 ? min(t, 1) : 0
    switch self {
    case .scalar(let value):
      return value
    case .gradient(let points):
      let position = t * Double(points.count - 1)
      let i = Int(position)
      let j = min(i + 1, points.count - 1)
      let share = position - Double(i)
      return .number((1 - share) * points[i] + share * points[j])
    case .choices(let values):
      return values[Int(t * Double(values.count - 1))]
    case .conditions(let conditions):
      let met = conditions.first { $0.filter.map { tensorName.contains($0) } ?? true }
      return met?.value.value(for: tensorName, at: t)
    }
  }

  /// Reads what stands behind a parameter's name.
  init(_ yaml: YAML, of name: String) throws(RecipeError) {
    if yaml.isMapping {
      self = .conditions([try Self.condition(yaml, of: name)])
    } else if !yaml.isScalar, try yaml.list("'\(name)'").first?.isMapping == true {
      var conditions: [Condition] = []
      for item in try yaml.list("'\(name)'") {
        conditions.append(try Self.condition(item, of: name))
      }
      self = .conditions(conditions)
    } else {
      self = try Self.plain(yaml, of: name)
    }
  }

  private static func condition(_ yaml: YAML, of name: String) throws(RecipeError) -> Condition {
    let keys = try yaml.present("a condition of '\(name)'", ["filter", "value"])
    guard let value = keys["value"] else {
      throw yaml.fail("a condition of '\(name)' needs 'value'")
    }
    let filter = try keys["filter"]?.text("'filter'")
    return Condition(
      filter: filter == "*" || filter == "" ? nil : filter, value: try plain(value, of: name))
  }

  private static func plain(_ yaml: YAML, of name: String) throws(RecipeError) -> Setting {
    if yaml.isScalar { return .scalar(try value(yaml, of: name)) }
    if yaml.isMapping {
      throw yaml.fail("a value of '\(name)' cannot have conditions of its own")
    }
    var values: [SettingValue] = []
    for item in try yaml.list("'\(name)'") { values.append(try value(item, of: name)) }
    guard !values.isEmpty else {
      throw yaml.fail("'\(name)' is an empty list; leave the parameter out, or give it a value")
    }
    let numbers = values.compactMap(\.number)
    let areFlags = values.allSatisfy { if case .flag = $0 { true } else { false } }
    return numbers.count == values.count && !areFlags ? .gradient(numbers) : .choices(values)
  }

  private static func value(_ yaml: YAML, of name: String) throws(RecipeError) -> SettingValue {
    guard yaml.isScalar, !yaml.isNull else {
      throw yaml.fail(
        "'\(name)' should be a number, a text, true or false,"
          + " and is \(yaml.isNull ? "empty" : yaml.described)")
    }
    return SettingValue(try yaml.text("'\(name)'"))
  }
}

extension String {
  fileprivate var trimmingSpaces: Substring {
    let start = drop(while: \.isWhitespace)
    return start.prefix(start.count - start.reversed().prefix(while: \.isWhitespace).count)
  }
}
