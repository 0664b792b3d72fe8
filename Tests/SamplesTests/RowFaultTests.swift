import Samples
import Testing

struct RowFaultTests {
  @Test(arguments: [
    (RowFault.notObject, "not-an-object", "is not a JSON object"),
    (.syntax, "not-json", "is not JSON"),
    (.truncated, "truncated", "ends before its JSON object does"),
    (.invalidUTF8, "invalid-utf8", "is not UTF-8"),
    (
      .controlCharacter, "control-character", "has an unescaped control character in a string"
    ),
    (.invalidEscape, "invalid-escape", "has an escape that JSON does not know"),
    (.duplicateKey("a"), "duplicate-key", "has the key 'a' twice"),
    (.tooDeep, "too-deep", "is nested more than 512 deep"),
    (.tooLong(limit: 9), "too-long", "is longer than 9 bytes"),
    (
      .wrongType(field: "a", expected: .flags, found: .object), "wrong-type",
      "'a' should be a list of true and false and is an object"
    ),
    (
      .wrongType(field: "a", expected: .text, found: .number), "wrong-type",
      "'a' should be a text and is a number"
    ),
    (.unpairedSurrogate(field: "a"), "unpaired-surrogate", "'a' holds half of a surrogate pair"),
  ])
  func `a fault has a word for counting and a sentence for people`(
    fault: RowFault, code: String, description: String
  ) {
    #expect(fault.code == code)
    #expect(fault.description == description)
  }
}
