import Foundation
import Samples
import Testing

@testable import Curation
@testable import Notation

struct SurveyTests {
  /// Six rows in the manner of OpenR1-Math, one of them cut off.
  static let rows = #"""
    {"problem": "2 + 2?", "source": "olympiads", "verified": [true, false], "score": 1, "chat": [{"from": "user", "value": "2 + 2?"}, {"from": "assistant", "value": "4"}]}
    {"problem": "\u00e9\n\ud83d\ude00", "source": "olympiads", "verified": [true], "score": 2.5, "chat": []}
    {"problem": null, "source": "amc", "verified": null, "score": 2}
    {"problem": "Wie groß ist α?", "source": "amc", "verified": [], "score": 1e2, "chat": null, "late": {}}
    {"problem": "cut
    {"problem": 7, "source": "", "verified": [true, null], "score": -0.0, "chat": [{"from": "user"}]}

    """#

  @Test func `fields are counted in order of appearance, with members of lists`() throws {
    let tables = try Workplace().tables(Self.rows)
    #expect(
      lines(tables.fields) == [
        "field|type|null|missing|values",
        "problem|text 3, number 1|1|-|4",
        "source|text|-|-|3",
        "verified|flags 3, empty list 1|1|-|2",
        "score|number|-|-|5",
        "chat|objects 2, empty list 1|1|1|",
        "chat[].from|text|-|-|2",
        "chat[].value|text|-|1|2",
        "late|object|-|4|",
      ])
  }

  @Test func `lengths are in characters, an escape or a surrogate pair being one`() throws {
    let tables = try Workplace().tables(Self.rows)
    #expect(
      lines(tables.lengths) == [
        "||min|median|p95|max",
        "problem|characters|3|6|15|15",
        "|number|7|7||7",
        "source|characters|0|3|9|9",
        "verified|elements|0|1|2|2",
        "score|number|0|2||100",
        "chat|elements|0|1|2|2",
        "chat[].from|characters|4|4|9|9",
        "chat[].value|characters|1|1|6|6",
      ])
  }

  @Test func `values that come again are listed, the most frequent first`() throws {
    let tables = try Workplace().tables(Self.rows + Self.rows)
    #expect(
      tables.values.map { [$0.title] + lines($0.rows) } == [
        ["problem: 4 values", "  7|2|25.0 %", "  2 + 2?|2|25.0 %", "  Wie groß ist α?|2|25.0 %"]
          + [#"  "é\n😀"|2|25.0 %"#],
        ["source: 3 values", "  amc|4|40.0 %", "  olympiads|4|40.0 %", #"  ""|2|20.0 %"#],
        ["verified: 2 values", "  true|6|75.0 %", "  false|2|25.0 %"],
        ["score: 5 values"] + ["0", "1", "2", "2.5", "100"].map { "  \($0)|2|20.0 %" },
        ["chat[].from: 2 values", "  user|4|66.7 %", "  assistant|2|33.3 %"],
        ["chat[].value: 2 values", "  2 + 2?|2|50.0 %", #"  "4"|2|50.0 %"#],
      ])
    #expect(tables.notes == ["Nulls in lists: verified 2"])
  }

  @Test func `rows that cannot be read are counted by reason, with the first place`() throws {
    let place = try Workplace()
    let file = try place.write("rows.jsonl", Self.rows + "17\n" + Self.rows)
    let survey = try Survey(of: [file], workers: 1)
    #expect(survey.rows.count == 10)
    #expect(
      survey.faults == [
        Survey.Fault(
          code: "truncated", count: 2, first: "\(file):5",
          reason: "ends before its JSON object does"),
        Survey.Fault(
          code: "not-an-object", count: 1, first: "\(file):7", reason: "is not a JSON object"),
      ])
  }

  @Test func `fields have the card's names, and those that no row has are named`() throws {
    let place = try Workplace()
    let file = try place.write("rows.jsonl", Self.rows)
    let subject = try place.subject("quiz", given: ["quiz": file])
    let survey = try Survey(of: subject.paths, workers: 1)
    let report = SurveyReport(survey, of: subject, SurveyScope())
    #expect(report.source == "quiz")
    #expect(report.publishedRows == 60)
    #expect(report.absent == ["grade", "names"])
    #expect(
      lines(SurveyTables(report).fields) == [
        "field|in the card|type|null|missing|values",
        "problem|prompt|text 3, number 1|1|-|4",
        "source||text|-|-|3",
        "verified|checks|flags 3, empty list 1|1|-|2",
        "score||number|-|-|5",
        "chat||objects 2, empty list 1|1|1|",
        "chat[].from|roles|text|-|-|2",
        "chat[].value|question, reply|text|-|1|2",
        "late||object|-|4|",
      ])
  }

  @Test(arguments: ["roles", "chat[].from"])
  func `a field that is asked for stands alone, by either name`(name: String) throws {
    let place = try Workplace()
    let file = try place.write("rows.jsonl", Self.rows)
    let subject = try place.subject("quiz", given: ["quiz": file])
    let scope = try subject.scope(of: [name])
    let survey = try Survey(of: subject.paths, scope, workers: 1)
    try subject.check([name], in: survey)
    let report = SurveyReport(survey, of: subject, scope)
    #expect(report.fields.map(\.path) == ["chat", "chat[].from"])
    let tables = SurveyTables(report)
    #expect(tables.values.map(\.title) == ["chat[].from (roles): 2 values"])
    #expect(tables.values.map { lines($0.rows) } == [["  user|2|66.7 %", "  assistant|1|33.3 %"]])
  }

  @Test func `a misspelt field is refused with the nearest name and all that there are`() throws {
    let place = try Workplace()
    let file = try place.write("rows.jsonl", Self.rows)
    let subject = try place.subject(file)
    let survey = try Survey(of: subject.paths, try subject.scope(of: ["sorce"]), workers: 1)
    let error = #expect(throws: RecipeError.self) { try subject.check(["sorce"], in: survey) }
    #expect(
      error?.description == """
        \(file): no row has a field 'sorce'; there are 'problem', 'source', 'verified', 'score', \
        'chat', 'chat[].from', 'chat[].value' and 'late'; did you mean 'source'?
        """)
  }

  @Test func `what is neither a file nor a source is refused in words`() throws {
    let place = try Workplace()
    let expected = [
      "quizz": "no file or folder is here, and no source is called 'quizz'; did you mean 'quiz'?"
        + " There are 'quiz'",
      "rows.jsonl": "no such file or folder",
      "/nowhere/rows": "no such file or folder",
      "quiz/larg": "'quiz' has no config 'larg'; did you mean 'large'? It has 'small' and 'large'",
    ]
    for (argument, message) in expected {
      let error = #expect(throws: RecipeError.self) { try place.subject(argument) }
      #expect(error?.description == "\(argument): \(message)")
    }
    let error = #expect(throws: MissingSources.self) { try place.subject("quiz") }
    #expect(
      error?.description == """
        the files of the source 'quiz' are neither given by --source, nor in the Hugging Face cache; \
        fetch them with
          hf download --repo-type dataset nobody/no-such-quiz --include 'small/*.jsonl'
        """)
  }

  @Test func `the result is the same for any number of workers`() throws {
    let place = try Workplace()
    // Some eight megabytes, four chunks, with values and keys that appear late.
    var text = ""
    for row in 0..<40_000 {
      let filler = String(repeating: "x", count: row % 317)
      let extra = row % 9973 == 9972 ? #", "extra\#(row)": [\#(row), {"deep": "\#(row)"}]"# : ""
      text += #"{"id": \#(row), "name": "n\#(row % 70)", "text": "\#(filler)"\#(extra)}"# + "\n"
      if row % 1000 == 0 { text += "oops\n" }
    }
    let files = [try place.write("a.jsonl", text), try place.write("b.jsonl", Self.rows)]
    let some = SurveyScope(only: [FieldPath(key: "id"), FieldPath(key: "name")])
    for scope in [SurveyScope(), some] {
      let results = try [1, 2, 7].map { workers in
        let subject = try place.subject(place.path)
        let survey = try Survey(of: files, scope, workers: workers)
        #expect(survey.rows.count == 40_005)
        #expect(survey.unreadable == 41)
        let report = SurveyReport(survey, of: subject, scope)
        #expect(report.fields[0].numbers == NumberFigures(min: 0, median: 19968, max: 39999))
        #expect(report.fields[1].values?.isComplete == (scope.valueLimit > 70))
        return try JSONEncoder.sorted.encode(report)
      }
      #expect(results[0] == results[1])
      #expect(results[0] == results[2])
    }
  }

  @Test func `lengths and values are those of the decoded texts, whatever is escaped`() throws {
    let parts = ["a", "\\", "\"", "\n", "é", "∑", "😀", "u", "/", "\t", "\u{7F}", "\u{1}"]
    for seed in 1...20 {
      var random = Dice(state: UInt64(seed))
      let texts = (0..<50).map { _ in
        let count = [0, 1, 31, 62, 63, 64, 65, 128, 3000].randomElement(using: &random)!
        return (0..<count).map { _ in parts.randomElement(using: &random)! }.joined()
      }
      let lines = try texts.enumerated().map { index, text in
        let line = String(decoding: try JSONEncoder().encode(["t": text]), as: UTF8.self)
        guard index % 2 == 0 else { return line }
        // Every scalar beyond ASCII as an escape, or as two.
        return line.utf16.map { unit in
          unit < 0x80 ? String(UnicodeScalar(unit)!) : String(format: "\\u%04x", unit)
        }.joined()
      }
      let place = try Workplace()
      let file = try place.write("t.jsonl", lines.joined(separator: "\n"))
      let field = try Survey(of: [file], workers: 1).rows.fields[0]
      var expected = Spread()
      for text in texts { expected.add(text.unicodeScalars.count) }
      #expect(field.characters == expected)
      let short = texts.map { [UInt8]($0.utf8) }.filter { $0.count <= 80 }
      #expect(Set(field.values.entries.map(\.value)) == Set(short.map { .text($0) }))
    }
  }

  @Test func `an empty file has no rows and no fields`() throws {
    let place = try Workplace()
    let survey = try Survey(of: [try place.write("empty.jsonl", "")], workers: 2)
    #expect(survey.rows.count == 0)
    #expect(survey.paths == [])
    #expect(survey.files.map(\.format) == ["JSON Lines"])
  }

  @Test func `keys without end are cut short and the rest is still counted`() throws {
    let place = try Workplace()
    let text = (0..<2000).map { #"{"a": \#($0), "key \#($0)": 1}"# }.joined(separator: "\n")
    let rows = try Survey(of: [try place.write("k.jsonl", text)], workers: 2).rows
    #expect(rows.fields.count == ObjectSurvey.mostFields)
    #expect(rows.isCutShort)
    #expect(rows.fields[0].present == 2000)
  }

  @Test func `more values than there is room for are said to be more`() throws {
    var tally = Tally(limit: 3)
    for number in [1.0, 2, 2, 3, 4, 2, 5] { tally.add(.number(number)) }
    #expect(!tally.isComplete)
    #expect(tally.ranked.map(\.value) == [.number(2), .number(1), .number(3)])
    #expect(tally.ranked.map(\.count) == [3, 1, 1])
  }

  /// By hand, by nearest rank: of twenty values the 10th is the median and the 19th the 95 % one.
  @Test func `figures are the least values that the share does not exceed`() {
    var spread = Spread()
    for value in 1...20 { spread.add(value * value) }
    #expect(spread.figures == Figures(min: 1, median: 100, p95: 361, max: 400))
    #expect(Spread().figures == nil)
  }

  @Test(arguments: [0, 1, -1, 255, -256, 0.25, 12345, -98765.4321, 1e300, -Double.infinity])
  func `the median of numbers is within 0.8 %`(number: Double) throws {
    var spread = NumberSpread()
    for other in [-Double.greatestFiniteMagnitude, number, .greatestFiniteMagnitude] {
      spread.add(other)
    }
    let figures = try #require(spread.figures)
    let finite = max(number, -.greatestFiniteMagnitude)
    #expect(abs(figures.median - finite) <= abs(finite) * 0.008)
    if abs(finite) <= 256 { #expect(figures.median == finite) }
  }
}

/// The same throws every time (Steele, Lea and Flood's SplitMix64).
private struct Dice: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

private func lines(_ rows: [[String]]) -> [String] { rows.map { $0.joined(separator: "|") } }

/// A folder of its own with one source card, gone when the test is over.
private final class Workplace {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "survey-" + UUID().uuidString
    try FileManager.default.createDirectory(
      atPath: path + "/library/datasets", withIntermediateDirectories: true)
    _ = try write(
      "library/datasets/quiz.yaml",
      """
      about: Questions with answers.
      licence: CC0-1.0
      hub: nobody/no-such-quiz
      configs:
        small: { rows: 60, files: ["small/*.jsonl"] }
        large: { files: ["large/*.jsonl"] }
      identity: [prompt]
      fields:
        prompt: problem
        checks: { from: verified, type: flags }
        question: chat[0].value
        reply: chat[1].value
        roles: { from: "chat[].from", type: texts }
        grade: grade
        names: { from: "chat[].name", type: texts }
      """)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ text: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
    return path + "/" + name
  }

  func subject(_ argument: String, given: [String: String] = [:]) throws -> SurveySubject {
    try SurveySubject(
      argument, library: Library(roots: [path + "/library"]), given: given, workspace: nil)
  }

  func tables(_ text: String) throws -> SurveyTables {
    let subject = try subject(try write("rows.jsonl", text))
    let survey = try Survey(of: subject.paths, workers: 2)
    return SurveyTables(SurveyReport(survey, of: subject, SurveyScope()))
  }
}

extension JSONEncoder {
  fileprivate static var sorted: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return encoder
  }
}
