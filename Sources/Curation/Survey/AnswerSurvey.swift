internal import Files
internal import Foundation
internal import Notation
internal import Samples

/// Which fields of a source hold its responses, its reference answers and its own verdicts.
package struct AnswerFieldNames: Sendable {
  package var response: String?
  package var answer: String?
  package var flag: String?

  package var prompt: String?

  package init(response: String?, answer: String?, flag: String?, prompt: String? = nil) {
    (self.response, self.answer, self.flag, self.prompt) = (response, answer, flag, prompt)
  }
}

/// How often a source's own flag and the answer worked out anew agree.
package struct AnswerSurvey: Sendable {
  /// The source's flag and our verdict, with how many responses have both.
  package struct Cell: Encodable, Hashable, Sendable {
    /// Nil where the source says nothing.
    package var sourceSays: Bool?
    /// `equal`, `different` or `unknown`.
    package var verdict: String
    /// Why it is unknown.
    package var because: String?
    package var count = 0
    /// The first of them where source and verdict contradict each other.
    package var examples: [Example] = []
  }

  /// One response.
  package struct Example: Encodable, Hashable, Sendable {
    /// File and row, counted from 1.
    package var place: String
    /// Which of a row's responses it is, counted from 1; nil where the row has one.
    package var response: Int?
    package var found: String
    package var expected: String
  }

  package private(set) var cells: [Cell] = []
  package private(set) var rows = 0
  package private(set) var unreadable = 0

  /// Reads these files; the result is the same for any number of workers.
  package init(
    of subject: SurveySubject, _ names: AnswerFieldNames, workers: Int,
    progress: (Progress) -> Void = { _ in }
  ) throws {
    let view = try AnswerView(subject, names)
    let limits = ReadLimits()
    let feeder = SurveyFeeder(subject.paths, view.projection.keys, limits)
    let conveyor = Conveyor(
      pieces: (0..<workers + 2).map { _ in SurveyPiece() }, fill: feeder.fill)
    var state = Progress(totalBytes: feeder.totalBytes)
    try conveyor.run(
      workers: workers,
      makeWork: {
        let reader = AnswerReader(view)
        return { piece in piece.answers = reader.read(piece.chunk) }
      },
      collect: { piece in
        try Interruption.check()
        add(piece.answers, path: Library.shown(subject.paths[piece.file]))
        state.rows += piece.chunk.rows.count
        state.bytes = piece.bytesRead
        progress(state)
      })
    try Interruption.check()
    let order = ["equal", "different", "unknown"]
    cells.sort {
      ($0.rank, order.firstIndex(of: $0.verdict)!, $0.because ?? "")
        < ($1.rank, order.firstIndex(of: $1.verdict)!, $1.because ?? "")
    }
  }

  private mutating func add(_ found: AnswerTally, path: String) {
    rows += found.rows
    unreadable += found.unreadable
    for var cell in found.cells {
      for index in cell.examples.indices {
        cell.examples[index].place = path + ":" + cell.examples[index].place
      }
      cells.add(cell)
    }
  }

  /// Examples of each contradiction that are shown.
  static let shown = 5
}

extension AnswerSurvey.Cell {
  fileprivate var rank: Int { sourceSays == true ? 0 : sourceSays == false ? 1 : 2 }

  /// Whether source and verdict say opposite things.
  package var isContradiction: Bool {
    sourceSays == true && verdict == "different" || sourceSays == false && verdict == "equal"
  }
}

extension [AnswerSurvey.Cell] {
  fileprivate mutating func add(_ cell: AnswerSurvey.Cell) {
    let place = firstIndex {
      $0.sourceSays == cell.sourceSays && $0.verdict == cell.verdict && $0.because == cell.because
    }
    guard let place else {
      append(cell)
      return
    }
    self[place].count += cell.count
    self[place].examples += cell.examples.prefix(AnswerSurvey.shown - self[place].examples.count)
  }
}

/// What is looked at in each row.
private struct AnswerView: Sendable {
  let projection: Projection
  let response, answer: Projection.Slot
  let flag, prompt: Projection.Slot?

  init(_ subject: SurveySubject, _ names: AnswerFieldNames) throws {
    func field(_ wanted: String?, _ known: [String], _ option: String) throws -> Field? {
      let fields = subject.card?.fields ?? []
      guard let name = wanted ?? known.first(where: { name in fields.contains { $0.name == name } })
      else { return nil }
      if let field = fields.first(where: { $0.name == name }) { return field }
      guard let path = FieldPath(name) else {
        throw RecipeError("\(option) \(name)", "a field is a name, 'key' or 'key[].member'")
      }
      let there = try subject.paths.first.map { try SourceFile($0).keys() } ?? []
      guard there.contains(path.key) else {
        throw RecipeError(
          "\(option) \(name)",
          "no row has this field"
            + choices(for: name, among: there, "there are"))
      }
      return Field(name: name, path: path, type: .any)
    }
    func needed(_ wanted: String?, _ known: [String], _ option: String) throws -> Field {
      guard let field = try field(wanted, known, option) else {
        throw RecipeError(
          option,
          "name the field of the \(option == "--answer" ? "reference" : "response")"
            + "; nothing says which it is")
      }
      return field
    }
    let responseField = try needed(
      names.response, ["responses", "response", "solution"], "--response")
    let answerField = try needed(names.answer, ["answer"], "--answer")
    let flagField = try field(names.flag, ["verified"], "--flag")
    let promptField = try field(names.prompt, ["prompt"], "--prompt")
    var projection = Projection()
    response = projection.slot(of: responseField)
    answer = projection.slot(of: answerField)
    flag = flagField.map { projection.slot(of: $0) }
    prompt = promptField.map { projection.slot(of: $0) }
    self.projection = projection
  }
}

/// What one chunk came to.
struct AnswerTally {
  var cells: [AnswerSurvey.Cell] = []
  var rows = 0
  var unreadable = 0
}

/// A worker's hands: it works out the answers of each row.
private final class AnswerReader {
  private let view: AnswerView
  private var scanner: RowScanner

  init(_ view: AnswerView) {
    self.view = view
    scanner = RowScanner(view.projection)
  }

  func read(_ chunk: Chunk) -> AnswerTally {
    var tally = AnswerTally()
    for place in chunk.rows {
      let isRead =
        place.fault == nil
        && chunk.withBytes(of: place) { read($0, place.number, &scanner, &tally) }
      if isRead { tally.rows += 1 } else { tally.unreadable += 1 }
    }
    return tally
  }

  /// False for a row that cannot be read.
  private func read(
    _ bytes: Span<UInt8>, _ row: Int, _ scanner: inout RowScanner, _ tally: inout AnswerTally
  ) -> Bool {
    guard scanner.scan(bytes) == nil else { return false }
    let sample = scanner.sample(of: bytes)
    let value = sample[view.response]
    if value.kind == .string { judge(value, nil, sample, row, &tally) }
    for index in 0..<(value.kind == .array ? value.count : 0) {
      let element = sample.element(index, of: view.response)
      if element.kind == .string { judge(element, index, sample, row, &tally) }
    }
    return true
  }

  private func judge(
    _ response: Value, _ index: Int?, _ sample: borrowing Sample, _ row: Int,
    _ tally: inout AnswerTally
  ) {
    var text = ByteBuffer(capacity: response.range.count)
    unescape(sample.bytes(of: response), into: &text)
    let verdict = AnswerVerdict(
      on: text.bytes, of: sample, reference: sample[view.answer],
      prompt: view.prompt.map { sample[$0] } ?? .absent)
    var cell = AnswerSurvey.Cell(
      sourceSays: view.flag.flatMap { sample.flag(in: $0, element: index) },
      verdict: verdict.name, because: verdict.doubt, count: 1)
    if cell.isContradiction {
      cell.examples = [
        AnswerSurvey.Example(
          place: "\(row)", response: index.map { $0 + 1 },
          found: String(decoding: verdict.found ?? [], as: UTF8.self),
          expected: String(decoding: verdict.expected ?? [], as: UTF8.self))
      ]
    }
    tally.cells.add(cell)
  }
}
