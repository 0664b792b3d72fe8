import ArgumentParser
import Curation
import Files
import Foundation
import Notation

/// `branchmerge survey`: says what is in a source's files.
struct SurveyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "survey",
    abstract: "Say what is in there: rows, fields, their types, lengths and values.",
    discussion: """
      Every row is read. For each field: its type, nulls, in how many rows it is missing, how \
      many different values it has, the lengths of its texts (in characters, that is Unicode \
      scalars) and lists, and how often each value occurs where they are few. Lengths are exact, \
      medians of numbers within 0.8 %. Texts of more than 80 bytes ('long') are not told apart.

      SOURCE is a card in datasets/, NAME or NAME/CONFIG; its fields are then shown with the \
      names that filters use. Without --source, its files are looked up in DIR/sources/NAME and \
      in the Hugging Face cache.

      With --verify the final answer of each response is worked out anew and held against the \
      reference, and the verdicts are counted beside the source's own flag. A card says which \
      fields these are ('responses', 'response' or 'solution'; 'answer'; 'verified'; 'prompt'); of a file \
      they are given.

      Example:
        branchmerge survey openr1-math --source openr1-math='openr1/data/*.parquet'
        branchmerge survey rows.jsonl --field source --field 'conversations[].from'
        branchmerge survey rows.jsonl --verify --response generations --answer answer
      """)

  @Argument(help: ArgumentHelp("A file, folder or pattern, or a source.", valueName: "source|file"))
  var subject: String

  @Option(
    name: .customLong("field"),
    help: ArgumentHelp(
      "Look at this field alone, by its raw or the card's name, and list all of its values; may be"
        + " given several times.", valueName: "field"))
  var names: [String] = []

  @Flag(help: "Work out the answers anew, and count where the source says otherwise.")
  var verify = false

  @Option(help: ArgumentHelp("With --verify: the field of the responses.", valueName: "field"))
  var response: String?

  @Option(help: ArgumentHelp("With --verify: the field of the reference.", valueName: "field"))
  var answer: String?

  @Option(help: ArgumentHelp("With --verify: the field of the source's flag.", valueName: "field"))
  var flag: String?

  @Option(
    help: ArgumentHelp(
      "With --verify: the field of the problem, which tells what a choice's letter means.",
      valueName: "field"))
  var prompt: String?

  @OptionGroup var sources: SourceOptions

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The folder whose sources/ may have the files.", valueName: "dir"))
  var workspace: String?

  @Option(
    help: ArgumentHelp("Threads that read; the result is the same for any number.", valueName: "n"))
  var workers: Int = ProcessInfo.processInfo.activeProcessorCount

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard workers > 0 else { throw ValidationError("--workers must be at least 1") }
    for (option, value) in [
      ("response", response), ("answer", answer), ("flag", flag), ("prompt", prompt),
    ] where value != nil && !verify {
      throw ValidationError("--\(option) is for --verify")
    }
    guard !verify || names.isEmpty else {
      throw ValidationError(
        "--field is not for --verify; --response, --answer, --flag and --prompt are")
    }
  }

  func run() throws {
    let library = Library(near: FileManager.default.currentDirectoryPath)
    let subject = try SurveySubject(
      subject, library: library, given: try sources.paths(), workspace: workspace)
    Interruption.watch()
    let line = ProgressLine()
    defer { line.clear() }
    if verify { return try showAnswers(of: subject, line) }
    let scope = try subject.scope(of: names)
    let survey = try Survey(of: subject.paths, scope, workers: workers) {
      line.update(rows: $0.rows, bytes: $0.bytes, of: $0.totalBytes)
    }
    line.clear()
    try subject.check(names, in: survey)
    let report = SurveyReport(survey, of: subject, scope)
    show(json ? try branchmerge.json(report) : report.text)
    if report.rows == 0 && report.unreadable > 0 {
      say("no row could be read")
      throw ExitCode(1)
    }
  }
}

extension SurveyReport {
  /// For a terminal of 100 columns.
  fileprivate var text: String {
    let tables = SurveyTables(self)
    var parts = [heading]
    if unreadable > 0 {
      let rows = faults.map {
        ["  \($0.code)", grouped($0.count), "first \($0.first): \($0.reason)"]
      }
      let noun = unreadable == 1 ? "row" : "rows"
      parts.append(
        "\(grouped(unreadable)) \(noun) could not be read:\n" + table(rows, leftColumns: 3))
    }
    if !fields.isEmpty { parts.append(table(tables.fields, leftColumns: tables.leftColumns)) }
    if !tables.lengths.isEmpty { parts.append(table(tables.lengths, leftColumns: 2)) }
    for values in tables.values {
      let note = values.note.map { "\n  \($0)" } ?? ""
      parts.append(values.title + "\n" + table(values.rows) + note)
    }
    if !tables.notes.isEmpty { parts.append(tables.notes.joined(separator: "\n")) }
    return parts.joined(separator: "\n\n")
  }

  private var heading: String {
    let name = source.map { "\($0)/\(config ?? "") in " } ?? ""
    let others = files.count > 1 ? " and \(files.count - 1) more" : ""
    let formats = Set(files.map(\.format)).sorted().joined(separator: "; ")
    let read = grouped(rows) + (rows == 1 ? " row" : " rows")
    let published = publishedRows.map { " (\(grouped($0)) published)" } ?? ""
    return "\(name)\(files.first?.path ?? "")\(others): \(formats), \(read)\(published),"
      + " \(size(Double(bytes)))"
  }
}
