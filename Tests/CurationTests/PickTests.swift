import Samples
import Testing

@testable import Curation
@testable import Notation

struct PickTests {
  static let types: [String: FieldType] = [
    "responses": .texts, "verified": .flags, "complete": .flags, "scores": .numbers, "a": .text,
  ]

  private func pick(_ text: String) throws -> (Pick, Projection) {
    var projection = Projection()
    let pick = try Pick(YAML(parsing: text, file: "f.yaml"), in: Scope(Self.types), &projection)
    return (pick, projection)
  }

  static let verified = "where: {verified: {is: true}}"

  static let choices: [(String, String, Int?, Int)] = [
    ("{first: responses}", #"{"responses": ["b", "a"]}"#, 0, 2),
    ("{first: responses}", #"{"responses": [null, "a"]}"#, 1, 2),
    ("{first: responses}", #"{"responses": [""]}"#, 0, 1),
    ("{first: responses}", #"{"responses": []}"#, nil, 0),
    ("{first: responses}", #"{"responses": null}"#, nil, 0),
    ("{first: responses}", #"{"responses": [null]}"#, nil, 0),
    ("{first: responses}", "{}", nil, 0),
    ("{shortest: responses}", #"{"responses": ["ccc", "a", "bb"]}"#, 1, 3),
    ("{longest: responses}", #"{"responses": ["a", "ccc", "bb"]}"#, 1, 3),
    // Of equals the first.
    ("{shortest: responses}", #"{"responses": ["cc", "a", "b"]}"#, 1, 3),
    ("{longest: responses}", #"{"responses": ["a", "cc", "bb"]}"#, 1, 3),
    // Lengths are those of the text, in Unicode scalars, not of its spelling.
    ("{shortest: responses}", #"{"responses": ["ab", "\u0061"]}"#, 1, 2),
    ("{longest: responses}", #"{"responses": ["\u0061", "ab"]}"#, 1, 2),
    ("{shortest: responses}", #"{"responses": ["abc", "üö"]}"#, 1, 2),
    ("{longest: responses}", #"{"responses": ["\ud83d\ude00", "ab"]}"#, 1, 2),
    ("{shortest: responses}", #"{"responses": [null, "bb", "a"]}"#, 2, 3),
    (
      "{first: responses, \(verified)}",
      #"{"responses": ["a", "b", "c"], "verified": [false, true, true]}"#, 1, 3
    ),
    (
      "{longest: responses, \(verified)}",
      #"{"responses": ["aaa", "b", "cc"], "verified": [false, true, true]}"#, 2, 3
    ),
    (
      "{shortest: responses, \(verified)}",
      #"{"responses": ["a", "bbb", "cc"], "verified": [null, true, true]}"#, 2, 3
    ),
    (
      "{first: responses, \(verified)}", #"{"responses": ["a"], "verified": [false]}"#, nil, 0
    ),
    // Lists of unequal length, or none, cannot say which element is which.
    (
      "{first: responses, \(verified)}", #"{"responses": ["a", "b"], "verified": [true]}"#, nil, 0
    ),
    ("{first: responses, \(verified)}", #"{"responses": ["a"], "verified": null}"#, nil, 0),
    ("{first: responses, \(verified)}", #"{"responses": ["a"]}"#, nil, 0),
    (
      "{first: responses, where: {responses: {starts_with: b}}}",
      #"{"responses": ["a", "b"]}"#, 1, 2
    ),
    (
      "{first: responses, where: {any: [{verified: {is: true}}, {scores: {at_least: 0.5}}]}}",
      #"{"responses": ["a", "b"], "verified": [null, null], "scores": [0.4, 0.6]}"#, 1, 2
    ),
  ]

  @Test(arguments: choices)
  func `one of several is taken`(
    text: String, row: String, index: Int?, candidates: Int
  ) throws {
    let (pick, projection) = try pick(text)
    try withSample(row, projection) { sample in
      let choice = pick.choose(sample)
      #expect(choice?.index == index)
      #expect(choice?.candidates ?? 0 == candidates)
    }
  }

  @Test func `a pick keeps its text, its list and what it asked`() throws {
    let (pick, projection) = try pick("{first: responses, \(Self.verified)}")
    #expect(pick.text == "{first: responses, where: {verified: {is: true}}}")
    #expect(pick.policy == .first)
    #expect(pick.list.name == "responses")
    #expect(pick.evidence.map(\.field.name) == ["verified"])
    #expect(projection.keys == ["responses", "verified"])
  }

  static let refused: [(String, String)] = [
    ("[]", "1:1: 'pick' should be a mapping, and is a list"),
    (
      "{}", "1:1: 'pick' needs one of 'first', 'shortest' and 'longest', with the list to pick from"
    ),
    (
      "{first: responses, longest: responses}",
      "1:1: 'pick' needs one of 'first', 'shortest' and 'longest', with the list to pick from"
    ),
    (
      "{\(verified)}",
      "1:1: 'pick' needs one of 'first', 'shortest' and 'longest', with the list to pick from"
    ),
    (
      "{last: responses}",
      "1:2: 'pick' has no 'last'; it has 'first', 'shortest', 'longest' and"
        + " 'where'"
    ),
    ("{first: [responses]}", "1:9: a list should be a text, and is a list"),
    ("{first: bogus}", "1:9: the scope has no 'bogus'"),
    ("{first: a}", "1:9: 'a' is a text; picking needs a list of texts"),
    (
      "{first: verified}",
      "1:9: 'verified' is a list of true and false; picking needs a list of texts"
    ),
    (
      "{first: responses, where: {a: {is: x}}}",
      "1:28: 'a' is a text; inside a list test a list is needed"
    ),
    (
      "{first: responses, where: {some: {verified: {is: true}}}}",
      "1:28: 'some' cannot stand inside another list test"
    ),
  ]

  @Test(arguments: refused)
  func `a pick with something wrong is refused there`(text: String, expected: String) {
    #expect(message { _ = try pick(text) } == "f.yaml:" + expected)
  }
}
