import ArgumentParser
import Audit
import Curation
import Files
import Foundation
import Lineage
import Notation

/// `branchmerge why`: where a sample came from, and why it is where it is, or is nowhere.
struct WhyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why",
    abstract: "Tell where a sample came from and why it was kept or left out.",
    discussion: """
      A sample is asked for by its id, as in the rows, or the beginning of it; by FILE:ROW, a row \
      of a source file, also one that could not be read; or by the text of its prompt, or about that \
      text. Samples that may be meant are listed. The row is read again, held against its hash, and \
      the filters are asked as they were then: so it can be told what each of them saw.

      For a text an index of all prompts is made at first. It is kept in the workspace as \
      .search.sqlite and may be removed at any time. A text that begins with - comes last, after --.

      Exit status: 0 found, 1 nothing was found, several samples may be meant by --raw, or the row is \
      not the one that was read, so that only the ledger tells of it. --json prints one sample's story, \
      or {"choices": [...]}.

      Example:
        branchmerge why openr1-math:5b1f --workspace work
        branchmerge why 'remainder of a polynomial division by x^2-1' --workspace work
      """)

  @Argument(
    help: ArgumentHelp(
      "Text of the prompt, id or its beginning, or FILE:ROW.", valueName: "text|id|file:row"))
  var name: String

  @Option(
    name: [.short, .long], help: ArgumentHelp("The folder with the ledger.", valueName: "dir"))
  var workspace: String

  @Option(
    name: .customLong("run"), help: "Ask this run instead of the latest that read the sample.")
  var runNumber: Int64?

  @Flag(help: "Print the original row alone, byte for byte, held against its hash.")
  var raw = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard !(raw && json) else { throw ValidationError("--raw or --json, not both") }
    guard name.contains(where: { !$0.isWhitespace }) else {
      throw ValidationError("there is nothing to look for in ''")
    }
  }

  func run() throws {
    Interruption.watch()
    let ledger = try Ledger(reading: Workspace.ledgerPath(in: workspace))
    let line = ProgressLine()
    var gaps: [String] = []
    let found = try Lookup.find(name, run: runNumber, in: ledger) {
      defer { line.clear() }
      let index = try SearchIndex(of: workspace, ledger: ledger) { state in
        line.update(
          "\(counted(state.rows, "row")) indexed for searching", bytes: state.bytes,
          of: state.totalBytes)
      }
      gaps = index.gaps
      return index
    }
    for gap in gaps.prefix(3) { say("note: \(gap)") }
    if gaps.count > 3 { say("note: the same holds of \(counted(gaps.count - 3, "more file"))") }
    switch found {
    case .sample(let trace):
      if raw { return try showRow(of: trace, in: ledger) }
      let story = try Story(of: trace, in: ledger)
      show(json ? try branchmerge.json(story) : text(of: story))
      guard story.unread == nil else { throw ExitCode(1) }
    case .ids(let ids):
      try showChoices(
        ids.map { Choice(sampleID: $0) }, "ids begin with \(quoted(name))", in: ledger)
    case .hits(let hits):
      try showChoices(
        hits.map(Choice.init), hits.count == 1 ? "sample is near" : "samples are near", in: ledger)
    case .noID(let nearest):
      if json { try showNothing() }
      say(
        "no sample has the id \(quoted(name))"
          + (nearest.map { "; the one that begins most like it is \($0)" } ?? ""))
      throw ExitCode(1)
    case .nothing:
      if json { try showNothing() }
      say("no sample has this id or place, and no prompt is like this: \(quoted(name))")
      throw ExitCode(1)
    }
  }

  private func showNothing() throws { show(try branchmerge.json(["choices": [Choice]()])) }

  private func showRow(of trace: Trace, in ledger: Ledger) throws {
    let row: OriginalRow
    do {
      row = try OriginalRow(of: trace, in: ledger)
    } catch let error as FileError {
      say("error: \(error)")
      throw ExitCode(1)
    }
    // A terminal does what a broken row tells it.
    let isTerminal = isatty(STDOUT_FILENO) == 1
    let text = String(decoding: row.bytes, as: UTF8.self)
    showBytes(isTerminal ? Data((visible(text) + "\n").utf8) : Data(row.bytes + [0x0A]))
    switch row.proof {
    case .hash: say("(its hash is that of the ledger)")
    case .id:
      say("(the row has no bytes of its own in the file; its values give the id of the ledger)")
    case .none: say("(the ledger has nothing that it could be held against)")
    }
  }

  private func text(of story: Story) -> String {
    let trace = story.trace
    var lines = [trace.id ?? "no id: the row could not be read as a sample"]
    if let prompt = story.prompt { lines.append(wrapped("“\(prompt)”", indent: "  ")) }
    for branch in story.branches {
      lines += ["", "\(branch.branch): \(branch.fate)", wrapped(branch.text)]
    }
    lines.append("")
    lines.append(table(story.hashes.map { [$0.of, $0.hash] }, leftColumns: 2))
    if !trace.otherRuns.isEmpty {
      let runs = trace.otherRuns.sorted().map(String.init).joined(separator: ", ")
      lines += [
        "", "Read also by \(trace.otherRuns.count == 1 ? "run" : "runs") \(runs); --run asks.",
      ]
    }
    return lines.joined(separator: "\n")
  }

  /// A sample that may be meant.
  private struct Choice: Encodable {
    var sampleID: String
    var excerpt: String?
    var similarity: Double?
    var match: String?
    var fates: [String: String]?

    init(sampleID: String) { self.sampleID = sampleID }

    init(_ hit: Hit) {
      sampleID = hit.sampleID
      excerpt = hit.excerpt
      similarity = hit.similarity
      match = hit.match.rawValue
    }
  }

  private func showChoices(_ choices: [Choice], _ what: String, in ledger: Ledger) throws {
    let isCut = choices.count > Lookup.mostChoices
    var choices = Array(choices.prefix(Lookup.mostChoices))
    for index in choices.indices {
      let trace = try? Trace.find(choices[index].sampleID, in: ledger)
      choices[index].fates = Dictionary(
        (trace?.fates ?? []).filter { $0.replacedBy == nil }.map { ($0.branch, $0.fate) },
        uniquingKeysWith: { first, _ in first })
    }
    guard !raw else {
      say(
        "several samples may be meant; ask for one of them by its id:\n  "
          + choices.map(\.sampleID).joined(separator: "\n  "))
      throw ExitCode(1)
    }
    if json { return show(try branchmerge.json(["choices": choices])) }
    show("\(isCut ? "More than " : "")\(choices.count) \(what); ask for one of them by its id:")
    for choice in choices {
      var parts = [choice.sampleID]
      switch choice.match {
      case Hit.Match.same.rawValue: parts.append("the same text")
      case Hit.Match.part.rawValue: parts.append("has this in it")
      case nil: break
      default: parts.append("\(Int((choice.similarity ?? 0) * 100)) % alike")
      }
      parts += (choice.fates ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
      show((choice.excerpt == nil ? "" : "\n") + visible(parts.joined(separator: "  ")))
      if let excerpt = choice.excerpt { show(wrapped(visible(excerpt), indent: "  ")) }
    }
  }
}
