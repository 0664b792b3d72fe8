import Testing

@testable import Curation

struct AnswerSurveyTests {
  @Test(arguments: [1, 3])
  func `the source's flag is counted beside the verdict, with what contradicts`(workers: Int) throws
  {
    let kitchen = try Pool.kitchen()
    let file = try kitchen.folder.write("pool.jsonl", AnswerVerificationTests.text)
    let subject = try SurveySubject(
      "pool", library: Library(roots: [kitchen.folder.path]), given: ["pool": file],
      workspace: nil)
    let names = AnswerFieldNames(response: nil, answer: nil, flag: nil)
    let survey = try AnswerSurvey(of: subject, names, workers: workers)
    func cell(
      _ says: Bool?, _ verdict: String, _ because: String? = nil,
      _ examples: [AnswerSurvey.Example] = []
    ) -> AnswerSurvey.Cell {
      AnswerSurvey.Cell(
        sourceSays: says, verdict: verdict, because: because, count: 1, examples: examples)
    }
    #expect(survey.rows == 4)
    #expect(
      survey.cells == [
        cell(
          true, "different", nil,
          [.init(place: "\(file):2", response: 1, found: "41", expected: "42")]),
        cell(true, "unknown", "no answer"),
        cell(
          false, "equal", nil,
          [.init(place: "\(file):1", response: 1, found: "42.0", expected: "42")]),
        cell(nil, "unknown", "no answer"),
      ])
  }

  @Test func `of a file the fields are named, as they stand in it`() throws {
    let kitchen = try Pool.kitchen()
    let file = try kitchen.folder.write("pool.jsonl", AnswerVerificationTests.text)
    let subject = try SurveySubject(
      file, library: Library(roots: []), given: [:], workspace: nil)
    let survey = try AnswerSurvey(
      of: subject, AnswerFieldNames(response: "generations", answer: "answer", flag: "correct"),
      workers: 2)
    #expect(survey.cells.map(\.count) == [1, 1, 1, 1])
    for (names, expected) in [
      (
        AnswerFieldNames(response: nil, answer: "answer", flag: nil),
        "--response: name the field of the response; nothing says which it is"
      ),
      (
        AnswerFieldNames(response: "generation", answer: "answer", flag: nil),
        "--response generation: no row has this field; did you mean 'generations'?"
      ),
    ] {
      let found = message { _ = try AnswerSurvey(of: subject, names, workers: 1) }
      #expect(found?.hasPrefix(expected) == true, "\(found ?? "")")
    }
  }
}
