import ArgumentParser
import Audit
import Curation
import Files
import Foundation
import Lineage
import Notation

/// `branchmerge diff`: two builds of the branches, row by row.
struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Tell how the rows of two builds differ, and why.",
    discussion: """
      Compares the branches of two workspaces, each as its latest run left it, or of two runs of one \
      workspace, by the samples' ids. A row is added, removed, changed (other bytes), moved (the same \
      bytes, out of the order that most rows kept) or the same; 'outside' are samples that are a row \
      in neither and have another fate. Each has one cause. Only the ledgers are read.

      Where a teacher completed a branch, the rows that it wrote are compared too, those of the \
      latest teaching of each build: added, removed, changed or the same, with what of the teacher \
      changed. They stand below the table, and have no source there; --rows lists the others alone.

      Exit status: 0 nothing differs, 1 something does, 2 it could not be told.

      Example:
        branchmerge diff work-before work-after
        branchmerge diff 3 4 --workspace work --branch math --rows --csv
      """)

  @Argument(help: ArgumentHelp("A workspace, or the number of a run.", valueName: "before"))
  var before: String

  @Argument(help: ArgumentHelp("Another one.", valueName: "after"))
  var after: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The workspace of the runs, where numbers are given.", valueName: "dir"))
  var workspace: String?

  @Option(help: ArgumentHelp("Compare this branch only.", valueName: "name"))
  var branch: String?

  @Option(
    help: ArgumentHelp("Also show so many samples for each line of the table.", valueName: "count"))
  var examples = 0

  @Flag(help: "List every row that differs instead of counting them.")
  var rows = false

  @Flag(help: "Print the result as CSV (RFC 4180).")
  var csv = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard !(csv && json) else { throw ValidationError("--csv or --json, not both") }
    guard examples >= 0 else { throw ValidationError("--examples \(examples): a count is needed") }
    guard examples == 0 || !(rows || csv || json) else {
      throw ValidationError("--examples is for the table; --rows lists all samples")
    }
    guard workspace == nil || Int64(before) != nil && Int64(after) != nil else {
      throw ValidationError("with --workspace the two are the numbers of its runs, as in 3 4")
    }
  }

  func run() throws {
    Interruption.watch()
    do {
      let (old, new) = (try build(before), try build(after))
      let difference = try Difference(before: old, after: new, branch: branch)
      let list = DifferenceList(difference, old.ledger, new.ledger)
      if rows {
        try list.writeRows(csv ? .csv : json ? .json : .text)
      } else if csv {
        show(list.csv)
      } else if json {
        show(try branchmerge.json(difference))
      } else {
        try showText(list)
      }
      if !difference.isEmpty { throw ExitCode(1) }
    } catch let stopped as Interrupted {
      say("interrupted; what was printed is not all")
      throw ExitCode(128 + stopped.signal)
    }
  }

  private func build(_ name: String) throws -> Build {
    guard let workspace else {
      if Int64(name) != nil, !Folder.isFolder(name) {
        throw FileError(name, "is no folder; runs go by number with --workspace DIR")
      }
      return Build(try Ledger(reading: Workspace.ledgerPath(in: name)))
    }
    return Build(try Ledger(reading: Workspace.ledgerPath(in: workspace)), run: Int64(name))
  }

  private func showText(_ list: DifferenceList) throws {
    show(table(list.sides(before, after), leftColumns: 5))
    let groups = try list.table()
    if groups.count > 1 { show("\n" + table(groups, leftColumns: 5)) }
    show("\n" + table(list.sums, leftColumns: 2))
    let inputs = list.inputs
    if !inputs.isEmpty { show("\n" + inputs.joined(separator: "\n")) }
    for taught in list.taught { show("\n" + taught) }
    if examples > 0 { try list.showExamples(examples) }
  }
}

/// A difference in the forms that the command prints.
private struct DifferenceList {
  private let difference: Difference
  private let before, after: Ledger

  enum Form { case text, csv, json }

  init(_ difference: Difference, _ before: Ledger, _ after: Ledger) {
    self.difference = difference
    self.before = before
    self.after = after
  }

  /// Which builds are compared; a branch is named where another is of another run.
  func sides(_ before: String, _ after: String) -> [[String]] {
    func side(_ word: String, _ name: String, _ side: (Difference.Branch) -> Difference.Side?)
      -> [[String]]
    {
      let builds = Dictionary(grouping: difference.branches) { side($0)?.run }
      return builds.sorted { $0.key ?? 0 < $1.key ?? 0 }.map { _, branches in
        let names = builds.count > 1 ? branches.map(\.name).joined(separator: ", ") : ""
        guard let build = branches.first.flatMap(side) else {
          return [word, shown(name), "no such branch", "", names]
        }
        return [
          word, shown(name), "run \(build.run) of \(build.finished)",
          "recipe \(shown(build.recipe))", names,
        ]
      }
    }
    return side("before", before, \.before) + side("after", after, \.after)
  }

  func table() throws -> [[String]] {
    var lines = [["branch", "source", "change", "cause", "example", "rows"]]
    for branch in difference.branches {
      for group in branch.groups {
        let first = try rows(group.pairs.prefix(1), of: branch).first
        lines.append([
          branch.name, group.source, group.change.rawValue, group.cause.description,
          first.map { $0.id.map(shown) ?? place(of: $0) } ?? "", grouped(group.count),
        ])
      }
    }
    return lines
  }

  /// Before - removed + added = after, and before = removed + same + changed + moved.
  var sums: [[String]] {
    let head = ["before", "removed", "added", "after", "same", "changed", "moved"]
    return [["branch", "source"] + head]
      + difference.branches.flatMap { branch in
        branch.sources.map { source in
          [branch.name, source.name]
            + [
              source.rowsBefore, source.removed, source.added, source.rowsAfter, source.same,
              source.changed, source.moved,
            ].map(grouped)
        }
      }
  }

  /// What the branches are made from and is not what it was, with both texts of it.
  var inputs: [String] {
    var lines: [String] = []
    var seen: [Difference.Input] = []
    for input in difference.branches.flatMap(\.inputs) where !seen.contains(input) {
      seen.append(input)
      let branches = difference.branches.filter { $0.inputs.contains(input) }.map(\.name)
      lines.append(
        "\(branches.joined(separator: ", ")): " + (input.source.map { "\(shown($0)): " } ?? "")
          + input.cause.description)
      guard [.filter, .pick, .prompt, .response, .file].contains(input.cause.kind) else { continue }
      if let text = input.cause.before { lines.append("  before  " + shown(text)) }
      if let text = input.cause.after { lines.append("  after   " + shown(text)) }
    }
    return lines
  }

  /// What became of the rows that teachers wrote, a paragraph for each branch.
  var taught: [String] {
    difference.branches.compactMap { branch in
      guard let taught = branch.taught else { return nil }
      func side(_ side: TaughtDifference.Side?) -> String {
        guard let side else { return "not taught" }
        return "\(counted(side.rows, "row")) of \(counted(side.seeds, "seed")) by"
          + " \(shown(side.model)) (stage \(side.stage))"
      }
      let counts = [Difference.Change.removed, .added, .changed].map {
        "\(grouped(taught.count($0))) \($0.rawValue)"
      }
      var lines = [
        "\(branch.name), taught rows: \(side(taught.before)) before, \(side(taught.after)) after;"
          + " \(counts.joined(separator: ", ")), \(grouped(taught.same)) the same"
      ]
      let rows = taught.groups.map {
        ["  " + $0.change.rawValue, $0.cause, shown($0.example), grouped($0.count)]
      }
      if !rows.isEmpty { lines.append(branchmerge.table(rows, leftColumns: 3)) }
      for setting in taught.settings {
        lines.append(
          "  \(setting.name): \(shown(setting.before)) became \(shown(setting.after))")
      }
      return lines.joined(separator: "\n")
    }
  }

  func showExamples(_ count: Int) throws {
    for branch in difference.branches {
      for group in branch.groups {
        show("\n\(branch.name), \(group.source): \(group.change.rawValue), \(group.cause)")
        for row in try rows(group.pairs.prefix(count), of: branch) {
          show(
            "  \(row.id.map(shown) ?? "no id")\n    \(story(row.before))\n    \(story(row.after))")
        }
      }
    }
  }

  private func rows(_ pairs: some Sequence<Difference.Pair>, of branch: Difference.Branch) throws
    -> [DifferenceRow]
  {
    try difference.rows(pairs, of: branch, before: before, after: after)
  }

  private func place(of row: DifferenceRow) -> String {
    (row.after ?? row.before).map { "\(shown($0.path.fileName)):\($0.row)" } ?? ""
  }

  private func story(_ place: DifferenceRow.Place?) -> String {
    guard let place else { return "not read" }
    let fate =
      switch Fate(rawValue: place.fate) {
      case .kept, .seed:
        "\(place.fate): row \(place.outputRow ?? 0) of \(shown(place.output ?? ""))"
      case .dropped: "dropped by \(shown(place.step ?? "")): \(shown(place.evidence ?? ""))"
      case .duplicate: "duplicate of \(shown(place.duplicateOf ?? ""))"
      case .quarantined: "quarantined: \(shown(place.evidence ?? ""))"
      case nil: shown(place.fate)
      }
    return "\(shown(place.path.fileName)):\(place.row) \(fate)"
  }

  // MARK: - Streams

  var csv: String {
    var lines = ["branch,source,change,cause,rows"]
    for branch in difference.branches {
      for group in branch.groups {
        lines.append(
          [
            branch.name, group.source, group.change.rawValue, group.cause.description,
            "\(group.count)",
          ].map(field).joined(separator: ","))
      }
      for group in branch.taught?.groups ?? [] {
        lines.append(
          [branch.name, "", "taught row \(group.change.rawValue)", group.cause, "\(group.count)"]
            .map(field).joined(separator: ","))
      }
    }
    return lines.joined(separator: "\r\n") + "\r"
  }

  private func field(_ text: String) -> String {
    text.contains { $0 == "\"" || $0 == "," || $0.isNewline }
      ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }

  func writeRows(_ form: Form) throws {
    if form == .csv {
      try write(
        "branch,source,change,cause,id,"
          + ["before", "after"].map { side in
            ["file", "row", "fate", "step", "duplicate_of", "output", "output_row"]
              .map { "\(side)_\($0)" }.joined(separator: ",")
          }.joined(separator: ",") + "\r\n")
    }
    var isFirst = true
    for branch in difference.branches {
      for group in branch.groups {
        let cause = group.cause.description
        var rest = group.pairs[...]
        while !rest.isEmpty {
          try Interruption.check()
          var text = ""
          for row in try rows(rest.prefix(1000), of: branch) {
            switch form {
            case .csv: text += csv(of: row, branch, group, cause)
            case .text:
              text +=
                "\(branch.name)  \(group.change.rawValue)  \(row.id.map(shown) ?? place(of: row))"
                + "  \(story(row.before))  ->  \(story(row.after))  (\(cause))\n"
            case .json:
              text += (isFirst ? "[\n" : ",\n") + (try json(of: row, branch, group, cause))
              isFirst = false
            }
          }
          try write(text)
          rest = rest.dropFirst(1000)
        }
      }
    }
    if form == .json { try write(isFirst ? "[]\n" : "\n]\n") }
  }

  private func csv(
    of row: DifferenceRow, _ branch: Difference.Branch, _ group: Difference.Group, _ cause: String
  ) -> String {
    let places = [row.before, row.after].flatMap { place -> [String] in
      [
        place?.path ?? "", place.map { "\($0.row)" } ?? "", place?.fate ?? "", place?.step ?? "",
        place?.duplicateOf ?? "", place?.output ?? "", place?.outputRow.map { "\($0)" } ?? "",
      ]
    }
    return ([branch.name, group.source, group.change.rawValue, cause, row.id ?? ""] + places)
      .map(field).joined(separator: ",") + "\r\n"
  }

  private struct Line: Encodable {
    var branch, source, change, cause: String
    var row: DifferenceRow

    enum CodingKeys: String, CodingKey { case branch, source, change, cause, id, before, after }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(branch, forKey: .branch)
      try container.encode(source, forKey: .source)
      try container.encode(change, forKey: .change)
      try container.encode(cause, forKey: .cause)
      try container.encode(row.id, forKey: .id)
      try container.encode(row.before, forKey: .before)
      try container.encode(row.after, forKey: .after)
    }
  }

  private func json(
    of row: DifferenceRow, _ branch: Difference.Branch, _ group: Difference.Group, _ cause: String
  ) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let line = Line(
      branch: branch.name, source: group.source, change: group.change.rawValue, cause: cause,
      row: row)
    return "  " + String(decoding: try encoder.encode(line), as: UTF8.self)
  }

  private func write(_ text: String) throws {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    } catch {
      throw FileError("standard output", failedTo: "write")
    }
  }
}
