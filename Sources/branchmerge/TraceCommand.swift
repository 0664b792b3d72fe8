import ArgumentParser
import Curation
import Files
import Foundation
import Lineage
import Notation
import Samples

/// `branchmerge trace`: everything known of one sample.
struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Tell where a sample came from and what became of it.",
    discussion: """
      The id is the one in the rows, or the beginning of it; FILE:ROW asks for a row of a source \
      file, also for one that could not be read. With --raw the original row is read back from \
      its place in the source file and held against the hash that the ledger has.

      Example:
        branchmerge trace openr1-math:5b1f --workspace work --raw
      """)

  @Argument(help: "The sample's id, or its beginning, or FILE:ROW.")
  var id: String

  @Option(
    name: [.short, .long], help: ArgumentHelp("The folder with the ledger.", valueName: "dir"))
  var workspace: String

  @Option(
    name: .customLong("run"), help: "Ask this run instead of the latest that read the sample.")
  var runNumber: Int64?

  @Flag(help: "Also print the original row.")
  var raw = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let ledger = try Ledger(reading: Workspace.ledgerPath(in: workspace))
    let trace = try Trace.find(id, run: runNumber, in: ledger)
    show(json ? try branchmerge.json(trace) : text(of: trace))
    if raw { try showRow(of: trace) }
  }

  private func showRow(of trace: Trace) throws {
    let place = trace.place
    let file = try SourceFile(place.path)
    let row = try file.row(place.row, offset: place.byteOffset, byteCount: place.byteCount)
    if !json { show("\noriginal row\n") }
    show(String(decoding: row, as: UTF8.self))
    guard let expected = place.rowXXH3 else {
      say(
        place.byteOffset == nil
          ? "(a row of a table, without a hash; its file's hash was \(place.fileXXH3))"
          : "(a row too long to be read, without a hash)")
      return
    }
    guard hex(fastHash(of: row.span)) == expected else {
      say("error: this is not the row that was read: its hash is not \(expected)")
      throw ExitCode(1)
    }
    if !json { say("(its hash is that of the ledger)") }
  }

  private func text(of trace: Trace) -> String {
    var lines = [trace.id ?? "no id: the row could not be read", ""]
    let place = trace.place
    var rows = [
      ["source", "\(trace.source.name), config \(trace.source.config)"],
      ["licence", trace.source.licence],
      ["homepage", trace.source.homepage],
      ["revision", trace.source.revision],
      ["file", "\(Library.shown(place.path)) (\(place.format), XXH3 \(place.fileXXH3))"],
    ]
    if let hash = place.publishedSHA256 { rows.append(["", "SHA-256 \(hash), as published"]) }
    if let hash = place.sha256 { rows.append(["", "SHA-256 \(hash)"]) }
    let bytes =
      place.byteOffset.map {
        ", bytes \($0) to \($0 + place.byteCount - 1), XXH3 \(place.rowXXH3 ?? "")"
      } ?? ""
    rows.append(["row", "\(place.row)\(bytes)"])
    let others =
      trace.otherRuns.isEmpty
      ? "" : "; read by \(counted(trace.otherRuns.count, "other run"))"
    rows.append(
      ["run", "\(trace.run.id), recipe \(trace.run.recipe), \(trace.run.finished)\(others)"])
    lines.append(table(rows, leftColumns: 2))
    for fate in trace.fates { lines += ["", story(of: fate)] }
    return lines.joined(separator: "\n")
  }

  /// One branch's verdict with what decided it.
  private func story(of fate: Trace.FateInBranch) -> String {
    let headline: String
    switch Fate(rawValue: fate.fate) {
    case .kept: headline = "kept: row \(fate.outputRow ?? 0) of \(fate.outputPath ?? "")"
    case .seed:
      headline =
        "kept as a seed, waiting for a teacher's response: row \(fate.outputRow ?? 0) of"
        + " \(fate.outputPath ?? "")"
    case .dropped: headline = "dropped by \(fate.step ?? "")"
    case .duplicate: headline = "duplicate of \(fate.duplicateOf ?? "")"
    case .quarantined, nil: headline = "quarantined"
    }
    var rows: [[String]] = []
    if let evidence = fate.evidence { rows.append(["because", evidence]) }
    if let text = fate.stepText { rows.append(["rule", rule(in: text)]) }
    if !fate.passed.isEmpty { rows.append(["passed", fate.passed.joined(separator: ", ")]) }
    if let picked = fate.picked, let candidates = fate.candidates {
      rows.append(["took", "trajectory \(picked + 1) of \(candidates)"])
      rows.append(["by", "pick: " + (fate.policy ?? "")])
    }
    if let training = fate.training { rows += story(of: training) }
    let body = table(rows.map { ["  " + $0[0], $0[1]] }, leftColumns: 2)
    return "\(fate.branch): \(headline)" + (rows.isEmpty ? "" : "\n" + body)
  }

  /// Where the row's weights went.
  private func story(of training: Trace.Training) -> [[String]] {
    let expert = Library.shown(training.expert)
    guard let trained = training.rows else {
      return [["expert", "\(expert), given: nobody knows whether it saw this row"]]
        + merges(of: training)
    }
    if let reason = training.leftOut {
      return [["left out", "of training \(expert): \(reason)"]]
    }
    return [["trained", "\(expert) by \(training.trainer), on \(counted(trained, "row"))"]]
      + merges(of: training)
  }

  private func merges(of training: Trace.Training) -> [[String]] {
    training.merges.map { merge in
      var share = ""
      if let entries = merge.entries, let total = merge.totalEntries {
        share = "; \(percent(entries, of: total)) of its entries are the expert's"
      }
      return ["merged", "\(Library.shown(merge.model)) by \(merge.method)\(share)"]
    }
  }

  /// Of a filter's text the part that decides, on one line.
  private func rule(in text: String) -> String {
    let lines = text.split(separator: "\n").map(String.init)
    guard let start = lines.firstIndex(where: { $0.hasPrefix("keep:") }) else {
      return lines.joined(separator: " ")
    }
    let body = lines[start...].prefix { $0 == lines[start] || $0.hasPrefix(" ") }
    return body.map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ")
  }
}
