internal import Notation

extension JSON {
  /// An object of those members that have a value, in this order.
  static func members(_ members: KeyValuePairs<String, JSON?>) -> JSON {
    .object(members.compactMap { key, value in value.map { Member(key, $0) } })
  }

  /// Nil for nil, and for a text without a letter.
  static func some(_ text: String?) -> JSON? {
    guard let text, !text.isEmpty else { return nil }
    return .string(text)
  }
}
