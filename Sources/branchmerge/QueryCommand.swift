import ArgumentParser
import Curation
import Files
import Foundation
import Lineage

/// `branchmerge query`: anything asked of the ledger in SQL.
struct QueryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "query",
    abstract: "Ask the ledger in SQL, or one of the queries that have a name.",
    discussion: """
      A query only reads. Without one the queries that have a name are listed; docs/queries.md has \
      their SQL, docs/ledger.md explains the tables. A table ends after 1,000 rows; CSV and JSON are \
      written while the answer comes, however long it is. NULL is an empty cell, and null in JSON; a \
      blob is hexadecimal.

      Example:
        branchmerge query funnel --workspace work
        branchmerge query origin --workspace work --set branch=math --set row=1
        branchmerge query 'SELECT * FROM source' --workspace work --csv
      """)

  @Argument(help: ArgumentHelp("One SQL statement, or a name.", valueName: "sql|name"))
  var query: String?

  @Option(
    name: [.short, .long], help: ArgumentHelp("The folder with the ledger.", valueName: "dir"))
  var workspace: String?

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Give a parameter of the query, as :id, its value; may be given several times.",
      valueName: "key=value"))
  var settings: [String] = []

  @Flag(help: "List the queries that have a name.")
  var list = false

  @Flag(help: "Print the page docs/queries.md.")
  var markdown = false

  @Flag(help: "Print the result as CSV (RFC 4180).")
  var csv = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard !(csv && json) else { throw ValidationError("--csv or --json, not both") }
    guard query != nil || settings.isEmpty else {
      throw ValidationError("--set is for a query, and there is none")
    }
    guard query == nil || !(list || markdown) else {
      throw ValidationError("--list and --markdown tell of all queries; leave '\(query!)' away")
    }
    guard query == nil || workspace != nil else {
      throw ValidationError("Missing expected argument '--workspace <dir>'")
    }
    _ = try values()
  }

  func run() throws {
    if markdown { return show(NamedQuery.page) }
    guard let query, let workspace else {
      return show(json ? try branchmerge.json(NamedQuery.all) : listing)
    }
    let question = Query(try NamedQuery.sql(of: query), values: try values())
    Interruption.watch()
    do {
      let answer = try question.answer(
        from: Workspace.ledgerPath(in: workspace), as: csv ? .csv : json ? .json : .table
      ) { try write($0) }
      if let note = note(on: answer) { say(note) }
    } catch let stopped as Interrupted {
      say("interrupted; what was printed is not all")
      throw ExitCode(128 + stopped.signal)
    }
  }

  private func values() throws -> [String: String] {
    var values: [String: String] = [:]
    for setting in settings {
      guard let equals = setting.firstIndex(of: "="), equals > setting.startIndex else {
        throw ValidationError("--set \(setting): this should be KEY=VALUE, as in id=s1k:0f31")
      }
      // The mark may be there, as it is in the SQL.
      let name = setting[..<equals]
      let key = String(name.hasPrefix(":") ? name.dropFirst() : name)
      guard values[key] == nil else { throw ValidationError("--set \(key) is given twice") }
      values[key] = String(setting[setting.index(after: equals)...])
    }
    return values
  }

  private func write(_ text: String) throws {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    } catch {
      throw FileError("standard output", failedTo: "write")
    }
  }

  /// What a table does not show.
  private func note(on answer: Answer) -> String? {
    var parts: [String] = []
    if answer.rowCount == 0 && !csv && !json { parts.append("no rows") }
    if answer.shownRows < answer.rowCount {
      parts.append("the first \(grouped(answer.shownRows)) of \(grouped(answer.rowCount)) rows")
    }
    if answer.isCut {
      parts.append("texts of more than \(AnswerFormat.tableWidth) characters are cut")
    }
    guard !parts.isEmpty else { return nil }
    let isAll = answer.shownRows == answer.rowCount && !answer.isCut
    return "(\(parts.joined(separator: "; "))\(isAll ? "" : "; --csv and --json have all"))"
  }

  private var listing: String {
    let rows = NamedQuery.all.map { query in
      [query.name, query.parameters.map { ":" + $0.name }.joined(separator: " "), query.question]
    }
    return table([["query", "needs", "what it asks"]] + rows, leftColumns: 3)
      + "\n\nbranchmerge query NAME --workspace DIR asks it, --set KEY=VALUE gives what it needs."
  }
}
