extension JSON {
  package static func whole(_ value: Int) -> JSON { .number(String(value)) }

  /// The shortest spelling that reads back as the same Double; what is not finite as a text.
  package static func real(_ value: Double) -> JSON {
    value.isFinite ? .number("\(value)") : .string("\(value)")
  }
}
