/// Why a row could not be read as a sample. It is quarantined; the run goes on.
package enum RowFault: Hashable, Sendable, CustomStringConvertible {
  case notObject, syntax, truncated, invalidUTF8, controlCharacter, invalidEscape
  case duplicateKey(String)
  case tooDeep
  case tooLong(limit: Int)
  case wrongType(field: String, expected: FieldType, found: Value.Kind)
  case unpairedSurrogate(field: String)

  /// One word for counting.
  package var code: String {
    switch self {
    case .notObject: "not-an-object"
    case .syntax: "not-json"
    case .truncated: "truncated"
    case .invalidUTF8: "invalid-utf8"
    case .controlCharacter: "control-character"
    case .invalidEscape: "invalid-escape"
    case .duplicateKey: "duplicate-key"
    case .tooDeep: "too-deep"
    case .tooLong: "too-long"
    case .wrongType: "wrong-type"
    case .unpairedSurrogate: "unpaired-surrogate"
    }
  }

  package var description: String {
    switch self {
    case .notObject: "is not a JSON object"
    case .syntax: "is not JSON"
    case .truncated: "ends before its JSON object does"
    case .invalidUTF8: "is not UTF-8"
    case .controlCharacter: "has an unescaped control character in a string"
    case .invalidEscape: "has an escape that JSON does not know"
    case .duplicateKey(let key): "has the key '\(key)' twice"
    case .tooDeep: "is nested more than 512 deep"
    case .tooLong(let limit): "is longer than \(limit) bytes"
    case .wrongType(let field, let expected, let found):
      "'\(field)' should be \(expected.described) and is \(found.described)"
    case .unpairedSurrogate(let field): "'\(field)' holds half of a surrogate pair"
    }
  }
}

extension Value.Kind {
  /// With its article, for messages.
  package var described: String {
    switch self {
    case .absent: "missing"
    case .null: "null"
    case .true: "true"
    case .false: "false"
    case .number: "a number"
    case .string: "a text"
    case .array: "a list"
    case .object: "an object"
    }
  }
}
